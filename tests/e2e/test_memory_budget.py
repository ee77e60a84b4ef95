"""Payloads of waiting jobs beyond MEMORY_BUDGET stay in the file, and everybody gets the right one all the same."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
import unittest
from pathlib import Path

import fault_sweep
from durable import Folder, Life, all_jobs, drain
from support import ALARMS, AT_ONCE, DaemonTest, eventually

REMOTE = '[queues.default]\nprocessor = "remote"\n'
COUNT = 2_000
TINY = "64KiB"


def job_id(number: int) -> str:
    return f"job-{number:06}"


def payload(number: int) -> dict:
    return {"number": number, "text": "x" * (500 + number % 700)}


class TinyBudget(unittest.TestCase):
    """A tiny budget, of which COUNT payloads take some twenty times as much."""

    maxDiff = None

    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.__exit__)

    def live(self, **settings: str) -> Life:
        life = Life(self.folder.database, **{"MEMORY_BUDGET": TINY, **settings})
        self.addCleanup(self.end, life)
        return life

    def end(self, life: Life) -> None:
        if life.process.poll() is None:
            life.kill()
        life.process.stderr.close()
        self.assertNotRegex(life.log, ALARMS)

    def remote(self) -> Life:
        return self.live(CONFIG=str(self.folder.config(REMOTE)))

    def enqueue(self, life: Life, first: int = 0, count: int = COUNT) -> None:
        for begin in range(first, first + count, 500):
            jobs = [{"id": job_id(i), "payload": payload(i)} for i in range(begin, min(begin + 500, first + count))]
            self.assertEqual(life.enqueue(jobs).status, 202)

    def lease(self, life: Life, most: int = 100) -> list[dict]:
        answer = life.post("/v1/queues/default/lease", json.dumps({"max_jobs": most, "wait": "10s", "lease": "60s"}))
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["jobs"]

    def complete(self, life: Life, job: dict) -> None:
        answer = life.post(f"/v1/jobs/{job['id']}/complete", json.dumps({"token": job["lease"]["token"]}))
        self.assertEqual(answer.status, 204, answer)


class OnDisk(TinyBudget):
    def test_every_payload_is_right_also_after_a_kill(self):
        life = self.remote()
        self.enqueue(life)
        for restarted in (False, True):
            with self.subTest(restarted=restarted):
                for number in (0, 1, COUNT // 2, COUNT - 1):
                    self.assertEqual(life.job(job_id(number))["payload"], payload(number))
                self.assertEqual([(job["id"], job["payload"]) for job in all_jobs(life)],
                                 [(job_id(i), payload(i)) for i in range(COUNT)])
            if not restarted:
                life.kill()
                life = self.remote()
        number = 0
        while number < COUNT:
            for job in self.lease(life):
                self.assertEqual((job["id"], job["payload"]), (job_id(number), payload(number)))
                self.complete(life, job)
                number += 1
            if number == COUNT // 2:
                life.kill()  # The leases are done.
                life = self.remote()
        self.assertEqual(life.end(), 0)

    def test_own_workers_drain_them_all(self):
        life = self.live(**AT_ONCE)
        self.assertEqual(life.post("/v1/queues/default/pause").status, 200)
        self.enqueue(life)
        self.assertEqual(life.post("/v1/queues/default/resume").status, 200)
        drain(life)
        jobs = all_jobs(life, status="done")
        self.assertEqual([(job["id"], job["payload"]) for job in jobs], [(job_id(i), payload(i)) for i in range(COUNT)])
        self.assertEqual(life.end(), 0)

    def test_changes_of_their_jobs(self):
        life = self.remote()
        self.enqueue(life)
        last = job_id(COUNT - 1)
        answer = life.post(f"/v1/jobs/{last}/cancel")
        self.assertEqual((answer.status, answer.json()["reason"], answer.json()["payload"]),
                         (200, "cancelled", payload(COUNT - 1)))
        self.assertEqual(life.job(last)["payload"], payload(COUNT - 1))
        answer = life.post(f"/v1/jobs/{last}/retry")
        self.assertEqual((answer.status, answer.json()["payload"]), (200, payload(COUNT - 1)))
        self.assertEqual(life.job(last)["payload"], payload(COUNT - 1))
        self.assertEqual(life.request("DELETE", f"/v1/jobs/{last}").status, 204)
        self.assertEqual(life.get(f"/v1/jobs/{last}").status, 404)
        self.assertEqual(life.end(), 0)

    def test_a_damaged_row_is_set_aside_and_logged(self):
        life = self.remote()
        self.enqueue(life, count=500)
        with sqlite3.connect(self.folder.database, timeout=10) as file:
            file.execute("UPDATE jobs SET payload = '1' WHERE id IN (?, ?)", (job_id(400), job_id(499)))
        self.assertEqual(life.get(f"/v1/jobs/{job_id(499)}").status, 404)
        leased = []
        while len(leased) < 498:
            leased += self.lease(life)
        self.assertEqual([job["id"] for job in leased], [job_id(i) for i in range(499) if i != 400])
        for number in (400, 499):
            life.wait_for_line(f'error a damaged job is set aside and will not run job="number {number + 1}, id')
        self.assertEqual(life.count("queued"), 0)
        self.assertEqual(life.end(), 0)
        self.assertIn("set_aside=2", self.remote().wait_for_line("store opened.*").group())


class DiskThatCannotBeRead(TinyBudget):
    """What the thread that reads payloads back asks of the disk hangs or fails. Nobody else waits for it."""

    def setUp(self):
        super().setUp()
        if why := fault_sweep.can_trace():
            print(f"SKIPPED: {why}", file=sys.stderr)
            self.skipTest(why)

    def strike(self, life: Life, effect: str) -> subprocess.Popen:
        tasks = list(Path(f"/proc/{life.process.pid}/task").iterdir())
        reader = next(task for task in tasks if (task / "comm").read_text(encoding="ascii") == "payloads\n")
        tracer = subprocess.Popen(["strace", "-qq", "-o", str(self.folder.path / "trace"), "-e", "trace=pread64",
                                   "-e", f"inject=pread64:{effect}", "-p", reader.name],
                                  stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(tracer.wait)
        self.addCleanup(tracer.kill)
        eventually(lambda: "TracerPid:\t0\n" not in (reader / "status").read_text(encoding="ascii"), "strace is there")
        return tracer

    def serves_what_needs_no_reading(self, life: Life, number: int) -> None:
        with life.connect() as other:
            for path in ("/healthz", "/livez", "/readyz", "/v1/queues", f"/v1/jobs/{job_id(0)}"):
                self.assertEqual(other.request("GET", path).read_answer().status, 200, path)
        self.enqueue(life, number, 1)

    def test_it_hangs_and_a_get_waits_alone(self):
        life = self.remote()
        self.enqueue(life)
        tracer = self.strike(life, "delay_enter=1000000000:when=1")
        waiting = life.connect().request("GET", f"/v1/jobs/{job_id(COUNT - 1)}")
        for number in range(COUNT, COUNT + 20):
            self.serves_what_needs_no_reading(life, number)
        self.assertFalse(waiting.has_answer())
        tracer.kill()
        life.kill()
        waiting.close()

    def test_it_hangs_for_ever_and_a_stop_ends(self):
        life = self.live(CONFIG=str(self.folder.config(REMOTE)), SHUTDOWN_GRACE="1s")
        self.enqueue(life)
        tracer = self.strike(life, "delay_enter=1000000000:when=1")
        with life.connect().request("GET", f"/v1/jobs/{job_id(COUNT - 1)}"):
            self.serves_what_needs_no_reading(life, COUNT)
        life.signal(signal.SIGTERM)
        life.wait_for_line("error ending without the rest of the stop.* waits_for=")
        time.sleep(0.2)  # for the _exit() after that line; strace does not let go of the thread that hangs
        tracer.kill()
        self.assertEqual(life.wait(), 1)
        self.assertEqual(self.remote().count("queued"), COUNT + 1)

    def test_it_fails_and_the_jobs_wait_until_it_works(self):
        life = self.remote()
        self.enqueue(life)
        tracer = self.strike(life, "error=EIO")
        answer = life.get(f"/v1/jobs/{job_id(COUNT - 1)}")
        self.assertEqual((answer.status, answer.json()["type"]), (503, "/problems/store-unavailable"), answer)
        self.assertIn("cannot read payloads back", answer.json()["detail"])
        life.wait_for_line("error payloads on disk cannot be read: their jobs wait why=")
        leased = []
        while len(leased) < 60:  # Those whose payloads are in memory.
            leased += self.lease(life, 1)
        self.serves_what_needs_no_reading(life, COUNT)
        tracer.terminate()
        tracer.wait()
        while len(leased) < COUNT + 1:
            leased += self.lease(life)
        life.wait_for_line("info  payloads on disk can be read again")
        self.assertEqual([(job["id"], job["payload"]) for job in leased], [(job_id(i), payload(i)) for i in range(COUNT + 1)])
        self.assertEqual(life.count("queued"), 0)
        self.assertEqual(life.end(), 0)


class Large(TinyBudget):
    def test_a_payload_larger_than_the_budget_is_always_read_back(self):
        life = self.remote()
        large = {name: name * (1 << 20) for name in ("a", "b", "c")}
        for name, text in large.items():
            self.assertEqual(life.enqueue({"id": name, "payload": text}).status, 202)
        self.assertEqual({job["id"]: job["payload"] for job in all_jobs(life)}, large)
        self.assertEqual([(job["id"], job["payload"]) for _ in large for job in self.lease(life, 1)], list(large.items()))
        self.assertEqual(life.end(), 0)


class InMemory(DaemonTest):
    def test_the_budget_is_a_bound(self):
        daemon = self.start(**AT_ONCE, STORE="memory", MEMORY_BUDGET=TINY)
        daemon.post("/v1/queues/default/pause")
        for number in range(6):
            self.assertEqual(daemon.enqueue({"id": job_id(number), "payload": "x" * 10_000}).status, 202)
        answer = daemon.enqueue({"id": "refused", "payload": "x" * 10_000})
        self.assert_problem(answer, 429, "queue-full")
        self.assertIn("MEMORY_BUDGET of 64KiB", answer.json()["detail"])
        self.assert_problem(daemon.enqueue({"id": "never", "payload": "x" * 70_000}), 400, "invalid-field")
        daemon.post("/v1/queues/default/resume")
        daemon.finished(job_id(5))
        self.assertEqual(daemon.enqueue({"id": "taken", "payload": "x" * 10_000}).status, 202)


if __name__ == "__main__":
    unittest.main()
