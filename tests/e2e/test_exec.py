"""The exec processor with real programs."""

import ctypes
import os
import re
import signal
import tempfile
import time
import unittest
from pathlib import Path
from typing import Optional

from durable import Folder, Life, sanitized
from support import DaemonTest, eventually

CONFIG = """
[queues.work]
processor = "exec"
command = ["/bin/sh", "-c", '''{script}''']
env = ["PATH"]
workers = 2
backoff = ["0s"]
"""


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split(") ")[1][0] == "Z"
    except FileNotFoundError:
        return True


def children(pid: int) -> list[str]:
    """Of all threads of this process, those that have ended and wait to be reaped among them."""
    return [child for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text(encoding="ascii").split()]


class Programs(DaemonTest):
    def run_queue(self, script: str, exit_code: Optional[int] = 0):
        config = self.config_file(CONFIG.format(script=script))
        return self.start(CONFIG=config, SHUTDOWN_GRACE="0s", exit_code=exit_code)

    def ended(self, daemon, job: dict) -> dict:
        daemon.enqueue({"queue": "work"} | job)
        return daemon.get(f"/v1/jobs/{job['id']}?wait=20s").json()

    def test_request_and_reply(self):
        daemon = self.run_queue("tr a-z A-Z")
        self.assertEqual(self.ended(daemon, {"id": "a", "payload": "some text"})["result"], "SOME TEXT")

    def test_a_program_gets_the_trace_of_its_job(self):
        """As the producer sent it; none where it sent none, whatever the daemon's own environment has."""
        config = self.config_file(CONFIG.format(script='echo "${TRACEPARENT-none}"').replace('["PATH"]', '["PATH", "TRACEPARENT"]'))
        daemon = self.start(CONFIG=config, TRACEPARENT="00-11111111111111111111111111111111-1111111111111111-01")
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        daemon.enqueue({"id": "traced", "queue": "work"}, traceparent=trace)
        self.assertEqual(daemon.finished("traced")["result"], trace)
        self.assertEqual(self.ended(daemon, {"id": "untraced"})["result"], "none")

    def test_a_program_that_fails_is_retried_with_its_last_words(self):
        daemon = self.run_queue('test "$JOB_ATTEMPT" = 3 || { echo "not yet $JOB_ID" >&2; exit 1; }')
        job = self.ended(daemon, {"id": "a", "max_retries": 5})
        self.assertEqual((job["status"], job["attempts"], job["failures"]), ("done", 3, 2))
        job = self.ended(daemon, {"id": "b", "max_retries": 1})
        self.assertEqual((job["status"], job["reason"], job["last_error"]), ("failed", "exhausted", "exit code 1: not yet b"))

    def test_a_program_may_say_that_trying_again_is_pointless(self):
        job = self.ended(self.run_queue("exit 65"), {"id": "a", "max_retries": 5})
        self.assertEqual((job["status"], job["reason"], job["attempts"]), ("failed", "rejected", 1))

    def test_a_timeout_ends_the_program_and_counts_as_a_failure(self):
        job = self.ended(self.run_queue("sleep 60"), {"id": "a", "timeout": "200ms"})
        self.assertEqual((job["status"], job["reason"], job["last_error"]), ("failed", "exhausted", "timed out after 200 ms"))

    def test_a_cancel_ends_the_program(self):
        with tempfile.TemporaryDirectory() as folder:
            daemon = self.run_queue(f"echo $$ > {folder}/pid; exec sleep 60")
            daemon.enqueue({"id": "a", "queue": "work"})
            eventually(lambda: os.path.exists(f"{folder}/pid") and Path(f"{folder}/pid").read_text(encoding="utf-8").strip(), "it runs")
            pid = int(Path(f"{folder}/pid").read_text(encoding="utf-8"))
            self.assertEqual(daemon.post("/v1/jobs/a/cancel").status, 200)
            self.assertEqual(daemon.get("/v1/jobs/a?wait=10s").json()["reason"], "cancelled")
            self.assertTrue(is_gone(pid))

    def test_a_stop_interrupts_the_program(self):
        with Folder() as folder:
            config = folder.config(CONFIG.format(script="sleep 60"))
            life = Life(folder.database, CONFIG=str(config), SHUTDOWN_GRACE="0s")
            life.enqueue({"id": "a", "queue": "work"})
            eventually(lambda: life.job("a")["status"] == "running", "it runs")
            begun = time.monotonic()
            self.assertEqual(life.end(), 0)
            self.assertLess(time.monotonic() - begun, 4)
            life = Life(folder.database, CONFIG=str(config))
            self.assertEqual((life.job("a")["interruptions"], life.job("a")["failures"]), (1, 0))
            life.kill()

    def test_programs_die_with_the_daemon(self):
        with tempfile.TemporaryDirectory() as folder:
            daemon = self.run_queue(f"echo $$ > {folder}/$JOB_ID; exec sleep 60", exit_code=None)
            for name in ("a", "b"):
                daemon.enqueue({"id": name, "queue": "work"})
            eventually(lambda: all(os.path.exists(f"{folder}/{name}") and Path(f"{folder}/{name}").read_text(encoding="utf-8").strip()
                                   for name in ("a", "b")), "both run")
            pids = [int(Path(f"{folder}/{name}").read_text(encoding="utf-8")) for name in ("a", "b")]
            daemon.process.send_signal(signal.SIGKILL)
            daemon.process.wait()
            eventually(lambda: all(map(is_gone, pids)), "the programs are gone")

    def test_answers_are_json_for_any_output_of_programs(self):
        outputs = {"mark": rb"""printf '\357\273\277{"ok":true}'""", "nul": rb"""printf '{"ok":true}\000'""",
                   "more": rb"""printf '1\000,"status":"done"'""", "latin": rb"""printf '\344'""", "two": b"echo 1; echo 2",
                   "deep": b"yes '[' | head -n 100; yes ']' | head -n 100", "huge": b"echo 1e999"}
        script = "case $JOB_ID in " + " ".join(f"{name}) {line.decode()};;" for name, line in outputs.items())
        script += r" wrong) printf '\377\303' >&2; exit 1;; esac"
        with Folder() as folder:
            config = folder.config(CONFIG.format(script=script))
            life = Life(folder.database, CONFIG=str(config))
            names = [*outputs, "wrong"]
            for name in names:
                life.enqueue({"id": name, "queue": "work"})

            def ended():
                return [job for job in map(life.job, names) if job["status"] in ("done", "failed")]

            eventually(lambda: len(ended()) == len(names), "all have ended")
            before = {job["id"]: (job.get("result"), job.get("last_error")) for job in ended()}
            self.assertEqual(before["mark"], ('\ufeff{"ok":true}', None))
            self.assertEqual(before["nul"], ('{"ok":true}\0', None))
            self.assertEqual(before["more"], ('1\0,"status":"done"', None))
            self.assertEqual(before["latin"], ("\ufffd", None))
            self.assertEqual(before["two"], ("1\n2", None))
            self.assertEqual(before["wrong"], (None, "exit code 1: \ufffd\ufffd"))
            self.assertIsInstance(before["deep"][0], str)
            self.assertEqual(before["huge"], ("1e999", None))
            life.kill()
            life = Life(folder.database, CONFIG=str(config))
            self.assertEqual({job["id"]: (job.get("result"), job.get("last_error")) for job in ended()}, before)
            life.kill()

    def test_signals_that_the_daemon_was_started_with_are_not_the_programs(self):
        numbers = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}

        def ignore_and_block():
            for number in numbers:
                signal.signal(number, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, numbers)

        config = self.config_file(CONFIG.format(script="grep -E 'Sig(Blk|Ign)' /proc/self/status"))
        daemon = self.start(CONFIG=config, SHUTDOWN_GRACE="0s", prepare=ignore_and_block)
        for name in "abcd":
            job = self.ended(daemon, {"id": name})
            self.assertEqual((job["status"], job.get("last_error")), ("done", None))
            self.assertEqual(re.findall(r"\d{16}", job["result"]), ["0" * 16] * 2, job["result"])

    def test_orphans_of_programs_are_reaped_where_the_daemon_adopts_them(self):
        pr_set_child_subreaper = 36
        libc = ctypes.CDLL(None, use_errno=True)
        config = self.config_file(CONFIG.format(script='setsid sh -c "sleep 0.1; exit 3" & setsid true & exit 0'))
        daemon = self.start(CONFIG=config, SHUTDOWN_GRACE="0s", prepare=lambda: libc.prctl(pr_set_child_subreaper, 1, 0, 0, 0))
        ids = [str(number) for number in range(50)]
        daemon.enqueue([{"id": name, "queue": "work"} for name in ids])
        for name in ids:  # and no status is taken from its worker
            job = daemon.finished(name)
            self.assertEqual((job["status"], job.get("last_error"), job["attempts"]), ("done", None, 1))
        eventually(lambda: not children(daemon.process.pid), "all orphans are reaped")

    @unittest.skipIf(sanitized(), "without a free descriptor, UBSan takes sound objects for invalid ones: it looks at memory by a pipe")
    def test_jobs_do_not_pay_for_a_shortage_of_the_daemon(self):
        config = self.config_file(CONFIG.format(script="sleep 0.2").replace("workers = 2", "workers = 60\nmax_retries = 0\ncapacity = 100"))
        daemon = self.start(CONFIG=config, MAX_CONNECTIONS="10", SHUTDOWN_GRACE="0s", descriptors=120)
        daemon.wait_for_line(r"the workers of queues may need more open files than this process may have")
        names = [str(number) for number in range(60)]
        daemon.enqueue([{"id": name, "queue": "work"} for name in names])
        daemon.wait_for_line("attempts cannot start: their jobs wait queue=work")
        self.assertRegex(daemon.get("/readyz?verbose").body.decode(),
                         r"(?m)^queue work: shortage: cannot run /bin/sh: Too many open files$")
        for name in names:
            job = daemon.finished(name)
            self.assertEqual((job["status"], job.get("last_error"), job["attempts"], job["failures"]), ("done", None, 1, 0))
        self.assertRegex(daemon.log, r"warn +attempts cannot start: their jobs wait queue=work why=.*Too many open files")
        daemon.wait_for_line("attempts can start again queue=work not_started=[1-9]")

    def test_a_program_without_an_absolute_path_ends_the_start(self):
        daemon = self.run_to_end(CONFIG=self.config_file('[queues.work]\nprocessor = "exec"\ncommand = ["program"]\n'))
        self.assertEqual(daemon.process.returncode, 2)
        self.assertIn('queues.work.command: "program" ', daemon.log)


if __name__ == "__main__":
    unittest.main()
