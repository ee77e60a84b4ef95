"""The results: a value for each workload, system, figure and round; their medians and ratios."""

from statistics import median
from typing import Optional


class Results:
    def __init__(self) -> None:
        self.rounds: dict[tuple[str, str], list[dict]] = {}
        self.failures: list[str] = []

    def add(self, workload: str, system: str, measured: dict) -> None:
        self.rounds.setdefault((workload, system), []).append(measured)

    def values(self, workload: str, system: str, metric: str) -> list[float]:
        return [measured[metric] for measured in self.rounds.get((workload, system), []) if metric in measured]

    def median(self, workload: str, system: str, metric: str) -> Optional[float]:
        values = self.values(workload, system, metric)
        return median(values) if values else None

    def total(self, workload: str, system: str, metric: str) -> float:
        return sum(self.values(workload, system, metric))

    def ratio(self, workload: str, metric: str, system: str, baseline: str) -> Optional[float]:
        """The median of the ratios of each round: both were measured within the same minute or so."""
        pairs = zip(self.values(workload, system, metric), self.values(workload, baseline, metric))
        ratios = [value / base for value, base in pairs if base]
        return median(ratios) if ratios else None

    def spread(self, workload: str, system: str, metric: str) -> Optional[float]:
        """The distance of the highest from the lowest value, as a share of the median; of two rounds or more."""
        values = self.values(workload, system, metric)
        return (max(values) - min(values)) / median(values) if len(values) > 1 and median(values) else None

    def best(self, workload: str, metric: str, systems: list[str]) -> Optional[str]:
        """The system with the highest median."""
        known = {system: value for system in systems if (value := self.median(workload, system, metric)) is not None}
        return max(known, key=lambda system: known[system]) if known else None
