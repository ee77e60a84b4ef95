"""SIGHUP: the configuration is read again, and the settings that can change at run time do."""

import os
import signal
import subprocess
import unittest

import support
from support import AT_ONCE, HELD, DaemonTest, eventually

BEFORE = """
[queues.mail]
workers = 1
max_retries = 1
backoff = ["1h"]
"""

AFTER = """
[queues.mail]
workers = 3
capacity = 2
max_retries = 5
timeout = "10s"
backoff = ["1ms"]
retention = "1h"
rate.per_second = 1000
circuit.failures = 9
"""


class Reload(DaemonTest):
    def reload(self, daemon, text, line="configuration read again"):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)
        lines = daemon.log.count(line)
        daemon.signal(signal.SIGHUP)
        eventually(lambda: daemon.log.count(line) > lines, line)
        return [said for said in daemon.log.splitlines() if line in said][-1]

    def begin(self, text, **settings):
        self.path = self.config_file(text)
        return self.start(CONFIG=self.path, **settings)

    def mail(self, daemon):
        return daemon.get("/v1/queues/mail").json()

    def test_a_fifo_as_the_file_is_an_error_and_holds_up_no_stop(self):
        daemon = self.begin(BEFORE)
        os.remove(self.path)
        os.mkfifo(self.path)
        daemon.signal(signal.SIGHUP)
        daemon.wait_for_line(f"CONFIG: {self.path}: it is not a file")
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)

    def test_workers_limits_and_policies_change_and_running_jobs_go_on(self):
        daemon = self.begin(BEFORE, SHUTDOWN_GRACE="0s", **HELD)
        daemon.enqueue([{"id": str(number), "queue": "mail"} for number in range(5)])
        eventually(lambda: self.mail(daemon)["running"] == 1, "one worker works")
        said = self.reload(daemon, AFTER)
        for key in "workers", "capacity", "max_retries", "timeout", "backoff", "retention", "rate.per_second", "circuit.failures":
            self.assertIn(f"queues.mail.{key}", said)
        self.assertIn("needs_a_restart=nothing", said)
        eventually(lambda: self.mail(daemon)["running"] == 3, "three workers work")
        after = self.mail(daemon)
        self.assertEqual((after["capacity"], after["max_retries"], after["timeout"]), (2, 5, "10s"))
        self.assertEqual(after["circuit"]["state"], "closed")
        self.assert_problem(daemon.enqueue({"queue": "mail"}), 429, "queue-full")
        self.reload(daemon, BEFORE)
        self.assertEqual(self.mail(daemon)["running"], 3)  # workers that are removed finish their jobs
        daemon.post("/v1/jobs/0/cancel")
        daemon.post("/v1/jobs/1/cancel")
        daemon.post("/v1/jobs/2/cancel")
        eventually(lambda: self.mail(daemon)["running"] == 1, "one worker is left")

    def test_a_new_backoff_holds_for_attempts_that_end_from_now_on(self):
        daemon = self.begin(BEFORE, **AT_ONCE | {"SIMULATE_FAILURE_RATE": "1"})
        self.reload(daemon, AFTER)
        daemon.enqueue({"id": "a", "queue": "mail"})
        self.assertEqual(daemon.get("/v1/jobs/a?wait=20s").json()["failures"], 6)

    def test_changes_that_need_a_restart_are_named(self):
        daemon = self.begin('max_body = "1MiB"\n' + BEFORE)
        said = self.reload(daemon, 'max_body = "2MiB"\n[queues.mail]\nworkers = 2\nsimulate.min = "1ms"\n[queues.new]\n')
        changed, needs_a_restart = said.split("needs_a_restart=")
        self.assertEqual(needs_a_restart, "MAX_BODY")
        for name in "queues.mail.workers", "queues.mail.simulate.min", "queues.new":
            self.assertIn(name, changed)

    def test_the_log_level_follows_the_file(self):
        daemon = self.begin('log_level = "INFO"\n', LOG_LEVEL=None, SIMULATE_FAILURE_RATE="0")  # a failed job is logged at info
        self.assertIn("changed=LOG_LEVEL needs_a_restart=nothing", self.reload(daemon, 'log_level = "Debug"\n'))
        daemon.enqueue({"id": "a"})
        daemon.wait_for_line(r"debug .* id=a")
        self.assertIn("changed=LOG_LEVEL", self.reload(daemon, 'log_level = "error"\n'))
        self.reload(daemon, "worker = 1\n", "the configuration stays as it was")
        self.assertIn("changed=LOG_LEVEL", self.reload(daemon, ""))
        self.assertIn("changed=nothing", self.reload(daemon, ""))
        self.assertNotIn("stays as it is", daemon.log)

    def test_a_reload_says_why_the_log_level_does_not_follow(self):
        daemon = self.begin('log_level = "info"\n', LOG_LEVEL="info")
        self.assertIn("changed=nothing needs_a_restart=nothing", self.reload(daemon, 'log_level = "debug"\n'))
        self.assertIn('LOG_LEVEL stays as it is level=info why="the environment sets it, which overrides the file"', daemon.log)

    def test_a_wrong_configuration_changes_nothing(self):
        daemon = self.begin(BEFORE)
        said = self.reload(daemon, "[queues.mail]\nworkers = 0\n", "the configuration stays as it was")
        self.assertIn(":2:11", said)
        self.assertEqual(self.mail(daemon)["max_retries"], 1)
        self.assertEqual(daemon.enqueue({}).status, 202)


    def test_a_closed_terminal_is_a_stop(self):
        controller, terminal = os.openpty()
        command = [support.BINARY, "--listen", "127.0.0.1:0", "--store", "memory"]
        with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True) as daemon:
            os.close(terminal)
            said = b""
            while b"listening" not in said:
                said += os.read(controller, 4096)
            daemon.send_signal(signal.SIGHUP)
            while b"configuration read again" not in said:
                said += os.read(controller, 4096)
            os.close(controller)
            daemon.send_signal(signal.SIGHUP)
            self.assertEqual(daemon.wait(20), 0)


if __name__ == "__main__":
    unittest.main()
