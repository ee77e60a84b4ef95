"""How the daemon stops: signals, the grace period, and its answers meanwhile."""

import signal
import unittest

from support import AT_ONCE, HELD, DaemonTest, eventually


def start_one(test, **settings):
    """A daemon with one job that runs until it is stopped."""
    daemon = test.start(**settings)
    daemon.enqueue({"id": "runs"})
    eventually(lambda: daemon.job("runs")["status"] == "running", "the job runs")
    return daemon


class Stop(DaemonTest):
    def test_sigterm_and_sigint_end_an_idle_daemon_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            daemon = self.start(SHUTDOWN_GRACE="1h")
            daemon.signal(number)
            self.assertEqual(daemon.wait(), 0)
            self.assertIn("stopped", daemon.log)

    def test_while_it_stops_it_is_not_ready_and_takes_nothing_new(self):
        daemon = start_one(self, SHUTDOWN_GRACE="1h", exit_code=None, **HELD)
        daemon.signal(signal.SIGTERM)
        daemon.wait_for_line("stopping")
        eventually(lambda: daemon.get("/readyz").status == 503, "not ready")
        answer = daemon.enqueue({"id": "late"})
        self.assert_problem(answer, 503, "draining")
        self.assertEqual(answer.headers["retry-after"], "5")
        self.assertEqual(daemon.get("/livez").status, 200)
        self.assertEqual(daemon.job("runs")["status"], "running")
        daemon.signal(signal.SIGTERM)  # the second signal ends it at once
        self.assertEqual(daemon.wait(), 128 + signal.SIGTERM)

    def test_running_jobs_finish_within_the_grace(self):
        daemon = self.start(SHUTDOWN_GRACE="1h", SIMULATE_MIN="300ms", SIMULATE_MAX="300ms", SIMULATE_FAILURE_RATE="0")
        daemon.enqueue({"id": "a"})
        eventually(lambda: daemon.job("a")["status"] == "running", "the job runs")
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        self.assertRegex(daemon.log, r"stopped done=1 failed=0 retried=0 interrupted=0 lost=0")

    def test_after_the_grace_running_jobs_are_interrupted_not_failed(self):
        daemon = start_one(self, SHUTDOWN_GRACE="100ms", **HELD)
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        self.assertRegex(daemon.log, r"stopped done=0 failed=0 retried=0 interrupted=1 lost=1")

    def test_in_memory_jobs_that_are_queued_or_due_soon_are_worked_off(self):
        daemon = self.start(SHUTDOWN_GRACE="1h", WORKERS="1", QUEUE_SIZE="100", SIMULATE_MIN="5ms", SIMULATE_MAX="5ms",
                            SIMULATE_FAILURE_RATE="0")
        daemon.enqueue([{} for _ in range(30)] + [{"delay": "400ms"}])
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        self.assertRegex(daemon.log, r"stopped done=31 .* lost=0")

    def test_jobs_due_after_the_grace_are_not_waited_for(self):
        daemon = self.start(SHUTDOWN_GRACE="30m", **AT_ONCE)
        daemon.enqueue({"delay": "1h"})
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        self.assertRegex(daemon.log, r"lost=1")

    def test_waiting_requests_are_answered(self):
        daemon = start_one(self, SHUTDOWN_GRACE="100ms", **HELD)
        with daemon.connect() as connection:
            connection.request("GET", "/v1/jobs/runs?wait=60s")
            eventually(lambda: daemon.get("/livez").status == 200, "the wait has begun")
            daemon.signal(signal.SIGTERM)
            self.assertIn(connection.read_answer().json()["status"], ("running", "queued"))
        self.assertEqual(daemon.wait(), 0)

    def test_clients_that_vanish_do_no_harm(self):
        daemon = self.start(**AT_ONCE)
        for _ in range(50):
            connection = daemon.connect()
            connection.request("GET", "/v1/jobs")
            connection.reset()
        self.assert_healthy(daemon)


class Durable(DaemonTest):
    def test_the_rest_stays_queued_on_disk_and_runs_after_a_restart(self):
        import os
        import tempfile
        with tempfile.TemporaryDirectory() as folder:
            store = "sqlite:" + os.path.join(folder, "jobs.db")
            first = start_one(self, STORE=store, WORKERS="1", SHUTDOWN_GRACE="0s", **HELD)
            first.enqueue([{"id": f"q{i}"} for i in range(5)])
            self.assertEqual(first.stop(), 0)
            self.assertRegex(first.log, r"interrupted=1 queued=6")
            second = self.start(STORE=store, **AT_ONCE)
            for job_id in ["runs"] + [f"q{i}" for i in range(5)]:
                self.assertEqual(second.finished(job_id)["status"], "done")
            self.assertEqual(second.job("runs")["interruptions"], 1)
            self.assertEqual(second.job("runs")["failures"], 0)

    def test_a_second_daemon_on_the_same_file_is_refused(self):
        daemon = self.start(STORE="sqlite:jobs.db")
        other = self.run_to_end(STORE=f"sqlite:{daemon.folder.name}/jobs.db")
        self.assertEqual(other.process.returncode, 1)
        self.assertRegex(other.log, r"^jobqd: cannot open .*jobs\.db: another jobqd is running on it$")


if __name__ == "__main__":
    unittest.main()
