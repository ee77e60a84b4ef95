"""The workloads. Each measures one system once; run.py repeats them in rounds."""

import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Callable, Iterator

from systems.base import System

CONNECTIONS = (1, 8, 64, 512)
IDLE_SECONDS = 50  # jobqd ends connections that are idle for a minute
DRAIN_SECONDS = 20


@dataclass(frozen=True)
class Scale:
    """The size of a run: a real one, or a smoke test."""

    seconds: float = 2.0
    quick: bool = False

    def jobs(self, count: int) -> int:
        return max(count // 20, 1_000) if self.quick else count

    @property
    def depths(self) -> tuple[int, ...]:
        return (0, 5_000, 50_000) if self.quick else (0, 100_000, 3_000_000)

    @property
    def idle_connections(self) -> int:
        return 500 if self.quick else 10_000


@dataclass(frozen=True)
class Line:
    """One figure of a workload, a line of the table for each system."""

    metric: str
    title: str
    unit: str
    latencies: bool = False            # p50, p99 and p999 belong to it
    baselines: tuple[str, ...] = ()    # systems that it is divided by


@dataclass(frozen=True)
class Workload:
    name: str
    family: str
    measure: Callable[[System, Scale], dict]
    lines: tuple[Line, ...]

    def suits(self, system: System, scale: Scale) -> bool:
        return bool({self.name, self.family} & system.can) and (not scale.quick or self.name in system.quick)


class TopRates:
    """The enqueue rate of each system on 64 connections, of which `both` takes the half."""

    def __init__(self) -> None:
        self.known: dict[str, float] = {}

    def of(self, system: System, scale: Scale) -> float:
        if system.name not in self.known:
            self.known[system.name] = enqueue(64, system, scale)["rate"]
        return self.known[system.name]


top_rates = TopRates()


def enqueue(connections: int, system: System, scale: Scale) -> dict:
    with system.running():
        result = system.load("enqueue", scale.seconds, connections=connections)
    if connections == 64:
        top_rates.known[system.name] = result["rate"]
    return result


def array(system: System, scale: Scale) -> dict:
    with system.running():
        return system.load("enqueue", scale.seconds, connections=8, batch=100)


def drain(system: System, scale: Scale) -> dict:
    return system.drain(scale.jobs(system.drain_jobs), DRAIN_SECONDS)


def latency(system: System, scale: Scale) -> dict:
    return system.latency(system.latency_jobs // (10 if scale.quick else 1))


def both(system: System, scale: Scale) -> dict:
    rate = top_rates.of(system, scale) / 2
    return system.both(rate, scale.seconds)


def memory(system: System, scale: Scale) -> dict:
    count = scale.jobs(system.memory_jobs)
    with system.running():
        system.fill(1_000)
        before = system.bytes_used()
        # Jobs that are due in an hour, if the client can ask for it, so that they stay as they are.
        system.fill(count, **({"delay": 3600} if system.protocol in ("http", "beanstalkd") else {}))
        return {"bytes": (system.bytes_used() - before) / count, "jobs": count}


def restart(system: System, scale: Scale) -> dict:
    count = scale.jobs(system.restart_jobs)
    with system.running():
        system.fill(count)
        time.sleep(1.2)  # so that what is synced every second is there
        system.server.end()
        since = time.monotonic()
        system.start()
        waiting = system.server.wait_until(system.waiting, f"{system.name}, restarted,", pause=0.001)
        seconds = time.monotonic() - since
        held = 1 if system.kind == "jobqd" else 0  # by its worker
        return {"us_per_job": seconds * 1e6 / count, "seconds": seconds, "jobs": count,
                "errors": max(count - waiting - held, 0)}


def depth(system: System, scale: Scale) -> dict:
    result, there = {"errors": 0}, 0
    with system.running():
        for place, wanted in enumerate(scale.depths):
            if wanted > there:
                system.fill(wanted - there)
            measured = system.load("enqueue", scale.seconds, connections=64)
            there = max(wanted, there) + measured["jobs"]
            result[f"rate_{place}"] = measured["rate"]
            result["errors"] += measured["errors"]
    return result | {"share": result["rate_2"] / result["rate_0"]}


@contextmanager
def idle_connections(system: System, count: int) -> Iterator[None]:
    command = [str(system.tools.load), "idle", "--protocol", system.protocol, "--port", str(system.port),
               "--connections", str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
        try:
            if not client.stdout.readline():
                raise RuntimeError(f"{system.name}: {count} connections could not be opened")
            yield
        finally:
            client.stdin.close()


def idle(system: System, scale: Scale) -> dict:
    count = scale.idle_connections
    with system.running():
        before = system.server.resident_bytes()
        with idle_connections(system, count):
            taken = system.server.resident_bytes() - before
            beside = system.load("enqueue", min(scale.seconds, IDLE_SECONDS), connections=64)
    with system.running():
        alone = system.load("enqueue", scale.seconds, connections=64)
    return {"bytes": taken / count, "rate": beside["rate"], "share": beside["rate"] / alone["rate"],
            "errors": beside["errors"] + alone["errors"]}


def enqueue_workload(connections: int) -> Workload:
    many = "1 connection" if connections == 1 else f"{connections} connections"
    baselines = ("fdatasync", "nginx") if connections == 1 else ("nginx", "beanstalkd")
    return Workload(f"enqueue-{connections}", "enqueue", lambda *arguments: enqueue(connections, *arguments),
                    (Line("rate", f"enqueue one by one, {many}", "jobs/s", True, baselines),))


ALL = [
    *map(enqueue_workload, CONNECTIONS),
    Workload("array", "array", array,
             (Line("rate", "enqueue arrays of 100, 8 connections", "jobs/s", True, ("sqlite", "nats")),)),
    Workload("drain", "drain", drain, (Line("rate", "drain of no-op jobs", "jobs/s", False, ("nats", "beanstalkd")),)),
    Workload("latency", "latency", latency,
             (Line("p50", "enqueue to start, idle: p50", "µs", True, ("beanstalkd",)),
              Line("own_p50", "… by a worker of the daemon's own: p50", "µs"),
              Line("own_p99", "… p99", "µs"))),
    Workload("both", "both", both,
             (Line("rate", "in and out at once, at half of the top rate", "jobs/s", True),
              Line("behind_ms", "… and behind at the end", "ms"))),
    Workload("memory", "memory", memory, (Line("bytes", "a waiting job", "bytes", False, ("beanstalkd",)),)),
    Workload("restart", "restart", restart,
             (Line("us_per_job", "ready again after kill -9, a waiting job", "µs", False,
                   ("nats", "beanstalkd-f50")),)),
    Workload("depth", "depth", depth,
             (Line("rate_0", "enqueue, 64 connections, none waiting", "jobs/s"),
              Line("rate_1", "… 100,000 waiting", "jobs/s"),
              Line("rate_2", "… 3,000,000 waiting", "jobs/s"),
              Line("share", "… 3,000,000 waiting, of the rate with none", "×"))),
    Workload("idle", "idle", idle,
             (Line("bytes", "an idle connection of 10,000", "bytes"),
              Line("rate", "… enqueue beside them, 64 connections", "jobs/s"),
              Line("share", "… of the rate without them", "×"))),
]
