"""The workers that the documentation prints work as they are printed: also when the work takes longer than the lease and the
daemon is restarted meanwhile."""

import os
import re
import signal
import subprocess
import sys
import time
import unittest
from typing import NamedTuple

from durable import Folder
from support import ROOT, Daemon, eventually
from test_remote import RemoteTest

PAGE = ROOT / "docs" / "http-api.md"


class Language(NamedTuple):
    name: str
    command: list
    slower: tuple  # pairs of a text of the program and what takes its place, for a lease of 3 s and work of 8 s
    job_id: str  # the ids of its jobs


PYTHON = Language("python", [sys.executable, "-uc"],
                  (("LEASE = \"http://127.0.0.1:8080\", 60", "LEASE = \"http://127.0.0.1:8080\", 3"),
                   ("def work(payload, cancelled):\n", "def work(payload, cancelled):\n    time.sleep(8)\n")), "a job ")
BASH = Language("bash", ["bash", "-c"],
                ((" lease=60 ", " lease=3 "), ("work() { ", "work() { sleep 8; ")), "a-job-")
LANGUAGES = (PYTHON, BASH)


class Examples(RemoteTest):
    def start_worker(self, language: Language, port: int, slow: bool = False) -> subprocess.Popen:
        block, = re.findall(rf"^```{language.name}\n(.*?/lease.*?)^```$", PAGE.read_text(encoding="utf-8"), re.S | re.M)
        for text, instead in language.slower if slow else ():
            self.assertEqual(block.count(text), 1, text)
            block = block.replace(text, instead)
        self.assertIn("127.0.0.1:8080", block)
        program = block.replace("127.0.0.1:8080", f"127.0.0.1:{port}")
        worker = subprocess.Popen([*language.command, program], stdout=subprocess.DEVNULL, start_new_session=True)
        self.addCleanup(self.end_group, worker)
        return worker

    def end_group(self, worker: subprocess.Popen) -> None:
        try:
            os.killpg(worker.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        worker.wait()

    def assert_stops_cleanly(self, worker: subprocess.Popen) -> None:
        """It ends by itself, and leaves no process behind."""
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(60), 0)

        def is_over():
            try:
                os.killpg(worker.pid, 0)
            except ProcessLookupError:
                return True
        eventually(is_over, "no process of the worker is left")

    def finished_job(self, daemon: Daemon, job_id: str) -> dict:
        return daemon.finished(job_id.replace(" ", "%20"))

    def test_numbers_are_doubled_and_wrong_ones_fail(self):
        for language in LANGUAGES:
            with self.subTest(language.name):
                daemon = self.begin()
                worker = self.start_worker(language, daemon.port)
                for number in range(3):
                    self.work(daemon, f"{language.job_id}{number}", payload={"n": number})
                self.work(daemon, "wrong", payload={"n": "a word"})
                for number in range(3):
                    job = self.finished_job(daemon, f"{language.job_id}{number}")
                    self.assertEqual((job["status"], job["result"]), ("done", 2 * number))
                wrong = daemon.finished("wrong")
                self.assertEqual((wrong["status"], wrong["attempts"]), ("failed", 1))
                self.assertIsNone(worker.poll(), "it goes on")
                self.assert_stops_cleanly(worker)

    def restart(self, daemon: Daemon, how: int, store: str) -> Daemon:
        daemon.signal(how)
        daemon.wait()
        return self.begin(STORE=store, LISTEN=f"127.0.0.1:{daemon.port}", exit_code=None)

    def test_work_longer_than_the_lease_survives_a_restart(self):
        for language in LANGUAGES:
            for how in (signal.SIGTERM, signal.SIGKILL):
                with self.subTest(language.name, how=how), Folder() as folder:
                    store = f"sqlite:{folder.database}"
                    daemon = self.begin(STORE=store, SHUTDOWN_GRACE="1h", exit_code=None)
                    self.start_worker(language, daemon.port, slow=True)
                    self.work(daemon, "a", payload={"n": 4})
                    eventually(lambda: daemon.job("a")["status"] == "running", "the worker has it")
                    again = self.restart(daemon, how, store)
                    job = again.finished("a")
                    self.assertEqual((job["status"], job["result"], job["attempts"], job["interruptions"]), ("done", 8, 1, 0))
                    again.stop()

    def test_a_worker_that_stops_finishes_its_job(self):
        for language in LANGUAGES:
            with self.subTest(language.name):
                daemon = self.begin()
                worker = self.start_worker(language, daemon.port, slow=True)
                self.work(daemon, "a", payload={"n": 4})
                eventually(lambda: daemon.job("a")["status"] == "running", "the worker has it")
                self.work(daemon, "b", payload={"n": 5})
                self.assert_stops_cleanly(worker)
                job = daemon.job("a")
                self.assertEqual((job["status"], job["result"], job["attempts"]), ("done", 8, 1))
                self.assertEqual(daemon.job("b")["attempts"], 0, "it takes no other job")

    def test_the_end_of_a_job_waits_until_the_daemon_is_back(self):
        for language in LANGUAGES:
            with self.subTest(language.name), Folder() as folder:
                store = f"sqlite:{folder.database}"
                daemon = self.begin(STORE=store, exit_code=None)
                worker = self.start_worker(language, daemon.port, slow=True)
                self.work(daemon, "a", payload={"n": 4})
                eventually(lambda: daemon.job("a")["status"] == "running", "the worker has it")
                begun = time.monotonic()
                daemon.stop()
                eventually(lambda: time.monotonic() > begun + 9, "the work is done, and nobody takes the result")
                again = self.begin(STORE=store, LISTEN=f"127.0.0.1:{daemon.port}")
                job = again.finished("a")
                self.assertEqual((job["result"], job["attempts"], job["interruptions"]), (8, 1, 0))
                self.assert_stops_cleanly(worker)


if __name__ == "__main__":
    unittest.main()
