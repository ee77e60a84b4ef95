"""Full disks and deleted files: no job is acknowledged that is not kept, and the daemon says why it refuses."""

import random
import shutil
import subprocess
import threading
import time
import unittest
from pathlib import Path

from durable import NO_ANSWER, SEVERAL_WORKERS_MS, Folder, Life, all_jobs, command, drain, job_body, seed, torture
from history import History
from small_disk import KIB, MIB, SmallDisk
from support import Connection, eventually

SETTINGS = {"SIMULATE_MIN": "5ms", "SIMULATE_MAX": "20ms", "SIMULATE_FAILURE_RATE": "0", "WORKERS": "4"}
FEW_KEPT = SETTINGS | {"RETENTION_MAX": "20"}
ROUNDS = 50 if torture() else 5


class Producer(threading.Thread):
    """Enqueues until a request is refused with store-unavailable."""

    def __init__(self, port: int, history: History, name: str, chance: random.Random):
        super().__init__(name=name, daemon=True)
        self.port = port
        self.history = history
        self.random = random.Random(chance.getrandbits(64))
        self.failure = ""

    def run(self) -> None:
        try:
            with Connection(self.port) as connection:
                count = 0
                while self.enqueue(connection, f"{self.name}-{count}"):
                    count += 1
        except (*NO_ANSWER, AssertionError) as error:
            self.failure = repr(error)

    def enqueue(self, connection: Connection, key: str) -> bool:
        keys = [f"{key}-{i}" for i in range(self.random.choice((1, 1, 5)))]
        request = self.history.invoke((name, name, 0, False) for name in keys)
        jobs = [{"id": name, "payload": {"k": name, "x": "x" * self.random.randint(100, 4_000)}} for name in keys]
        answer = connection.request("POST", "/enqueue", job_body(jobs)).read_answer()
        if answer.status == 202:
            self.history.ok(request)
            return True
        self.history.refused(request)
        assert answer.status == 503, answer
        assert answer.json()["type"] == "/problems/store-unavailable", answer
        assert "retry-after" in answer.headers, answer
        return False


