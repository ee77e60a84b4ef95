"""The example of docs/embedding.md: a program that links the library and adds a processor."""

import os
import unittest

import support
from support import DaemonTest


class OwnProcessor(DaemonTest):
    def setUp(self):
        self.addCleanup(setattr, support, "BINARY", support.BINARY)
        support.BINARY = os.environ["OWN_PROCESSOR"]

    def test_its_processor_runs_beside_those_of_jobqd(self):
        daemon = self.start(CONFIG=self.config_file('[queues.backwards]\nprocessor = "reverse"\n'))
        daemon.enqueue({"id": "a", "queue": "backwards", "payload": "stressed"})
        self.assertEqual(daemon.get("/v1/jobs/a?wait=10s").json()["result"], "desserts")
        daemon.enqueue({"id": "b", "queue": "backwards", "payload": 1, "max_retries": 9})
        job = daemon.get("/v1/jobs/b?wait=10s").json()
        self.assertEqual((job["reason"], job["last_error"], job["attempts"]), ("rejected", "the payload is no string", 1))

    def test_others_are_refused_and_told(self):
        daemon = self.run_to_end(CONFIG=self.config_file('[queues.backwards]\nprocessor = "revers"\n'))
        self.assertEqual(daemon.process.returncode, 2)
        self.assertTrue(daemon.log.endswith("is not allowed: simulate, exec, http, remote, reverse"), daemon.log)


if __name__ == "__main__":
    unittest.main()
