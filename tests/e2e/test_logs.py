"""Logs: one line for each event, no client can forge a line, and nothing waits for them to be read."""

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from support import AT_ONCE, BINARY, PATIENCE, Daemon, DaemonTest, eventually

EVIL = 'x 2026-01-01T00:00:00.000Z info  forged="\x7f" \u2028 \u202e é'


class Logs(DaemonTest):
    def run_evil_job(self, **settings):
        daemon = self.start(**(AT_ONCE | settings))
        # Ids with control characters below U+0020 are refused; all other characters have to be harmless in the log.
        self.assertEqual(daemon.enqueue({"id": EVIL.replace("\x7f", "")}).status, 202)
        daemon.wait_for_line("job done|job failed")
        daemon.stop()
        return daemon

    def test_text_lines_start_with_time_and_level_and_hold_ascii_only(self):
        daemon = self.run_evil_job()
        for line in daemon.lines:
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info |warn |error) \w[\x20-\x7e]*$")

    def test_json_lines_are_objects_and_give_ids_back_unchanged(self):
        daemon = self.run_evil_job(LOG_FORMAT="json")
        events = [json.loads(line) for line in daemon.lines]
        self.assertEqual({"time", "level", "message"} - set(events[0]), set())
        done = [event for event in events if event["message"] == "job done"]
        self.assertEqual([event["id"] for event in done], [EVIL.replace("\x7f", "")])

    def test_a_job_that_failed_for_good_is_logged_with_its_error(self):
        daemon = self.start(LOG_LEVEL="info", **(AT_ONCE | {"SIMULATE_FAILURE_RATE": "1"}))
        daemon.enqueue({"id": "a", "payload": "a secret"})
        daemon.wait_for_line(r'info  job failed id=a queue=default attempt=1 error="simulated failure" reason=exhausted$')
        self.assertNotIn("secret", daemon.log)

    def test_a_flood_of_failures_is_counted(self):
        daemon = self.start(LOG_LEVEL="info", QUEUE_SIZE="10000", **(AT_ONCE | {"SIMULATE_FAILURE_RATE": "1"}))
        daemon.enqueue([{} for _ in range(5000)])
        eventually(lambda: daemon.count("failed") == 5000, "all have failed")

        def all_told():
            more = sum(int(match[1]) for match in re.finditer(r"info  more jobs failed queue=default jobs=(\d+)$", daemon.log, re.MULTILINE))
            return more + daemon.log.count(" job failed ") == 5000
        eventually(all_told, "each is logged or counted")
        self.assertLess(daemon.log.count(" job failed "), 500)


class Admin(DaemonTest):
    def test_each_change_by_an_operator_is_one_line(self):
        daemon = self.start(LOG_LEVEL="info", SIMULATE_MIN="1h", SIMULATE_MAX="1h", WORKERS="1")
        daemon.enqueue([{"id": "a"}] + [{"id": name, "delay": "1h"} for name in "bcd"])
        eventually(lambda: daemon.count("running") == 1, "a runs")
        for method, path in (("POST", "jobs/a/cancel"), ("POST", "jobs/b/cancel"), ("POST", "jobs/b/retry"), ("DELETE", "jobs/c"),
                             ("POST", "queues/default/pause"), ("POST", "queues/default/purge?dry_run=true"),
                             ("POST", "queues/default/purge"), ("POST", "queues/default/retry?reason=cancelled"),
                             ("POST", "queues/default/resume")):
            daemon.request(method, f"/v1/{path}")
        daemon.request("DELETE", "/v1/jobs/nobody")
        daemon.stop()
        lines = [line[25:] for line in daemon.lines if " admin " in line]
        wanted = [("cancel", "a", 1), ("cancel", "b", 1), ("retry", "b", 1), ("delete", "c", 1), ("pause", "default", 1),
                  ("purge", "default", r"\d"), ("retry", "default", r"\d"), ("resume", "default", 1)]
        self.assertEqual(len(lines), len(wanted), lines)
        for line, (action, target, count) in zip(lines, wanted):
            self.assertRegex(line, rf"^info  admin action={action} target={target} count={count} from=127\.0\.0\.1:\d+$")


