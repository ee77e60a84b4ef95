"""The http processor with a real receiver."""

import base64
import hashlib
import hmac
import json
import re
import signal
import threading
import unittest
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from durable import Folder, Life, drain
from receivers import Handler, Server
from support import DaemonTest, eventually

SECRETS = {"OLD_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "NEW_SECRET": "whsec_" + base64.b64encode(b"k" * 32).decode()}
CONFIG = """
[queues.push]
processor = "http"
url = "{url}"
allow_networks = ["127.0.0.0/8"]
workers = 2
max_retries = 3
backoff = ["0s"]
{more}
"""


class Receiver:
    """Gives the answers of the test and records the requests as (headers, body), in order. No answer is sent until `held` is set."""

    def __init__(self):
        self.got = []
        self.open = 0  # connections
        self.connections = set()
        self.answers = []  # (status, headers, body); the last one is repeated
        self.held = threading.Event()
        self.held.set()
        self.lock = threading.Lock()
        receiver = self

        class Push(Handler):
            def setup(self):
                super().setup()
                with receiver.lock:
                    receiver.open += 1

            def finish(self):
                super().finish()
                with receiver.lock:
                    receiver.open -= 1

            def do_POST(self):  # pylint: disable=invalid-name
                receiver.connections.add(self.client_address)
                receiver.got.append((self.headers, self.body()))
                answers = receiver.answers
                status, headers, text = (answers.pop(0) if len(answers) > 1 else answers[0]) if answers else (200, {}, b"")
                receiver.held.wait(60)
                self.answer(status, text, **headers)

        self.server = Server(Push)
        self.url = self.server.url

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *_):
        self.held.set()
        self.server.__exit__()


class PushTest(DaemonTest):
    @contextmanager
    def pushing(self, more="", exit_code=0, **settings):
        with Receiver() as receiver:
            config = self.config_file(CONFIG.format(url=receiver.url, more=more))
            yield self.start(CONFIG=config, exit_code=exit_code, **settings), receiver

    def ended(self, daemon, job, **headers):
        self.assertIn(daemon.enqueue({"queue": "push"} | job, **headers).status, (200, 202))
        return daemon.get(f"/v1/jobs/{quote(job['id'], safe='')}?wait=30s").json()


