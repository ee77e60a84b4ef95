"""A daemon answers while it restores the jobs of its file, and neither accepts nor starts any until all are there.

strace slows each read of the file down, so that the restoration of a small file lasts for seconds."""

import json
import re
import shutil
import signal
import unittest

from durable import Folder, Life
from fault_sweep import can_trace
from support import ALARMS, AT_ONCE, Answer, eventually

COUNT = 20_000
REMOTE = '[queues.default]\nprocessor = "remote"\n'


def job_id(number: int) -> str:
    return f"job-{number:06}"


@unittest.skipIf(can_trace(), can_trace())
class Restoring(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.original = Folder()
        cls.addClassCleanup(cls.original.__exit__)
        life = Life(cls.original.database, CONFIG=str(cls.original.config(REMOTE)))
        for first in range(0, COUNT, 1000):
            answer = life.enqueue([{"id": job_id(i), "payload": "x" * 100} for i in range(first, first + 1000)])
            assert answer.status == 202, answer
        assert life.end() == 0
        assert not cls.original.database.with_name("jobs.db-wal").exists()

    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.__exit__)
        shutil.copy(self.original.database, self.folder.database)
        self.remote = {"CONFIG": str(self.folder.config(REMOTE))}

    def run_slowly(self, microseconds: int, **settings: str) -> Life:
        """A daemon whose port answers, and whose every read takes that long."""
        life = Life(self.folder.database, wait=False, **settings,
                    launcher=["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pread64",
                              "-e", f"inject=pread64:delay_enter={microseconds}"])
        self.addCleanup(self.end, life)
        return life.wait_until_answering()

    def end(self, life: Life) -> None:
        if life.process.poll() is None:
            life.kill()
        life.process.stderr.close()
        self.assertNotRegex(life.log, ALARMS)

    def assert_restoring(self, answer: Answer) -> None:
        self.assertEqual(answer.status, 503, answer)
        self.assertEqual(answer.json()["type"], "/problems/store-unavailable")
        self.assertRegex(answer.json()["detail"], r"^restoring [\d,]+ (of 20,000 jobs|jobs so far)$")
        self.assertEqual(answer.headers["retry-after"], "5")

    def assert_all_are_there_in_order(self) -> None:
        life = Life(self.folder.database, **self.remote)
        self.addCleanup(self.end, life)
        self.assert_jobs_in_order(life)

    def assert_jobs_in_order(self, life: Life, more: tuple[str, ...] = ()) -> None:
        found = []
        while len(found) < COUNT + len(more):
            leased = life.post("/v1/queues/default/lease", '{"max_jobs":100}').json()["jobs"]
            self.assertTrue(leased, f"{len(found)} jobs are there")
            found += [job["id"] for job in leased]
        self.assertEqual(found, [job_id(i) for i in range(COUNT)] + list(more))

    def test_probes_are_answered_and_jobs_have_to_wait(self):
        life = self.run_slowly(5_000, **self.remote)
        self.assertEqual(life.get("/healthz").body, b"OK")
        self.assertEqual(life.get("/livez").body, b"OK")
        for path in ("/readyz", "/readyz?verbose", "/v1/queues", "/v1/queues/default", "/v1/jobs", f"/v1/jobs/{job_id(0)}"):
            self.assert_restoring(life.get(path))
        self.assert_restoring(life.enqueue({"id": "early"}))
        self.assert_restoring(life.enqueue({"id": job_id(0), "payload": "x" * 100}))
        self.assert_restoring(life.post("/v1/queues/default/lease", "{}"))
        self.assert_restoring(life.post("/v1/queues/default/purge"))
        self.assert_restoring(life.request("DELETE", f"/v1/jobs/{job_id(0)}"))
        self.assertEqual(life.get("/problems/store-unavailable").status, 200)
        eventually(lambda: re.search(r"restoring [\d,]+ of 20,000 jobs", life.not_ready_because()), "it has counted the jobs")
        life.wait_for_line(r"info  restoring done=\d+ of=20000$")
        life.wait_until_listening()
        self.assertEqual(life.get("/readyz").status, 200)
        self.assertEqual(life.get("/v1/jobs/early").status, 404)
        self.assertEqual(life.enqueue({"id": job_id(0), "payload": "x" * 100}).status, 200, "its id is known")
        self.assertEqual(life.enqueue({"id": "early"}).status, 202)
        self.assertIn(f"store opened queued={COUNT} ", life.log)
        self.assert_jobs_in_order(life, more=("early",))

    def test_jobs_start_in_order_after_the_last_one_is_restored(self):
        life = self.run_slowly(500, WORKERS="1", LOG_LEVEL="debug", **AT_ONCE)
        life.wait_for_line(f"job done id={job_id(999)} ")
        events = [line.split(maxsplit=2)[2] for line in life.log.splitlines()]
        messages = [event.split("=")[0].rsplit(" ", 1)[0] for event in events]
        self.assertLess(messages.index("restoring"), messages.index("store opened"))
        self.assertLess(messages.index("store opened"), messages.index("job done"))
        done = re.findall(r"job done id=(\S+)", life.log)[:1000]
        self.assertEqual(done, [job_id(i) for i in range(1000)])

    def test_a_stop_ends_it_and_loses_nothing(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            life = self.run_slowly(20_000, SHUTDOWN_GRACE="1h", DRAIN_DELAY="60s", **self.remote)
            self.assert_restoring(life.get("/readyz"))
            life.signal(number)
            self.assertEqual(life.wait(), 0, life.log)
            self.assertIn("stopping", life.log)
            self.assertRegex(life.lines[-1], r'info  stopped before="all jobs were restored"')
            self.assertNotIn("store opened", life.log)
        self.assert_all_are_there_in_order()

    def test_a_sighup_is_served_when_all_jobs_are_restored(self):
        life = self.run_slowly(1_000, **self.remote)
        self.assert_restoring(life.get("/readyz"))
        life.signal(signal.SIGHUP)
        life.wait_for_line("configuration read again")
        self.assertLess(life.log.index("info  listening"), life.log.index("configuration read again"))
        self.assertEqual(life.get("/readyz").status, 200)

    def test_a_lease_that_is_shorter_than_the_restoration_goes_on(self):
        life = Life(self.folder.database, **self.remote)
        self.addCleanup(self.end, life)
        leased = life.post("/v1/queues/default/lease", '{"lease":"2s"}').json()["jobs"][0]
        life.kill()
        again = self.run_slowly(5_000, **self.remote).wait_until_listening()
        token = json.dumps({"token": leased["lease"]["token"]})
        self.assertEqual(again.post(f"/v1/jobs/{leased['id']}/complete", token).status, 204)
        self.assertNotIn("a lease ran out", again.log)

    def test_kills_lose_nothing(self):
        for _ in range(3):
            life = self.run_slowly(5_000, **self.remote)
            self.assert_restoring(life.get("/readyz"))
            life.kill()
        self.assert_all_are_there_in_order()

    def test_a_damaged_file_is_refused_although_the_port_has_answered(self):
        size = self.folder.database.stat().st_size
        with self.folder.database.open("r+b") as file:
            file.seek(size * 9 // 10 // 4096 * 4096)
            file.write(b"\xff" * 4096)
        before = self.folder.database.read_bytes()
        life = self.run_slowly(5_000, **self.remote)
        self.assertEqual(life.get("/healthz").status, 200)
        self.assert_restoring(life.enqueue({"id": "early"}))
        self.assertEqual(life.wait(), 1)
        self.assertRegex(life.lines[-1], r"^jobqd: cannot open \S+: the database is damaged: .*; restore a backup, or see what "
                                         "`jobqd check` says$")
        self.assertNotIn("info  listening", life.log)
        self.assertEqual(self.folder.database.read_bytes(), before)


if __name__ == "__main__":
    unittest.main()
