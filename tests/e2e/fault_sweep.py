#!/usr/bin/env python3
"""Injects a fault into the Nth system call of the daemon, for N = 1, 2, ... until a run has fewer calls than that.

    python3 fault_sweep.py [--stride N] [--only WORD]

A run starts the daemon, enqueues 50 jobs, runs them, checkpoints the write-ahead log, and stops. The call either kills the process
(SIGKILL) or fails: a sync with EIO, a write with ENOSPC. strace counts calls by thread, so the stop, where the main thread writes,
has a sweep of its own, for which strace attaches just before it.
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Iterator, NamedTuple, Optional

from durable import NO_ANSWER, SEVERAL_WORKERS_MS, Folder, Life, all_jobs, command, drain, job_body
from history import History
from support import BINARY, PATIENCE, eventually

SETTINGS = {"SIMULATE_MIN": "0ms", "SIMULATE_MAX": "1ms", "SIMULATE_FAILURE_RATE": "0.2", "BACKOFF_BASE": "1ms",
            "BACKOFF_CAP": "5ms", "WORKERS": "2"}
KILLED_AT = ("pwrite64", "fdatasync", "fsync", "ftruncate", "unlink")


class Fault(NamedTuple):
    call: str
    effect: str  # in the notation of strace
    lasting: bool = False  # every later call fails too

    def at(self, nth: int) -> str:
        return f"inject={self.call}:{self.effect}:when={nth}{'+' if self.lasting else ''}"

    def __str__(self) -> str:
        return f"{self.call} {self.effect}{' from then on' if self.lasting else ''}"


KILL = [Fault(call, "signal=SIGKILL") for call in KILLED_AT]
SYNC_FAILS = [Fault("fdatasync", "error=EIO"), Fault("fdatasync", "error=EIO", lasting=True)]
WRITE_FAILS = [Fault("pwrite64", "error=ENOSPC"), Fault("pwrite64", "error=EIO")]


def strace(fault: Fault, nth: int, output: Path) -> list[str]:
    # Only calls that are to fail should stop the tracee, and the kernel's filter passes only those that are traced.
    return ["strace", "-f", "-qq", "-o", str(output), "-e", f"trace={fault.call}", "-e", fault.at(nth)]


def can_trace() -> str:
    """The reason why strace cannot inject faults here; empty if it can."""
    if not shutil.which("strace"):
        return "strace is not installed"
    tried = subprocess.run(["strace", "-f", "-qq", "-e", "inject=fsync:error=EIO:when=1", "true"], capture_output=True,
                           text=True, check=False)
    return "" if tried.returncode == 0 else f"strace is not allowed here: {tried.stderr.strip()[:200]}"


def attach(command: list[str], life: Life) -> subprocess.Popen:
    """Has strace follow all threads of a daemon that runs already."""
    tracer = subprocess.Popen([*command, "-p", str(life.process.pid)], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    tasks = Path(f"/proc/{life.process.pid}/task")

    def is_there() -> bool:
        # The ends of the last jobs are written a moment later; the fault may hit that write and end the daemon.
        if life.process.poll() is not None:
            return True
        try:
            states = [(task / "status").read_text(encoding="ascii") for task in tasks.iterdir()]
        except OSError:  # a thread has just ended
            return False
        return all("TracerPid:\t0\n" not in state for state in states)

    eventually(is_there, "strace is there")
    return tracer


class OneLife:
    """One run of the daemon with a fault, and the invariants after it."""

    def __init__(self, fault: Fault, nth: int, at_stop: bool):
        self.fault = fault
        self.nth = nth
        self.at_stop = at_stop
        self.history = History(tolerance_ms=SEVERAL_WORKERS_MS)
        self.struck = False
        self.refused = 0

    def fail(self, what: str) -> None:
        raise AssertionError(f"{self.fault}, call {self.nth}{' of the stop' if self.at_stop else ''}: {what}")

    def run(self) -> bool:
        """Returns False if the fault never occurred."""
        with Folder() as folder:
            code = self.live(folder)
            self.struck = code != 0 or self.was_injected(folder)
            if "SIGKILL" in self.fault.effect and code not in (0, -9):
                self.fail(f"exit code {code}")
            if "EIO" in self.fault.effect and code not in (0, 1):
                self.fail(f"exit code {code}")
            self.look_after_restart(folder)
        return self.struck

    def was_injected(self, folder: Folder) -> bool:
        trace = folder.path / "trace"
        return trace.exists() and "(INJECTED" in trace.read_text(encoding="utf-8", errors="replace")

    def live(self, folder: Folder) -> int:
        launcher = [] if self.at_stop else [*strace(self.fault, self.nth, folder.path / "trace"), "-D"]
        life = Life(folder.database, launcher=launcher, wait=False, **SETTINGS)
        try:
            life.wait_until_listening()
        except AssertionError:  # it ended before
            return life.wait()
        try:
            self.work(life)
        except NO_ANSWER:
            return life.wait()
        tracer = attach(strace(self.fault, self.nth, folder.path / "trace"), life) if self.at_stop else None
        code = life.end()
        if tracer:
            tracer.wait(PATIENCE)
        return code

    def work(self, life: Life) -> None:
        with life.connect() as connection:
            for i in range(10):
                self.enqueue(connection, [f"single-{i}"])
            for i in range(4):
                self.enqueue(connection, [f"array-{i}-{j}" for j in range(10)])
        drain(life)

    def enqueue(self, connection, keys: list[str]) -> None:
        """Repeats a refused request until it is accepted, as a client does."""
        deadline = time.monotonic() + 5
        while True:
            request = self.history.invoke((key, f"id-{key}", 0, False) for key in keys)
            jobs = [{"id": f"id-{key}", "max_retries": 3, "payload": {"k": key}} for key in keys]
            answer = connection.request("POST", "/enqueue", job_body(jobs if len(jobs) > 1 else jobs[0])).read_answer()
            if answer.status == 202:
                return self.history.ok(request)
            self.history.refused(request)
            self.refused += 1
            problem = answer.json()
            if answer.status != 503 or problem["type"] != "/problems/store-unavailable":
                self.fail(f"answered {answer.status}: {problem}")
            if time.monotonic() > deadline:
                self.fail(f"still refused after 5 s: {problem['detail']}")

    def look_after_restart(self, folder: Folder) -> None:
        life = Life(folder.database, **SETTINGS)
        self.history.check(all_jobs(life))
        drain(life)
        self.history.check(all_jobs(life), at_the_end=True)
        if code := life.end():
            self.fail(f"exit code {code} after the restart")
        if not self.history.found.none():
            self.fail(f"{self.history.found.summary()}; {self.history.found.examples()}")
        check = command("check", folder.database)
        if check.returncode:
            self.fail(check.stdout + check.stderr)


def sweep(fault: Fault, stride: int, at_stop: bool = False, most: Optional[int] = None) -> Iterator[OneLife]:
    """One run of the daemon for each N."""
    nth = 1
    while True:
        life = OneLife(fault, nth, at_stop)
        if not life.run():
            return
        yield life
        nth += stride
        if most and nth > most:
            return


def sweep_backup(call: str) -> int:
    """`jobqd backup` is killed at its Nth call: there is either no copy or a complete one."""
    kills = 0
    with Folder() as folder:
        life = Life(folder.database)
        life.enqueue([{"id": f"job-{i}", "delay": "1h"} for i in range(50)])
        while True:
            copy = folder.path / f"copy-{kills}.db"
            tool = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                    f"inject={call}:signal=SIGKILL:when={kills + 1}", BINARY, "backup", str(folder.database), str(copy)]
            code = subprocess.run(tool, capture_output=True, check=False).returncode
            if copy.exists():
                check = command("check", copy)
                assert check.returncode == 0 and " 50 queued" in check.stdout, check.stdout + check.stderr
            if code == 0:
                life.kill()
                return kills
            kills += 1
            Path(f"{copy}.partial").unlink(missing_ok=True)


def run(faults: list[Fault], stride: int, say: Callable[[str], None], most: Optional[int] = None) -> None:
    for fault in faults:
        for at_stop in (False, True):
            begun = time.monotonic()
            lives = list(sweep(fault, 1 if at_stop else stride, at_stop, most))
            refused = sum(life.refused for life in lives)
            say(f"{fault}{' at the stop' if at_stop else ''}: {len(lives)} lives, "
                f"{sum(life.history.acknowledged for life in lives)} acknowledged, {refused} refused, lost 0; "
                f"{time.monotonic() - begun:.0f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stride", type=int, default=1, help="only every Nth place of a life; the stop is always whole")
    parser.add_argument("--only", default="", help="only the faults with this word in their name")
    options = parser.parse_args()
    if why := can_trace():
        print(f"SKIPPED: {why}")
        return 0
    say = lambda text: print(text, flush=True)  # noqa: E731
    run([fault for fault in KILL + SYNC_FAILS + WRITE_FAILS if options.only in str(fault)], options.stride, say)
    for call in ("pwrite64", "fdatasync", "rename", "unlink"):
        if options.only in f"backup {call}":
            say(f"backup killed at {call}: {sweep_backup(call)} places, no half copy")
    return 0


if __name__ == "__main__":
    sys.exit(main())
