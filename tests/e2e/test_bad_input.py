"""Wrong input gets a 4xx problem that names the field, changes nothing, and leaves the daemon healthy."""

import gzip
import json
import unittest
from pathlib import Path
from urllib.parse import quote

from support import HELD, DaemonTest, find_suite, own_cases

PROBLEMS = Path(__file__).parents[2] / "docs" / "problems.md"
NO_BODY = "malformed-json"
WRONG_BODIES = {
    "empty": (b"", NO_BODY, None),
    "blank": (b" \r\n", NO_BODY, None),
    "malformed": (b'{"id":', NO_BODY, None),
    "two documents": (b"{} {}", NO_BODY, None),
    "null": (b"null", "invalid-field", ""),
    "a number": (b"5", "invalid-field", ""),
    "a string": (b'"job"', "invalid-field", ""),
    "no jobs": (b"[]", "invalid-field", ""),
    "a batch with a number": (b'[{"id":"x"},5]', "invalid-field", "/1"),
    "id a number": (b'{"id":5}', "invalid-field", "/id"),
    "id empty": (b'{"id":""}', "invalid-field", "/id"),
    "id of 5,000 bytes": (b'{"id":"' + b"x" * 5000 + b'"}', "invalid-field", "/id"),
    "id of 256 bytes": (b'{"id":"' + b"x" * 256 + b'"}', "invalid-field", "/id"),
    "id with a line feed": (b'{"id":"a\\nb"}', "invalid-field", "/id"),
    "id with a NUL": (b'{"id":"a\\u0000b"}', "invalid-field", "/id"),
    "id with a C1 control": (b'{"id":"a\\u009bb"}', "invalid-field", "/id"),
    "raw control character": (b'{"id":"a\nb"}', NO_BODY, None),
    "raw NUL": (b'{"id":"a"}\0', NO_BODY, None),
    "invalid UTF-8": (b'{"id":"\xff\xfe"}', NO_BODY, None),
    "overlong UTF-8": (b'{"id":"\xc0\xaf"}', NO_BODY, None),
    "max_retries negative": (b'{"max_retries":-1}', "invalid-field", "/max_retries"),
    "max_retries fractional": (b'{"max_retries":1.5}', "invalid-field", "/max_retries"),
    "max_retries a string": (b'{"max_retries":"3"}', "invalid-field", "/max_retries"),
    "max_retries 1001": (b'{"max_retries":1001}', "invalid-field", "/max_retries"),
    "max_retries 2^64": (b'{"max_retries":18446744073709551616}', "invalid-field", "/max_retries"),
    "max_retries 1e400": (b'{"max_retries":1e400}', "invalid-field", "/max_retries"),
    "max_retries null": (b'{"max_retries":null}', "invalid-field", "/max_retries"),
    "max_retries an object": (b'{"max_retries":{}}', "invalid-field", "/max_retries"),
    "priority 101": (b'{"priority":101}', "invalid-field", "/priority"),
    "delay negative": (b'{"delay":-1}', "invalid-field", "/delay"),
    "delay of two years": (b'{"delay":"731d"}', "invalid-field", "/delay"),
    "delay and run_at": (b'{"delay":1,"run_at":"2030-01-01T00:00:00Z"}', "invalid-field", "/run_at"),
    "run_at without offset": (b'{"run_at":"2030-01-01T00:00:00"}', "invalid-field", "/run_at"),
    "run_at too far": (b'{"run_at":"9999-01-01T00:00:00Z"}', "invalid-field", "/run_at"),
    "timeout zero": (b'{"timeout":0}', "invalid-field", "/timeout"),
    "queue a number": (b'{"queue":1}', "invalid-field", "/queue"),
    "unknown field": (b'{"max_retry":3}', "invalid-field", "/max_retry"),
    "duplicate field": (b'{"id":"a","id":"b"}', "invalid-field", "/id"),
    "200,000 brackets": (b'{"payload":' + b"[" * 200_000, NO_BODY, None),
}


