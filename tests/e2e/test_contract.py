"""The contract of the original service, byte for byte."""

import unittest

from support import AT_ONCE, HELD, DaemonTest


class Contract(DaemonTest):
    def test_healthz_answers_ok(self):
        answer = self.start().get("/healthz")
        self.assertEqual((answer.status, answer.headers["content-type"], answer.body), (200, "text/plain", b"OK"))

    def test_enqueue_answers_202_with_exactly_the_status(self):
        answer = self.start().post("/enqueue", '{"id":"a1","payload":"p","max_retries":3}')
        self.assertEqual((answer.status, answer.body), (202, b'{"status":"queued"}'))
        self.assertEqual(answer.headers["location"], "/v1/jobs/a1")

    def test_four_workers_by_default(self):
        daemon = self.start(**HELD)
        daemon.enqueue([{"id": f"j{i}"} for i in range(10)])
        self.assertEqual({f"j{i}" for i in range(4)}, self.running(daemon, 4))
        self.assertEqual(daemon.count("queued"), 6)

    def test_sixty_four_places_by_default_and_then_429(self):
        daemon = self.start(**HELD)
        daemon.enqueue([{"id": f"r{i}"} for i in range(4)])
        self.running(daemon, 4)
        for i in range(64):
            self.assertEqual(daemon.enqueue({"id": f"q{i}"}).status, 202)
        answer = daemon.enqueue({"id": "one-too-many"})
        self.assert_problem(answer, 429, "queue-full")
        self.assertEqual(answer.headers["retry-after"], "1")
        self.assertEqual(daemon.get("/v1/jobs/one-too-many").status, 404)
        self.assert_healthy(daemon)

    def test_queue_size_and_workers_are_settings(self):
        daemon = self.start(WORKERS="1", QUEUE_SIZE="2", **HELD)
        daemon.enqueue({"id": "running"})
        self.running(daemon, 1)
        self.assertEqual([daemon.enqueue({"id": f"q{i}"}).status for i in range(3)], [202, 202, 429])

    def test_the_simulated_processor_takes_100_to_150_ms(self):
        daemon = self.start(SIMULATE_FAILURE_RATE="0")
        daemon.enqueue([{"id": f"j{i}"} for i in range(8)])
        for i in range(8):
            job = daemon.finished(f"j{i}")
            self.assertEqual((job["status"], job["attempts"]), ("done", 1))
            # It cannot have been faster; how much slower it was depends on the machine.
            self.assertGreaterEqual(milliseconds_of(job["finished_at"]) - milliseconds_of(job["started_at"]), 99)

    def test_a_fifth_of_the_attempts_fails_by_default(self):
        daemon = self.start(QUEUE_SIZE="2000", WORKERS="64", SIMULATE_MIN="0ms", SIMULATE_MAX="0ms")
        daemon.enqueue([{"id": f"j{i}"} for i in range(2000)])
        jobs = [daemon.finished(f"j{i}") for i in range(2000)]
        failed = sum(job["status"] == "failed" for job in jobs)
        # 400 are expected, with a standard deviation of 18: six deviations are exceeded once in 10^9 runs.
        self.assertTrue(292 < failed < 508, failed)

    def test_max_retries_are_extra_attempts(self):
        daemon = self.start(BACKOFF_BASE="1ms", BACKOFF_CAP="1ms", **(AT_ONCE | {"SIMULATE_FAILURE_RATE": "1"}))
        daemon.enqueue([{"id": f"j{n}", "max_retries": n} for n in range(4)])
        for n in range(4):
            job = daemon.finished(f"j{n}")
            self.assertEqual((job["status"], job["reason"], job["attempts"]), ("failed", "exhausted", n + 1))
            self.assertEqual(job["last_error"], "simulated failure")

    def running(self, daemon, count):
        from support import eventually

        def ids():
            jobs = {job["id"] for job in daemon.all_jobs(status="running")}
            return jobs if len(jobs) >= count else None
        return eventually(ids, f"{count} jobs run")


def milliseconds_of(time):
    from datetime import datetime
    return int(datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp() * 1000)


if __name__ == "__main__":
    unittest.main()
