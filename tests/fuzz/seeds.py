"""Writes the inputs that the fuzzers begin with: the project's own cases, and examples of what each reads."""

import json
from pathlib import Path

CASES = Path(__file__).resolve().parents[1] / "cases"

JOBS = [
    '{"id":"a1","payload":{"to":"a@b.c","n":[1,-2.5,true,null]},"queue":"mail","priority":-5,"max_retries":3}',
    '{"payload":"x","delay":"1h30m","timeout":30}', '{"run_at":"2030-01-31T08:00:00.5+01:00","payload":[]}',
    '[{"id":"a"},{"id":"b","payload":null} , {"id":"c","payload":true}]', '{"payload":[[[[[[[[1]]]]]]]]}', '{"max_retry":1}',
]
REMOTE = [
    '{"token":18446744073709551615,"lease":"5m"}', '{"max_jobs":10,"lease":30,"wait":"20s","worker":"w-1"}', '{"token":1,"result":{"ok":[1,2]}}',
    '{"token":1,"error":"no","retryable":false,"retry_after":"10s"}', '',
]
CONFIGS = [
    'workers = 8\nqueue_size = 100\nstore = "memory"\nshutdown_grace = "5s"\nlog_level = "debug"\n[queues.default]\nmax_retries = 3\n',
    '[queues.mail]\nprocessor = "exec"\ncommand = ["/bin/sh", "-c", "cat"]\nworkers = 2\ntimeout = "30s"\nrate.per_second = 10\nrate.burst = 3\n',
    '[queues.hook]\nprocessor = "http"\nurl = "https://example.com/x"\nretry_on = [500, 503]\nallow_networks = ["10.0.0.0/8"]\nconnect_timeout = "2s"\n'
    'backoff.base = "1s"\nbackoff.cap = "1m"\ncircuit.failures = 5\ncircuit.wait = "30s"\n',
    '[queues.remote]\nprocessor = "remote"\nretention = "1h"\ncapacity = 10\nbackoff = ["1s", "5s"]\n', '[queues."a b"]\nworkers = 1\n', 'workers = 0x10\n', 'x = 1979-05-27T07:32:00Z\n',
]
TIMES = ["0s", "250ms", "1h30m", "2d", "90m", "2026-11-24T08:00:00.250+01:00", "1970-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "2024-02-29t12:00:00z",
         "120", "Sun, 06 Nov 1994 08:49:37 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Wed, 15 Nov 2023 22:13:20 GMT"]


def of_cases(name: str) -> list[bytes]:
    cases = json.loads((CASES / name).read_text(encoding="utf-8"))
    if name == "http.json":
        return [case["request"].replace("{9000}", "a" * 600).encode("latin-1") for case in cases]
    return [bytes.fromhex(case["hex"]) if "hex" in case else case["text"].encode() for case in cases]


def seeds() -> dict[str, list[bytes]]:
    requests, values = of_cases("http.json"), of_cases("json.json")
    bodies = [text.encode() for text in JOBS] + [b'{"payload":' + value + b"}" for value in values]
    return {
        "canary": [b"jobs"],
        "plain_heads": [request.split(b"\r\n\r\n")[0] + b"\r\n\r\n" for request in requests],
        "requests": requests,
        "plain_bodies": bodies,
        "jobs": bodies + [text.encode() for text in REMOTE],
        "config": [text.encode() for text in CONFIGS],
        "times": [text.encode() for text in TIMES],
        "rows": [bytes(range(start, start + 60)) for start in range(0, 190, 10)],
    }


def write(folder: Path) -> None:
    for name, inputs in seeds().items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number, content in enumerate(inputs):
            (folder / name / f"{number:03}").write_bytes(content)
