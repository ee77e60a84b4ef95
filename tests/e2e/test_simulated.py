"""Work that is only simulated is not mistaken for work: the log warns once, and each such job shows it."""

import signal
import unittest

from durable import Folder
from support import AT_ONCE, HELD, Daemon, DaemonTest, eventually

WARNING = "only simulates its jobs"

# The queue `default` and `other` simulate; `upper` works.
QUEUES = """
[queues.other]
[queues.upper]
processor = "exec"
command = ["/usr/bin/tr", "a-z", "A-Z"]
"""
WORKS = """
[queues.default]
processor = "exec"
command = ["/bin/cat"]
"""


class Simulated(DaemonTest):
    def test_each_simulated_job_shows_it_and_the_first_one_is_a_warning(self):
        daemon = self.start(CONFIG=self.config_file(QUEUES), LOG_LEVEL="info", **AT_ONCE)
        daemon.enqueue({"id": "u", "queue": "upper", "payload": "a"})
        self.assertNotIn("simulated", daemon.finished("u"))
        self.assertNotIn(WARNING, daemon.log, "no queue has simulated yet")
        daemon.enqueue([{"id": f"o{i}", "queue": "other"} for i in range(50)] + [{"id": "d"}])
        self.assertIs(daemon.finished("d")["simulated"], True)
        eventually(lambda: daemon.count("done") == 52, "all are done")
        shown = {job["id"]: job.get("simulated") for job in daemon.all_jobs()}
        self.assertEqual({job_id for job_id, simulated in shown.items() if simulated is not True}, {"u"})
        self.assertNotIn("result", daemon.job("d"))
        daemon.stop()
        warnings = [line for line in daemon.lines if WARNING in line]
        self.assertEqual(len(warnings), 1, warnings)
        self.assertRegex(warnings[0], r"warn  .*queue=(other|default) .*docs/operations\.md#queues")

    def test_a_failed_and_a_cancelled_attempt_were_simulated_too(self):
        daemon = self.start(**(AT_ONCE | {"SIMULATE_FAILURE_RATE": "1"}))
        daemon.enqueue({"id": "a"})
        self.assertEqual(daemon.finished("a")["simulated"], True)
        daemon = self.start(**HELD)
        daemon.enqueue({"id": "b"})
        daemon.wait_for_line("only simulates its jobs")  # A worker has it: a status of running comes a moment earlier.
        self.assertEqual(daemon.job("b")["status"], "running")
        self.assertNotIn("simulated", daemon.job("b"), "its first attempt has not ended")
        daemon.post("/v1/jobs/b/cancel")
        self.assertEqual(daemon.finished("b")["simulated"], True)

    def test_a_job_that_never_ran_was_not_simulated(self):
        daemon = self.start(**AT_ONCE)
        daemon.enqueue({"id": "a", "delay": "1h"})
        self.assertNotIn("simulated", daemon.post("/v1/jobs/a/cancel").json())


class Restarts(DaemonTest):
    def setUp(self):
        self.folder = self.enterContext(Folder())

    def run_daemon(self, **settings: str) -> Daemon:
        return self.start(STORE=f"sqlite:{self.folder.database}", exit_code=None, **settings)

    def test_it_is_kept_until_real_work_has_run_the_job(self):
        first = self.run_daemon(**(AT_ONCE | {"SIMULATE_FAILURE_RATE": "1"}))
        first.enqueue({"id": "a", "payload": "hello"})
        self.assertEqual(first.finished("a")["simulated"], True)
        first.signal(signal.SIGKILL)
        first.wait()
        self.assertEqual(first.log.count(WARNING), 1)
        second = self.run_daemon(CONFIG=self.config_file(WORKS))
        self.assertEqual(second.job("a")["simulated"], True)
        self.assertEqual(second.post("/v1/jobs/a/retry").json()["simulated"], True)
        job = second.finished("a")
        self.assertEqual((job["status"], job["result"], job.get("simulated")), ("done", "hello", None))
        second.stop()
        self.assertNotIn(WARNING, second.log)

    def test_a_done_job_is_kept_over_stops_and_kills(self):
        daemon = self.run_daemon(**AT_ONCE)
        daemon.enqueue({"id": "a"})
        before = daemon.finished("a")
        for number in (signal.SIGTERM, signal.SIGKILL):
            daemon.signal(number)
            daemon.wait()
            daemon = self.run_daemon(**AT_ONCE)
            self.assertEqual(daemon.job("a"), before)
            self.assertEqual(before["simulated"], True)


if __name__ == "__main__":
    unittest.main()
