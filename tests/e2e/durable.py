"""Daemons whose database outlives them, for tests that kill and restart them."""

import atexit
import json
import os
import random
import subprocess
import tempfile
import threading
import time
import weakref
from pathlib import Path
from typing import Iterator, Optional, Sequence

import support
from support import BINARY, Closed, Connection, Daemon

_lives: "weakref.WeakSet[Life]" = weakref.WeakSet()


@atexit.register
def _leave_none_behind() -> None:
    for life in _lives:
        if life.process.poll() is None:
            life.process.kill()


# How a request to a daemon that is killed ends: its outcome is unknown.
NO_ANSWER = (Closed, OSError)


class Folder:
    """A folder for a database, removed at the end."""

    def __init__(self, parent: Optional[str] = None):
        self._temporary = tempfile.TemporaryDirectory(dir=parent)
        self.path = Path(self._temporary.name)
        self.database = self.path / "jobs.db"

    def config(self, text: str) -> Path:
        """Writes a CONFIG file."""
        file = self.path / "jobqd.toml"
        file.write_text(text, encoding="utf-8")
        return file

    def __enter__(self) -> "Folder":
        return self

    def __exit__(self, *_) -> None:
        self._temporary.cleanup()


class _KeptFolder:
    """Takes the place of the temporary folder of Daemon, and is kept."""

    def __init__(self, name: str):
        self.name = name

    def cleanup(self) -> None:
        pass


class Life(Daemon):
    """One run of a daemon on a database. `launcher` is a command that starts it, as in `strace -D ... jobqd`; `process` is the
    daemon itself even then."""

    def __init__(self, database: Path, *flags: str, launcher: Sequence[str] = (), environment: Optional[dict] = None,
                 wait: bool = True, **settings: str):
        # pylint: disable=super-init-not-called
        self.born = time.monotonic()
        self.folder = _KeptFolder(str(database.parent))
        keep = {name: value for name, value in os.environ.items() if name == "PATH" or name.endswith("SAN_OPTIONS")}
        defaults = {"LISTEN": "127.0.0.1:0", "STORE": f"sqlite:{database}", "SHUTDOWN_GRACE": "10s",
                    "QUEUE_SIZE": "1000000", "MAX_BODY": "16MiB", "LOG_LEVEL": "info"}
        self.json_log = False
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._ended = False
        self.reads_log = threading.Event()
        self.reads_log.set()
        self.process = subprocess.Popen([*launcher, BINARY, *flags], env=keep | defaults | settings | (environment or {}),
                                        cwd=database.parent, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE)
        _lives.add(self)
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        self.port = 0
        if wait:
            self.wait_until_listening()

    def kill(self) -> None:
        self.process.kill()
        self.wait()
        self.process.stderr.close()

    def end(self) -> int:
        """Stops it with SIGTERM and returns its exit code."""
        return self.stop()

    def ready(self) -> bool:
        return self.get("/readyz").status == 200

    def not_ready_because(self) -> str:
        """The reason why it is not ready; empty if it is."""
        answer = self.get("/readyz")
        return "" if answer.status == 200 else answer.json()["detail"]


def pages(connection: Connection, **query: str) -> Iterator[dict]:
    """Every job, newest first."""
    cursor = None
    while True:
        parts = {"limit": "1000"} | query | ({"cursor": cursor} if cursor else {})
        path = "/v1/jobs?" + "&".join(f"{name}={value}" for name, value in parts.items())
        page = connection.request("GET", path).read_answer().json()
        yield from page["jobs"]
        cursor = page.get("next_cursor")
        if not cursor:
            return


def all_jobs(life: Daemon, **query: str) -> list[dict]:
    """Oldest first."""
    with life.connect() as connection:
        return list(pages(connection, **query))[::-1]


def drain(life: Daemon) -> None:
    """Waits until every job has ended."""
    def none_left() -> bool:
        # A job may change from the one to the other between two questions: ask more than once.
        with life.connect() as connection:
            return not any(connection.request("GET", f"/v1/jobs?status={status}&limit=1").read_answer().json()["jobs"]
                           for status in ("queued", "running") * 3)
    support.eventually(none_left, "every job ends")


def command(*arguments: str) -> subprocess.CompletedProcess:
    """Runs a subcommand, such as `jobqd check`."""
    return subprocess.run([BINARY, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=support.PATIENCE, check=False)


def torture() -> bool:
    """Whether to run as many rounds as before a release, rather than as few as in CI."""
    return bool(os.environ.get("JOBQD_TORTURE"))


def seed() -> int:
    """JOBQD_SEED, or else a new seed; printed, so that a failure can be reproduced."""
    number = int(os.environ.get("JOBQD_SEED") or random.SystemRandom().getrandbits(32))
    print(f"seed: JOBQD_SEED={number}", flush=True)
    return number


def sanitized() -> bool:
    """Whether the binary was built with sanitizers, and so is several times slower."""
    content = Path(BINARY).read_bytes()
    return b"__asan_init" in content or b"__tsan_init" in content


# A worker may lose the processor between taking a job and reading the clock for its start.
SEVERAL_WORKERS_MS = 2_000 if sanitized() else 250


def job_body(job) -> str:
    return json.dumps(job, separators=(",", ":"))
