"""The tables, for people and as JSON."""

import os
import platform
import subprocess
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

from results import Results
from systems.base import System
from targets import Verdict, judge
from workloads import Line, Scale, Workload


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine(folder: Path) -> dict[str, str]:
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    models = [line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    disk = subprocess.run(["stat", "-f", "-c", "%T", str(folder)], capture_output=True, text=True, check=False)
    return {"date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"), "cpu": models[0] if models else "unknown",
            "cores": str(os.cpu_count()), "memory": f"{memory:.0f} GiB", "kernel": platform.release(),
            "disk": disk.stdout.strip()}


def commit(root: Path) -> str:
    """Of the sources; with `-dirty` if they were changed."""
    described = subprocess.run(["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"],
                               capture_output=True, text=True, check=False)
    return described.stdout.strip() or "unknown"


def table(head: list[str], rows: list[list[str]], left: int) -> str:
    """In Markdown; all columns after the first `left` are flush right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    pad = [str.ljust if column < left else str.rjust for column in range(len(head))]
    rule = ["-" * width if column < left else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    lines = [[fit(cell, width) for fit, cell, width in zip(pad, row, widths)] for row in [head, *rows]]
    lines.insert(1, rule)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def systems_table(systems: list[System]) -> str:
    rows = [[system.name, system.ack, system.version()] for system in systems]
    return table(["system", "an acknowledged job survives", "version"], rows, 3)


def row_of(results: Results, workload: Workload, line: Line, system: str) -> list[str]:
    values = results.values(workload.name, system, line.metric)
    middle = results.median(workload.name, system, line.metric) or 0
    spread = f"{number(min(values))} to {number(max(values))}" if len(values) > 1 else ""

    def cell(metric: str, show: bool = True) -> str:
        found = results.median(workload.name, system, metric) if show else None
        return number(found) if found is not None else ""

    ratios = []
    for baseline in line.baselines:
        ratio = results.ratio(workload.name, line.metric, system, baseline) if baseline != system else None
        if ratio is not None:
            ratios.append(f"{ratio:.2f} {baseline}")
    first = line is workload.lines[0]
    errors = results.total(workload.name, system, "errors") if first else 0
    return [line.title, system, f"{number(middle)} {line.unit}", spread, ", ".join(ratios), cell("p50", line.latencies),
            cell("p99", line.latencies), cell("p999", line.latencies), cell("server_us", first),
            cell("client_cpu", first), number(errors) if errors else ""]


# nginx answers with a constant: what varies between its rounds is the machine.
STEADY = ("enqueue-64", "nginx", "rate")
BELIEVABLE = 0.15


def doubt(results: Results) -> str:
    """Why the figures should not be believed; empty if they may be."""
    spread = results.spread(*STEADY)
    if spread is None:
        return "nginx on 64 connections was not measured twice, so nothing shows whether the machine was quiet"
    if spread <= BELIEVABLE:
        return ""
    return (f"the machine was too busy to believe these figures: nginx, which does the same each time, varied by "
            f"{spread:.0%} on 64 connections, and {BELIEVABLE:.0%} is the most")


HEAD = ["workload", "system", "median", "spread", "ratio", "p50 µs", "p99 µs", "p99.9 µs", "server µs a job",
        "client cores", "errors"]


def results_table(results: Results, workloads: list[Workload], systems: list[System]) -> str:
    rows = [row_of(results, workload, line, system.name)
            for workload in workloads for line in workload.lines for system in systems
            if results.values(workload.name, system.name, line.metric)]
    return table(HEAD, rows, 2)


def targets_table(verdicts: list[Verdict]) -> str:
    word = {True: "yes", False: "no", None: "not measured"}
    rows = [[verdict.what, verdict.target, verdict.reached, word[verdict.good]] for verdict in verdicts]
    return table(["what", "target", "reached", "met"], rows, 4)


class Report:
    def __init__(self, results: Results, workloads: list[Workload], systems: list[System], scale: Scale, folder: Path):
        self.results = results
        self.workloads = workloads
        self.systems = systems
        self.scale = scale
        self.commit = commit(Path(__file__).resolve().parents[1])
        self.machine = machine(folder)
        self.doubt = doubt(results)
        self.verdicts = judge(results, [type(system) for system in systems])

    def rounds(self) -> int:
        return max((len(rounds) for rounds in self.results.rounds.values()), default=0)

    def text(self) -> str:
        about = ", ".join(f"{name} {value}" for name, value in {"commit": self.commit, **self.machine}.items())
        parts = [f"{about}; {self.rounds()} rounds of {self.scale.seconds:g} s, medians; 100-byte payloads"]
        if self.doubt and not self.scale.quick:
            parts.append(self.doubt[0].upper() + self.doubt[1:] + ".")
        if self.scale.quick:
            parts.append("A quick run, with fewer jobs than the lines say: it shows that all works, and no figures.")
        parts += [systems_table(self.systems), results_table(self.results, self.workloads, self.systems),
                  targets_table(self.verdicts)]
        if self.results.failures:
            parts.append("Failed:\n" + "\n".join(f"- {failure}" for failure in self.results.failures))
        return "\n\n".join(parts)

    def json(self) -> dict:
        measured = [{"workload": workload, "system": system, "rounds": rounds}
                    for (workload, system), rounds in self.results.rounds.items()]
        about = [{"name": system.name, "ack": system.ack, "version": system.version()} for system in self.systems]
        return {"commit": self.commit, "machine": self.machine, "doubt": self.doubt, "seconds": self.scale.seconds,
                "quick": self.scale.quick, "systems": about, "results": measured,
                "targets": [asdict(verdict) for verdict in self.verdicts],
                "failures": self.results.failures}
