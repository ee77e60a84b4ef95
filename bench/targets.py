"""The targets of jobqd. A target that is missed, or was not measured, is marked and never fails a run."""

from dataclasses import dataclass
from typing import Optional

from results import Results
from systems.base import System


@dataclass(frozen=True)
class Verdict:
    what: str
    target: str
    reached: str             # empty: not measured
    good: Optional[bool]


class Targets:
    def __init__(self, results: Results, peers: list[type[System]]):
        self.results = results
        self.peers = peers
        self.verdicts: list[Verdict] = []

    def note(self, what: str, target: str, value: Optional[float], reached: str, good) -> None:
        if value is None:
            self.verdicts.append(Verdict(what, target, "", None))
        else:
            self.verdicts.append(Verdict(what, target, reached.format(value), bool(good(value))))

    def at_least(self, what: str, least: float, of: str, workload: str, system: str, baseline: str) -> None:
        self.note(what, f"at least {least:g} of {of}", self.results.ratio(workload, "rate", system, baseline), "{:.2f}",
                  lambda ratio: ratio >= least)

    def at_most(self, what: str, most: float, of: str, workload: str, metric: str, system: str, baseline: str) -> None:
        self.note(what, f"at most {most:g} of {of}", self.results.ratio(workload, metric, system, baseline), "{:.2f}",
                  lambda ratio: ratio <= most)

    def enqueue(self) -> None:
        constant = "nginx with a constant answer"
        self.at_least("memory, 64 connections", 0.80, constant, "enqueue-64", "jobqd-memory", "nginx")
        for least, of, baseline in ((0.60, constant, "nginx"), (10, "beanstalkd -f0", "beanstalkd-f0"),
                                    (0.85, "redis lists, appendfsync always", "redis-always"),
                                    (1, "beanstalkd -f50", "beanstalkd-f50")):
            self.at_least("synced, 64 connections", least, of, "enqueue-64", "jobqd-sqlite", baseline)
        for least, of, baseline in ((0.58, "one fdatasync after another", "fdatasync"),
                                    (1, "beanstalkd -f0", "beanstalkd-f0")):
            self.at_least("synced, one connection", least, of, "enqueue-1", "jobqd-sqlite", baseline)

    def array(self) -> None:
        rate = self.results.median("array", "jobqd-sqlite", "rate")
        share = self.results.ratio("array", "rate", "jobqd-sqlite", "sqlite")
        self.note("synced, arrays of 100", "200,000 jobs/s, or 0.6 of SQLite alone in batches of 1,000", rate,
                  "{:,.0f} jobs/s" + (f", {share:.2f}" if share is not None else ""),
                  lambda value: value >= 200_000 or (share or 0) >= 0.6)

    def drain(self) -> None:
        on_disk = [peer.name for peer in self.peers if peer.kind == "peer" and peer.on_disk]
        best = self.results.best("drain", "rate", on_disk)
        ratio = self.results.ratio("drain", "rate", "jobqd-sqlite", best) if best else None
        self.note("synced, drain", "at least 2.5 of the best peer that keeps jobs on disk", ratio, f"{{:.2f}} of {best}",
                  lambda value: value >= 2.5)

    def latency(self) -> None:
        for what, most, of, baseline in (("memory", 0.8, "beanstalkd", "beanstalkd"),
                                         ("sqlite", 1, "redis lists, appendfsync always", "redis-always")):
            self.at_most(f"{what}, enqueue to start, p50", most, of, "latency", "p50", f"jobqd-{what}", baseline)
        for what, metric in (("p99", "p99"), ("p99, own worker", "own_p99")):
            self.note(f"memory, enqueue to start, {what}", "below 1 ms",
                      self.results.median("latency", "jobqd-memory", metric), "{:,.0f} µs", lambda value: value < 1000)

    def footprint(self) -> None:
        for system in ("jobqd-memory", "jobqd-sqlite"):
            self.at_most(f"{system}, memory a waiting job", 1, "beanstalkd", "memory", "bytes", system, "beanstalkd")
        for most, of, baseline in ((1, "NATS JetStream", "nats"), (0.25, "beanstalkd", "beanstalkd-f50")):
            self.at_most("restart with 1,000,000 waiting", most, of, "restart", "us_per_job", "jobqd-sqlite", baseline)
        for system in ("jobqd-memory", "jobqd-sqlite"):
            for workload, beside in (("depth", "3,000,000 waiting"), ("idle", "10,000 idle connections")):
                self.note(f"{system}, enqueue rate, {beside}", "at least 0.9 of that without",
                          self.results.median(workload, system, "share"), "{:.2f}", lambda value: value >= 0.9)
            self.note(f"{system}, an idle connection", "at most 10 KiB", self.results.median("idle", system, "bytes"),
                      "{:,.0f} bytes", lambda value: value <= 10 * 1024)


def judge(results: Results, peers: list[type[System]]) -> list[Verdict]:
    targets = Targets(results, peers)
    targets.enqueue()
    targets.array()
    targets.drain()
    targets.latency()
    targets.footprint()
    return targets.verdicts
