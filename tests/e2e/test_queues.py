"""Queues of the CONFIG file, each with its own workers, capacity and rules."""

import json
import re
import unittest
from datetime import datetime
from pathlib import Path

from durable import Folder, Life
from support import AT_ONCE, HELD, DaemonTest, eventually

REASONS = ("no_queue", "not_working", "paused", "circuit_open", "throttled", "no_worker", "ready", "delayed", "backoff")

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"

TWO_QUEUES = """
[queues.default]
simulate = { min = "1h", max = "1h" }

[queues.mail]
workers = 2
capacity = 3
max_retries = 2
timeout = "30s"
backoff = ["0s"]
"""


class Queues(DaemonTest):
    def test_one_queue_never_waits_for_another(self):
        daemon = self.start(CONFIG=self.config_file(TWO_QUEUES), QUEUE_SIZE="10", WORKERS="1", SIMULATE_MIN="0ms", SIMULATE_MAX="0ms",
                            SIMULATE_FAILURE_RATE="0", SHUTDOWN_GRACE="0s")
        for _ in range(5):
            self.assertEqual(daemon.enqueue({"payload": 1}).status, 202)
        for number in range(20):
            answer = daemon.enqueue({"id": f"mail-{number}", "queue": "mail"})
            self.assertEqual(answer.status, 202, answer)
            self.assertEqual(daemon.get(f"/v1/jobs/mail-{number}?wait=10s").json()["status"], "done")
        default, mail = daemon.get("/v1/queues").json()["queues"]
        self.assertEqual((default["name"], default["queued"], default["running"], default["done"]), ("default", 4, 1, 0))
        self.assertIn("oldest_ready_age", default)
        self.assertEqual(mail, {"name": "mail", "configured": True, "processor": "simulate", "workers": 2, "capacity": 3,
                                "capacity_bytes": 2**28, "max_retries": 2, "timeout": "30s", "paused": False, "queued": 0,
                                "queued_bytes": 0, "reasons": dict.fromkeys(REASONS, 0), "ready": 0,
                                "running": 0, "done": 20, "failed": 0,
                                "last_minute": {"enqueued": 20, "started": 20, "done": 20, "failed": 0}})
        self.assertEqual(daemon.get("/v1/queues/mail").json(), mail | {"scale": {"demand": 0, "oldest_ready_seconds": 0}})
        self.assert_problem(daemon.enqueue({"queue": "nobody"}), 404, "queue-not-found")

    def test_a_circuit_probes_again_and_again_while_probes_time_out(self):
        config = self.config_file('[queues.c]\ncircuit = { failures = 1, wait = "20ms" }\ntimeout = "10ms"\nmax_retries = 0\n')
        daemon = self.start(CONFIG=config, **HELD)
        daemon.enqueue([{"id": str(number), "queue": "c"} for number in range(8)])
        for number in range(8):
            self.assertEqual(daemon.finished(str(number))["reason"], "exhausted")

    def test_failed_jobs_of_a_queue_fit_one_page_behind_more_jobs_than_a_page_looks_at(self):
        """A list looks at 10,000 jobs for each page; failed jobs of one queue are found without looking at the others."""
        with Folder() as folder:
            config = folder.config('[queues.mail]\nprocessor = "remote"\n')
            life = Life(folder.database, CONFIG=str(config), **HELD)
            for name in ("m1", "m2"):
                life.enqueue({"id": name, "queue": "mail"})
                self.assertEqual(life.post(f"/v1/jobs/{name}/cancel").status, 200)
            for number in range(3):
                jobs = [{"id": f"{number}-{i}", "delay": "1h"} for i in range(5_000)]
                self.assertEqual(life.enqueue(jobs).status, 202)
            for _ in range(2):
                page = life.get("/v1/jobs?status=failed&queue=mail").json()
                self.assertEqual(([job["id"] for job in page["jobs"]], "next_cursor" in page), (["m2", "m1"], False))
                self.assertIn("next_cursor", life.get("/v1/jobs?status=done&queue=mail").json())
                self.assertEqual(life.end(), 0)
                life = Life(folder.database, CONFIG=str(config), **HELD)
            page = life.get("/v1/jobs?status=failed&queue=mail&limit=1").json()
            self.assertEqual(life.get(f"/v1/jobs?status=failed&queue=mail&cursor={page['next_cursor']}").json()["jobs"][0]["id"], "m1")
            self.assertEqual(life.post("/v1/queues/mail/retry?reason=cancelled").json(), {"count": 2})
            self.assertEqual(life.get("/v1/jobs?status=failed&queue=mail").json(), {"jobs": []})
            self.assertEqual(life.end(), 0)

    def test_jobs_take_defaults_from_their_queue(self):
        daemon = self.start(CONFIG=self.config_file(TWO_QUEUES), **AT_ONCE | {"SIMULATE_FAILURE_RATE": "1"})
        daemon.enqueue({"id": "a", "queue": "mail"})
        job = daemon.get("/v1/jobs/a?wait=10s").json()
        self.assertEqual((job["status"], job["reason"], job["attempts"], job["max_retries"], job["timeout"]),
                         ("failed", "exhausted", 3, 2, "30s"))

    def test_a_queue_of_the_file_that_sets_nothing_keeps_its_jobs(self):
        daemon = self.start(CONFIG=self.config_file("[queues.mail]\n"), **AT_ONCE | {"SIMULATE_FAILURE_RATE": "1"})
        default, mail = daemon.get("/v1/queues").json()["queues"]
        self.assertEqual((default["capacity"], default["max_retries"], default.get("capacity_bytes")), (64, 0, None))
        self.assertEqual((mail["capacity"], mail["max_retries"], mail["capacity_bytes"]), (100_000, 25, 2**28))
        daemon.enqueue([{"id": "a", "queue": "mail"}, {"id": "b"}])
        self.assertEqual(daemon.finished("b")["attempts"], 1)
        eventually(lambda: daemon.get("/v1/jobs/a").json().get("reason") == "backoff", "it waits for its retry")
        job = daemon.get("/v1/jobs/a").json()
        self.assertEqual(job["max_retries"], 25)
        wait = datetime.fromisoformat(job["run_at"]) - datetime.fromisoformat(job["started_at"])
        self.assertTrue(14.4 <= wait.total_seconds() <= 18, wait)

    def test_explicit_backoff_settings_hold_for_queues_of_the_file(self):
        daemon = self.start(CONFIG=self.config_file("[queues.mail]\n"), **AT_ONCE | {"SIMULATE_FAILURE_RATE": "1", "BACKOFF_BASE": "1ms", "BACKOFF_CAP": "1ms"})
        daemon.enqueue({"id": "a", "queue": "mail"})
        self.assertEqual(daemon.finished("a")["attempts"], 26)

    def test_a_queue_has_no_room_for_more_bytes_than_its_capacity_bytes(self):
        config = self.config_file('[queues.mail]\ncapacity_bytes = "2KiB"\n')
        daemon = self.start(CONFIG=config, MAX_BODY="2KiB")
        fits = {"queue": "mail", "delay": "1h", "payload": "x" * 1500}
        self.assertEqual(daemon.enqueue({"id": "a"} | fits).status, 202)
        answer = daemon.enqueue({"id": "b"} | fits)
        self.assert_problem(answer, 429, "queue-full")
        self.assertIn("capacity_bytes of 2KiB", answer.json()["detail"])
        self.assertEqual(daemon.get("/v1/queues/mail").json()["queued_bytes"], 1503)
        answer = daemon.post("/enqueue", json.dumps([{"queue": "mail"}] * 80).replace(" ", ""))
        self.assert_problem(answer, 400, "invalid-field")
        self.assertIn("can never fit", answer.json()["detail"])
        refused = self.run_to_end(CONFIG=config)
        self.assertEqual((refused.process.returncode, refused.log),
                         (2, "jobqd: queues.mail.capacity_bytes: 2KiB is not allowed: it is below MAX_BODY, which is 1MiB"))

    def test_rate_and_circuit_have_short_forms(self):
        daemon = self.start(CONFIG=self.config_file("[queues.slow]\nrate = 0.001\ncircuit = 10\n"), **AT_ONCE)
        daemon.enqueue([{"id": "first", "queue": "slow"}, {"id": "second", "queue": "slow"}])
        self.assertEqual(daemon.finished("first")["status"], "done")
        slow = daemon.get("/v1/queues/slow").json()
        self.assertEqual((slow["queued"], slow["circuit"]), (1, {"state": "closed", "failures": 0}))

    def test_each_queue_has_its_own_places(self):
        held = TWO_QUEUES + 'simulate = { min = "1h", max = "1h" }\n'
        daemon = self.start(CONFIG=self.config_file(held), QUEUE_SIZE="1", SHUTDOWN_GRACE="0s")
        statuses = [daemon.enqueue({"queue": "mail", "delay": "1h"}).status for _ in range(4)]
        self.assertEqual(statuses, [202, 202, 202, 429])
        self.assertEqual(daemon.enqueue({"delay": "1h"}).status, 202)
        refused = daemon.enqueue([{"delay": "1h", "queue": "mail"}, {"delay": "1h"}])
        self.assertEqual(refused.status, 429)

    def test_a_paused_queue_waits_and_the_other_goes_on(self):
        daemon = self.start(CONFIG=self.config_file("[queues.mail]\n"), **AT_ONCE)
        self.assertEqual(daemon.post("/v1/queues/mail/pause").json()["paused"], True)
        self.assertEqual(daemon.enqueue({"id": "waits", "queue": "mail"}).status, 202)
        self.assertEqual(daemon.enqueue({"id": "goes"}).status, 202)
        self.assertEqual(daemon.get("/v1/jobs/goes?wait=10s").json()["status"], "done")
        self.assertEqual(daemon.get("/v1/jobs/waits").json()["reason"], "paused")
        daemon.post("/v1/queues/mail/resume")
        self.assertEqual(daemon.get("/v1/jobs/waits?wait=10s").json()["status"], "done")

    def test_failed_jobs_are_retried_and_queued_ones_purged_all_at_once(self):
        daemon = self.start(QUEUE_SIZE="20000", SIMULATE_MIN="0ms", SIMULATE_MAX="0ms", SIMULATE_FAILURE_RATE="1")
        daemon.enqueue([{"payload": i} for i in range(3000)])
        eventually(lambda: daemon.get("/v1/queues/default").json()["failed"] == 3000, "all have failed")
        daemon.post("/v1/queues/default/pause")
        self.assertEqual(daemon.post("/v1/queues/default/retry").json(), {"count": 3000})
        self.assertEqual(daemon.get("/v1/queues/default").json()["ready"], 3000)
        daemon.enqueue([{"delay": "1h"} for _ in range(2000)])
        self.assertEqual(daemon.post("/v1/queues/default/purge").json(), {"count": 5000})
        self.assertEqual(list(daemon.all_jobs()), [])

    def test_a_bulk_call_does_only_what_it_was_asked_for(self):
        daemon = self.start(SIMULATE_MIN="0ms", SIMULATE_MAX="0ms", SIMULATE_FAILURE_RATE="1")
        daemon.enqueue([{"id": "failed"}, {"id": "cancelled", "delay": "1h"}, {"id": "queued", "delay": "1h"}])
        daemon.finished("failed")
        daemon.post("/v1/jobs/cancelled/cancel")
        daemon.post("/v1/queues/default/pause")
        before = list(daemon.all_jobs())
        for call in ("retry?reasons=cancelled", "purge?state=done", "purge?dryrun=true", "pause?for=1h", "resume?x"):
            self.assert_problem(daemon.post(f"/v1/queues/default/{call}"), 400, "invalid-field")
        for call in ("queues/default/purge", "queues/default/retry", "jobs/queued/cancel", "jobs/failed/retry"):
            self.assert_problem(daemon.post(f"/v1/{call}", '{"dry_run":true}'), 400, "invalid-field")
        self.assert_problem(daemon.request("DELETE", "/v1/jobs/queued", "{}"), 400, "invalid-field")
        self.assert_problem(daemon.post("/enqueue?dry_run=true", "{}"), 400, "invalid-field")
        self.assertEqual(daemon.get("/healthz?check=1").status, 200)
        for call, count in (("retry", 1), ("retry?reason=cancelled", 1), ("purge", 1), ("purge?status=failed", 2)):
            dry = call + ("&" if "?" in call else "?") + "dry_run=true"
            self.assertEqual(daemon.post(f"/v1/queues/default/{dry}").json(), {"count": count}, call)
        self.assertEqual(list(daemon.all_jobs()), before)
        self.assertEqual(daemon.post("/v1/queues/default/retry").json(), {"count": 1})
        self.assertEqual(daemon.job("cancelled")["reason"], "cancelled")
        self.assertEqual(daemon.post("/v1/queues/default/purge?status=failed").json(), {"count": 1})
        self.assertEqual({job["id"] for job in daemon.all_jobs()}, {"failed", "queued"})

    def test_the_examples_of_the_documentation_are_good(self):
        examples = re.findall(r"^```toml\n(.*?)^```", OPERATIONS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        self.assertGreater(len(examples), 1)
        for example in examples:
            daemon = self.run_to_end("--check-config", CONFIG=self.config_file(example))
            self.assertEqual((daemon.process.returncode, daemon.log), (0, ""))


class Reasons(DaemonTest):
    def assert_reasons(self, daemon, name, **expected):
        queue = daemon.get(f"/v1/queues/{name}").json()
        self.assertEqual(queue["reasons"], dict.fromkeys(REASONS, 0) | expected)
        self.assertEqual(sum(queue["reasons"].values()), queue["queued"])

    def test_a_job_shows_what_it_waits_for(self):
        held = 'workers = 1\nsimulate = { min = "1h", max = "1h" }\n'
        daemon = self.start(SHUTDOWN_GRACE="0s", CONFIG=self.config_file(
            f'[queues.busy]\n{held}[queues.slow]\n{held}rate.per_second = 0.001\n'
            f'[queues.broken]\n{held}timeout = "1ms"\nmax_retries = 9\nbackoff = ["1h"]\ncircuit = {{ failures = 1, wait = "1h" }}\n'))
        for name, reason in ("busy", "ready"), ("slow", "throttled"), ("broken", "circuit_open"):
            daemon.enqueue({"id": f"{name}-1", "queue": name})
            eventually(lambda name=name: daemon.get(f"/v1/queues/{name}").json()["last_minute"]["started"] == 1, "it has started")
            if name == "broken":
                eventually(lambda: daemon.job("broken-1").get("reason") == "backoff", "it has timed out")
            daemon.enqueue([{"id": f"{name}-2", "queue": name}, {"id": f"{name}-3", "queue": name, "delay": "1h"}])
            self.assertEqual((daemon.job(f"{name}-2")["reason"], daemon.job(f"{name}-3")["reason"]), (reason, "delayed"))
            failed = {"backoff": 1} if name == "broken" else {}
            self.assert_reasons(daemon, name, **{reason: 1, "delayed": 1}, **failed)
            daemon.post(f"/v1/queues/{name}/pause")
            self.assertEqual((daemon.job(f"{name}-2")["reason"], daemon.job(f"{name}-3")["reason"]), ("paused", "delayed"))
            self.assert_reasons(daemon, name, paused=1, delayed=1, **failed)


class Restarts(unittest.TestCase):
    def test_jobs_stay_in_their_queue_and_so_does_its_pause(self):
        with Folder() as folder:
            config = folder.config(TWO_QUEUES)
            life = Life(folder.database, CONFIG=str(config))
            self.assertEqual(life.enqueue({"id": "a", "queue": "mail", "delay": "1h"}).status, 202)
            life.kill()
            life = Life(folder.database, CONFIG=str(config))
            self.assertEqual(life.job("a")["queue"], "mail")
            self.assertEqual(life.post("/v1/queues/mail/pause").status, 200)
            life.kill()
            life = Life(folder.database)
            life.kill()
            life = Life(folder.database, CONFIG=str(config))
            self.assertEqual(life.job("a")["status"], "queued")
            self.assertTrue(life.get("/v1/queues/mail").json()["paused"])
            life.kill()


if __name__ == "__main__":
    unittest.main()
