"""Remote workers: leases of the real daemon, over HTTP."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from collections import Counter
from pathlib import Path

from support import Daemon, DaemonTest, eventually

REMOTE = """
[queues.numbers]
processor = "remote"
capacity = 10000
max_retries = 0
backoff = ["0s"]
interruptions_max = 100000
"""


class RemoteTest(DaemonTest):
    def begin(self, text: str = REMOTE, **settings: str) -> Daemon:
        return self.start(CONFIG=self.config_file(text), **settings)

    def work(self, daemon: Daemon, job_id: str, **fields) -> None:
        self.assertEqual(daemon.enqueue({"id": job_id, "queue": "numbers"} | fields).status, 202)

    def lease(self, daemon: Daemon, **wish) -> list:
        answer = daemon.post("/v1/queues/numbers/lease", json.dumps(wish))
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["jobs"]

    def token(self, daemon: Daemon, job_id: str, **wish) -> str:
        """Leases the one job that is ready."""
        job, = self.lease(daemon, wait="30s", **wish)
        self.assertEqual(job["id"], job_id)
        return job["lease"]["token"]

    def tell(self, daemon: Daemon, job_id: str, what: str, token: str, **more):
        return daemon.post(f"/v1/jobs/{job_id}/{what}", json.dumps({"token": token} | more))

    def assert_lost(self, answer) -> None:
        self.assert_problem(answer, 409, "lease-lost")


class Leases(RemoteTest):
    def test_a_job_is_leased_kept_and_completed(self):
        daemon = self.begin()
        self.work(daemon, "a", payload={"n": 1}, max_retries=2)
        job, = self.lease(daemon, max_jobs=10, lease="1h", worker="w")
        self.assertEqual((job["status"], job["payload"], job["attempts"]), ("running", {"n": 1}, 1))
        token = job["lease"]["token"]
        self.assertRegex(token, r"^\d+$")
        heard = self.tell(daemon, "a", "heartbeat", token, lease="2h").json()
        self.assertFalse(heard["cancel_requested"])
        self.assertGreater(heard["expires_at"], job["lease"]["expires_at"])
        self.assertEqual(self.tell(daemon, "a", "complete", token, result=[1, 2]).status, 204)
        done = daemon.job("a")
        self.assertEqual((done["status"], done["result"], done["interruptions"]), ("done", [1, 2], 0))
        self.assertNotIn("lease", done)
        self.assert_lost(self.tell(daemon, "a", "complete", token))
        self.assert_lost(self.tell(daemon, "a", "heartbeat", token))

    def test_a_waiting_lease_gets_the_next_job_at_once(self):
        daemon = self.begin()
        began = time.monotonic()
        with daemon.connect() as waiting:
            waiting.request("POST", "/v1/queues/numbers/lease", '{"wait":"60s"}')
            self.work(daemon, "a")
            job, = waiting.read_answer().json()["jobs"]
        self.assertEqual(job["id"], "a")
        self.assertLess(time.monotonic() - began, 30)

    def test_a_wait_that_ends_gets_no_jobs(self):
        daemon = self.begin()
        self.assertEqual(self.lease(daemon), [])
        self.assertEqual(self.lease(daemon, wait="50ms"), [])

    def test_a_worker_that_goes_while_it_waits_takes_no_job(self):
        daemon = self.begin()
        before = daemon.descriptors()
        for leave in ("close", "reset"):
            with self.subTest(leave=leave):
                gone = [daemon.connect().request("POST", "/v1/queues/numbers/lease", '{"wait":"60s","lease":"1h"}') for _ in range(3)]
                eventually(lambda: daemon.descriptors() >= before + 3, "the daemon has them")
                for connection in gone:
                    getattr(connection, leave)()
                eventually(lambda: daemon.descriptors() <= before, "the daemon has noticed that they went")
                self.work(daemon, leave)
                self.token(daemon, leave, lease="1h")
                self.assertEqual(daemon.job(leave)["attempts"], 1)

    def test_a_lease_is_bounded_by_bytes_and_has_a_job(self):
        daemon = self.begin()
        for i in range(20):
            self.work(daemon, f"j{i}", payload="x" * 200_000)
        self.work(daemon, "large", payload="x" * 1_048_000)
        self.assertEqual([job["id"] for job in self.lease(daemon, max_jobs=100)], [f"j{i}" for i in range(5)])
        while leased := self.lease(daemon, max_jobs=100):
            last = leased[-1]["id"]
        self.assertEqual(last, "large")

    def test_a_lease_that_runs_out_gives_the_job_to_another(self):
        daemon = self.begin()
        self.work(daemon, "a")
        late = self.token(daemon, "a", lease="1s", worker="slow one")
        token = self.token(daemon, "a")
        self.assertGreater(int(token), int(late))
        for what in ("heartbeat", "complete", "fail"):
            self.assert_lost(self.tell(daemon, "a", what, late))
        self.assertEqual(self.tell(daemon, "a", "complete", token).status, 204)
        job = daemon.job("a")
        self.assertEqual((job["status"], job["attempts"], job["failures"], job["interruptions"]), ("done", 2, 0, 1))
        self.assertIn("slow one", daemon.wait_for_line("a lease ran out.*")[0])

    def test_heartbeats_keep_a_lease(self):
        daemon = self.begin()
        self.work(daemon, "a")
        token = self.token(daemon, "a", lease="3s")
        began = time.monotonic()
        self.assertEqual(self.tell(daemon, "a", "heartbeat", token, lease="1h").status, 200)
        eventually(lambda: time.monotonic() > began + 3.5, "the first lease would have run out")
        self.assertEqual(self.tell(daemon, "a", "complete", token).status, 204)
        self.assertEqual(daemon.job("a")["attempts"], 1)

    def test_a_cancel_reaches_the_worker_with_its_heartbeat(self):
        daemon = self.begin()
        self.work(daemon, "a", max_retries=5)
        token = self.token(daemon, "a")
        self.assertEqual(daemon.post("/v1/jobs/a/cancel").json()["status"], "running")
        self.assertTrue(self.tell(daemon, "a", "heartbeat", token).json()["cancel_requested"])
        self.assertEqual(self.tell(daemon, "a", "fail", token, error="stopped").status, 204)
        self.assertEqual(daemon.job("a")["reason"], "cancelled")

    def test_a_cancelled_job_whose_worker_is_gone_ends_with_its_lease(self):
        daemon = self.begin()
        self.work(daemon, "a")
        self.token(daemon, "a", lease="1s")
        daemon.post("/v1/jobs/a/cancel")
        self.assertEqual(daemon.finished("a")["reason"], "cancelled")

    def test_failures_are_retried_and_end(self):
        daemon = self.begin()
        self.work(daemon, "a", max_retries=1)
        for error in ("first", "second"):
            self.assertEqual(self.tell(daemon, "a", "fail", self.token(daemon, "a"), error=error).status, 204)
        job = daemon.job("a")
        self.assertEqual((job["reason"], job["failures"], job["last_error"]), ("exhausted", 2, "second"))

    def test_the_timeout_of_a_job_beats_its_heartbeats(self):
        daemon = self.begin()
        self.work(daemon, "a", timeout="500ms")
        token = self.token(daemon, "a", lease="1h")
        job = daemon.finished("a")
        self.assertEqual((job["reason"], job["last_error"]), ("exhausted", "timed out after 500 ms"))
        self.assert_lost(self.tell(daemon, "a", "heartbeat", token))

    def test_a_token_is_good_for_its_own_job_only(self):
        daemon = self.begin()
        self.work(daemon, "a")
        self.work(daemon, "b")
        first, second = (job["lease"]["token"] for job in self.lease(daemon, max_jobs=2))
        self.assert_lost(self.tell(daemon, "a", "complete", second))
        self.assert_problem(self.tell(daemon, "nobody", "complete", first), 404, "job-not-found")
        self.assertEqual(self.tell(daemon, "b", "complete", second).status, 204)

    def test_a_result_that_is_too_long_is_refused_and_nothing_is_lost(self):
        daemon = self.begin()
        self.work(daemon, "a")
        token = self.token(daemon, "a")
        self.assert_problem(self.tell(daemon, "a", "complete", token, result="x" * 65535), 413, "payload-too-large")
        self.assertEqual(self.tell(daemon, "a", "complete", token, result="x" * 65534).status, 204)

    def test_jobs_show_whether_there_is_a_worker_and_which_one_has_them(self):
        daemon = self.begin()
        self.work(daemon, "a")
        self.assertEqual(daemon.job("a")["reason"], "no_worker")
        self.assertEqual(daemon.get("/v1/queues/numbers").json()["reasons"]["no_worker"], 1)
        leased, = self.lease(daemon, worker="w1", lease="60s")
        lease = leased["lease"]
        self.assertEqual(daemon.job("a")["lease"], {"worker": "w1", "expires_at": lease["expires_at"]})
        self.work(daemon, "b")
        self.assertEqual(daemon.job("b")["reason"], "ready")
        extended = self.tell(daemon, "a", "heartbeat", lease["token"], lease="1h").json()
        shown, = daemon.get("/v1/jobs?status=running").json()["jobs"]
        self.assertEqual(shown["lease"]["expires_at"], extended["expires_at"])
        self.tell(daemon, "a", "complete", lease["token"])
        self.assertNotIn("lease", daemon.job("a"))

    def test_a_queue_with_workers_of_its_own_is_not_leased(self):
        daemon = self.begin()
        self.assert_problem(daemon.post("/v1/queues/default/lease"), 400, "invalid-field")
        self.assert_problem(daemon.post("/v1/queues/nobody/lease"), 404, "queue-not-found")

    def test_a_remote_queue_has_no_workers(self):
        daemon = self.run_to_end(CONFIG=self.config_file(REMOTE + "workers = 4\n"))
        self.assertEqual(daemon.process.returncode, 2)
        self.assertRegex(daemon.log, r'queues\.numbers\.workers: .* is not allowed: processor = "remote"')


class ManyWorkers(RemoteTest):
    jobs = 2000
    workers = 20
    kills = 40

    def start_worker(self, daemon: Daemon, folder: str) -> subprocess.Popen:
        script = Path(__file__).with_name("remote_worker.py")
        worker = subprocess.Popen([sys.executable, "-B", script, str(daemon.port), f"{folder}/{self.started}"])
        self.started += 1
        self.addCleanup(worker.wait)
        self.addCleanup(worker.kill)
        return worker

    def test_workers_that_are_killed_lose_no_job_and_no_token_is_accepted_twice(self):
        chance = random.Random(7)
        self.started = 0
        folder = self.enterContext(tempfile.TemporaryDirectory())
        daemon = self.begin(STORE="sqlite:jobs.db", LOG_LEVEL="info")
        workers = [self.start_worker(daemon, folder) for _ in range(self.workers)]
        for first in range(0, self.jobs, 500):
            self.assertEqual(daemon.enqueue([{"id": str(first + i), "queue": "numbers"} for i in range(500)]).status, 202)
        done = lambda: daemon.get("/v1/queues/numbers").json()["done"]
        for kill in range(1, self.kills + 1):
            eventually(lambda: done() >= kill * self.jobs // (self.kills + 1), "the others go on")
            victim = chance.randrange(self.workers)
            workers[victim].kill()
            workers[victim] = self.start_worker(daemon, folder)
        eventually(lambda: done() == self.jobs, "all are done")
        for worker in workers:
            self.assertIsNone(worker.poll(), "a worker was told something it does not know")
            worker.kill()
            worker.wait()
        accepted = [line.split() for file in Path(folder).iterdir() for line in file.read_text(encoding="ascii").splitlines()]
        self.assertEqual([job for job, times in Counter(job for job, _ in accepted).items() if times > 1], [])
        self.assertEqual([token for token, times in Counter(token for _, token in accepted).items() if times > 1], [])
        self.assertGreaterEqual(len(accepted), self.jobs - self.kills)
        results = {job["id"]: job["result"] for job in daemon.all_jobs(queue="numbers")}
        self.assertEqual(len(results), self.jobs)
        self.assertEqual({job: token for job, token in accepted}, {job: results[job] for job, _ in accepted})


if __name__ == "__main__":
    unittest.main()