class Push(PushTest):
    def test_request_and_reply(self):
        with self.pushing() as (daemon, receiver):
            receiver.answers = [(200, {}, b'{"sum":3}'), (201, {}, b"text"), (204, {}, b"")]
            trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            self.assertEqual(self.ended(daemon, {"id": "a/1", "payload": {"b":  [1, 2]}}, traceparent=trace)["result"], {"sum": 3})
            self.assertEqual(self.ended(daemon, {"id": "b", "payload": "plain \u00e4"})["result"], "text")
            self.assertNotIn("result", self.ended(daemon, {"id": "c"}))
            (first, body), (second, text), _ = receiver.got
            self.assertEqual(body, b'{"b": [1, 2]}')
            self.assertEqual(text, "plain \u00e4".encode())
            self.assertEqual(first["Content-Type"], "application/json")
            self.assertEqual(second["Content-Type"], "text/plain; charset=utf-8")
            self.assertEqual((first["Job-Id"], first["Job-Queue"], first["Job-Attempt"], first["Job-Max-Retries"]), ("a/1", "push", "1", "3"))
            self.assertEqual(first["traceparent"], trace)
            self.assertNotIn("traceparent", second)
            self.assertNotIn("webhook-id", first)
            self.assertGreater(int(second["Job-Lease-Token"]), int(first["Job-Lease-Token"]))
            self.assertEqual(len(receiver.connections), 1)  # the connection was kept

    def test_a_kept_connection_that_was_closed_costs_nothing(self):
        with self.pushing() as (daemon, receiver):
            receiver.answers = [(200, {"Connection": "close"}, b"1"), (200, {}, b"2")]
            for job in "ab":
                self.assertEqual(self.ended(daemon, {"id": job})["attempts"], 1)

    def test_a_queue_without_jobs_keeps_no_connection(self):
        # Middleboxes may drop an idle connection silently, and the next push would get no answer.
        with self.pushing() as (daemon, receiver):
            for name in "ab":
                self.assertEqual(self.ended(daemon, {"id": name})["status"], "done")
                eventually(lambda: receiver.open == 0, "the connection is closed")
            self.assertEqual(len(receiver.connections), 2)

    def test_a_connection_on_which_nothing_moves_is_probed(self):
        with self.pushing() as (daemon, receiver):
            receiver.held.clear()
            daemon.enqueue({"id": "a", "queue": "push"})
            eventually(lambda: receiver.got, "the push is there")
            port = f"{receiver.server.server_address[1]:04X}"

            def has_keepalive_timer():
                rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
                return any(row[2].endswith(f":{port}") and row[5].startswith("02:") for row in rows)

            eventually(has_keepalive_timer, "the kernel waits to probe the receiver")
            receiver.held.set()
            self.assertEqual(daemon.finished("a")["status"], "done")

    def test_each_attempt_is_signed_by_every_secret_under_one_id(self):
        with self.pushing('secret_env = ["OLD_SECRET", "NEW_SECRET"]', **SECRETS) as (daemon, receiver):
            receiver.answers = [(500, {}, b""), (200, {}, b"")]
            self.ended(daemon, {"id": "order.1", "payload": "p"})
            self.assertEqual([headers["Job-Attempt"] for headers, _ in receiver.got], ["1", "2"])
            for headers, body in receiver.got:
                self.assertEqual(headers["webhook-id"], "order%2E1")
                content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
                expected = []
                for secret in SECRETS.values():
                    key = base64.b64decode(secret.removeprefix("whsec_"))
                    expected.append("v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode())
                self.assertEqual(headers["webhook-signature"].split(" "), expected)
            for secret in SECRETS.values():
                self.assertNotIn(secret.removeprefix("whsec_"), daemon.log)

    def test_the_status_decides_the_outcome(self):
        with self.pushing("retry_on = [409]\nreject_on = [403, 501]\ncircuit.failures = 0") as (daemon, receiver):
            for status, ended, attempts in ((500, "exhausted", 4), (429, "exhausted", 4), (409, "exhausted", 4), (401, "exhausted", 4),
                                            (404, "exhausted", 4), (410, "exhausted", 4), (400, "rejected", 1), (302, "rejected", 1),
                                            (403, "rejected", 1), (501, "rejected", 1)):
                receiver.answers = [(status, {"Location": "http://127.0.0.1:1/"}, b"because")]
                job = self.ended(daemon, {"id": f"of-{status}"})
                self.assertEqual((job["reason"], job["attempts"], job["last_error"]), (ended, attempts, f"HTTP {status}: because"))

    def test_retry_after_defers_and_costs_no_retry(self):
        with self.pushing("circuit.failures = 0") as (daemon, receiver):
            receiver.answers = [(503, {"Retry_After": "0"}, b"")] * 3 + [(429, {"Retry_After": "0"}, b"")] * 3 + [(200, {}, b"")]
            job = self.ended(daemon, {"id": "a", "max_retries": 0})
            self.assertEqual((job["status"], job["attempts"], job["failures"], job["deferrals"]), ("done", 7, 0, 6))
            receiver.answers = [(503, {"Retry_After": "0"}, b"")]
            job = self.ended(daemon, {"id": "b", "max_retries": 0})
            self.assertEqual((job["reason"], job["attempts"], job["failures"], job["deferrals"]), ("exhausted", 21, 1, 20))

    def test_an_answer_longer_than_a_result_is_cut(self):
        with self.pushing() as (daemon, receiver):
            receiver.answers = [(200, {}, b"x" * 1_000_000)]
            result = self.ended(daemon, {"id": "a"})["result"]
            self.assertEqual(set(result), {"x"})
            self.assertLessEqual(len(result), 65536)
            self.assertGreater(len(result), 65000)

    def test_cancel_timeout_and_stop_end_a_call_at_once(self):
        with self.pushing("request_timeout = '1h'", SHUTDOWN_GRACE="0s") as (daemon, receiver):
            receiver.held.clear()
            daemon.enqueue({"id": "a", "queue": "push"})
            eventually(lambda: len(receiver.got) == 1, "it is called")
            daemon.post("/v1/jobs/a/cancel")
            self.assertEqual(daemon.get("/v1/jobs/a?wait=30s").json()["reason"], "cancelled")
            job = self.ended(daemon, {"id": "b", "timeout": "50ms", "max_retries": 0})
            self.assertEqual((job["reason"], job["last_error"]), ("exhausted", "timed out after 50 ms"))
            daemon.enqueue({"id": "c", "queue": "push"})
            eventually(lambda: len(receiver.got) == 3, "it is called")
            daemon.signal(signal.SIGTERM)
            self.assertEqual(daemon.wait(), 0)

    def test_a_receiver_that_is_down_opens_the_circuit(self):
        with self.pushing("circuit.failures = 2\ncircuit.wait = '200ms'") as (daemon, receiver):
            receiver.answers = [(500, {}, b"")]
            daemon.enqueue({"id": "a", "queue": "push", "max_retries": 100})
            eventually(lambda: daemon.get("/v1/queues/push").json()["circuit"]["state"] != "closed", "it opens")
            receiver.answers = [(200, {}, b"")]
            self.assertEqual(daemon.get("/v1/jobs/a?wait=30s").json()["status"], "done")
            self.assertEqual(daemon.get("/v1/queues/push").json()["circuit"], {"state": "closed", "failures": 0})

    def test_a_receiver_that_answers_with_404_opens_no_circuit(self):
        with self.pushing("circuit.failures = 2\ncircuit.wait = '1h'") as (daemon, receiver):
            receiver.answers = [(404, {}, b"")]
            self.assertEqual(self.ended(daemon, {"id": "a"})["attempts"], 4)
            self.assertEqual(daemon.get("/v1/queues/push").json()["circuit"], {"state": "closed", "failures": 0})

    def test_one_poisoned_job_does_not_hold_a_queue(self):
        with self.pushing("circuit.failures = 1\ncircuit.wait = '200ms'") as (daemon, receiver):
            receiver.answers = [(500, {}, b"")]
            self.assertEqual(self.ended(daemon, {"id": "first", "max_retries": 0})["reason"], "exhausted")
            receiver.answers = [(500, {}, b""), (200, {}, b"")]
            daemon.enqueue([{"id": "poisoned", "queue": "push", "priority": 100}, {"id": "good", "queue": "push"}])
            for name in "good", "poisoned":
                self.assertEqual(daemon.get(f"/v1/jobs/{name}?wait=30s").json()["status"], "done")
            self.assertEqual([headers["Job-Id"] for headers, _ in receiver.got], ["first", "poisoned", "good", "poisoned"])

    def test_addresses_that_are_not_allowed_are_not_called(self):
        with Receiver() as receiver:
            text = CONFIG.format(url=receiver.url, more="").replace("127.0.0.0/8", "10.0.0.0/8")
            job = self.ended(self.start(CONFIG=self.config_file(text.replace("//127.0.0.1", "//localhost"))), {"id": "a", "max_retries": 0})
            self.assertEqual(job["reason"], "exhausted")
            self.assertRegex(job["last_error"], "localhost is at (127.0.0.1|::1), which is in no allowed network")
            daemon = self.start(CONFIG=self.config_file(text))
            daemon.enqueue({"id": "a", "queue": "push"})
            self.assertEqual(daemon.job("a")["reason"], "not_working")  # an address needs no look-up
            self.assertEqual(receiver.got, [])

    def test_wrong_settings_end_the_start(self):
        for more, said in (("retry_on = [200]", r"queues.push.retry_on: \"200\" .* a list of status codes from 300 to 499"),
                           ("reject_on = [429]", r"queues.push.reject_on: \"429\" .* but not 408, 425 and 429: 429 is always retried"),
                           ("retry_on = [409]\nreject_on = [409]", r"queues.push.reject_on: 409 is not allowed: it is in retry_on too"),
                           ('command = ["/bin/true"]', r"queues.push.command \(.*\): is not allowed: it goes with processor = \"exec\"")):
            daemon = self.run_to_end(CONFIG=self.config_file(CONFIG.format(url="http://example.com", more=more)))
            self.assertEqual(daemon.wait(), 2)
            self.assertRegex(daemon.log, said)
        daemon = self.run_to_end(CONFIG=self.config_file(CONFIG.format(url="http://127.1/", more="")))
        self.assertRegex(daemon.log, r"queues.push.url: \"http://127.1/\" .*: the host is no address of four decimal numbers")
        daemon = self.run_to_end(CONFIG=self.config_file(CONFIG.format(url="http://ann:s3cret@example.com/", more="")))
        self.assertRegex(daemon.log, r"queues.push.url: .* is not allowed: .*: a user or password in a URL is not sent")
        self.assertNotIn("s3cret", daemon.log)
        daemon = self.run_to_end(CONFIG=self.config_file('[queues.push]\nprocessor = "http"\n'))
        self.assertIn('queues.push.url: is missing, which processor = "http" needs', daemon.log)

    def test_a_daemon_killed_in_the_middle_of_1000_pushes_delivers_every_one_under_one_id(self):
        with Receiver() as receiver, Folder() as folder:
            receiver.answers = [(500 if number % 7 == 0 else 200, {}, b"") for number in range(10_000)]
            config = folder.config(CONFIG.format(url=receiver.url, more='secret_env = ["OLD_SECRET"]\ncircuit.failures = 0\nworkers = 8\ncapacity = 1000')
                                   .replace("workers = 2\n", "").replace("max_retries = 3", "max_retries = 100"))
            settings = SECRETS | {"CONFIG": str(config)}
            life = Life(folder.database, **settings)
            jobs = [{"id": f"{number:04}", "queue": "push", "payload": number} for number in range(1_000)]
            self.assertEqual(life.post("/enqueue", json.dumps(jobs)).status, 202)
            for part in range(1, 4):
                eventually(lambda part=part: len(receiver.got) > part * 200, "some are delivered")
                life.kill()
                life = Life(folder.database, **settings)
            drain(life)
            self.assertEqual({job["status"] for job in life.all_jobs(limit="1000")}, {"done"})
            self.assertEqual(life.end(), 0)
            ids = {}
            for headers, body in receiver.got:
                ids.setdefault(int(body), set()).add(headers["webhook-id"])
            self.assertEqual(ids, {number: {f"{number:04}"} for number in range(1_000)})


if __name__ == "__main__":
    unittest.main()
