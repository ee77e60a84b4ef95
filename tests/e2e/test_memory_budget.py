"""Payloads of waiting jobs beyond MEMORY_BUDGET stay in the file, and everybody gets the right one all the same."""

import json
import sqlite3
import unittest

from durable import Folder, Life, all_jobs, drain
from support import ALARMS, AT_ONCE, DaemonTest

REMOTE = '[queues.default]\nprocessor = "remote"\n'
COUNT = 2_000
TINY = "64KiB"


def job_id(number: int) -> str:
    return f"job-{number:06}"


def payload(number: int) -> dict:
    return {"number": number, "text": "x" * (500 + number % 700)}


class OnDisk(unittest.TestCase):
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
