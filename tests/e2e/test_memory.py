"""Memory runs out: a request that finds none changes nothing, or the process ends and the disk has the truth."""

import json
import resource
import tempfile
import time
import unittest
from pathlib import Path

import support
from durable import sanitized
from support import AT_ONCE, DaemonTest, eventually

ARRAY = 2_000
BURST = 300_000
ADDRESS_SPACE = 600 << 20


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


@unittest.skipIf(sanitized(), "sanitizers need more address space")
class OutOfMemory(DaemonTest):
    def test_no_job_is_half_there(self):
        with tempfile.TemporaryDirectory() as folder:
            settings = {"STORE": f"sqlite:{Path(folder) / 'jobs.db'}", "QUEUE_SIZE": "1000000"}
            daemon = self.start(prepare=limit_memory, exit_code=None, **settings)
            acknowledged, answer = self.enqueue_until_refused(daemon)
            self.assertGreater(acknowledged, 0)
            if answer is not None:
                self.assert_problem(answer, 503, "out-of-memory")
                self.assertEqual(daemon.get("/v1/queues/default").json()["queued"], acknowledged)
                self.assertEqual(daemon.get(f"/v1/jobs/{acknowledged}").status, 404)
                daemon.stop()
            else:
                self.assertEqual(daemon.wait(), 1)
                self.assertRegex(daemon.log.splitlines()[-1], "^jobqd: out of memory")
            restarted = self.start(**settings)
            kept = restarted.get("/v1/queues/default").json()["queued"]
            # An array that was not answered is there as a whole, or not at all.
            self.assertIn(kept, (acknowledged, acknowledged + ARRAY) if answer is None else (acknowledged,))
            self.assertEqual(restarted.get("/v1/jobs/0").status, 200)
            self.assertEqual(restarted.get(f"/v1/jobs/{acknowledged - 1}").status, 200)

    def enqueue_until_refused(self, daemon):
        """How many jobs were acknowledged, and the answer that refused the next array; None if there was none."""
        acknowledged = 0
        while True:
            jobs = [{"id": str(acknowledged + i), "delay": "1h", "payload": "x" * 400} for i in range(ARRAY)]
            try:
                answer = daemon.post("/enqueue", json.dumps(jobs))
            except (support.Closed, OSError):
                return acknowledged, None
            if answer.status != 202:
                return acknowledged, answer
            acknowledged += ARRAY


@unittest.skipIf(sanitized(), "sanitizers keep memory that was freed")
class AfterABurst(DaemonTest):
    """When many jobs have come and gone, their memory goes back to the operating system within 30 s."""

    def test_of_jobs_that_ran(self):
        daemon = self.start(**AT_ONCE, RETENTION="0s", QUEUE_SIZE=str(BURST))
        before = self.after_a_few(daemon)
        self.assertEqual(daemon.post("/v1/queues/default/pause").status, 200)
        self.burst(daemon)
        self.assertGreater(daemon.resident_kib(), 3 * before)
        self.assertEqual(daemon.post("/v1/queues/default/resume").status, 200)
        eventually(lambda: daemon.count("queued") == 0, "all jobs have run")
        self.assert_given_back(daemon, before)

    def test_of_fewer_large_jobs(self):
        daemon = self.start(**AT_ONCE, RETENTION="0s", QUEUE_SIZE=str(BURST), MEMORY_BUDGET="1GiB")
        before = self.after_a_few(daemon)
        self.assertEqual(daemon.post("/v1/queues/default/pause").status, 200)
        with daemon.connect() as connection:
            for _ in range(400):
                body = json.dumps([{"payload": "x" * 8_000}] * 100)
                self.assertEqual(connection.request("POST", "/enqueue", body).read_answer().status, 202)
        self.assertGreater(daemon.resident_kib(), 3 * before)
        self.assertEqual(daemon.post("/v1/queues/default/resume").status, 200)
        eventually(lambda: daemon.count("queued") == 0, "all jobs have run")
        self.assert_given_back(daemon, before)

    def after_a_few(self, daemon):
        """The resident memory once everything has been in use."""
        self.burst(daemon, 2 * ARRAY)
        eventually(lambda: daemon.count("queued") == 0, "the first jobs have run")
        return daemon.resident_kib()

    def burst(self, daemon, count=BURST):
        with daemon.connect() as connection:
            for _ in range(count // ARRAY):
                body = json.dumps([{"payload": "x" * 98}] * ARRAY)
                self.assertEqual(connection.request("POST", "/enqueue", body).read_answer().status, 202)

    def assert_given_back(self, daemon, before):
        deadline = time.monotonic() + 30
        while daemon.resident_kib() > 1.1 * before and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertLessEqual(daemon.resident_kib(), 1.1 * before)


if __name__ == "__main__":
    unittest.main()
