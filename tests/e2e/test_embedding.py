"""The example of docs/embedding.md: a program that links the library and adds a processor."""

import os
import signal
import subprocess
import unittest
from pathlib import Path

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

    def test_its_keys_are_keys_of_the_file(self):
        config = self.config_file('[queues.short]\nprocessor = "reverse"\nreverse.longest = "2048B"\n')
        shown = self.run_to_end("--check-config", CONFIG=config)
        self.assertEqual(shown.process.returncode, 0)
        text = subprocess.run([support.BINARY, "--check-config"], env={"CONFIG": config}, capture_output=True, text=True, check=True).stdout
        self.assertIn('[queues.short]\nprocessor = "reverse"\n', text)
        self.assertIn('reverse.longest = "2KiB"\n', text)
        daemon = self.start(CONFIG=config)
        daemon.enqueue({"id": "a", "queue": "short", "payload": "x" * 2048})
        daemon.enqueue({"id": "b", "queue": "short", "payload": "x" * 2049})
        self.assertEqual(daemon.get("/v1/jobs/a?wait=10s").json()["status"], "done")
        self.assertEqual(daemon.get("/v1/jobs/b?wait=10s").json()["last_error"], "the payload is too long")

    def test_its_keys_have_rules_and_belong_to_its_queues(self):
        for text, told in (('processor = "reverse"\nreverse.longest = "2MiB"', r'jobqd: queues\.q\.reverse\.longest: "2MiB" \(.*:3:19\) is not allowed: a size from 1B to 1MiB$'),
                           ('processor = "reverse"\nreverse.shortest = 1', r'jobqd: CONFIG: .*:3:9: a queue has no setting "reverse\.shortest"'),
                           ('processor = "reverse"\nreverse.longest = []', r'jobqd: CONFIG: .*:3:19: queues\.q\.reverse\.longest must be a size from'),
                           ('reverse.longest = 1', r'jobqd: queues\.q\.reverse\.longest \(.*:2:19\): is not allowed: it goes with processor = "reverse"$')):
            with self.subTest(text):
                daemon = self.run_to_end(CONFIG=self.config_file(f"[queues.q]\n{text}\n"))
                self.assertEqual(daemon.process.returncode, 2)
                self.assertRegex(daemon.log, told)

    def test_a_reload_names_its_keys(self):
        path = self.config_file('[queues.short]\nprocessor = "reverse"\n')
        daemon = self.start(CONFIG=path)
        Path(path).write_text('[queues.short]\nprocessor = "reverse"\nreverse.longest = "1KiB"\n', encoding="utf-8")
        daemon.signal(signal.SIGHUP)
        daemon.wait_for_line(r"configuration read again changed=queues\.short\.reverse\.longest needs_a_restart=nothing")

    def test_unknown_kinds_are_refused_with_the_known_ones(self):
        daemon = self.run_to_end(CONFIG=self.config_file('[queues.backwards]\nprocessor = "revers"\n'))
        self.assertEqual(daemon.process.returncode, 2)
        self.assertTrue(daemon.log.endswith("is not allowed: simulate, exec, http, remote, reverse"), daemon.log)


if __name__ == "__main__":
    unittest.main()
