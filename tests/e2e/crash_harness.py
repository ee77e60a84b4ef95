#!/usr/bin/env python3
"""Kills the daemon at random moments while clients enqueue and jobs run, and checks that it kept its promises.

    python3 crash_harness.py [CYCLES] [--seed N] [--workers N] [--pending N] [--processor NAME] [--history FILE]

Each cycle starts the daemon on the same file, compares all its jobs with the answers that clients got, lets clients and workers
work for a moment, and kills it with SIGKILL. At the end all jobs are run. The invariants: every acknowledged job exists after each
restart and ends as done or failed; no job exists twice or without a request for it, and no array is stored in part; the number of
attempts that a client has seen never falls; jobs of one priority start in order. The exit code is 1 if one of them is broken.
"""

import argparse
import random
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from durable import NO_ANSWER, SEVERAL_WORKERS_MS, Folder, Life, all_jobs, drain, job_body
from history import History, Sent
from plants import PLANTS, Plant
from support import Connection

CLIENTS = 8
RETAINED = 6_000
SETTINGS = {"SIMULATE_MIN": "1ms", "SIMULATE_MAX": "5ms", "SIMULATE_FAILURE_RATE": "0.2", "BACKOFF_BASE": "10ms",
            "BACKOFF_CAP": "100ms", "RETENTION_MAX": str(RETAINED)}


class Client(threading.Thread):
    """Sends one request after the other over one connection until the daemon is gone."""

    def __init__(self, port: int, history: History, seed: int, name: str, backlog: int = Plant.backlog):
        super().__init__(name=name, daemon=True)
        self.port = port
        self.history = history
        self.random = random.Random(seed)
        self.backlog = backlog  # beyond it clients list and remove jobs rather than enqueue them
        self.count = 0
        self.failure: Optional[str] = None

    def run(self) -> None:
        try:
            with Connection(self.port) as connection:
                while True:
                    self.step(connection)
        except NO_ANSWER:
            pass
        except Exception as error:  # pylint: disable=broad-except
            self.failure = f"{type(error).__name__}: {error}"

    def step(self, connection: Connection) -> None:
        chance = self.random.random()
        if len(self.history.open) > self.backlog and chance < 0.9:
            self.look(connection)
        elif chance < 0.70:
            self.enqueue(connection, 1)
        elif chance < 0.80:
            self.enqueue(connection, self.random.randint(2, 12))
        elif chance < 0.95:
            self.look(connection)
        else:
            self.remove(connection)

    def new_job(self) -> tuple[dict, tuple[str, Optional[str], int, bool]]:
        self.count += 1
        key = f"{self.name}-{self.count}"
        job: dict = {"payload": {"k": key, "x": "x" * self.random.choice((0, 20, 300))}}
        if self.random.random() < 0.6:
            job["id"] = f"id-{key}"
        if self.random.random() < 0.5:
            job["max_retries"] = self.random.randint(0, 3)
        job["priority"] = self.random.choice((0, 0, 0, -5, 7))
        if self.random.random() < 0.1:
            job["delay"] = self.random.choice((0.01, "50ms", "1s"))
        return job, (key, job.get("id"), job["priority"], "delay" in job)

    def enqueue(self, connection: Connection, count: int) -> None:
        jobs, sent = zip(*(self.new_job() for _ in range(count)))
        request = self.history.invoke(sent)
        body = job_body(jobs[0] if count == 1 else jobs)
        answer = connection.request("POST", "/enqueue", body).read_answer()
        if answer.status != 202:
            self.history.refused(request)
            raise AssertionError(f"{answer.status} for {body[:200]}: {answer.body[:200]!r}")
        told = answer.json()
        ids = [job["id"] for job in told] if count > 1 else [told.get("id", request[0].id)]
        try:
            # Before the other clients know the job and may remove it.
            if count == 1 and request[0].id and self.random.random() < 0.05:
                self.repeat(connection, request[0], body)
        finally:
            self.history.ok(request, ids)

    def repeat(self, connection: Connection, job: Sent, body: str) -> None:
        """Repeats the request, as a producer does that is not sure of the first answer."""
        if '"id"' not in body:
            return
        answer = connection.request("POST", "/enqueue", body).read_answer()
        assert answer.status == 200, f"{job.key} again: {answer.status} {answer.body!r}"

    def look(self, connection: Connection) -> None:
        for job in self.history.some_known(self.random):
            answer = connection.request("GET", f"/v1/jobs/{job.id}").read_answer()
            if answer.status == 200:
                self.history.told(job, answer.json())
            elif not job.maybe_removed:
                raise AssertionError(f"{job.key} is not known: {answer.status} {answer.body!r}")

    def remove(self, connection: Connection) -> None:
        for job in self.history.some_known(self.random):
            self.history.removing(job)
            answer = connection.request("DELETE", f"/v1/jobs/{job.id}").read_answer()
            if answer.status == 204:
                self.history.removed(job)
            else:
                self.history.not_removed(job)


@dataclass
class Outcome:
    cycles: int = 0
    killed_at_start: int = 0
    ready: list = field(default_factory=list)  # seconds from birth to the first 200 of /readyz
    failures: list = field(default_factory=list)


