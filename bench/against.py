#!/usr/bin/env python3
"""Measures two builds of jobqd beside each other and reports where the new one is slower. See bench/README.md.

Each round measures every row with both builds, one right after the other, in an order that changes from round to round. A ratio is
always such that more than 1 means that the new build is better: new/old of rates, old/new of times and bytes.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Callable, Optional

import workloads
from processes import end_all
from report import machine, number, table
from systems.base import Tools
from systems.jobqd import Jobqd, JobqdMemory, JobqdSqlite
from workloads import Scale

ROOT = Path(__file__).resolve().parents[1]

TOLERATED = 0.97  # of the old build; noise of that size is not worth a search
MIN_ROUNDS = 5  # for a verdict; quartiles of fewer say nothing
JOBS = {"drain_jobs": 100_000, "memory_jobs": 200_000, "restart_jobs": 500_000}


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    system: type[Jobqd]
    measure: Callable[[Jobqd, Scale], dict]
    metric: str = "rate"
    unit: str = "jobs/s"
    more_is_better: bool = True

    def ratio(self, new: dict, old: dict, metric: Optional[str] = None) -> float:
        metric = metric or self.metric
        better = self.more_is_better and metric == self.metric
        return new[metric] / old[metric] if better else old[metric] / new[metric]


def enqueue(connections: int) -> Callable[[Jobqd, Scale], dict]:
    return lambda system, scale: workloads.enqueue(connections, system, scale)


ROWS = [
    Row("synced-1", "enqueue, synced, 1 connection", JobqdSqlite, enqueue(1)),
    Row("synced-8", "enqueue, synced, 8 connections", JobqdSqlite, enqueue(8)),
    Row("synced-64", "enqueue, synced, 64 connections", JobqdSqlite, enqueue(64)),
    Row("memory-64", "enqueue, in memory, 64 connections", JobqdMemory, enqueue(64)),
    Row("array", "enqueue, synced, arrays of 100", JobqdSqlite, workloads.array),
    Row("drain-memory", "drain, in memory", JobqdMemory, workloads.drain),
    Row("drain-synced", "drain, synced", JobqdSqlite, workloads.drain),
    Row("restart", "restart, a waiting job", JobqdSqlite, workloads.restart, "us_per_job", "µs", False),
    Row("bytes-memory", "memory of a waiting job, in memory", JobqdMemory, workloads.memory, "bytes", "bytes", False),
    Row("bytes-synced", "memory of a waiting job, synced", JobqdSqlite, workloads.memory, "bytes", "bytes", False),
]


@dataclass(frozen=True)
class Verdict:
    """The result of the rounds of a row."""

    row: str
    new: float               # medians
    old: float
    ratio: float             # the median of the ratios within rounds; above 1 is better
    spread: tuple[float, float]  # their quartiles
    cpu: Optional[float]     # likewise of the server's CPU time for each job, where it was measured
    worse: bool


def judge(row: Row, rounds: list[tuple[dict, dict]]) -> Verdict:
    ratios = [row.ratio(new, old) for new, old in rounds]
    middle = median(ratios)
    low, _, high = quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else (middle, middle, middle)
    cpu = [row.ratio(new, old, "server_us") for new, old in rounds if new.get("server_us") and old.get("server_us")]
    return Verdict(row.name, median(new[row.metric] for new, _ in rounds), median(old[row.metric] for _, old in rounds),
                   middle, (low, high), median(cpu) if cpu else None,
                   len(ratios) >= MIN_ROUNDS and middle < TOLERATED and high < 1)


class Comparison:
    def __init__(self, new: Tools, old: Tools, scale: Scale, scraped: bool = False):
        self.builds = {"new": new, "old": old}
        self.scale = scale
        self.scraped = scraped
        self.rounds: dict[str, list[tuple[dict, dict]]] = {}
        self.failures: list[str] = []

    def measure(self, row: Row, build: str) -> dict:
        system = row.system(self.builds[build])
        system.scraped = self.scraped and build == "new"
        for name, count in JOBS.items():
            setattr(system, name, count)
        os.sync()  # so that no older writes fall into this measurement
        measured = row.measure(system, self.scale)
        if not measured.get(row.metric):
            raise RuntimeError(f"nothing was measured: {measured}")
        if measured.get("errors"):
            raise RuntimeError(f"{measured['errors']} errors")
        return measured

    def round(self, rows: list[Row], turn: int) -> None:
        for row in rows:
            order = ("new", "old") if turn % 2 == 0 else ("old", "new")
            try:
                measured = {build: self.measure(row, build) for build in order}
            except Exception as error:  # a failure of one row must not end the run
                traceback.print_exc()
                self.failures.append(f"{row.name}, round {turn + 1}: {error}")
                continue
            pair = (measured["new"], measured["old"])
            self.rounds.setdefault(row.name, []).append(pair)
            say(f"round {turn + 1}, {row.name}: {row.ratio(*pair):.3f}")

    def verdicts(self) -> list[Verdict]:
        return [judge(row, self.rounds[row.name]) for row in ROWS if row.name in self.rounds]


def text_of(verdicts: list[Verdict]) -> str:
    rows = {row.name: row for row in ROWS}
    lines = [[rows[each.row].title, f"{number(each.new)} {rows[each.row].unit}", f"{number(each.old)} {rows[each.row].unit}",
              f"{each.ratio:.3f}", f"{each.spread[0]:.3f} to {each.spread[1]:.3f}", f"{each.cpu:.3f}" if each.cpu else "",
              "WORSE" if each.worse else ""] for each in verdicts]
    return table(["row", "new", "old", "ratio", "quartiles", "server CPU", ""], lines, 1)


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    names = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", metavar="COMMIT", required=True, help="the old build; ./dev bench builds it")
    parser.add_argument("--old", type=Path, help=argparse.SUPPRESS)  # where ./dev has built it
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release", help="where the new one was built")
    parser.add_argument("--rounds", type=int, help="how often each row is measured with both; default 15")
    parser.add_argument("--seconds", type=float, help="how long a rate is measured; default 2")
    parser.add_argument("--only", nargs="+", metavar="ROW", choices=names, default=names, help="rows: " + ", ".join(names))
    parser.add_argument("--quick", action="store_true", help="one short round: shows that it works, and no figures")
    parser.add_argument("--scraped", action="store_true", help="scrape the metrics of the new build every 50 ms")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"), help="on the disk to measure: /var/tmp")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench" / "against.json", help="where to write the same as JSON")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all servers are stopped
    folder = Path(tempfile.mkdtemp(dir=given.folder, prefix="jobqd-against-"))
    new, old = Tools(given.build.resolve(), folder), Tools(given.old.resolve(), folder)
    old.load = new.load  # one load generator for both
    comparison = Comparison(new, old, Scale(given.seconds or (0.3 if given.quick else 2.0), given.quick), given.scraped)
    rows = [row for row in ROWS if row.name in given.only]
    if (load := os.getloadavg()[0]) > 0.5:
        say(f"the machine is busy (load {load:.1f}): the ratios will be less certain")
    since = time.monotonic()
    try:
        for turn in range(given.rounds or (1 if given.quick else 15)):
            comparison.round(rows, turn)
    except KeyboardInterrupt:
        say("interrupted: reporting what there is")
    finally:
        end_all()
        shutil.rmtree(folder, ignore_errors=True)

    verdicts = comparison.verdicts()
    about = machine(given.folder)
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps({"machine": about, "against": given.against, "verdicts": [asdict(each) for each in verdicts],
                                      "rounds": comparison.rounds, "failures": comparison.failures}, indent=1) + "\n", encoding="utf-8")
    rounds = max((len(pairs) for pairs in comparison.rounds.values()), default=0)
    print(", ".join(f"{name} {value}" for name, value in about.items()) + f"; this tree against {given.against}, {rounds} rounds\n")
    print(text_of(verdicts))
    for failure in comparison.failures:
        print(f"failed: {failure}")
    say(f"took {time.monotonic() - since:.0f} s; as JSON in {given.json}")
    return 1 if comparison.failures or any(each.worse for each in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