REMOTE = '[queues.desk]\nprocessor = "remote"\ncapacity = 100000\n'

# A daemon that stops waits a second for its log. The rest is for a slow machine.
STOPS_WITHIN = 15.0


def job_lines(daemon) -> list:
    return [line for line in daemon.lines if " job done " in line]


def dropped(daemon) -> int:
    """The lines of the log that were dropped, as the log itself says."""
    found = (re.search(r"log lines were dropped: .* lines=(\d+)$", line) for line in daemon.lines)
    return sum(int(match[1]) for match in found if match)


class NobodyReads(DaemonTest):
    """Standard error is a pipe that is full after some lines."""

    def test_requests_probes_scheduler_and_journal_do_not_wait_and_no_line_is_lost(self):
        daemon = self.start(CONFIG=self.config_file(REMOTE), STORE="sqlite:jobs.db", QUEUE_SIZE="10000", **AT_ONCE)
        daemon.stop_reading_log()
        with daemon.connect() as connection:
            def call(method, path, body=None):
                text = None if body is None else json.dumps(body)
                answer = connection.request(method, path, text).read_answer()
                self.assertLess(answer.status, 300, answer)
                return answer.json() if answer.body else None
            for i in range(300):  # the lines of these come from the http thread
                call("POST", "/enqueue", {"id": f"remote-{i}", "queue": "desk"})
                job = call("POST", "/v1/queues/desk/lease", {"lease": "60s"})["jobs"][0]
                call("POST", f"/v1/jobs/{job['id']}/complete", {"token": job["lease"]["token"]})
            call("POST", "/enqueue", [{"id": f"own-{i}"} for i in range(300)])  # of these from workers
            call("POST", "/enqueue", {"id": "late", "queue": "desk"})
            call("POST", "/v1/queues/desk/lease", {"lease": "1s"})  # of this one from the scheduler, when it runs out
            call("POST", "/enqueue", {"id": "delayed", "delay": "1100ms"})
        for job_id in [f"own-{i}" for i in range(300)] + ["delayed"]:
            self.assertEqual(daemon.finished(job_id)["status"], "done")
        eventually(lambda: daemon.job("late")["interruptions"] == 1, "the lease runs out")
        self.assert_healthy(daemon)
        daemon.reads_log.set()
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(dropped(daemon), 0)
        self.assertEqual(len(job_lines(daemon)), 601)
        remote = [line for line in job_lines(daemon) if "id=remote-" in line]
        self.assertEqual([re.search(r"remote-(\d+)", line)[1] for line in remote], [str(i) for i in range(300)])
        self.assertRegex(daemon.log, "a lease ran out.* id=late ")
        self.assertRegex(daemon.lines[-1], "stopped done=601 ")

    def test_the_oldest_lines_of_jobs_are_dropped_and_counted_and_those_of_the_daemon_kept(self):
        config = Path(self.config_file("[queues.other]\nworkers = 2\n"))
        daemon = self.start(CONFIG=str(config), QUEUE_SIZE="100000", **AT_ONCE)
        daemon.stop_reading_log()
        jobs = [{"id": f"{i:04}" + 120 * "é"} for i in range(8000)]  # 7 MiB of lines
        for i in range(0, len(jobs), 1000):
            self.assertEqual(daemon.enqueue(jobs[i:i + 1000]).status, 202)
            config.write_text(f"[queues.other]\nworkers = {3 + i // 1000}\n", encoding="utf-8")
            daemon.signal(signal.SIGHUP)
        eventually(lambda: daemon.count("queued") + daemon.count("running") == 0, "all jobs are done")
        self.assert_healthy(daemon)
        daemon.reads_log.set()
        # All of it before the stop, which waits only a second for a reader that may be slow.
        eventually(lambda: len(job_lines(daemon)) + dropped(daemon) == len(jobs), "the log has or counts every job")
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(len(job_lines(daemon)) + dropped(daemon), len(jobs))
        self.assertGreater(dropped(daemon), 0)
        self.assertIn("id=\"7999", daemon.log)
        self.assertGreater(daemon.log.count("configuration read again"), 0)
        self.assertRegex(daemon.log, "configuration read again changed=queues.other.workers")
        self.assertRegex(daemon.lines[-1], "stopped done=8000 ")
        gap = next(i for i, line in enumerate(daemon.lines) if "log lines were dropped" in line)
        after = [line for line in daemon.lines[gap:] if " job done " in line]
        self.assertGreater(len(after), 1000, "the latest lines are kept, after the gap")

    def test_a_stop_waits_a_second_for_it_and_no_longer(self):
        daemon = self.start(SHUTDOWN_GRACE="1h", QUEUE_SIZE="10000", **AT_ONCE)
        daemon.stop_reading_log()
        daemon.enqueue([{"id": f"job-{i}"} for i in range(1000)])
        daemon.finished("job-999")
        begin = time.monotonic()
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.process.wait(PATIENCE), 0)
        self.assertLess(time.monotonic() - begin, STOPS_WITHIN)

    def test_a_start_that_fails_does_not_wait_for_standard_error(self):
        for settings, exit_code in (({"WORKERS": "many"}, 2), ({"STORE": "sqlite:/nowhere/jobs.db"}, 1)):
            reading, writing = os.pipe()
            try:
                fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
                os.write(writing, 4096 * b"x")
                begin = time.monotonic()
                process = subprocess.Popen([BINARY], env={"LISTEN": "127.0.0.1:0", "STORE": "memory"} | settings,
                                           stderr=writing)
                self.addCleanup(process.kill)
                self.assertEqual(process.wait(PATIENCE), exit_code)
                self.assertLess(time.monotonic() - begin, STOPS_WITHIN)
            finally:
                os.close(reading)
                os.close(writing)