class Harness:
    def __init__(self, cycles: int, seed: int, workers: int, history: Optional[str] = None, processor: str = "simulate"):
        self.cycles = cycles
        self.seed = seed
        self.workers = workers
        self.processor = processor
        self.plant = PLANTS[processor]()
        self.random = random.Random(seed)
        # One worker starts jobs one after the other; several read the clock at the same time.
        self.file = open(history, "w", encoding="utf-8") if history else None  # pylint: disable=consider-using-with
        self.history = History(0 if workers == 1 else SEVERAL_WORKERS_MS, self.file)
        self.outcome = Outcome()

    def run(self) -> Outcome:
        settings = SETTINGS | {"WORKERS": str(self.workers)}
        with Folder() as folder, self.plant:
            if self.plant.config:
                settings["CONFIG"] = str(folder.path / "jobqd.toml")
                Path(settings["CONFIG"]).write_text(f"[queues.default]\n{self.plant.config}", encoding="utf-8")
            for cycle in range(self.cycles):
                if self.random.random() < 0.1:
                    self.kill_at_start(folder, settings)
                self.cycle(folder, settings, cycle)
                if not self.history.found.none() or self.outcome.failures:
                    return self.outcome
            life = self.start(folder, settings)
            drain(life)
            jobs = all_jobs(life)
            self.history.check(jobs, at_the_end=True)
            self.check_work(jobs)
            if code := life.end():
                self.outcome.failures.append(f"exit code {code} at the end")
        if self.file:
            self.file.close()
        return self.outcome

    def check_work(self, jobs: list[dict]) -> None:
        idle = [job["payload"]["k"] for job in jobs
                if job["attempts"] > 0 and self.plant.executed(job["payload"]["k"]) is False]
        if idle:
            self.outcome.failures.append(f"ended and were never worked on: {idle[:3]}")

    def kill_at_start(self, folder: Folder, settings: dict) -> None:
        life = Life(folder.database, wait=False, **settings)
        threading.Event().wait(self.random.uniform(0, 0.06))
        life.kill()
        self.outcome.killed_at_start += 1

    def start(self, folder: Folder, settings: dict) -> Life:
        life = Life(folder.database, **settings)
        assert life.ready()
        self.outcome.ready.append(time.monotonic() - life.born)
        self.history.check(all_jobs(life))
        self.plant.begin(life)
        return life

    def cycle(self, folder: Folder, settings: dict, cycle: int) -> None:
        life = self.start(folder, settings)
        clients = [Client(life.port, self.history, self.random.getrandbits(64), f"{cycle}-{i}", self.plant.backlog)
                   for i in range(CLIENTS)]
        for client in clients:
            client.start()
        threading.Event().wait(self.random.uniform(0.05, 0.45))  # the random moment
        life.kill()
        for client in clients:
            client.join()
            if client.failure:
                self.outcome.failures.append(f"cycle {cycle}: {client.failure}")
        self.outcome.cycles += 1

    def report(self) -> str:
        outcome, history = self.outcome, self.history
        ready = sorted(outcome.ready) or [0]
        text = (f"seed {self.seed}, processor {self.processor}, workers {self.workers}: {outcome.cycles} kills under load, "
                f"{outcome.killed_at_start} at start; {history.acknowledged} acknowledged, {history.interruptions} "
                f"interruptions (duplicates); {history.found.summary()}; ready again after "
                f"{statistics.median(ready) * 1000:.0f} ms, at most {ready[-1] * 1000:.0f} ms")
        if outcome.failures:
            text += f"\nfailures: {outcome.failures[:5]}"
        return text if history.found.none() else f"{text}\n{history.found.examples()}"

    def good(self) -> bool:
        return self.history.found.none() and not self.outcome.failures and self.outcome.cycles == self.cycles


def ready_again(pending: int) -> float:
    """Seconds until a daemon that was killed with this many waiting jobs is ready again."""
    with Folder() as folder:
        life = Life(folder.database)
        with life.connect() as connection:
            for first in range(0, pending, 10_000):
                jobs = [{"id": f"job-{i}", "delay": "1h", "payload": {"n": i}} for i in range(first, first + 10_000)]
                assert connection.request("POST", "/enqueue", job_body(jobs)).read_answer().status == 202
        life.kill()
        life = Life(folder.database)
        assert life.ready()
        took = time.monotonic() - life.born
        assert life.get(f"/v1/jobs/job-{pending - 1}").status == 200
        life.kill()
        return took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cycles", nargs="?", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--pending", type=int, default=100_000, help="jobs waiting when the restart is timed; 0: not timed")
    parser.add_argument("--processor", choices=PLANTS, default="simulate")
    parser.add_argument("--history", help="a file for what clients asked and were told")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    harness = Harness(options.cycles, options.seed, options.workers, options.history, options.processor)
    begun = time.monotonic()
    try:
        harness.run()
    finally:
        print(f"{harness.report()}\n{time.monotonic() - begun:.0f} s")
    if options.pending:
        print(f"ready again with {options.pending} pending after {ready_again(options.pending):.2f} s")
    return 0 if harness.good() else 1


if __name__ == "__main__":
    sys.exit(main())
