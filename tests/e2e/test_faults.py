"""System calls that fail or kill the process, flipped bits, exhausted descriptors and memory, and jumping clocks."""

import os
import random
import shutil
import signal
import subprocess
import threading
import time
import unittest
from pathlib import Path

import fault_sweep
from durable import NO_ANSWER, SEVERAL_WORKERS_MS, Folder, Life, all_jobs, drain, job_body, sanitized, seed, torture
from history import History
from support import Connection, eventually

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


def say(text: str) -> None:
    print(text, flush=True)


class Sweeps(unittest.TestCase):
    """A part of the sweep; `python3 fault_sweep.py` runs all of it."""

    def setUp(self):
        if why := fault_sweep.can_trace():
            say(f"SKIPPED: {why}")
            self.skipTest(why)
        self.stride = 1 if torture() else 25 if sanitized() else 5

    def test_killed_at_any_call_that_changes_the_disk(self):
        fault_sweep.run(fault_sweep.KILL, self.stride, say)

    def test_a_sync_that_fails_ends_it_and_nothing_unsynced_is_acknowledged(self):
        # After the start, during which nothing is acknowledged, clients wait for the sync that fails.
        lives = []
        for fault in fault_sweep.SYNC_FAILS:
            lives += fault_sweep.sweep(fault, max(1, self.stride // 3))
        say(f"fdatasync EIO: {len(lives)} lives, {sum(life.history.acknowledged for life in lives)} acknowledged, lost 0")
        self.assertTrue(any(life.history.acknowledged for life in lives))

    def test_a_write_that_fails_is_refused_and_then_taken(self):
        fault_sweep.run(fault_sweep.WRITE_FAILS, 2 * self.stride, say)

    def test_a_backup_killed_at_any_call_is_whole_or_not_there(self):
        for call in ("fdatasync", "rename", "unlink"):
            say(f"backup killed at {call}: {fault_sweep.sweep_backup(call)} places")


class HangingDisk(unittest.TestCase):
    """The next sync of each thread takes long, or for ever. Nothing else waits for it."""

    def setUp(self):
        if why := fault_sweep.can_trace():
            say(f"SKIPPED: {why}")
            self.skipTest(why)

    def enqueue_early(self, life: Life) -> None:
        """So many, one after the other, that the event loop commits by itself, if the disk is fast."""
        with life.connect() as connection:
            for name in ["early"] + [f"early-{i}" for i in range(100)]:
                job = job_body({"id": name, "delay": "1h"})
                self.assertEqual(connection.request("POST", "/enqueue", job).read_answer().status, 202)

    def hang(self, folder: Folder, life: Life, seconds: int) -> subprocess.Popen:
        fault = fault_sweep.Fault("fdatasync", f"delay_enter={seconds * 1_000_000}")
        tracer = fault_sweep.attach(fault_sweep.strace(fault, 1, folder.path / "trace"), life)
        self.addCleanup(tracer.wait)
        self.addCleanup(tracer.kill)
        return tracer

    def serves_all_but_commits(self, life: Life, waiting: list[Connection]) -> None:
        """Requests that need no commit are answered, again and again, while those in `waiting` are not."""
        for _ in range(20):
            with life.connect() as other:
                for path in ("/healthz", "/livez", "/readyz", "/v1/queues", "/v1/jobs", "/v1/jobs/early"):
                    self.assertEqual(other.request("GET", path).read_answer().status, 200, path)
        for connection in waiting:
            self.assertFalse(connection.has_answer(), "the disk still hangs")

    def test_a_disk_that_hangs_for_a_while(self):
        with Folder() as folder:
            life = Life(folder.database, WORKERS="1")
            self.enqueue_early(life)
            self.hang(folder, life, 2)
            waiting = [life.connect().request("POST", "/enqueue", job_body({"id": f"late-{i}"})) for i in range(5)]
            self.serves_all_but_commits(life, waiting)
            for connection in waiting:
                self.assertEqual(connection.read_answer().status, 202)
                connection.close()
            self.serves_all_but_commits(life, [])
            eventually(lambda: life.count("done") + life.count("failed") == 5, "the late jobs ran")
            self.assertEqual(life.end(), 0)

    def test_a_disk_that_hangs_for_ever_and_a_stop(self):
        with Folder() as folder:
            life = Life(folder.database, WORKERS="1", SHUTDOWN_GRACE="1s")
            self.enqueue_early(life)
            tracer = self.hang(folder, life, 1_000)
            waiting = [life.connect().request("POST", "/enqueue", job_body({"id": "late", "delay": "1h"}))]
            self.serves_all_but_commits(life, waiting)
            for connection in waiting:
                connection.close()
            life.signal(signal.SIGTERM)
            life.wait_for_line("error ending without the rest of the stop.* waits_for=")
            time.sleep(0.2)  # for the _exit() after that line; strace does not let go of the thread that hangs
            tracer.kill()
            self.assertEqual(life.wait(), 1)
            life = Life(folder.database)
            self.assertIn("early", [job["id"] for job in all_jobs(life)])
            self.assertEqual(life.end(), 0)


class Flips(unittest.TestCase):
    def test_no_altered_payload_is_ever_shown(self):
        chance = random.Random(seed())
        starts = 300 if torture() else 10 if sanitized() else 40
        refused = aside = 0
        with Folder() as folder:
            self.write_jobs(folder)
            files = [folder.database, Path(f"{folder.database}-wal")]
            sound = {file: file.read_bytes() for file in files}
            for number in range(starts):
                for file in files:
                    file.write_bytes(sound[file])
                Path(f"{folder.database}-shm").unlink(missing_ok=True)
                file = files[number % 2]
                content = bytearray(sound[file])
                bit = chance.randrange(8 * len(content))
                content[bit // 8] ^= 1 << bit % 8
                file.write_bytes(content)
                with self.subTest(file=file.name, bit=bit):
                    outcome = self.start_on_it(folder)
                    refused += outcome == "refused"
                    aside += outcome == "set aside"
        say(f"{starts} flips, one a start: {refused} starts refused, {aside} with jobs set aside, none altered")
        self.assertGreater(refused + aside, 0)

    def write_jobs(self, folder: Folder) -> None:
        for part in range(2):  # the first half is checkpointed into the database, the second stays in the log
            life = Life(folder.database)
            jobs = [{"id": f"job-{part}-{i}", "delay": "1h", "payload": f"{part}-{i}" * 30} for i in range(40)]
            for i in range(0, 40, 5):
                self.assertEqual(life.enqueue(jobs[i:i + 5]).status, 202)
            life.kill() if part else life.end()

    def start_on_it(self, folder: Folder) -> str:
        life = Life(folder.database, wait=False)
        try:
            life.wait_until_listening()
        except AssertionError:
            self.assertEqual(life.wait(), 1, life.log)
            self.assertRegex(life.log, r"jobqd: \S.*", "it says why")
            return "refused"
        jobs = all_jobs(life)
        life.kill()
        for job in jobs:
            self.assertEqual(job["payload"], job["id"].removeprefix("job-") * 30)
        said = life.log.count("a damaged job is set aside")
        # Only the last transaction of a log may look as if a crash had interrupted it.
        self.assertGreaterEqual(len(jobs) + said, 75)
        return "set aside" if said else "sound"


class Scarcity(unittest.TestCase):
    def test_few_descriptors(self):
        with Folder() as folder:
            life = Life(folder.database, launcher=["prlimit", "--nofile=32:32"])
            history = History(tolerance_ms=SEVERAL_WORKERS_MS)
            first = life.connect()
            others = []
            for _ in range(100):  # more than there are descriptors
                others.append(life.connect())
            request = history.invoke([("a", "a", 0, False)])
            job = job_body({"id": "a", "payload": {"k": "a"}})
            self.assertEqual(first.request("POST", "/enqueue", job).read_answer().status, 202)
            history.ok(request)
            for connection in others:
                connection.close()
            eventually(lambda: self.serves(life), "it takes connections again")
            drain(life)
            life.kill()
            life = Life(folder.database)
            drain(life)  # the end of the last job may not have been written before the kill
            history.check(all_jobs(life), at_the_end=True)
            self.assertTrue(history.found.none(), history.found.examples())
            self.assertEqual(life.end(), 0)

    @staticmethod
    def serves(life: Life) -> bool:
        try:
            return life.ready()
        except NO_ANSWER:
            return False

    @unittest.skipIf(sanitized(), "sanitizers reserve terabytes of address space")
    def test_little_memory(self):
        """The daemon may refuse requests and may even end; acknowledged jobs are kept."""
        with Folder() as folder:
            life = Life(folder.database, launcher=["prlimit", f"--as={512 << 20}"], WORKERS="2", SIMULATE_MIN="1h",
                        SIMULATE_MAX="1h", SHUTDOWN_GRACE="0s")
            history = History(tolerance_ms=SEVERAL_WORKERS_MS)
            answers = set()
            try:
                with life.connect() as connection:
                    for i in range(120):
                        request = history.invoke([(str(i), str(i), 0, False)])
                        body = job_body({"id": str(i), "payload": {"k": str(i), "x": "x" * (8 << 20)}})
                        answer = connection.request("POST", "/enqueue", body).read_answer()
                        answers.add(answer.status)
                        history.ok(request) if answer.status == 202 else history.refused(request)
            except NO_ANSWER:
                pass
            ended = life.process.poll()
            life.kill()
            say(f"512 MiB of memory: {history.acknowledged} jobs of 8 MiB acknowledged, answers {answers}, "
                f"{'ended' if ended is not None else 'alive'}")
            self.assertLess(history.acknowledged, 120)
            life = Life(folder.database)
            there = {job["id"] for job in self.light(life)}
            self.assertEqual({str(job.id) for job in history.sent.values() if job.acked} - there, set())
            life.kill()

    @staticmethod
    def light(life: Life) -> list[dict]:
        """All jobs, in small pages, because they are large."""
        from durable import pages  # pylint: disable=import-outside-toplevel
        with life.connect() as connection:
            return [{"id": job["id"]} for job in pages(connection, limit="4")]


class Clock(unittest.TestCase):
    """The system time jumps; delays and backoff are measured by the monotonic clock."""

    OFFSETS = ("+3600", "-3600", "+2592000", "-2592000", "@2038-01-19 03:14:05", "+0")

    def setUp(self):
        if not FAKETIME.exists():
            say("SKIPPED: the package faketime is not installed")
            self.skipTest("the package faketime is not installed")
        if sanitized():
            self.skipTest("sanitizers do not go with libfaketime")

    def live(self, folder: Folder) -> Life:
        self.clock = folder.path / "clock"
        self.set_clock("+0")
        environment = {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.clock), "FAKETIME_NO_CACHE": "1",
                       "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        return Life(folder.database, environment=environment, SIMULATE_MIN="1ms", SIMULATE_MAX="5ms",
                    SIMULATE_FAILURE_RATE="0.5", BACKOFF_BASE="50ms", BACKOFF_CAP="400ms")

    def set_clock(self, offset: str) -> None:
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(offset + "\n", encoding="ascii")
        os.replace(fresh, self.clock)

    def test_each_jump_and_then_one_each_100_ms(self):
        chance = random.Random(seed())
        with Folder() as folder:
            life = self.live(folder)
            for offset in self.OFFSETS:
                self.assertTrue(self.enqueue(life, f"jump{offset}", 10))
                self.set_clock(offset)
                self.all_end_in_time(life)
            begun = time.monotonic()
            rounds = 0
            while time.monotonic() - begun < (60 if torture() else 4):
                self.enqueue(life, f"strobe-{rounds}", 3)
                rounds += 1
                self.set_clock(chance.choice(self.OFFSETS))
                threading.Event().wait(0.1)
            self.all_end_in_time(life)
            jobs = all_jobs(life)
            most = max(job["attempts"] for job in jobs)
            say(f"{rounds} jumps, {len(jobs)} jobs, at most {most} attempts of 6")
            self.assertLessEqual(most, 6)
            self.assertFalse([job for job in jobs if job["failures"] + job["interruptions"] > job["attempts"]])
            life.signal(signal.SIGTERM)
            self.assertEqual(life.wait(), 0)

    def enqueue(self, life: Life, name: str, count: int) -> bool:
        jobs = [{"id": f"{name}-{i}", "max_retries": 5, "delay": 0.05 * i, "payload": None} for i in range(count)]
        return life.enqueue(jobs).status == 202

    def all_end_in_time(self, life: Life) -> None:
        """Each delay is below 500 ms and the backoff of a job below 2 s in all, so 5 s more than that is too long."""
        begun = time.monotonic()
        drain(life)
        self.assertLess(time.monotonic() - begun, 7.5)


if __name__ == "__main__":
    unittest.main()
