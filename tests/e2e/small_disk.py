"""A disk of a few MiB that a test can fill."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Optional

KIB = 1024
MIB = 1024 * KIB


def _run(*words: str) -> Optional[str]:
    """Runs a command. Returns the error that it printed if it failed, and None if it succeeded."""
    if not shutil.which(words[0]):
        return f"{words[0]} is not installed"
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr.strip()


class SmallDisk:
    """An ext4 file system in a file if one can be mounted, or else a tmpfs; if neither can, the test is skipped with a message."""

    def __init__(self, size: int = 8 * MIB):
        self._folder = tempfile.TemporaryDirectory()
        base = Path(self._folder.name)
        self.path = base / "disk"
        self.path.mkdir()
        self.filler = self.path / "filler"
        self.kind = "ext4"
        image = base / "image"
        with open(image, "wb") as file:
            file.truncate(size)
        # Small ones have blocks of 1 KiB by default. SQLite allocates its index of the log by 4 KiB, and a process that
        # touches a block of a mapped file for which there is no room gets SIGBUS.
        refused = (_run("mkfs.ext4", "-q", "-b4096", "-m0", "-O", "^has_journal", str(image))
                   or _run("mount", "-o", "loop", str(image), str(self.path)))
        if refused:
            self.kind = "tmpfs"
            refused = _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(self.path))
        if refused:
            self._folder.cleanup()
            print(f"SKIPPED: no small disk can be mounted here: {refused}", file=sys.stderr)
            raise unittest.SkipTest(f"no small disk can be mounted here: {refused}")

    def __enter__(self) -> "SmallDisk":
        return self

    def __exit__(self, *_) -> None:
        _run("umount", "--lazy", str(self.path))
        self._folder.cleanup()

    def free(self) -> int:
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    def fill(self, leave: int = 0) -> None:
        """Fills the disk until only `leave` bytes are free."""
        with open(self.filler, "ab", buffering=0) as file:
            for chunk in (256 * KIB, 4 * KIB):
                try:
                    while self.free() - leave >= chunk:
                        file.write(bytes(chunk))
                except OSError:
                    pass

    def clear(self) -> None:
        self.filler.unlink(missing_ok=True)

    def remount(self, how: str) -> Optional[str]:
        return _run("mount", "-o", f"remount,{how}", str(self.path))