class FullDisk(unittest.TestCase):
    def test_it_fills_up_under_load_and_is_freed_again(self):
        chance = random.Random(seed())
        acknowledged = 0
        slowest = 0.0
        with SmallDisk(32 * MIB) as disk:  # the test fills more of it than the jobs do
            life = Life(disk.path / "jobs.db", **SETTINGS)
            for number in range(ROUNDS):
                history = History(tolerance_ms=SEVERAL_WORKERS_MS)
                self.fill_up(disk, life, history, chance, number)
                slowest = max(slowest, self.free_again(disk, life))
                if number % 2:
                    life.kill()
                    life = Life(disk.path / "jobs.db", **SETTINGS)
                    drain(life)
                history.check(all_jobs(life), at_the_end=True)
                self.assertTrue(history.found.none(), history.found.examples())
                acknowledged += history.acknowledged
                self.remove_all(life)
            self.assertEqual(life.end(), 0)
            self.assertEqual(command("check", disk.path / "jobs.db").returncode, 0)
            print(f"{disk.kind}, full {ROUNDS} times: {acknowledged} acknowledged, none lost; "
                  f"takes jobs again {slowest * 1000:.0f} ms after there is room, at most", flush=True)

    def fill_up(self, disk: SmallDisk, life: Life, history: History, chance: random.Random, number: int) -> None:
        disk.fill(leave=chance.choice((0, 20, 200, 2_000)) * KIB)
        producers = [Producer(life.port, history, f"{number}-{i}", chance) for i in range(4)]
        for producer in producers:
            producer.start()
        for producer in producers:
            producer.join(60)
        self.assertEqual([producer.failure for producer in producers], [""] * 4)
        self.assertIn("full", life.not_ready_because())
        self.assertEqual(life.get("/livez").status, 200)
        # Running jobs finish, and waiting jobs start.
        drain(life)

    def free_again(self, disk: SmallDisk, life: Life) -> float:
        disk.clear()
        begun = time.monotonic()
        try:
            eventually(life.ready, "it recovers by itself")
        except AssertionError as error:
            room = shutil.disk_usage(disk.path)
            raise AssertionError(f"{error}: {life.not_ready_because()}; {room}") from error
        took = time.monotonic() - begun
        self.assertLess(took, 5)
        return took

    def test_it_stays_full_until_there_is_room(self):
        """A small write that happens to fit does not make the daemon accept jobs again."""
        with SmallDisk() as disk:
            life = Life(disk.path / "jobs.db", **SETTINGS)
            disk.fill(leave=1 * MIB)
            body = job_body({"payload": "x" * 900, "delay": "1h"})
            with life.connect() as connection:
                while connection.request("POST", "/enqueue", body).read_answer().status == 202:
                    pass
            time.sleep(1)  # So that the work of the last requests is over.
            for _ in range(60):
                self.assertIn("full", life.not_ready_because())
                time.sleep(0.05)
            self.free_again(disk, life)
            self.assertEqual(life.enqueue({"payload": "x" * 900}).status, 202)
            self.assertEqual(life.end(), 0)

    def test_a_disk_that_its_jobs_have_filled_is_emptied_by_removing_them(self):
        """A reserve is kept for removals: otherwise jobs could neither be added nor removed."""
        with SmallDisk() as disk:
            life = Life(disk.path / "jobs.db", **SETTINGS)
            for restarts in (False, True):
                taken = self.fill_with_jobs(life)
                self.assertGreater(taken, 300)
                if restarts:  # by a crash, on the full disk
                    life.kill()
                    life = Life(disk.path / "jobs.db", **SETTINGS)
                    taken += self.fill_with_jobs(life)
                self.assertEqual(life.request("DELETE", f"/v1/jobs/{self.newest(life)}").status, 204)
                self.assertEqual(life.post("/v1/queues/default/purge").json(), {"count": taken - 1})
                eventually(life.ready, "it takes jobs again")
            again = self.fill_with_jobs(life)
            self.assertGreater(again, 300, "their room is used again")
            self.assertEqual(life.post("/v1/queues/default/purge").json(), {"count": again})
            eventually(life.ready, "it takes jobs again")
            self.assertEqual(life.enqueue({"id": "last", "delay": "1h"}).status, 202)
            life.kill()
            life = Life(disk.path / "jobs.db", **SETTINGS)
            self.assertEqual([job["id"] for job in life.all_jobs()], ["last"], "what was removed stays so")
            self.assertEqual(life.end(), 0)
            self.assertEqual(sorted(file.name for file in disk.path.glob("jobs*")), ["jobs.db"])
            self.assertEqual(command("check", disk.path / "jobs.db").returncode, 0)

    def test_a_disk_that_others_have_filled_takes_removals(self):
        with SmallDisk() as disk:
            life = Life(disk.path / "jobs.db", **SETTINGS)
            jobs = [{"id": f"job-{i}", "delay": "1h", "payload": "x" * 3_000} for i in range(1_000)]
            self.assertEqual(life.enqueue(jobs).status, 202)
            disk.fill()
            taken = self.fill_with_jobs(life)
            self.assertEqual(life.request("DELETE", "/v1/jobs/job-7").status, 204)
            self.assertEqual(life.post("/v1/queues/default/purge").json(), {"count": 999 + taken})
            self.assertEqual(life.post("/v1/queues/default/purge").json(), {"count": 0})
            life.kill()
            disk.clear()
            life = Life(disk.path / "jobs.db", **SETTINGS)
            self.assertEqual(list(life.all_jobs()), [])
            self.assertEqual(life.enqueue({"id": "last", "delay": "1h"}).status, 202)
            self.assertEqual(life.end(), 0)

    def test_jobs_of_several_pages_leave_room_for_their_log(self):
        """The log has to fit into the database, or what a purge frees could not be used, nor the file opened again."""
        jobs = [{"payload": "x" * 8_000, "delay": "1h"}] * 20
        for size in (8, 12, 16):
            with self.subTest(size=size), SmallDisk(size * MIB) as disk:
                life = Life(disk.path / "jobs.db", **SETTINGS)
                taken = 20 * self.fill_with_jobs(life, jobs)
                self.assertEqual(life.post("/v1/queues/default/purge").json(), {"count": taken})
                eventually(life.ready, "it takes jobs again")
                taken = 20 * self.fill_with_jobs(life, jobs)
                self.assertGreater(taken, 200, "the room is used again")
                self.assertEqual(life.end(), 0)  # on the full disk
                life = Life(disk.path / "jobs.db", **SETTINGS)
                for job in life.get("/v1/jobs?limit=100").json()["jobs"]:
                    self.assertEqual(life.request("DELETE", f"/v1/jobs/{job['id']}").status, 204)
                self.assertEqual(life.post("/v1/queues/default/purge").json(), {"count": taken - 100})
                eventually(life.ready, "it takes jobs again")
                self.assertEqual(life.enqueue({"delay": "1h"}).status, 202)
                self.assertEqual(life.end(), 0)
                self.assertEqual(command("check", disk.path / "jobs.db").returncode, 0)

    def newest(self, life: Life) -> str:
        return life.get("/v1/jobs?limit=1").json()["jobs"][0]["id"]

    def fill_with_jobs(self, life: Life, jobs: object = None) -> int:
        """Enqueues until the disk is full. Returns how many requests were taken."""
        body = job_body(jobs or {"payload": "x" * 3_000, "delay": "1h"})
        taken = 0
        with life.connect() as connection:
            while (answer := connection.request("POST", "/enqueue", body).read_answer()).status == 202:
                taken += 1
        self.assertEqual(answer.json()["detail"], "the disk is full")
        eventually(lambda: life.not_ready_because() == "the disk is full", "it says so")
        return taken

    def remove_all(self, life: Life) -> None:
        with life.connect() as connection:
            for job in all_jobs(life):
                self.assertEqual(connection.request("DELETE", f"/v1/jobs/{job['id']}").read_answer().status, 204)

    def test_its_own_log_does_not_lock_it_in(self):
        """The disk is smaller than the limit of the write-ahead log, so the log has to be checkpointed earlier."""
        with SmallDisk() as disk:
            life = Life(disk.path / "jobs.db", **FEW_KEPT | {"SIMULATE_MIN": "0ms", "SIMULATE_MAX": "0ms"})
            taken = 0
            deadline = time.monotonic() + 60
            with life.connect() as connection:
                while taken < 3_000:
                    body = job_body({"payload": "x" * 3_000})
                    taken += connection.request("POST", "/enqueue", body).read_answer().status == 202
                    self.assertLess(time.monotonic(), deadline, f"stuck after {taken} jobs: {life.not_ready_because()}")
            drain(life)
            life.kill()
            life = Life(disk.path / "jobs.db", **FEW_KEPT)
            self.assertTrue(life.ready())
            self.assertEqual(life.end(), 0)

    def test_it_starts_on_a_disk_that_its_log_has_filled(self):
        with SmallDisk() as disk:
            life = Life(disk.path / "jobs.db", **SETTINGS)
            self.assertEqual(life.enqueue({"id": "kept", "delay": "1h"}).status, 202)
            with life.connect() as connection:
                for _ in range(300):
                    connection.request("POST", "/enqueue", job_body({"payload": "x" * 3_000})).read_answer()
            drain_ready(life)
            life.kill()
            disk.fill()
            life = Life(disk.path / "jobs.db", wait=False, **SETTINGS)
            try:
                life.wait_until_listening()
                self.assertEqual(life.job("kept")["status"], "queued")
                life.kill()
            except AssertionError:
                self.assertEqual(life.wait(), 1)
                self.assertIn("full", life.log)
            disk.clear()
            life = Life(disk.path / "jobs.db", **SETTINGS)
            self.assertEqual(life.job("kept")["status"], "queued")
            self.assertEqual(life.end(), 0)


