"""Far more load than the daemon can handle: each request is answered with 202 or 429, and each accepted job ends."""

import json
import threading
import unittest

from support import DaemonTest, eventually


class Overload(DaemonTest):
    def test_only_202_and_429_and_each_202_ends(self):
        daemon = self.start(QUEUE_SIZE="64", WORKERS="4", SIMULATE_MIN="2ms", SIMULATE_MAX="4ms", BACKOFF_BASE="5ms")
        accepted, others, lock = [], [], threading.Lock()

        def produce(producer):
            with daemon.connect() as connection:
                for i in range(500):
                    job_id = f"p{producer}-{i}"
                    answer = connection.request("POST", "/enqueue", json.dumps({"id": job_id, "max_retries": 2})).read_answer()
                    with lock:
                        if answer.status == 202:
                            accepted.append(job_id)
                        else:
                            others.append(answer.status)

        producers = [threading.Thread(target=produce, args=(n,)) for n in range(8)]
        for thread in producers:
            thread.start()
        for thread in producers:
            thread.join()
        self.assertEqual(set(others), {429})
        self.assertGreaterEqual(len(accepted), 64)

        def is_empty() -> bool:  # in one answer, because a job may go from running to queued for its backoff
            queue = daemon.get("/v1/queues/default").json()
            return queue["queued"] + queue["running"] == 0

        eventually(is_empty, "the queue is empty")
        ended = {job["id"]: job["status"] for job in daemon.all_jobs()}
        self.assertEqual(set(ended), set(accepted))
        self.assertLessEqual(set(ended.values()), {"done", "failed"})

    def test_pipelined_requests_are_answered_in_order(self):
        daemon = self.start(QUEUE_SIZE="1000", WORKERS="1")
        with daemon.connect() as connection:
            for i in range(300):
                connection.request("POST", "/enqueue", json.dumps({"id": f"j{i}", "delay": "1h"}))
            locations = [connection.read_answer().headers["location"] for _ in range(300)]
        self.assertEqual(locations, [f"/v1/jobs/j{i}" for i in range(300)])


if __name__ == "__main__":
    unittest.main()
