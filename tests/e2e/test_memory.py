"""Memory runs out: a request that finds none changes nothing, or the process ends and the disk has the truth."""

import json
import resource
import tempfile
import unittest
from pathlib import Path

import support
from durable import sanitized
from support import DaemonTest

ARRAY = 2_000
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


if __name__ == "__main__":
    unittest.main()
