"""The history of queues and pages of them, of the real daemon."""

import json
import socket
import unittest
from datetime import datetime
from typing import Optional
from urllib.parse import quote

from support import Connection, Daemon, DaemonTest, eventually

CONFIG = """
[queues.mail]
processor = "simulate"

[queues.remote]
processor = "remote"
""" + "".join(f"""
[queues.many-{n:03}]
processor = "remote"
""" for n in range(120))

SERIES = ("enqueued", "started", "done", "failed", "ready", "running", "oldest_ready_seconds")


def known(series: list) -> list:
    return [point for point in series if point is not None]


class History(DaemonTest):
    def test_a_queue_has_a_history_that_begins_with_the_daemon(self):
        daemon = self.start(CONFIG=self.config_file(CONFIG))
        for n in range(3):
            daemon.post("/enqueue", json.dumps({"id": f"r{n}", "queue": "remote"}))
        history = lambda: daemon.get("/v1/queues/remote/history").json()  # noqa: E731
        eventually(lambda: sum(known(history()["enqueued"])) == 3, "the sample of the interval")
        shown = history()
        self.assertEqual(shown["step"], "10s")
        self.assertEqual({name: len(shown[name]) for name in SERIES}, dict.fromkeys(SERIES, 360))
        self.assertEqual(known(shown["ready"])[-1], 3)
        self.assertGreater(known(shown["oldest_ready_seconds"])[-1], 0)
        self.assertIsNone(shown["enqueued"][0], "an hour ago there was no daemon")
        self.assertEqual(sum(known(daemon.get("/v1/queues/mail/history").json()["enqueued"])), 0)
        since, until = (datetime.fromisoformat(shown[name].replace("Z", "+00:00")) for name in ("since", "until"))
        self.assertLess((until - since).total_seconds(), 60)
        self.assertEqual(until.second % 10, 0)
        page = daemon.get("/v1/queues?history=15m&sort=ready&limit=1").json()
        self.assertEqual([queue["name"] for queue in page["queues"]], ["remote"])
        self.assertEqual(len(page["queues"][0]["history"]["ready"]), 60)

        daemon.stop()
        again = self.start(CONFIG=self.config_file(CONFIG)).get("/v1/queues/remote/history").json()
        self.assertGreaterEqual(again["since"], shown["since"])
        self.assertEqual(known(again["enqueued"]), [])

    def test_what_a_client_sends_before_the_daemon_listens_is_in_the_history(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        jobs = json.dumps([{"queue": "remote"}] * 60)
        daemon = Daemon(wait=False, LISTEN=f"127.0.0.1:{port}", CONFIG=self.config_file(CONFIG))
        self.addCleanup(self._end, daemon, 0)
        def connected() -> Optional[Connection]:
            try:
                return Connection(port)
            except ConnectionRefusedError:
                return None
        with eventually(connected, "the port is open") as connection:
            self.assertEqual(connection.request("POST", "/enqueue", jobs).read_answer().status, 202)
        daemon.wait_until_listening()
        history = lambda: daemon.get("/v1/queues/remote/history").json()  # noqa: E731
        eventually(lambda: known(history()["ready"])[-1:] == [60], "the sample of the interval")
        self.assertEqual(sum(known(history()["enqueued"])), 60)

    def test_pages_have_each_queue_once(self):
        daemon = self.start(CONFIG=self.config_file(CONFIG))
        everything = sorted(queue["name"] for queue in daemon.get("/v1/queues").json()["queues"])
        for sort in ("name", "ready", "failed", "oldest"):
            names, cursor = [], ""
            while True:
                page = daemon.get(f"/v1/queues?sort={sort}&limit=50{cursor}").json()
                names += [queue["name"] for queue in page["queues"]]
                if "next_cursor" not in page:
                    break
                cursor = "&cursor=" + quote(page["next_cursor"])
            self.assertEqual(names, everything, sort)
        page = daemon.get("/v1/queues?prefix=many-01&limit=200").json()
        self.assertEqual([queue["name"] for queue in page["queues"]], [f"many-01{n}" for n in range(10)])

    def test_the_list_without_parameters_is_as_it_was(self):
        answer = self.start(CONFIG=self.config_file(CONFIG)).get("/v1/queues")
        self.assertEqual(len(answer.json()["queues"]), 123)
        self.assertEqual(list(answer.json()), ["queues"])
        self.assertEqual(answer.json()["queues"][0]["name"], "default")
        self.assertNotIn("etag", answer.headers)

    def test_unchanged_answers_are_not_sent_again(self):
        daemon = self.start(CONFIG=self.config_file(CONFIG))
        with Connection(daemon.port) as connection:
            for path in ("/v1/queues?history=15m&prefix=many", "/v1/queues/mail/history"):
                for method in ("GET", "HEAD"):
                    def unchanged() -> bool:  # A point may end between the two requests.
                        connection.request("GET", path)
                        whole = connection.read_answer()
                        self.assertEqual(whole.status, 200)
                        self.assertEqual(whole.headers["cache-control"], "no-cache")
                        tag = whole.headers["etag"]
                        connection.request(method, path, None, **{"If-None-Match": f'"old", {tag}'})
                        same = connection.read_answer(to_head=method == "HEAD")
                        if same.status == 200:
                            return False
                        self.assertEqual((same.status, same.body, same.headers["etag"]), (304, b"", tag))
                        self.assertNotIn("content-length", same.headers)
                        self.assertNotIn("content-type", same.headers)
                        return True
                    eventually(unchanged, "an answer 304")
                    # The next answer on this connection begins where the 304 ended.
                    connection.request("GET", "/healthz")
                    self.assertEqual(connection.read_answer().body, b"OK")
                    connection.request("GET", path, None, **{"If-None-Match": '"old"'})
                    self.assertEqual(connection.read_answer().status, 200)

    def test_wrong_parameters_say_what_is_allowed(self):
        daemon = self.start(CONFIG=self.config_file(CONFIG))
        for path, allowed in (("/v1/queues/mail/history?span=2h", "1h or 24h"), ("/v1/queues?history=24h", "15m or 1h"),
                              ("/v1/queues?sort=age", "name, ready, failed or oldest"), ("/v1/queues?limit=201", "from 1 to 200"),
                              ("/v1/queues?prefix=a%20b", "1 to 64 of"), ("/v1/queues?cursor=4", "the next_cursor of a page")):
            answer = daemon.get(path)
            self.assertEqual(answer.status, 400, path)
            self.assertIn(allowed, answer.json()["detail"])
        self.assertEqual(daemon.get("/v1/queues/mial/history").status, 404)


if __name__ == "__main__":
    unittest.main()
