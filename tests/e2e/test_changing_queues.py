"""Queues that come and go by SIGHUP, and queues that do not work, without a stop of the daemon."""

import json
import os
import signal
import unittest
from pathlib import Path

from durable import Folder, Life
from support import AT_ONCE, HELD, DaemonTest, eventually

MAIL = """
[queues.mail]
workers = 1
simulate = { min = "0s", max = "0s", failure_rate = 0 }
"""

UPPER = """
[queues.upper]
processor = "exec"
command = ["{program}", "a-z", "A-Z"]
"""


class ChangingQueues(DaemonTest):
    def begin(self, text, **settings):
        self.path = self.config_file(text)
        return self.start(CONFIG=self.path, **settings)

    def reload(self, daemon, text, line="configuration read again"):
        Path(self.path).write_text(text, encoding="utf-8")
        lines = daemon.log.count(line)
        daemon.signal(signal.SIGHUP)
        eventually(lambda: daemon.log.count(line) > lines, line)
        return [said for said in daemon.log.splitlines() if line in said][-1]

    def queue(self, daemon, name):
        return daemon.get(f"/v1/queues/{name}").json()

    def ended(self, daemon, job):
        self.assertEqual(daemon.enqueue(job).status, 202)
        return daemon.finished(job["id"])


class Reloads(ChangingQueues):
    def test_a_queue_is_added_removed_and_comes_back(self):
        daemon = self.begin("", **AT_ONCE)
        self.assert_problem(daemon.enqueue({"queue": "mail"}), 404, "queue-not-found")
        self.assertIn("changed=queues.mail needs_a_restart=nothing", self.reload(daemon, MAIL))
        self.assertEqual(self.ended(daemon, {"id": "a", "queue": "mail"})["status"], "done")
        daemon.post("/v1/queues/mail/pause")
        for job_id in "bc":
            self.assertEqual(daemon.enqueue({"id": job_id, "queue": "mail"}).status, 202)
        self.assertIn("changed=queues.mail needs_a_restart=nothing", self.reload(daemon, ""))
        self.assert_problem(daemon.enqueue({"queue": "mail"}), 404, "queue-not-found")
        self.assertEqual(daemon.job("b")["reason"], "no_queue")
        self.assertEqual(daemon.job("a")["status"], "done")
        left = self.queue(daemon, "mail")
        self.assertEqual((left["configured"], left["queued"], left["reasons"]["no_queue"]), (False, 2, 2))
        self.assertEqual([job["id"] for job in daemon.all_jobs(queue="mail")], ["c", "b", "a"])
        self.assertEqual(daemon.request("DELETE", "/v1/jobs/c").status, 204)
        self.reload(daemon, MAIL)
        self.assertEqual(daemon.job("b")["reason"], "paused")
        daemon.post("/v1/queues/mail/resume")
        self.assertEqual(daemon.finished("b")["status"], "done")
        self.reload(daemon, "")
        for job_id in "ab":
            daemon.request("DELETE", f"/v1/jobs/{job_id}")
        self.assert_problem(daemon.get("/v1/queues/mail"), 404, "queue-not-found")

    def test_what_is_left_of_a_removed_queue_is_purged(self):
        daemon = self.begin("[queues.mail]\n", QUEUE_SIZE="10", WORKERS="1", **HELD)
        daemon.enqueue([{"queue": "mail", "delay": "1h"} for _ in range(5)])
        self.reload(daemon, "")
        self.assertEqual(self.queue(daemon, "mail")["reasons"]["no_queue"], 5)
        self.assertEqual(daemon.post("/v1/queues/mail/purge").json(), {"count": 5})
        self.assertEqual([queue["name"] for queue in daemon.get("/v1/queues").json()["queues"]], ["default"])

    def test_a_job_that_runs_ends_in_a_removed_queue(self):
        daemon = self.begin("[queues.mail]\nworkers = 1\n", **HELD)
        daemon.enqueue([{"id": job_id, "queue": "mail"} for job_id in "ab"])
        daemon.wait_for_line("only simulates its jobs")  # A worker has it: a status of running comes a moment earlier.
        self.reload(daemon, "")
        self.assertEqual((daemon.job("a")["status"], daemon.job("b")["reason"]), ("running", "no_queue"))
        daemon.post("/v1/jobs/a/cancel")
        self.assertEqual(daemon.finished("a")["reason"], "cancelled")
        self.assertEqual(daemon.job("b")["reason"], "no_queue")

    def test_the_default_queue_stays(self):
        daemon = self.begin("[queues.default]\nmax_retries = 3\n", **AT_ONCE)
        self.reload(daemon, "")
        self.assertEqual(self.ended(daemon, {"id": "a"})["max_retries"], 0)

    def test_processors_change(self):
        daemon = self.begin(UPPER.format(program="/usr/bin/tr"))
        self.assertEqual(self.ended(daemon, {"id": "a", "queue": "upper", "payload": "text"})["result"], "TEXT")
        said = self.reload(daemon, '[queues.upper]\nprocessor = "exec"\ncommand = ["/bin/cat"]\n')
        self.assertIn("changed=queues.upper.command needs_a_restart=nothing", said)
        self.assertEqual(self.ended(daemon, {"id": "b", "queue": "upper", "payload": "text"})["result"], "text")
        self.reload(daemon, '[queues.upper]\nprocessor = "remote"\n')
        self.assertEqual((self.queue(daemon, "upper")["processor"], self.queue(daemon, "upper")["workers"]), ("remote", 0))
        daemon.enqueue({"id": "c", "queue": "upper"})
        leased, = daemon.post("/v1/queues/upper/lease", "{}").json()["jobs"]
        self.reload(daemon, MAIL.replace("mail", "upper"))
        token = json.dumps({"token": leased["lease"]["token"], "result": 7})
        self.assertEqual(daemon.post("/v1/jobs/c/complete", token).status, 204)
        self.assert_problem(daemon.post("/v1/queues/upper/lease", "{}"), 400, "invalid-field")
        self.assertEqual(self.ended(daemon, {"id": "d", "queue": "upper"})["status"], "done")

    def test_an_error_leaves_everything_as_it_was(self):
        daemon = self.begin(MAIL, **AT_ONCE)
        self.reload(daemon, "[queues.new]\n[queues.newer]\nworkers = 0\n", "the configuration stays as it was")
        self.assertEqual([queue["name"] for queue in daemon.get("/v1/queues").json()["queues"]], ["default", "mail"])
        self.assertEqual(self.ended(daemon, {"id": "a", "queue": "mail"})["status"], "done")


