"""The calls of clients after enqueueing: read, wait, cancel, retry, delete."""

import json
import unittest

from support import AT_ONCE, HELD, DaemonTest, eventually


class Jobs(DaemonTest):
    def test_the_same_job_again_is_no_second_job(self):
        daemon = self.start(**AT_ONCE)
        body = '{"id":"a","payload":{"n": 1}}'
        self.assertEqual(daemon.post("/enqueue", body).status, 202)
        daemon.finished("a")
        again = daemon.post("/enqueue", body)
        self.assertEqual((again.status, again.body), (200, b'{"status":"done"}'))
        self.assert_problem(daemon.enqueue({"id": "a", "payload": 2}), 409, "id-conflict")
        self.assertEqual(daemon.job("a")["attempts"], 1)

    def test_the_idempotency_key_is_the_id_where_the_body_has_none(self):
        daemon = self.start(**AT_ONCE)
        for key in ('"k-1"', "k-1"):
            answer = daemon.enqueue({"payload": 1}, Idempotency_Key=key)
            self.assertEqual(answer.headers["location"], "/v1/jobs/k-1")
        self.assertEqual(daemon.enqueue({"id": "own", "payload": 1}, Idempotency_Key="k-2").headers["location"], "/v1/jobs/own")
        self.assert_problem(daemon.enqueue([{}], Idempotency_Key="k-3"), 400, "invalid-field")

    def test_the_payload_is_kept_byte_for_byte(self):
        daemon = self.start(**AT_ONCE)
        for i, payload in enumerate(('{"b" : 1.0,\t"a":[ ]}', '"\\u00e9\\/"', "1E+2", "-0.0", " true ", "[[[]]]", '"é"')):
            daemon.post("/enqueue", f'{{"id":"p{i}","payload":{payload}}}')
            self.assertIn(f'"payload":{payload.strip(" ")},"priority"'.encode(), daemon.get(f"/v1/jobs/p{i}").body)

    def test_cancel_ends_a_queued_job_and_stops_a_running_one(self):
        daemon = self.start(WORKERS="1", **HELD)
        daemon.enqueue([{"id": "running"}, {"id": "queued"}])
        eventually(lambda: daemon.job("running")["status"] == "running", "it runs")
        job = daemon.post("/v1/jobs/queued/cancel").json()
        self.assertEqual((job["status"], job["reason"], job["attempts"]), ("failed", "cancelled", 0))
        self.assertEqual(daemon.post("/v1/jobs/running/cancel").status, 200)
        job = daemon.finished("running")
        self.assertEqual((job["status"], job["reason"], job["failures"]), ("failed", "cancelled", 0))
        self.assert_problem(daemon.post("/v1/jobs/running/cancel"), 409, "wrong-status")
        self.assert_problem(daemon.post("/v1/jobs/nobody/cancel"), 404, "job-not-found")

    def test_a_timeout_is_a_failed_attempt(self):
        daemon = self.start(**HELD)
        daemon.enqueue({"id": "slow", "timeout": "20ms"})
        job = daemon.finished("slow")
        self.assertEqual((job["status"], job["reason"], job["last_error"]), ("failed", "exhausted", "timed out after 20 ms"))

    def test_retry_gives_a_failed_job_a_fresh_budget(self):
        daemon = self.start(BACKOFF_BASE="1ms", **(AT_ONCE | {"SIMULATE_FAILURE_RATE": "1"}))
        daemon.enqueue({"id": "a", "max_retries": 1})
        self.assertEqual(daemon.finished("a")["attempts"], 2)
        self.assertEqual(daemon.post("/v1/jobs/a/retry").json()["status"], "queued")
        eventually(lambda: daemon.finished("a")["attempts"] == 4, "two more attempts")

    def test_delete_forgets_a_job_and_its_id(self):
        daemon = self.start(**AT_ONCE)
        daemon.enqueue({"id": "a/b c"})
        daemon.finished("a%2Fb%20c")
        answer = daemon.request("DELETE", "/v1/jobs/a%2Fb%20c")
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertEqual(daemon.get("/v1/jobs/a%2Fb%20c").status, 404)
        self.assertEqual(daemon.enqueue({"id": "a/b c", "payload": "other"}).status, 202)

    def test_priorities_first_then_first_in_first_out(self):
        daemon = self.start(WORKERS="1", QUEUE_SIZE="100", SIMULATE_FAILURE_RATE="0", SIMULATE_MIN="2ms", SIMULATE_MAX="2ms")
        with daemon.connect() as connection:
            jobs = [{"id": "first"}] + [{"id": f"{p}-{i}", "priority": p} for i in range(3) for p in (-5, 0, 100)]
            connection.request("POST", "/enqueue", json.dumps(jobs)).read_answer()
        for job in jobs:
            daemon.finished(job["id"])
        started = sorted((job["started_at"], job["id"]) for job in daemon.all_jobs())
        order = [job_id for _, job_id in started if job_id != "first"]
        self.assertEqual(order, [f"{p}-{i}" for p in (100, 0, -5) for i in range(3)])

    def test_the_list_is_newest_first_in_pages(self):
        daemon = self.start(QUEUE_SIZE="100", **HELD)
        daemon.enqueue([{"id": f"j{i}", "delay": "1h"} for i in range(25)])
        seen, cursor = [], ""
        while True:
            page = daemon.get(f"/v1/jobs?limit=10{cursor}").json()
            seen += [job["id"] for job in page["jobs"]]
            if "next_cursor" not in page:
                break
            cursor = f"&cursor={page['next_cursor']}"
        self.assertEqual(seen, [f"j{i}" for i in reversed(range(25))])
        self.assertEqual(len(list(daemon.all_jobs(status="queued", queue="default"))), 25)
        self.assert_problem(daemon.get("/v1/jobs?queue=nope"), 404, "queue-not-found")

    def test_wait_answers_when_the_job_ends_or_the_time_is_up(self):
        daemon = self.start(WORKERS="1", **HELD)
        daemon.enqueue({"id": "a"})
        eventually(lambda: daemon.job("a")["status"] == "running", "it runs")
        self.assertEqual(daemon.job("a", wait="1ms")["status"], "running")
        with daemon.connect() as connection:
            connection.request("GET", "/v1/jobs/a?wait=60")
            daemon.post("/v1/jobs/a/cancel")
            self.assertEqual(connection.read_answer().json()["reason"], "cancelled")
        self.assert_problem(daemon.get("/v1/jobs/nobody?wait=1s"), 404, "job-not-found")


if __name__ == "__main__":
    unittest.main()
