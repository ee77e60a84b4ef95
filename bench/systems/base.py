"""The base class of all systems: starting, loading and stopping them."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Optional

from processes import PATIENCE, Server, ask, find_program, free_port

BENCH = Path(__file__).resolve().parents[1]


class Tools:
    """The paths of the programs and of the folder of one run."""

    def __init__(self, build: Path, folder: Path):
        self.jobqd = build / "jobqd"
        self.load = build / "bench" / "jobqd_load"
        self.node_modules = build.parent / "bench" / "node_modules"
        self.folder = folder


def run_for_json(command: list[str], timeout: float, environment: Optional[dict[str, str]] = None) -> dict:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
                          env=os.environ | (environment or {}))
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-600:].strip()}")
    return json.loads(done.stdout)


class System:
    """A system that is measured. It writes into a temporary folder of its own."""

    name = ""
    ack = ""                     # what an acknowledged job survives
    kind = "peer"                # jobqd, peer, floor (part of a peer) or limit
    on_disk = False              # whether its jobs survive a restart
    can: frozenset[str] = frozenset()  # workloads, by their name or family
    programs: tuple[str, ...] = ()
    hello = (b"", b"")           # a request that it answers once it is up, and what is in the answer
    protocol = ""                # of the load generator
    # The workloads that --quick runs.
    quick = frozenset({"enqueue-1", "enqueue-64", "array", "drain", "latency", "both", "memory", "restart", "depth",
                       "idle"})
    fill_batch = 100
    drain_jobs = 200_000
    memory_jobs = 500_000
    restart_jobs = 1_000_000
    latency_jobs = 1_000
    user: Optional[str] = None   # who runs it when we are root
    ending = signal.SIGKILL

    def __init__(self, tools: Tools):
        self.tools = tools
        self.folder = Path()
        self.port = 0
        self.server: Server

    # --- what each system defines ------------------------------------------------------------------------------

    def missing(self) -> list[str]:
        return [program for program in self.programs if not find_program(program)]

    def version(self) -> str:
        return ""

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return {}

    def prepare(self) -> None:
        """Once, in the new folder, before the first start."""

    def ready(self) -> object:
        """True once it answers; may raise OSError before."""
        return ask(self.port, *self.hello)

    def set_up(self) -> None:
        """Once, after the first start."""

    def waiting(self) -> Optional[int]:
        """The number of waiting jobs, once the system can report it; may raise OSError before."""
        raise NotImplementedError

    # --- starting and ending ------------------------------------------------------------------------------------

    @contextmanager
    def running(self) -> Iterator["System"]:
        self.folder = Path(tempfile.mkdtemp(dir=self.tools.folder, prefix=f"{self.name}-"))
        os.chmod(self.folder, 0o755)
        try:
            self.prepare()
            self.start()
            self.set_up()
            yield self
        finally:
            self.end()
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        self.port = free_port()
        self.server = Server(self.command(), self.folder, user=self.user, environment=self.environment())
        self.server.wait_until(self.ready, self.name)

    def end(self) -> None:
        if hasattr(self, "server"):
            self.server.end(self.ending)

    # --- loading ------------------------------------------------------------------------------------------------

    @staticmethod
    def patience(seconds: float, options: dict) -> float:
        """A time limit that even the slowest system keeps, so that nothing hangs."""
        return PATIENCE + seconds + options.get("count", 0) / 1_000

    def load(self, mode: str, seconds: float = 0, **options) -> dict:
        """Runs the load generator and returns its results, and `server_us`, the CPU time of the server for each job."""
        if seconds:
            options["seconds"] = f"{seconds:.3f}"
        command = [str(self.tools.load), mode, "--protocol", self.protocol, "--port", str(self.port)]
        for option, value in options.items():
            command += [f"--{option.replace('_', '-')}", str(value)]
        before = self.server.cpu_seconds()
        result = run_for_json(command, self.patience(seconds, options))
        taken = self.server.cpu_seconds() - before
        return result | ({"server_us": taken * 1e6 / result["jobs"]} if result.get("jobs") else {})

    def fill(self, count: int, **options) -> None:
        filled = self.load("enqueue", count=count, connections=8, batch=self.fill_batch, **options)
        if filled["errors"]:
            raise RuntimeError(f"{self.name}: {filled['errors']} errors while jobs were put in")

    def bytes_used(self) -> int:
        """The number of bytes that grows with each waiting job."""
        return self.server.resident_bytes()

    def drain(self, count: int, seconds: float) -> dict:
        with self.running():
            self.fill(count)
            return self.load("drain", seconds, count=count, connections=8)

    def latency(self, count: int) -> dict:
        with self.running():
            return self.load("latency", count=count)

    def both(self, rate: float, seconds: float) -> dict:
        with self.running():
            return self.load("paced", seconds, rate=f"{rate:.0f}", connections=64, workers=8)


class NodePeer(System):
    """A peer whose clients are written for Node."""

    package = ""
    quick = frozenset({"drain", "both"})
    drain_jobs = 50_000
    memory_jobs = 50_000
    latency_jobs = 300

    def missing(self) -> list[str]:
        absent = super().missing() + [program for program in ("node",) if not find_program(program)]
        if not self.tools.node_modules.is_dir():
            absent.append(f"{self.tools.node_modules}, see bench/README.md")
        return absent

    def version(self) -> str:
        about = json.loads((self.tools.node_modules / self.package / "package.json").read_text(encoding="utf-8"))
        return f"{self.package} {about['version']}"

    def load(self, mode: str, seconds: float = 0, **options) -> dict:
        """Without `server_us`: opening these connections costs more than a short measurement."""
        if seconds:
            options["seconds"] = f"{seconds:.3f}"
        settings = [f"{option}={value}" for option, value in options.items()]
        command = ["node", str(BENCH / "peers" / "measure.js"), self.name, mode, f"port={self.port}", *settings]
        return run_for_json(command, self.patience(seconds, options), {"NODE_PATH": str(self.tools.node_modules)})

    def fill(self, count: int, **options) -> None:
        self.load("fill", count=count, connections=8)

    def latency(self, count: int) -> dict:
        with self.running():
            return self.load("latency", 20, count=count)

    def both(self, rate: float, seconds: float) -> dict:
        with self.running():
            return self.load("paced", seconds, rate=f"{rate:.0f}", connections=64)


def first_line(*command: str) -> str:
    """The first line of the output of a command that prints a version."""
    program = find_program(command[0])
    done = subprocess.run([program or command[0], *command[1:]], capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0].strip() if lines else ""
