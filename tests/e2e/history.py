"""Records requests and their answers, and checks that a restarted daemon agrees with the answers it gave.

A line of the history is written before each request (`invoke`) and after its answer (`ok`). The payload of each job has a unique
key, so that a job can be recognised even if the answer with its id was lost.
"""

import collections
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Iterable, Optional, TextIO

FINISHED = ("done", "failed")


@dataclass(slots=True)
class Sent:
    """One job of a request."""
    key: str
    group: int  # the number of the request
    id: Optional[str]  # None: the server chooses it
    priority: int = 0
    delayed: bool = False
    acked: bool = False
    removed: bool = False
    maybe_removed: bool = False
    attempts: int = 0  # as in the last answer
    ended: Optional[str] = None  # as in an answer, or as seen after a restart


@dataclass
class Findings:
    """Violations of the invariants, by kind; all lists should be empty."""
    lost: list = field(default_factory=list)
    unexpected: list = field(default_factory=list)
    twice: list = field(default_factory=list)
    half: list = field(default_factory=list)
    back: list = field(default_factory=list)
    fell: list = field(default_factory=list)
    disorder: list = field(default_factory=list)

    def summary(self) -> str:
        return ", ".join(f"{name} {len(found)}" for name, found in vars(self).items())

    def none(self) -> bool:
        return not any(vars(self).values())

    def examples(self) -> str:
        return "; ".join(f"{name}: {found[:3]}" for name, found in vars(self).items() if found)


def milliseconds(time: str) -> int:
    return round(datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp() * 1000)


class History:
    """Thread-safe."""

    def __init__(self, tolerance_ms: int, file: Optional[TextIO] = None):
        self.sent: dict[str, Sent] = {}
        self.open: set[str] = set()  # acknowledged, and not yet seen to have ended
        self.uncertain: dict[int, list[Sent]] = {}  # requests without an answer
        self.found = Findings()
        self.acknowledged = 0
        self.interruptions = 0
        self.disorder_tolerance = tolerance_ms
        self._file = file
        self._groups = 0
        self._lock = threading.Lock()

    def _write(self, line: str) -> None:
        if self._file:
            self._file.write(line + "\n")

    # --- clients

    def invoke(self, jobs: Iterable[tuple[str, Optional[str], int, bool]]) -> list[Sent]:
        """Takes (key, id, priority, delayed) of each job of one request."""
        with self._lock:
            self._groups += 1
            request = [Sent(key, self._groups, job_id, priority, delayed) for key, job_id, priority, delayed in jobs]
            self.sent.update((job.key, job) for job in request)
            self.uncertain[self._groups] = request
            self._write(f"invoke enqueue {' '.join(job.key for job in request)}")
            return request

    def ok(self, request: list[Sent], ids: Optional[list[str]] = None) -> None:
        with self._lock:
            self.uncertain.pop(request[0].group, None)
            for job, job_id in zip(request, ids or [job.id for job in request]):
                job.id = job_id
                self._owe(job)
            self._write(f"ok enqueue {' '.join(job.key for job in request)}")

    def refused(self, request: list[Sent]) -> None:
        """The answer was not 202: its jobs must never exist."""
        with self._lock:
            self.uncertain.pop(request[0].group, None)
            for job in request:
                del self.sent[job.key]
            self._write(f"refused enqueue {' '.join(job.key for job in request)}")

    def told(self, job: Sent, answer: dict) -> None:
        with self._lock:  # Answers of several clients may overtake each other.
            job.attempts = max(job.attempts, answer["attempts"])
            if answer["status"] in FINISHED:
                job.ended = answer["status"]

    def removing(self, job: Sent) -> None:
        with self._lock:
            job.maybe_removed = True
            self.open.discard(job.key)
            self._write(f"invoke remove {job.key}")

    def removed(self, job: Sent) -> None:
        with self._lock:
            job.removed = True
            self._write(f"ok remove {job.key}")

    def not_removed(self, job: Sent) -> None:
        with self._lock:
            job.maybe_removed = False
            if not job.ended:
                self.open.add(job.key)

    def _owe(self, job: Sent) -> None:
        if job.acked:
            return
        job.acked = True
        self.acknowledged += 1
        self.open.add(job.key)

    # --- after a restart

    def check(self, jobs: list[dict], at_the_end: bool = False) -> None:
        """Checks `jobs`, all jobs of the daemon, oldest first, while no client is running."""
        there: dict[str, dict] = {}
        for job in jobs:
            key = job["payload"]["k"]
            if key in there:
                self.found.twice.append(key)
            there[key] = job
        ids = collections.Counter(job["id"] for job in jobs)
        self.found.twice += [job_id for job_id, count in ids.items() if count > 1]
        self._settle_uncertain(there)
        self.found.unexpected += [key for key in there if key not in self.sent]
        self.found.lost += [key for key in self.open if key not in there]
        self._check_jobs(there, at_the_end)
        self._check_order(jobs)

    def _settle_uncertain(self, there: dict[str, dict]) -> None:
        for request in self.uncertain.values():
            found = [job for job in request if job.key in there]
            if found and len(found) < len(request):
                self.found.half.append([job.key for job in request])
            for job in request:
                if found:  # it exists, so from now on it must not be lost
                    job.id = there[job.key]["id"] if job.key in there else job.id
                    self.open.add(job.key)
                else:
                    del self.sent[job.key]
        self.uncertain.clear()

    def _check_jobs(self, there: dict[str, dict], at_the_end: bool) -> None:
        for key, job in there.items():
            sent = self.sent.get(key)
            if sent is None:
                continue
            if sent.removed:
                self.found.back.append(key)
            if job["attempts"] < sent.attempts or (sent.ended and job["status"] != sent.ended):
                self.found.fell.append((key, sent.attempts, sent.ended, job["attempts"], job["status"]))
            if job["status"] in FINISHED:
                if key in self.open:
                    self.open.discard(key)
                    self.interruptions += job["interruptions"]
                sent.ended = job["status"]
        if at_the_end:
            self.found.lost += list(self.open)

    def _check_order(self, jobs: list[dict]) -> None:
        """Of two jobs of one priority that had one attempt each, the older one must have started first."""
        latest: dict[int, tuple[int, str]] = {}
        for job in jobs:
            sent = self.sent.get(job["payload"]["k"])
            once = job["status"] in FINISHED and job["attempts"] == 1 and job["interruptions"] == 0
            if not once or sent is None or sent.delayed:
                continue
            started = milliseconds(job["started_at"])
            before, other = latest.get(sent.priority, (0, ""))
            if started < before - self.disorder_tolerance:
                self.found.disorder.append((other, before, sent.key, started))
            latest[sent.priority] = max(latest.get(sent.priority, (0, "")), (started, sent.key))

    def some_known(self, random, count: int = 1) -> list[Sent]:
        with self._lock:
            keys = random.sample(list(self.open), min(count, len(self.open)))
            return [self.sent[key] for key in keys]