def drain_ready(life: Life) -> None:
    eventually(lambda: life.count("running") == 0 and all(job.get("run_at") for job in life.all_jobs(status="queued")),
               "only delayed jobs wait")


class LimitedFiles(unittest.TestCase):
    def test_a_limit_on_the_size_of_files_is_trouble_and_no_end(self):
        with Folder() as folder:
            life = Life(folder.database, launcher=("bash", "-c", 'ulimit -f 100; exec "$0" "$@"'), **SETTINGS)
            taken = 0
            while life.enqueue({"id": f"job-{taken}", "delay": "1h", "payload": "x" * 20_000}).status == 202:
                taken += 1
            self.assertEqual(life.enqueue({"id": "refused"}).status, 503)
            self.assertNotEqual(life.not_ready_because(), "")
            life.kill()
            life = Life(folder.database, **SETTINGS)
            self.assertEqual(life.count("queued"), taken)
            self.assertEqual(life.end(), 0)


class Vanishing(unittest.TestCase):
    def live(self, folder: Folder) -> Life:
        life = Life(folder.database, SIMULATE_MIN="1s", SIMULATE_MAX="1s", SIMULATE_FAILURE_RATE="0")
        self.assertEqual(life.enqueue({"id": "runs"}).status, 202)
        eventually(lambda: life.job("runs")["status"] == "running", "the job runs")
        return life

    def expect_refusal(self, life: Life, why: str) -> None:
        answer = life.enqueue({"id": "refused"})
        self.assertEqual(answer.status, 503, answer)
        self.assertEqual(answer.json()["type"], "/problems/store-unavailable")
        self.assertRegex(life.not_ready_because(), why)
        self.assertEqual(life.get("/livez").status, 200)
        eventually(lambda: life.job("runs")["status"] == "done", "the running job goes on")

    def test_the_database_is_deleted(self):
        with Folder() as folder:
            life = self.live(folder)
            folder.database.unlink()
            self.expect_refusal(life, "deleted or replaced")
            life.kill()

    def test_the_log_is_deleted(self):
        with Folder() as folder:
            life = self.live(folder)
            Path(f"{folder.database}-wal").unlink()
            self.expect_refusal(life, "deleted or replaced")
            life.kill()

    def test_the_folder_is_deleted(self):
        with Folder() as folder:
            database = folder.path / "sub" / "jobs.db"
            database.parent.mkdir()
            folder.database = database
            life = self.live(folder)
            shutil.rmtree(database.parent)
            self.expect_refusal(life, "deleted or replaced")
            life.kill()

    def test_the_files_become_unwritable(self):
        with SmallDisk() as disk, Folder() as folder:
            folder.database = disk.path / "jobs.db"
            life = self.live(folder)
            files = [str(folder.database), f"{folder.database}-wal"]
            if not shutil.which("chattr") or subprocess.run(["chattr", "+i", *files], check=False).returncode:
                life.kill()
                raise unittest.SkipTest("files cannot be made immutable here")
            try:
                self.expect_refusal(life, ".")
            finally:
                subprocess.run(["chattr", "-i", *files], check=False)
            eventually(life.ready, "it recovers by itself")
            self.assertEqual(life.enqueue({"id": "accepted"}).status, 202)
            life.kill()
            life = Life(folder.database, SIMULATE_MIN="0ms", SIMULATE_MAX="0ms")
            self.assertEqual(life.job("runs")["status"], "done")
            self.assertEqual(life.get("/v1/jobs/refused").status, 404)
            self.assertEqual(life.get("/v1/jobs/accepted").status, 200)
            self.assertEqual(life.end(), 0)

    def test_a_read_only_disk_is_a_clear_error(self):
        with SmallDisk() as disk:
            life = Life(disk.path / "jobs.db")
            self.assertEqual(life.end(), 0)
            if refused := disk.remount("ro"):
                raise unittest.SkipTest(f"the disk cannot be made read-only: {refused}")
            life = Life(disk.path / "jobs.db", wait=False)
            self.assertEqual(life.wait(), 1)
            self.assertRegex(life.log, r"jobqd: cannot open \S+/jobs\.db: Read-only file system")


if __name__ == "__main__":
    unittest.main()
