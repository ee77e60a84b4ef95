"""Queues of the CONFIG file, each with its own workers, capacity and rules."""

import re
import unittest
from pathlib import Path

from durable import Folder, Life
from support import AT_ONCE, HELD, DaemonTest, eventually

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
        self.assertEqual(mail, {"name": "mail", "capacity": 3, "max_retries": 2, "timeout": "30s", "paused": False, "queued": 0, "ready": 0,
                                "running": 0, "done": 20, "failed": 0,
                                "last_minute": {"enqueued": 20, "started": 20, "done": 20, "failed": 0}})
        self.assertEqual(daemon.get("/v1/queues/mail").json(), mail)
        self.assert_problem(daemon.enqueue({"queue": "nobody"}), 404, "queue-not-found")

    def test_a_circuit_probes_again_and_again_while_probes_time_out(self):
        config = self.config_file('[queues.c]\ncircuit = { failures = 1, wait = "20ms" }\ntimeout = "10ms"\n')
        daemon = self.start(CONFIG=config, **HELD)
        daemon.enqueue([{"id": str(number), "queue": "c"} for number in range(8)])
        for number in range(8):
            self.assertEqual(daemon.finished(str(number))["reason"], "exhausted")

    def test_jobs_take_defaults_from_their_queue(self):
        daemon = self.start(CONFIG=self.config_file(TWO_QUEUES), **AT_ONCE | {"SIMULATE_FAILURE_RATE": "1"})
        daemon.enqueue({"id": "a", "queue": "mail"})
        job = daemon.get("/v1/jobs/a?wait=10s").json()
        self.assertEqual((job["status"], job["reason"], job["attempts"], job["max_retries"], job["timeout"]),
                         ("failed", "exhausted", 3, 2, "30s"))

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


class Restarts(unittest.TestCase):
    def test_jobs_stay_in_their_queue_and_a_queue_with_jobs_is_missed(self):
        with Folder() as folder:
            config = folder.path / "jobqd.toml"
            config.write_text(TWO_QUEUES, encoding="utf-8")
            life = Life(folder.database, CONFIG=str(config))
            self.assertEqual(life.enqueue({"id": "a", "queue": "mail", "delay": "1h"}).status, 202)
            life.kill()
            life = Life(folder.database, CONFIG=str(config))
            self.assertEqual(life.job("a")["queue"], "mail")
            self.assertEqual(life.post("/v1/queues/mail/pause").status, 200)
            life.kill()
            life = Life(folder.database, wait=False)
            self.assertEqual(life.wait(), 1)
            self.assertIn('the file holds jobs of queue "mail", which is not configured', life.log)
            life = Life(folder.database, CONFIG=str(config))
            self.assertEqual(life.job("a")["status"], "queued")
            self.assertTrue(life.get("/v1/queues/mail").json()["paused"])
            life.kill()


if __name__ == "__main__":
    unittest.main()
