"""Leases of remote workers when the daemon stops, is killed and starts again."""

import signal
import time
import unittest

from durable import Folder
from support import HELD, Daemon, eventually
from test_remote import REMOTE, RemoteTest

WORKED_HERE = REMOTE.replace("remote", "simulate")


class Memory(RemoteTest):
    def test_a_stop_waits_for_leases_within_the_grace(self):
        daemon = self.begin(SHUTDOWN_GRACE="60s")
        for job_id in ("a", "b"):
            self.work(daemon, job_id)
        token = self.token(daemon, "a", lease="1h")
        other = self.token(daemon, "b", lease="1h")
        daemon.signal(signal.SIGTERM)
        eventually(lambda: daemon.get("/readyz").status == 503, "it stops")
        self.assertEqual(self.tell(daemon, "a", "heartbeat", token).status, 200)
        self.assertEqual(self.tell(daemon, "a", "complete", token).status, 204)
        self.assertEqual(self.tell(daemon, "b", "complete", other).status, 204)
        self.assertEqual(daemon.wait(), 0)
        self.assertIn("done=2", daemon.wait_for_line("stopped.*")[0])

    def test_the_end_of_the_grace_ends_leases(self):
        daemon = self.begin(SHUTDOWN_GRACE="100ms")
        self.work(daemon, "a")
        self.token(daemon, "a", lease="1h")
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        self.assertRegex(daemon.log, r"stopped .*interrupted=1 lost=1 leased=0")


class Durable(RemoteTest):
    def setUp(self):
        self.folder = self.enterContext(Folder())

    def run_daemon(self, text: str = REMOTE, **settings: str) -> Daemon:
        return self.begin(text, STORE=f"sqlite:{self.folder.database}", **settings)

    def kill(self, daemon: Daemon) -> None:
        daemon.signal(signal.SIGKILL)
        daemon.wait()

    def assert_goes_on(self, daemon: Daemon, job_id: str, token: str) -> None:
        """The worker keeps and completes the job as if nothing had happened."""
        self.assertIn("leased=1", daemon.wait_for_line("store opened.*")[0])
        self.assertEqual(self.lease(daemon), [], "nobody else gets the job")
        self.assertFalse(self.tell(daemon, job_id, "heartbeat", token).json()["cancel_requested"])
        self.assertEqual(self.tell(daemon, job_id, "complete", token, result=7).status, 204)
        job = daemon.job(job_id)
        self.assertEqual((job["status"], job["result"], job["attempts"], job["interruptions"]), ("done", 7, 1, 0))

    def test_sigterm_neither_waits_for_a_lease_nor_ends_it(self):
        daemon = self.run_daemon(SHUTDOWN_GRACE="1h")
        self.work(daemon, "a")
        token = self.token(daemon, "a", lease="1h")
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        self.assertRegex(daemon.log, r"stopped .*interrupted=0 queued=0 leased=1")
        self.assert_goes_on(self.run_daemon(), "a", token)

    def test_a_lease_survives_kill_9(self):
        daemon = self.run_daemon(exit_code=None)
        self.work(daemon, "a")
        token = self.token(daemon, "a", lease="1h")
        self.kill(daemon)
        self.assert_goes_on(self.run_daemon(), "a", token)

    def test_leases_are_served_while_jobs_of_the_daemon_finish(self):
        daemon = self.run_daemon(SHUTDOWN_GRACE="1h", exit_code=None, **HELD)
        daemon.enqueue({"id": "own"})
        for job_id in ("a", "b"):
            self.work(daemon, job_id)
        token = self.token(daemon, "a", lease="1h")
        eventually(lambda: daemon.job("own")["status"] == "running", "it runs")
        daemon.post("/v1/queues/numbers/pause")
        with daemon.connect() as waiting:
            waiting.request("POST", "/v1/queues/numbers/lease", '{"wait":"60s"}')
            daemon.signal(signal.SIGTERM)
            self.assertEqual(waiting.read_answer().json(), {"jobs": []})
        self.assertEqual(self.lease(daemon, wait="60s"), [])
        self.assertEqual(self.tell(daemon, "a", "heartbeat", token).status, 200)
        self.assertEqual(self.tell(daemon, "a", "complete", token).status, 204)
        daemon.post("/v1/jobs/own/cancel")
        self.assertEqual(daemon.wait(), 0)
        self.assertIn("done=1", daemon.wait_for_line("stopped.*")[0])

    def test_a_lease_lasts_its_full_length_from_listening_and_then_runs_out(self):
        daemon = self.run_daemon(exit_code=None)
        self.work(daemon, "a")
        late = self.token(daemon, "a", lease="3s", worker="slow one")
        began = time.monotonic()
        self.kill(daemon)
        eventually(lambda: time.monotonic() > began + 3.2, "the first lease would have run out")
        again = self.run_daemon()
        self.assertEqual(again.job("a")["status"], "running")
        self.assertIn("slow one", again.wait_for_line("a lease ran out.*")[0])
        token = self.token(again, "a")
        self.assertGreater(int(token), int(late))
        for what in ("heartbeat", "complete", "fail"):
            self.assert_lost(self.tell(again, "a", what, late))
        self.assertEqual(again.job("a")["interruptions"], 1)

    def test_a_cancel_is_told_by_the_next_heartbeat(self):
        daemon = self.run_daemon(exit_code=None)
        for job_id in ("fails", "runs-out"):
            self.work(daemon, job_id, max_retries=5)
        token = self.token(daemon, "fails", lease="1h")
        self.token(daemon, "runs-out", lease="1s")
        for job_id in ("fails", "runs-out"):
            self.assertEqual(daemon.post(f"/v1/jobs/{job_id}/cancel").status, 200)
        self.kill(daemon)
        again = self.run_daemon()
        self.assertEqual(again.job("fails")["reason"], "cancelled")
        self.assertTrue(self.tell(again, "fails", "heartbeat", token).json()["cancel_requested"])
        self.assertEqual(again.job("fails")["status"], "running")
        self.assertEqual(self.tell(again, "fails", "fail", token).status, 204)
        for job_id in ("fails", "runs-out"):
            job = again.finished(job_id)
            self.assertEqual((job["status"], job["reason"], job["attempts"]), ("failed", "cancelled", 1))

    def test_a_queue_that_is_no_longer_remote_ends_the_lease(self):
        daemon = self.run_daemon()
        self.work(daemon, "a")
        token = self.token(daemon, "a", lease="1h")
        daemon.stop()
        again = self.run_daemon(WORKED_HERE, **HELD)
        self.assert_lost(self.tell(again, "a", "complete", token))
        job = again.job("a")
        self.assertEqual((job["attempts"], job["interruptions"]), (2, 1))

    def test_a_completion_that_was_accepted_outlives_the_daemon(self):
        daemon = self.run_daemon(exit_code=None)
        self.work(daemon, "a")
        token = self.token(daemon, "a")
        self.assertEqual(self.tell(daemon, "a", "complete", token, result=1).status, 204)
        self.kill(daemon)
        again = self.run_daemon()
        self.assertEqual(again.job("a")["result"], 1)
        self.assert_lost(self.tell(again, "a", "complete", token))


if __name__ == "__main__":
    unittest.main()