class BadBodies(DaemonTest):
    def test_each_is_a_problem_and_changes_nothing(self):
        daemon = self.start(**HELD)
        for name, (body, slug, pointer) in WRONG_BODIES.items():
            with self.subTest(name):
                problem = self.assert_problem(daemon.post("/enqueue", body), 400, slug)
                if pointer is not None:
                    self.assertIn(pointer, [error["pointer"] for error in problem["errors"]])
                self.assertEqual(list(daemon.all_jobs()), [])
        self.assert_healthy(daemon)

    def test_unknown_queue_is_404(self):
        problem = self.assert_problem(self.start().enqueue({"queue": "mail"}), 404, "queue-not-found")
        self.assertEqual(problem["errors"][0]["pointer"], "/queue")

    def test_a_batch_with_one_wrong_job_takes_none(self):
        daemon = self.start(**HELD)
        problem = self.assert_problem(daemon.enqueue([{"id": "a"}, {"id": "b", "priority": "high"}]), 400, "invalid-field")
        self.assertEqual(problem["errors"][0]["pointer"], "/1/priority")
        self.assertEqual(list(daemon.all_jobs()), [])

    def test_a_batch_that_can_never_fit_is_refused_with_400(self):
        problem = self.assert_problem(self.start().enqueue([{} for _ in range(65)]), 400, "invalid-field")
        self.assertIn("64 places", problem["detail"])

    def test_a_body_over_the_limit_is_413_before_it_is_read(self):
        daemon = self.start(MAX_BODY="1KiB")
        with daemon.connect() as connection:
            connection.send(b"POST /enqueue HTTP/1.1\r\nHost: x\r\nContent-Length: 1025\r\n\r\n")
            answer = connection.read_answer()
            self.assert_problem(answer, 413, "payload-too-large")
            self.assertTrue(answer.closes)
        with daemon.connect() as connection:
            connection.send(b"POST /enqueue HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            connection.send(b"401\r\n" + b"x" * 0x401 + b"\r\n0\r\n\r\n")
            self.assert_problem(connection.read_answer(), 413, "payload-too-large")
        self.assert_healthy(daemon)

    def test_naughty_strings_live_as_ids_and_payloads(self):
        strings = [case["text"] for case in own_cases("strings.json")]
        if found := find_suite("blns.json.gz"):
            strings += json.loads(gzip.decompress(found.read_bytes()))
        self.assertGreater(len(strings), 60)
        daemon = self.start(QUEUE_SIZE="10000", **HELD)
        for text in strings:
            answer = daemon.enqueue({"payload": text, "delay": "1h"})
            self.assertEqual(answer.status, 202, text)
            self.assertEqual(daemon.get(answer.headers["location"]).json()["payload"], text)
            answer = daemon.enqueue({"id": text, "delay": "1h"})
            self.assertIn(answer.status, (200, 202, 400, 409))
            if answer.status == 202:
                self.assertEqual(daemon.get("/v1/jobs/" + quote(text, safe="")).json()["id"], text)
        self.assert_healthy(daemon)


class BadRequests(DaemonTest):
    def test_header_over_8_kib_is_431(self):
        daemon = self.start()
        with daemon.connect() as connection:
            connection.send(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9000)
            self.assert_problem(connection.read_answer(), 431, "header-too-large")
        self.assert_healthy(daemon)

    def test_content_length_and_transfer_encoding_together_are_400_and_closed(self):
        daemon = self.start(**HELD)
        with daemon.connect() as connection:
            connection.send(b"POST /enqueue HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
                            b"0\r\n\r\nPOST /enqueue HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
            answer = connection.read_answer()
            self.assert_problem(answer, 400, "malformed-request")
            self.assertTrue(answer.closes)
            self.assertEqual(connection.read_end(), b"")
        self.assertEqual(list(daemon.all_jobs()), [])

    def test_a_tls_hello_gets_an_answer_at_once(self):
        with self.start().connect() as connection:
            connection.send(bytes.fromhex("16030100a5010000a10303") + b"\x01" * 32)
            self.assert_problem(connection.read_answer(), 400, "malformed-request")

    def test_a_method_that_is_not_there_is_405_with_allow(self):
        answer = self.start().request("DELETE", "/enqueue")
        self.assert_problem(answer, 405, "method-not-allowed")
        self.assertEqual(answer.headers["allow"], "POST, OPTIONS")

    def test_a_path_that_is_not_there_is_404(self):
        self.assert_problem(self.start().get("/enque"), 404, "not-found")

    def test_a_page_of_another_site_cannot_enqueue(self):
        daemon = self.start(**HELD)
        for header in ({"Origin": "http://evil.example"}, {"Sec_Fetch_Site": "cross-site"}, {"Origin": "null"}):
            self.assert_problem(daemon.enqueue({"id": "x"}, **header), 403, "forbidden-origin")
        self.assertEqual(list(daemon.all_jobs()), [])
        self.assertEqual(daemon.enqueue({"id": "x"}, Origin=f"http://127.0.0.1:{daemon.port}").status, 202)

    def test_the_type_of_a_problem_leads_to_its_explanation(self):
        daemon = self.start()
        document = PROBLEMS.read_text(encoding="utf-8")
        sections = {section.split("\n")[0]: section.strip() for section in document.split("\n## ")[1:]}
        self.assertGreater(len(sections), 10)
        for name, text in sections.items():
            answer = daemon.get(f"/problems/{name}")
            self.assertEqual((answer.status, answer.headers["content-type"]), (200, "text/plain; charset=utf-8"), name)
            self.assertEqual(answer.body.decode(), f"## {text}\n")
        missing = self.assert_problem(daemon.get("/problems/nope"), 404, "not-found")
        self.assertIn(b"nothing at this path", daemon.get(missing["type"]).body)
        self.assert_problem(daemon.get("/problems/internal?x=1"), 400, "invalid-field")
        head = daemon.request("HEAD", "/problems/internal")
        self.assertEqual((head.status, head.body), (200, b""))
        options = daemon.request("OPTIONS", "/problems/internal")
        self.assertEqual((options.status, options.headers["allow"]), (204, "GET, HEAD, OPTIONS"))

    def test_misspelt_query_parameters_do_not_vanish(self):
        daemon = self.start()
        for path in ("/v1/jobs?state=done", "/v1/jobs?limit=0", "/v1/jobs?limit=1001", "/v1/jobs?status=dead",
                     "/v1/jobs?cursor=x", "/v1/jobs?limit=1&limit=2", "/v1/jobs/a?wait=61s", "/v1/jobs/a?wait=soon"):
            with self.subTest(path):
                self.assert_problem(daemon.get(path), 400, "invalid-field")


if __name__ == "__main__":
    unittest.main()