class Surroundings(ChangingQueues):
    def test_a_missing_program_stops_its_queue_alone_until_it_is_there(self):
        folder = self.enterContext(Folder())
        program = folder.path / "tr"
        daemon = self.begin(UPPER.format(program=program) + MAIL)
        why = f"command: {program}: No such file or directory"
        daemon.wait_for_line(r"warn +the queue does not work: its jobs wait queue=upper why=.*No such file")
        self.assertEqual(daemon.enqueue({"id": "a", "queue": "upper", "payload": "text"}).status, 202)
        self.assertEqual(self.ended(daemon, {"id": "b", "queue": "mail"})["status"], "done")
        self.assertEqual((daemon.job("a")["status"], daemon.job("a")["reason"]), ("queued", "not_working"))
        shown = self.queue(daemon, "upper")
        self.assertEqual((shown["not_working"], shown["reasons"]["not_working"], shown["processor"]), (why, 1, "exec"))
        self.assertNotIn("not_working", self.queue(daemon, "mail"))
        self.assert_healthy(daemon)
        verbose = daemon.get("/readyz?verbose")
        self.assertEqual(verbose.status, 200)
        self.assertIn(f"\nqueue upper: not_working: {why}\n", verbose.body.decode())
        self.assertIn("\nqueue mail: ok\n", verbose.body.decode())

        os.symlink("/usr/bin/tr", program)
        self.reload(daemon, UPPER.format(program=program) + MAIL)
        daemon.wait_for_line(r"info +the queue works again queue=upper")
        self.assertEqual(daemon.finished("a")["result"], "TEXT")

    def test_a_queue_is_tried_again_after_30_seconds(self):
        folder = self.enterContext(Folder())
        program = folder.path / "tr"
        daemon = self.begin(UPPER.format(program=program))
        daemon.enqueue({"id": "a", "queue": "upper", "payload": "text"})
        os.symlink("/usr/bin/tr", program)
        daemon.wait_for_line(r"info +the queue works again queue=upper")
        self.assertEqual(daemon.finished("a")["result"], "TEXT")

    def test_secrets_files_and_addresses_are_surroundings(self):
        for keys, why in (('url = "https://example.com/"\nsecret_env = ["NOT_SET"]', "secret_env: NOT_SET is not set"),
                          ('url = "https://example.com/"\nsecret_file = ["/nowhere/secret"]', "secret_file: /nowhere/secret: No such file or directory"),
                          ('url = "https://example.com/"\nca_file = "/nowhere/ca.pem"', "ca_file: "),
                          ('url = "http://127.0.0.1:1/"', "url: 127.0.0.1 is in no allowed network (allow_networks)"),
                          ('url = "http://[::1]/"', "url: ::1 is in no allowed network (allow_networks)")):
            with self.subTest(keys):
                daemon = self.begin(f'[queues.hook]\nprocessor = "http"\n{keys}\n')
                self.assertTrue(self.queue(daemon, "hook")["not_working"].startswith(why), self.queue(daemon, "hook"))
                self.assertEqual(daemon.enqueue({"queue": "hook"}).status, 202)

    def test_a_name_is_not_looked_up_at_the_start(self):
        daemon = self.begin('[queues.hook]\nprocessor = "http"\nurl = "http://no-such-name.invalid/"\n')
        self.assertNotIn("not_working", self.queue(daemon, "hook"))

    def test_syntax_and_ranges_still_end_the_start(self):
        for text in ('[queues.q]\nprocessor = "exec"\ncommand = ["tr"]\n', '[queues.q]\nprocessor = "exec"\n',
                     '[queues.q]\nprocessor = "http"\nurl = "ftp://example.com/"\n', '[queues.q]\nkeys = 1\n'):
            with self.subTest(text):
                self.assertEqual(self.run_to_end(CONFIG=self.config_file(text)).process.returncode, 2)


