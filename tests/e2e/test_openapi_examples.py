"""The examples of the OpenAPI document are real: the request of each is sent to a daemon, which has to give its answer.

An example of a response belongs to those examples of the request that have the same name; a parameter or a body without
one of that name takes its first, and a parameter that is not required is left out. What has to happen before, and what
is wrong with a request that is refused, stands here. Times, ages and ids made by the daemon may differ.
"""

import json
import re
import unittest
from typing import NamedTuple, Optional
from urllib.parse import quote, urlencode

from openapi import Api, Call
from support import DaemonTest

CONFIG = """
[queues.mail]
processor = "remote"
capacity = 3
timeout = "5m"
"""

VARYING = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "TIME"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", "UUID"),
    (r"(\"oldest_ready_age\": )\"[0-9a-z]+\"", r"\1AGE"),
    (r"(\"oldest_ready_seconds\": )[0-9.e-]+", r"\1AGE"),
]


class Step(NamedTuple):
    path: str
    body: object
    headers: dict = {}


ENQUEUE = Step("/enqueue", {"id": "order-17", "queue": "mail", "payload": {"to": "ann@example.com"}},
               {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
LEASE = Step("/v1/queues/mail/lease", {"lease": "60s", "worker": "mailer-1"})
COMPLETE = Step("/v1/jobs/order-17/complete", {"token": "1", "result": {"sent": True}})
FAIL = Step("/v1/jobs/order-17/fail", {"token": "1", "error": "the mail server is away", "retry_after": "90s"})
REJECT = Step("/v1/jobs/order-17/fail", {"token": "1", "error": "no such mailbox", "retryable": False})

# What has been done before the request of an example, by its name, or by that of its call and its own.
BEFORE: dict[str, list[Step]] = {
    "backing_off": [ENQUEUE, LEASE, FAIL],
    "done": [ENQUEUE, LEASE, COMPLETE],
    "dry_run": [ENQUEUE, LEASE, REJECT],
    "purgeQueue dry_run": [ENQUEUE],
    "full": [Step("/enqueue", [{"id": f"order-{n}", "queue": "mail"} for n in (18, 19, 20)])],
    "leased": [ENQUEUE, LEASE],
    "lost": [ENQUEUE, LEASE],
    "other_content": [ENQUEUE],
    "page": [Step("/enqueue", [{"id": f"order-{n}", "queue": "mail", "delay": "1h"} for n in (17, 18)])],
    "rejected": [ENQUEUE, LEASE, REJECT],
    "repeated": [ENQUEUE],
    "scaled": [ENQUEUE],
    "waiting": [ENQUEUE],
}

# Requests that are wrong, so that the document has no example of them.
WRONG_BODY = {
    "misspelt": [{"id": "order-18", "queue": "mail"}, {"id": "order-19", "queue": "mail", "max_retry": 1}],
    "wrong_token": {"token": 1},
}
WRONG_HEADERS = {"foreign_page": {"Origin": "https://elsewhere.example"}}


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))  # a payload's bytes are counted


def normal(value: object) -> str:
    text = json.dumps(value, indent=1, sort_keys=True)
    for pattern, name in VARYING:
        text = re.sub(pattern, name, text)
    return text


class Examples(DaemonTest):
    def test_examples_are_real(self):
        api = Api.of(self.start())
        used, count = set(), 0
        for call in api.calls.values():
            for status, response in call.responses.items():
                for media, content in response.get("content", {}).items():
                    for name, example in content.get("examples", {}).items():
                        count += 1
                        used |= {name, f"{call.name} {name}"}
                        with self.subTest(call=call.name, status=status, example=name):
                            self.replay(api, call, name, int(status), media, api.resolved(example)["value"])
        self.assertGreater(count, 50)
        self.assertEqual((BEFORE.keys() | WRONG_BODY.keys() | WRONG_HEADERS.keys()) - used, set(), "no such example")

    def test_examples_of_requests_have_an_answer(self):
        for call in Api.of(self.start()).calls.values():
            answers = {name for response in call.responses.values() for content in response.get("content", {}).values()
                       for name in content.get("examples", {})}
            nothing = any("content" not in response for response in call.responses.values())  # it has no examples
            for name in (call.body or {}).get("examples", {}):
                with self.subTest(call=call.name, example=name):
                    self.assertTrue(name in answers or nothing)

    def replay(self, api: Api, call: Call, name: str, status: int, media: str, expected: object) -> None:
        daemon = self.start(CONFIG=self.config_file(CONFIG))
        for path, body, headers in BEFORE.get(f"{call.name} {name}", BEFORE.get(name, [])):
            answer = daemon.post(path, compact(body), **headers)
            self.assertLess(answer.status, 300, answer)
        path, headers = self.target(call, name)
        answer = daemon.request(call.method, path, self.body(api, call, name), **headers, **WRONG_HEADERS.get(name, {}))
        daemon.stop()
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(api.faults_of_answer(call, answer), [])
        self.assertEqual(answer.headers["content-type"], media)
        self.assertEqual(normal(answer.json() if media.endswith("json") else answer.body.decode()), normal(expected))

    def target(self, call: Call, name: str) -> tuple[str, dict]:
        """The path with its query, and the headers."""
        path, query, headers = call.path, {}, {}
        for parameter in call.parameters:
            examples = {key: example["value"] for key, example in parameter.get("examples", {}).items()}
            if parameter["in"] == "path":
                value = examples.get(name, next(iter(examples.values())))
                path = path.replace("{%s}" % parameter["name"], quote(value, safe=""))
            elif name in examples and parameter["in"] == "query":
                query[parameter["name"]] = examples[name] if isinstance(examples[name], str) else json.dumps(examples[name])
            elif name in examples:
                headers[parameter["name"]] = examples[name]
        return path + ("?" + urlencode(query) if query else ""), headers

    def body(self, api: Api, call: Call, name: str) -> Optional[str]:
        if call.body is None:
            return None
        examples = call.body["examples"]
        if name in WRONG_BODY:
            body = WRONG_BODY[name]
            self.assertNotEqual(api.faults_of_request(call.body["schema"], body), [], "this may be an example too")
        else:
            body = examples.get(name, next(iter(examples.values())))["value"]
            self.assertEqual(api.faults_of_request(call.body["schema"], body), [])
        return compact(body)


if __name__ == "__main__":
    unittest.main()
