"""How the daemon stops: signals, the grace period, and its answers meanwhile."""

import json
import signal
import time
import unittest

from durable import NO_ANSWER, Folder
from support import AT_ONCE, HELD, DaemonTest, eventually


def start_one(test, **settings):
    """A daemon with one job that runs until it is stopped."""
    daemon = test.start(**settings)
    daemon.enqueue({"id": "runs"})
    eventually(lambda: daemon.job("runs")["status"] == "running", "the job runs")
    daemon.wait_for_line("only simulates its jobs")  # A worker has it: a status of running comes a moment earlier.
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

    def test_a_second_signal_is_logged_before_it_ends_the_process(self):
        for log_format in ("text", "json"):
            for number in (signal.SIGTERM, signal.SIGINT):
                daemon = start_one(self, SHUTDOWN_GRACE="1h", LOG_FORMAT=log_format, exit_code=None, **HELD)
                daemon.signal(signal.SIGTERM)
                daemon.wait_for_line("stopping")
                daemon.signal(signal.SIGHUP)  # changes nothing
                daemon.wait_for_line("SIGHUP is ignored: the daemon is stopping")
                daemon.signal(number)
                self.assertEqual(daemon.wait(), 128 + number)
                last = daemon.lines[-1]
                self.assertRegex(last, rf'ending at once: a second signal.*signal"?[=:]"?{number.name}')
                if log_format == "json":
                    self.assertEqual(json.loads(last)["level"], "warn")

    def test_a_stop_says_what_it_waits_for(self):
        daemon = start_one(self, SHUTDOWN_GRACE="1h", exit_code=None, **HELD)
        begun = time.monotonic()
        daemon.signal(signal.SIGTERM)
        daemon.wait_for_line("info  still stopping waits_for=\"queued and running jobs\" jobs=1")
        self.assertGreater(time.monotonic() - begun, 4.9)
        daemon.signal(signal.SIGTERM)
        daemon.wait()

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


class DrainDelay(DaemonTest):
    def test_during_the_delay_only_readyz_changes(self):
        with Folder() as folder:
            daemon = self.start(STORE=f"sqlite:{folder.database}", DRAIN_DELAY="3s", SHUTDOWN_GRACE="0s", **AT_ONCE)
            begun = time.monotonic()
            daemon.signal(signal.SIGTERM)
            eventually(lambda: daemon.get("/readyz").status == 503, "not ready")
            daemon.enqueue({"id": "a"})
            self.assertEqual(daemon.finished("a")["status"], "done", "it starts as before")
            self.assertEqual(daemon.get("/livez").status, 200)
            self.assertEqual(daemon.wait(), 0)
            self.assertGreaterEqual(time.monotonic() - begun, 3)
            self.assertRegex(daemon.log, r"stopping grace=0s delay=3s\n")

    def test_in_memory_new_jobs_are_refused_from_the_signal_on_and_others_start(self):
        daemon = self.start(DRAIN_DELAY="3s", SHUTDOWN_GRACE="0s", **AT_ONCE)
        daemon.enqueue({"id": "delayed", "delay": "500ms"})
        daemon.signal(signal.SIGTERM)
        eventually(lambda: daemon.get("/readyz").status == 503, "not ready")
        self.assert_problem(daemon.enqueue({"id": "late"}), 503, "draining")
        self.assertEqual(daemon.finished("delayed")["status"], "done")
        self.assertEqual(daemon.wait(), 0)

    def test_the_grace_begins_after_the_delay(self):
        daemon = start_one(self, DRAIN_DELAY="1s", SHUTDOWN_GRACE="1s", **HELD)
        begun = time.monotonic()
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        self.assertGreaterEqual(time.monotonic() - begun, 2)
        self.assertRegex(daemon.log, r"stopped .*interrupted=1")


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

    def test_new_jobs_and_repeats_are_taken_until_the_port_closes_and_start_after_the_restart(self):
        with Folder() as folder:
            store = f"sqlite:{folder.database}"
            first = start_one(self, STORE=store, SHUTDOWN_GRACE="1h", exit_code=None, **HELD)
            first.signal(signal.SIGTERM)
            eventually(lambda: first.get("/readyz").status == 503, "not ready")
            self.assertEqual(first.enqueue({"id": "late"}).status, 202)
            self.assertEqual(first.enqueue({"id": "late"}).status, 200)
            self.assertEqual(first.enqueue({"id": "runs"}).status, 200)
            self.assertEqual(first.enqueue([{"id": f"more-{i}"} for i in range(20)]).status, 202)
            self.assertEqual(first.job("late")["reason"], "ready", "a worker is idle, and yet it does not start")
            first.signal(signal.SIGKILL)  # all that was answered is on disk
            first.wait()
            second = self.start(STORE=store, **AT_ONCE)
            for job_id in ["late", "runs"] + [f"more-{i}" for i in range(20)]:
                self.assertEqual(second.finished(job_id)["status"], "done")

    def test_what_is_enqueued_while_the_port_closes_is_answered_and_kept_or_neither(self):
        with Folder() as folder:
            store = f"sqlite:{folder.database}"
            accepted = []
            for round_number in range(5):
                daemon = self.start(STORE=store, QUEUE_SIZE="100000", **HELD)
                connection = daemon.connect()
                daemon.signal(signal.SIGTERM)
                try:
                    for i in range(100_000):
                        answer = connection.request("POST", "/enqueue", f'{{"id":"{round_number}-{i}","delay":"1h"}}').read_answer()
                        self.assertEqual(answer.status, 202)
                        accepted.append(f"{round_number}-{i}")
                except NO_ANSWER:
                    pass
                self.assertEqual(daemon.wait(), 0)
            last = self.start(STORE=store, **HELD)
            self.assertLessEqual(set(accepted), {job["id"] for job in last.all_jobs()})

    def test_a_second_daemon_on_the_same_file_is_refused(self):
        daemon = self.start(STORE="sqlite:jobs.db")
        other = self.run_to_end(STORE=f"sqlite:{daemon.folder.name}/jobs.db")
        self.assertEqual(other.process.returncode, 1)
        self.assertRegex(other.log, r"^jobqd: cannot open .*jobs\.db: another jobqd is running on it$")


if __name__ == "__main__":
    unittest.main()