class _At(Daemon):
    """A daemon whose port is known and whose log is not there."""

    def __init__(self, port: int):  # pylint: disable=super-init-not-called
        self.port = port

    def serves(self) -> bool:
        try:
            return self.get("/readyz").status == 200
        except OSError:
            return False


class NobodyCanRead(DaemonTest):
    """Standard error takes nothing at all."""

    def run_jobs(self, **options) -> None:
        """A daemon with this standard error works, stops, and leaves a sound file."""
        with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
            free.close()
            settings = {"LISTEN": f"127.0.0.1:{port}", "STORE": "sqlite:jobs.db", "LOG_LEVEL": "debug",
                        "QUEUE_SIZE": "10000"}
            process = subprocess.Popen([BINARY], env=settings | AT_ONCE, cwd=folder, stdin=subprocess.DEVNULL, **options)
            self.addCleanup(process.kill)
            daemon = _At(port)
            eventually(lambda: daemon.serves() or process.poll() is not None, "it serves")
            self.assertEqual(daemon.enqueue([{"id": f"job-{i}"} for i in range(500)]).status, 202)
            for i in range(500):
                self.assertEqual(daemon.finished(f"job-{i}")["status"], "done")
            self.assert_healthy(daemon)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(PATIENCE), 0)
            check = subprocess.run([BINARY, "check", "jobs.db"], cwd=folder, capture_output=True, text=True, check=False)
            self.assertEqual(check.returncode, 0, check.stdout)

    def test_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            self.run_jobs(stderr=full)

    def test_a_reader_that_has_gone(self):
        reading, writing = os.pipe()
        os.close(reading)
        with open(writing, "wb") as pipe:
            self.run_jobs(stderr=pipe)

    def test_closed_and_the_file_of_the_store_does_not_take_its_place(self):
        self.run_jobs(preexec_fn=lambda: os.close(2))
        self.run_jobs(preexec_fn=lambda: os.closerange(0, 3))


if __name__ == "__main__":
    unittest.main()
