#!/usr/bin/env python3
"""Compares jobqd with its peers and the limits of the machine in one run. See bench/README.md."""

import argparse
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

import systems
import workloads
from processes import end_all
from report import Report, number
from results import Results
from systems.base import System, Tools
from workloads import Scale, Workload

ROOT = Path(__file__).resolve().parents[1]


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    names = [workload.name for workload in workloads.ALL] + [system.name for system in systems.ALL]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0],
                                     epilog="--against COMMIT compares with an older build instead: ./dev bench --against main --help")
    parser.add_argument("--quick", action="store_true", help="one short round: a smoke test")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=names, default=[],
                        help="systems and workloads to measure: " + ", ".join(names))
    parser.add_argument("--rounds", type=int, help="how often each is measured; default 5")
    parser.add_argument("--seconds", type=float, help="how long a measurement lasts; default 2")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"), help="on the disk to measure: /var/tmp")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release", help="where jobqd was built")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench" / "results.json",
                        help="where to write the same as JSON")
    return parser.parse_args()


def chosen_systems(only: list[str], tools: Tools) -> list[System]:
    classes = [system for system in systems.ALL if system.name in only] or systems.ALL
    present = []
    for system in (make(tools) for make in classes):
        if absent := system.missing():
            say(f"left out: {system.name}, for want of {', '.join(absent)}")
        else:
            present.append(system)
    return present


def chosen_workloads(only: list[str]) -> list[Workload]:
    return [workload for workload in workloads.ALL if workload.name in only] or workloads.ALL


def measure(workload: Workload, system: System, scale: Scale, results: Results) -> None:
    os.sync()  # so that no older writes fall into this measurement
    line, since = workload.lines[0], time.monotonic()
    try:
        measured = workload.measure(system, scale)
        if line.metric not in measured:
            raise RuntimeError(f"nothing was measured: {measured}")
    except Exception as error:  # a failure of one system must not end the run
        traceback.print_exc()
        results.failures.append(f"{workload.name}, {system.name}: {error}")
        return
    results.add(workload.name, system.name, measured)
    errors = f", {measured['errors']} errors" if measured.get("errors") else ""
    took = time.monotonic() - since
    say(f"{workload.name} {system.name}: {number(measured[line.metric])} {line.unit}{errors} (took {took:.1f} s)")


def measure_all(chosen: list[Workload], present: list[System], scale: Scale, rounds: int, results: Results) -> None:
    for workload in chosen:
        suited = [system for system in present if workload.suits(system, scale)]
        for turn in range(rounds):
            # Every other round in reverse, so that no system always follows the same one.
            for system in suited if turn % 2 == 0 else reversed(suited):
                measure(workload, system, scale, results)


def main() -> int:
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all servers are stopped
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 20_000), most))
    scale = Scale(given.seconds or (0.3 if given.quick else 2.0), given.quick)
    rounds = given.rounds or (1 if given.quick else 5)
    folder = Path(tempfile.mkdtemp(dir=given.folder, prefix="jobqd-bench-"))
    folder.chmod(0o755)  # PostgreSQL runs as another user
    results, since = Results(), time.monotonic()
    try:
        present = chosen_systems(given.only, Tools(given.build.resolve(), folder))
        chosen = chosen_workloads(given.only)
        if (load := os.getloadavg()[0]) > 0.5:
            say(f"the machine is busy (load {load:.1f}): the figures will not be worth much")
        try:
            measure_all(chosen, present, scale, rounds, results)
        except KeyboardInterrupt:
            say("interrupted: reporting what there is")
        report = Report(results, chosen, present, scale, folder)
    finally:
        end_all()
        shutil.rmtree(folder, ignore_errors=True)
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(report.json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(report.text())
    if report.doubt and not given.quick:
        say(report.doubt)
    say(f"took {time.monotonic() - since:.0f} s; as JSON in {given.json}")
    return 1 if results.failures else 0


if __name__ == "__main__":
    sys.exit(main())