class Restarts(unittest.TestCase):
    def test_a_queue_that_is_gone_never_keeps_a_daemon_from_starting(self):
        with Folder() as folder:
            config = folder.config(MAIL)
            life = Life(folder.database, CONFIG=str(config))
            life.enqueue([{"id": "a", "queue": "mail", "delay": "1h"}, {"id": "b", "queue": "mail"}])
            life.finished("b")
            life.kill()
            life = Life(folder.database)
            self.assertRegex(life.log, r"warn +a queue is not configured: its jobs are kept and wait queue=mail queued=1 finished=1")
            self.assertEqual((life.job("a")["status"], life.job("a")["reason"]), ("queued", "no_queue"))
            self.assertEqual(life.job("b")["status"], "done")
            self.assertEqual(life.enqueue({"queue": "mail"}).status, 404)
            left = life.get("/v1/queues/mail").json()
            self.assertEqual((left["configured"], left["queued"], left["done"]), (False, 1, 1))
            life.kill()
            life = Life(folder.database, CONFIG=str(config))
            self.assertEqual(life.job("a")["reason"], "delayed")
            life.kill()
            life = Life(folder.database)
            self.assertEqual(life.post("/v1/queues/mail/purge").json(), {"count": 1})
            self.assertEqual(life.request("DELETE", "/v1/jobs/b").status, 204)
            self.assertEqual(life.get("/v1/queues/mail").status, 404)
            self.assertEqual(life.end(), 0)


if __name__ == "__main__":
    unittest.main()
