"""Server processes that are sure to end with the benchmark, and the CPU time and memory that they use."""

import atexit
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Iterable, Optional

PATIENCE = 120.0  # seconds for a server to start, to stop or to answer
TICKS = os.sysconf("SC_CLK_TCK")
# Folders in which Debian keeps servers that are not on the PATH.
PLACES = [*os.environ.get("PATH", "").split(":"), "/usr/sbin", "/usr/lib/rabbitmq/bin",
          *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))]


def find_program(name: str) -> Optional[str]:
    return shutil.which(name, path=":".join(PLACES))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port: int, request: bytes, end: bytes, timeout: float = PATIENCE) -> bytes:
    """The answer of a server, up to and including `end`. Raises OSError if it does not answer."""
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        connection.sendall(request)
        answer = b""
        while end not in answer:
            data = connection.recv(65536)
            if not data:
                raise ConnectionError(f"port {port}: end of stream after {answer[-200:]!r}")
            answer += data
        return answer


def children() -> dict[int, list[int]]:
    """The child processes of every process."""
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if fields := stat_of(entry.name) if entry.name.isdigit() else None:
            found.setdefault(int(fields[1]), []).append(int(entry.name))
    return found


def stat_of(pid: int | str) -> Optional[list[str]]:
    """The fields of /proc/PID/stat from the state on; the name before it may contain anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None


class Server:
    """A process and all its descendants."""

    running: set["Server"] = set()

    def __init__(self, command: list[str], folder: Path, log: Optional[int] = None, user: Optional[str] = None,
                 environment: Optional[dict[str, str]] = None):
        # The kernel kills it when this process ends, for whatever reason.
        guard = ["setpriv", "--pdeathsig", "KILL"]
        if user and os.geteuid() == 0:
            guard += ["--reuid", user, "--regid", str(pwd.getpwnam(user).pw_gid), "--init-groups"]
        self.log = folder / "log"
        with open(self.log, "ab") as file:
            self.process = subprocess.Popen([*guard, "--", *command], cwd=folder, stdin=subprocess.DEVNULL,
                                            stdout=file, stderr=file if log is None else log,
                                            env=os.environ | {"LC_ALL": "C"} | (environment or {}))
        Server.running.add(self)

    def wait_until(self, ready, what: str, pause: float = 0.005):
        """The first true answer of `ready`, which may raise OSError until it has one."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if answer := ready():
                    return answer
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                tail = self.log.read_text(encoding="utf-8", errors="replace")[-1000:]
                raise RuntimeError(f"{what} never became ready:\n{tail}")
            time.sleep(pause)

    def tree(self) -> list[int]:
        known, found = children(), [self.process.pid]
        for pid in found:
            found += known.get(pid, [])
        return found

    def cpu_seconds(self) -> float:
        """The CPU time of all of them, including those that have ended."""
        stats: Iterable[Optional[list[str]]] = (stat_of(pid) for pid in self.tree())
        return sum(sum(int(field) for field in stat[11:15]) for stat in stats if stat) / TICKS

    def resident_bytes(self) -> int:
        total = 0
        for pid in self.tree():
            try:
                status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
        return total * 1024

    def end_children(self) -> None:
        for pid in reversed(self.tree()[1:]):
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            pass

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        tree = self.tree()
        if how != signal.SIGKILL and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                pass
        if self.process.poll() is None:
            self.process.kill()
        for pid in tree[1:]:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        self.process.wait()
        Server.running.discard(self)


@atexit.register
def end_all() -> None:
    for server in list(Server.running):
        server.end()
