"""Settings: their sources, the messages for wrong values, and --help."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import BINARY, HELD, DaemonTest, eventually

WRONG = {
    "WORKERS": ["0", "1025", "-1", "4.0", "four", "", " 4", "99999999999999999999"],
    "QUEUE_SIZE": ["0", "100000001", "1e3"],
    "LISTEN": ["8080", "localhost", "example.com:80", "127.0.0.1:65536", "127.0.0.1:", ":8080", "256.0.0.1:80", "1.2.3:80", "[::z]:80", "::1:80"],
    "STORE": ["sqlite", "sqlite:", "sqlite::memory:", "sqlite:file:jobs.db", "postgres://x", "file.db"],
    "SHUTDOWN_GRACE": ["25", "1y", "-1s", "2h"],
    "DRAIN_DELAY": ["5", "-1s", "61s", "2m"],
    "BACKOFF_BASE": ["0ms", "31d"],
    "SIMULATE_FAILURE_RATE": ["1.1", "-0.1", "nan", "half"],
    "MAX_BODY": ["1", "65MiB", "1MB"],
    "LOG_LEVEL": ["trace", "INFO "],
    "LOG_FORMAT": ["xml"],
}


class Settings(DaemonTest):
    def test_wrong_values_end_the_start_with_2_and_one_line(self):
        for name, values in WRONG.items():
            for value in values:
                with self.subTest(f"{name}={value}"):
                    daemon = self.run_to_end(**{name: value})
                    self.assertEqual(daemon.process.returncode, 2)
                    self.assertEqual(len(daemon.lines), 1, daemon.log)
                    self.assertRegex(daemon.log, rf'^jobqd: {name}: "{re.escape(value)}" \(environment\) is not allowed: .+')

    def test_contradictions_are_reported(self):
        daemon = self.run_to_end(SIMULATE_MIN="200ms")
        self.assertEqual(daemon.process.returncode, 2)
        self.assertEqual(daemon.log, "jobqd: SIMULATE_MIN: 200ms is not allowed: it is above SIMULATE_MAX, which is 150ms")

    def test_an_unknown_flag_is_reported(self):
        daemon = self.run_to_end("--worker", "3")
        self.assertEqual(daemon.process.returncode, 2)
        self.assertIn("--worker", daemon.log)

    def test_flags_beat_the_environment_and_that_beats_the_file(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write('workers = 1\nqueue_size = 2\nsimulate_failure_rate = 0.5\nlog_level = "debug"\n')
            file.flush()
            daemon = self.start("--workers", "3", CONFIG=file.name, QUEUE_SIZE="20", **HELD)
        self.assertRegex(daemon.log, r"WORKERS=3 QUEUE_SIZE=20 .*SIMULATE_FAILURE_RATE=0.5")
        daemon.enqueue([{} for _ in range(5)])
        eventually(lambda: daemon.count("running") == 3, "three run")

    def test_a_wrong_file_is_reported_with_the_position(self):
        for text, told in (("workers = 0\n", r'^jobqd: WORKERS: "0" \(.*\.toml:1:11\) is not allowed: '),
                           ("\nworker = 3\n", r'^jobqd: CONFIG: .*\.toml:2:1: there is no setting "worker"'),
                           ("workers = [1]\n", r"^jobqd: CONFIG: .*\.toml:1:11: workers must be a string or a number"),
                           ("workers =\n", r"^jobqd: CONFIG: .*\.toml:1:")):
            with self.subTest(text), tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
                file.write(text)
                file.flush()
                daemon = self.run_to_end(CONFIG=file.name)
                self.assertEqual(daemon.process.returncode, 2)
                self.assertRegex(daemon.log, told)
        daemon = self.run_to_end(CONFIG="/")
        self.assertEqual((daemon.process.returncode, daemon.log), (2, "jobqd: CONFIG: /: Is a directory"))
        daemon = self.run_to_end(CONFIG="/nowhere/jobqd.toml")
        self.assertEqual(daemon.process.returncode, 2)
        self.assertIn("/nowhere/jobqd.toml", daemon.log)

    def test_a_taken_port_and_an_unwritable_store_end_the_start_with_1(self):
        daemon = self.start()
        taken = self.run_to_end(LISTEN=f"127.0.0.1:{daemon.port}")
        self.assertEqual(taken.process.returncode, 1)
        self.assertIn(f"jobqd: cannot listen on 127.0.0.1:{daemon.port}: Address already in use", taken.log)
        unwritable = self.run_to_end(STORE="sqlite:/nowhere/jobs.db")
        self.assertEqual(unwritable.process.returncode, 1)
        self.assertEqual(unwritable.log, "jobqd: cannot open /nowhere/jobs.db: No such file or directory")

    def test_a_start_without_its_port_leaves_no_file_and_changes_none(self):
        daemon = self.start()
        for listen, why in ((f"127.0.0.1:{daemon.port}", "Address already in use"), ("192.0.2.1:0", "Cannot assign requested address")):
            refused = self.run_to_end(LISTEN=listen, STORE="sqlite:jobs.db")
            self.assertEqual(refused.process.returncode, 1)
            self.assertEqual(refused.log, f"jobqd: cannot listen on {listen}: {why}")
            self.assertEqual(os.listdir(refused.folder.name), [])
            with tempfile.TemporaryDirectory() as folder:
                store = f"sqlite:{folder}/jobs.db"
                earlier = self.start(STORE=store, **HELD)
                self.assertEqual(earlier.enqueue({"id": "kept", "delay": "1h"}).status, 202)
                self.assertEqual(earlier.stop(), 0)
                before = {file: Path(folder, file).read_bytes() for file in os.listdir(folder)}
                self.assertEqual(self.run_to_end(LISTEN=listen, STORE=store).process.returncode, 1)
                self.assertEqual({file: Path(folder, file).read_bytes() for file in os.listdir(folder)}, before)

    def test_a_check_lists_all_faults(self):
        config = self.config_file('worker = 1\n[queues.mail]\nworkers = 0\nprocesor = "http"\n[queues.b]\nretry_on = [404]\n')
        checked = self.run_to_end("--check-config", CONFIG=config, MAX_BODY="1")
        self.assertEqual(checked.process.returncode, 2)
        self.assertEqual(len(checked.lines), 5, checked.log)
        for line in checked.lines:
            self.assertTrue(line.startswith("jobqd: "), line)
        for fault in ('no setting "worker"', 'no setting "procesor"', 'queues.mail.workers: "0"', 'MAX_BODY: "1"', "queues.b.retry_on"):
            self.assertIn(fault, checked.log)
        started = self.run_to_end(CONFIG=config, MAX_BODY="1")
        self.assertEqual(started.lines, checked.lines[:1])

    def test_what_a_check_prints_can_be_loaded_again(self):
        def printed(path):
            return subprocess.run([BINARY, "--check-config", "--config", path], env={}, capture_output=True, text=True, check=True).stdout
        first = printed(self.config_file('log_format = "json"\nqueue_size = 9\n[queues.default]\nmax_retries = 1\n[queues."a.b"]\nprocessor = "exec"\n'
                                         'command = ["/bin/true"]\n[queues.mail]\nbackoff = ["1s"]\nrate = 5\n'))
        self.assertIn("queue_size = 9\n", first)
        self.assertEqual(printed(self.config_file(first)), first)

    def test_help_names_every_setting_with_its_default(self):
        text = subprocess.run([BINARY, "--help"], capture_output=True, text=True, check=True).stdout
        self.assertLessEqual(max(map(len, text.splitlines())), 80)
        for word in ("[queues.mail]", "simulate, exec, http, remote", "docs/operations.md"):
            self.assertIn(word, text)
        daemon = self.start()
        settings = re.search(r'settings="([^"]*)"', daemon.log)[1]
        for pair in settings.split():
            name = pair.split("=")[0]
            option = re.search(rf"--{name.lower().replace('_', '-')} (.*?)(?=\n +--|\n\n)", text, re.DOTALL)
            self.assertTrue(option, name)
            self.assertIn(" default ", re.sub(r"\s+", " ", option[1]))

    def test_version_is_one_line(self):
        done = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True)
        self.assertRegex(done.stdout, r"^jobqd \d+\.\d+\.\d+\n$")

    def test_without_any_setting_it_starts_with_its_defaults(self):
        # LISTEN keeps the value of the test, because the default port may be in use.
        daemon = self.start(STORE=None, SHUTDOWN_GRACE=None, LOG_LEVEL=None)
        self.assertRegex(daemon.log, r"WORKERS=4 QUEUE_SIZE=64 LISTEN=.* MAX_BODY=1MiB MAX_CONNECTIONS=1024 STORE=sqlite:jobqd.db .*SHUTDOWN_GRACE=25s "
                                     r"BACKOFF_BASE=100ms BACKOFF_CAP=30s .*SIMULATE_MIN=100ms SIMULATE_MAX=150ms "
                                     r"SIMULATE_FAILURE_RATE=0.2 RETENTION=1d "
                                     r"RETENTION_MAX=100000 .*MEMORY_BUDGET=auto LOG_LEVEL=info LOG_FORMAT=text")
        self.assertTrue(os.path.exists(os.path.join(daemon.folder.name, "jobqd.db")))


if __name__ == "__main__":
    unittest.main()
