"""Spans of attempts, exported to a collector that checks every rule of OTLP/HTTP with JSON."""

import json
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

from collector import Collector
from monitoring import samples, value
from receivers import Handler, Server
from support import AT_ONCE, DaemonTest, eventually

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED = f"00-{TRACE}-{PARENT}-01"
UNSAMPLED = f"00-{TRACE}-{PARENT}-00"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
DROPPED = "jobqd_spans_dropped_total"

EXEC = """
[queues.work]
processor = "exec"
command = ["/bin/sh", "-c", {script}]
max_retries = 3
backoff = ["0s"]
"""


def unused_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


class TracesTest(DaemonTest):
    def collector(self, *arguments) -> Collector:
        made = Collector(*arguments)
        self.addCleanup(made.__exit__, None, None, None)
        return made.__enter__()

    def exec_queue(self, script: str) -> str:
        return self.config_file(EXEC.format(script=json.dumps(script)))

    def stop_and_flush(self, daemon) -> None:
        """A stop sends what waits; nobody has to wait 5 s for a batch."""
        self.assertEqual(daemon.stop(), 0, daemon.log[-2000:])


class Spans(TracesTest):
    def test_the_first_attempt_is_a_child_of_the_request_and_gets_its_own_context(self):
        collector = self.collector()
        config = self.exec_queue("printf %s $TRACEPARENT")
        daemon = self.start(CONFIG=config, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        daemon.enqueue({"id": "a", "queue": "work"}, traceparent=SAMPLED)
        given = daemon.finished("a")["result"]
        self.stop_and_flush(daemon)
        span, = collector.spans
        self.assertEqual((span.trace, span.parent, span.links), (TRACE, PARENT, []))
        self.assertEqual(given, span.traceparent)
        self.assertEqual((span.name, span.job, span.outcome, span.error), ("process work", "a", "done", None))
        self.assertEqual(span.attributes["jobqd.attempt"], 1)
        self.assertIn("jobqd.wait_ms", span.attributes)
        self.assertEqual(span.resource, {"service.name": "jobqd"})
        path, headers, *_ = collector.requests[0]
        self.assertEqual(path, "/v1/traces")
        self.assertEqual(headers["User-Agent"], "jobqd")

    def test_a_retry_begins_a_trace_of_its_own_that_is_linked_to_the_request(self):
        collector = self.collector()
        config = self.exec_queue("test $JOB_ATTEMPT = 3 || { echo broken >&2; exit 1; }")
        daemon = self.start(CONFIG=config, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        daemon.enqueue({"id": "a", "queue": "work"}, traceparent=SAMPLED)
        daemon.finished("a")
        self.stop_and_flush(daemon)
        first, second, third = collector.of("a")
        self.assertEqual((first.trace, first.parent), (TRACE, PARENT))
        for retry in (second, third):
            self.assertEqual((retry.parent, retry.links), (None, [(TRACE, PARENT)]))
        self.assertEqual(len({span.trace for span in (first, second, third)}), 3)
        self.assertEqual([span.outcome for span in (first, second, third)], ["failed", "failed", "done"])
        self.assertIn("broken", first.error)
        self.assertEqual(first.attributes["error.type"], "failed")
        self.assertIsNone(third.error)

    def test_a_job_whose_trace_is_not_sampled_has_no_span_and_hands_on_what_it_came_with(self):
        collector = self.collector()
        config = self.exec_queue("printf %s $TRACEPARENT")
        daemon = self.start(CONFIG=config, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_TRACES_SAMPLER_ARG="1")
        daemon.enqueue({"id": "a", "queue": "work"}, traceparent=UNSAMPLED)
        self.assertEqual(daemon.finished("a")["result"], UNSAMPLED)
        daemon.enqueue({"id": "b", "queue": "work"})
        own = daemon.finished("b")["result"]
        self.stop_and_flush(daemon)
        span, = collector.spans  # Without a trace the ratio decides.
        self.assertEqual((span.job, span.parent, span.links, span.traceparent), ("b", None, [], own))

    def test_without_a_trace_nothing_is_sampled_unless_a_ratio_says_so(self):
        collector = self.collector()
        daemon = self.start(**AT_ONCE, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        daemon.enqueue([{"id": f"a{i}"} for i in range(50)])
        daemon.finished("a49")
        self.stop_and_flush(daemon)
        self.assertEqual(collector.requests, [])

    def test_a_ratio_samples_about_its_share(self):
        collector = self.collector()
        daemon = self.start(**AT_ONCE, QUEUE_SIZE="2000", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_TRACES_SAMPLER="parentbased_traceidratio",
                            OTEL_TRACES_SAMPLER_ARG="0.25")
        daemon.enqueue([{"id": f"a{i}"} for i in range(100)])
        daemon.enqueue([{"id": f"b{i}"} for i in range(100)])
        daemon.enqueue([{"id": f"c{i}"} for i in range(800)])
        eventually(lambda: daemon.get("/v1/queues/default").json()["done"] == 1000, "all are done")
        self.stop_and_flush(daemon)
        self.assertTrue(150 < len(collector.spans) < 350, len(collector.spans))

    def test_a_push_gets_the_context_of_the_attempt(self):
        collector = self.collector()
        got = []

        class Push(Handler):
            def do_POST(self):  # pylint: disable=invalid-name
                got.append(self.headers["traceparent"])
                self.body()
                self.answer(200)

        with Server(Push) as receiver:
            config = self.config_file(f'[queues.work]\nprocessor = "http"\nurl = "{receiver.url}"\nallow_networks = ["127.0.0.0/8"]\n')
            daemon = self.start(CONFIG=config, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
            daemon.enqueue({"id": "a", "queue": "work"}, traceparent=SAMPLED)
            daemon.finished("a")
            self.stop_and_flush(daemon)
        span, = collector.spans
        self.assertEqual(got, [span.traceparent])

    def test_a_lease_has_the_context_of_the_attempt_also_after_a_restart(self):
        collector = self.collector()
        config = self.config_file('[queues.work]\nprocessor = "remote"\n')
        with tempfile.TemporaryDirectory() as folder:
            settings = {"CONFIG": config, "STORE": f"sqlite:{folder}/jobs.db", ENDPOINT: collector.url}
            daemon = self.start(**settings)
            daemon.enqueue([{"id": "a", "queue": "work"}, {"id": "b", "queue": "work"}], traceparent=SAMPLED)
            leases = [daemon.post("/v1/queues/work/lease", json.dumps({"lease": "10m", "worker": "w"})).json()["jobs"][0] for _ in range(2)]
            answer = daemon.post("/v1/jobs/a/complete", json.dumps({"token": leases[0]["lease"]["token"]}))
            self.assertEqual(answer.status, 204)
            self.stop_and_flush(daemon)
            daemon = self.start(**settings)
            answer = daemon.post("/v1/jobs/b/fail", json.dumps({"token": leases[1]["lease"]["token"], "error": "no", "retryable": False}))
            self.assertEqual(answer.status, 204)
            self.stop_and_flush(daemon)
        for lease in leases:
            span, = collector.of(lease["id"])
            self.assertEqual(lease["lease"]["traceparent"], span.traceparent)
            self.assertEqual((span.trace, span.parent), (TRACE, PARENT))
        self.assertEqual(collector.of("b")[0].outcome, "rejected")

    def test_without_a_collector_everyone_gets_what_the_job_came_with(self):
        config = self.exec_queue("printf %s $TRACEPARENT")
        daemon = self.start(CONFIG=config)
        daemon.enqueue({"id": "a", "queue": "work"}, traceparent=SAMPLED)
        self.assertEqual(daemon.finished("a")["result"], SAMPLED)
        self.assertIn(f" trace_id={TRACE}", daemon.wait_for_line("job done id=a .*")[0])

    def test_lines_of_jobs_have_the_ids_of_their_span(self):
        collector = self.collector()
        config = self.exec_queue("exit 1")
        daemon = self.start(CONFIG=config, LOG_FORMAT="json", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        daemon.enqueue({"id": "a", "queue": "work", "max_retries": 1}, traceparent=SAMPLED)
        daemon.enqueue({"id": "b", "queue": "work", "max_retries": 0})
        daemon.finished("a")
        daemon.finished("b")
        self.stop_and_flush(daemon)
        lines = [json.loads(line) for line in daemon.lines if '"attempt":' in line]
        ids = [(line["trace_id"], line["span_id"]) for line in lines if line["id"] == "a"]
        self.assertEqual(ids, [(span.trace, span.id) for span in collector.of("a")])
        self.assertFalse([line for line in lines if line["id"] == "b" and ("trace_id" in line or "" in line)])

    def test_a_timeout_and_a_cancel_are_told_apart(self):
        collector = self.collector()
        config = self.exec_queue("sleep 60")
        daemon = self.start(CONFIG=config, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        daemon.enqueue({"id": "slow", "queue": "work", "timeout": "1s", "max_retries": 0}, traceparent=SAMPLED)
        daemon.enqueue({"id": "gone", "queue": "work"}, traceparent=SAMPLED)
        eventually(lambda: daemon.job("gone")["status"] == "running", "it runs")
        daemon.post("/v1/jobs/gone/cancel")
        daemon.finished("gone")
        daemon.finished("slow")
        self.stop_and_flush(daemon)
        self.assertEqual((collector.of("slow")[0].outcome, collector.of("gone")[0].outcome), ("timeout", "cancelled"))
        self.assertIsNone(collector.of("gone")[0].error)


class Export(TracesTest):
    def traced(self, daemon, job: str) -> None:
        daemon.enqueue({"id": job}, traceparent=SAMPLED)
        daemon.finished(job)

    def test_headers_and_resource_are_sent_over_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                            "subjectAltName=IP:127.0.0.1", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"], check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
            collector = self.collector(context)
            daemon = self.start(**AT_ONCE, SSL_CERT_FILE=f"{folder}/cert.pem",
                                OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"https://127.0.0.1:{collector.port}/own/path?a=b",
                                OTEL_EXPORTER_OTLP_HEADERS="x-general=1", OTEL_EXPORTER_OTLP_TRACES_HEADERS="authorization=Bearer%20a%2Cb , x-tenant=t",
                                OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=a%20b,service.name=other", OTEL_SERVICE_NAME="mail \"ü")
            self.traced(daemon, "a")
            self.stop_and_flush(daemon)
        self.assertEqual(collector.spans[0].resource, {"service.name": "mail \"ü", "deployment.environment.name": "a b"})
        path, headers, *_ = collector.requests[0]
        self.assertEqual(path, "/own/path?a=b")
        self.assertEqual((headers["authorization"], headers["x-tenant"], headers["x-general"]), ("Bearer a,b", "t", None))
        self.assertNotIn("Bearer", daemon.log)

    def test_what_is_there_after_5_s_is_sent(self):
        collector = self.collector()
        daemon = self.start(**AT_ONCE, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        self.traced(daemon, "a")
        eventually(lambda: collector.of("a"), "the span arrives while the daemon runs")

    def test_no_batch_is_larger_than_512(self):
        collector = self.collector()
        daemon = self.start(**AT_ONCE, QUEUE_SIZE="2000", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        daemon.enqueue([{"id": f"a{i}"} for i in range(1000)], traceparent=SAMPLED)
        eventually(lambda: collector.requests, "the first batch")
        daemon.finished("a999")
        self.stop_and_flush(daemon)
        self.assertEqual(len({span.id for span in collector.spans}), 1000)
        self.assertEqual(collector.requests[0][2], 512)

    def test_a_retry_waits_as_long_as_the_collector_asks(self):
        for status in (429, 503):
            with self.subTest(status):
                collector = self.collector()
                collector.answers = [(status, {"Retry_After": "3"}, b"{}")]
                daemon = self.start(**AT_ONCE, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
                self.traced(daemon, "a")
                eventually(lambda: collector.spans, "the second try")
                first, second = (when for *_, when in collector.requests)
                self.assertGreaterEqual(second - first, 2.99)
                self.assertNotIn("spans are dropped", daemon.log)

    def test_a_400_is_never_repeated_and_logged_until_it_is_over(self):
        collector = self.collector()
        collector.answers = [(400, {}, b'{"message":"bad"}')]
        daemon = self.start(**AT_ONCE, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        self.traced(daemon, "a")
        self.assertIn("HTTP 400", daemon.wait_for_line("spans are dropped.*")[0])
        self.traced(daemon, "b")
        self.assertIn("dropped=1", daemon.wait_for_line("no more spans are dropped.*")[0])
        self.stop_and_flush(daemon)
        self.assertEqual([span.job for span in collector.spans], ["b"])
        self.assertEqual(len(collector.requests), 2)

    def test_a_partial_success_is_logged(self):
        collector = self.collector()
        collector.always = (200, {}, b'{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too\\nold"}}')
        daemon = self.start(**AT_ONCE, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        self.traced(daemon, "a")
        self.assertIn('rejected 1 spans: too\\nold', daemon.wait_for_line("spans are dropped.*")[0])

    def test_a_warning_of_the_collector_is_logged(self):
        collector = self.collector()
        collector.always = (200, {}, b'{"partialSuccess":{"errorMessage":"slow down"}}')
        daemon = self.start(**AT_ONCE, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        self.traced(daemon, "a")
        self.assertIn("slow down", daemon.wait_for_line("the collector warns.*")[0])

    def flood(self, daemon, batches: int = 12) -> None:
        for batch in range(batches):
            self.assertEqual(daemon.enqueue([{"id": f"{batch}.{i}", "payload": "x" * 100} for i in range(500)], traceparent=SAMPLED).status, 202)
        eventually(lambda: daemon.get("/v1/queues/default").json()["done"] == batches * 500, "all jobs are done")

    def test_a_collector_that_hangs_costs_only_spans(self):
        collector = self.collector()
        collector.held.clear()
        daemon = self.start(**AT_ONCE, QUEUE_SIZE="10000", RETENTION_MAX="10000", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_EXPORTER_OTLP_TIMEOUT="60000")
        self.flood(daemon)
        began = time.monotonic()
        self.stop_and_flush(daemon)
        self.assertIn("spans are dropped", daemon.log)
        self.assertLess(time.monotonic() - began, 20)  # 2 s, and what a busy machine adds

    def test_a_collector_that_is_down_costs_only_spans(self):
        daemon = self.start(**AT_ONCE, QUEUE_SIZE="10000", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{unused_port()}")
        self.flood(daemon)
        self.assertGreaterEqual(value(daemon, DROPPED), 6000 - 2048 - 512)
        self.assertIn("cannot connect", daemon.wait_for_line("spans are dropped.*")[0])
        began = time.monotonic()
        self.stop_and_flush(daemon)
        self.assertLess(time.monotonic() - began, 20)  # 2 s, and what a busy machine adds
        self.assertEqual(daemon.log.count("spans are dropped"), 1)

    def test_a_collector_that_answers_429_costs_only_spans(self):
        collector = self.collector()
        collector.always = (429, {"Retry_After": "3600"}, b"{}")
        daemon = self.start(**AT_ONCE, QUEUE_SIZE="10000", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        self.assertEqual([sample.value for sample in samples(daemon) if sample.name == DROPPED], [0])
        self.flood(daemon)
        self.assertGreaterEqual(value(daemon, DROPPED), 6000 - 2048 - 512)
        self.assertIn("HTTP 429", daemon.wait_for_line("spans are dropped.*")[0])
        self.stop_and_flush(daemon)
        self.assertEqual(collector.spans, [])

    def test_every_span_of_a_flood_arrives_or_is_counted(self):
        collector = self.collector()
        daemon = self.start(**AT_ONCE, QUEUE_SIZE="10000", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        self.flood(daemon)
        # What waits is less than before the last batch, so none is dropped any more.
        eventually(lambda: len(collector.spans) + value(daemon, DROPPED) == 6000, "all is accounted for")
        self.stop_and_flush(daemon)

    def test_without_a_collector_nothing_is_counted(self):
        self.assertNotIn(DROPPED, {sample.name for sample in samples(self.start())})


class Settings(TracesTest):
    def refused(self, **variables: str) -> str:
        """The one line with which a daemon refuses to start; the same with --check-config."""
        lines = []
        for flags in ((), ("--check-config",)):
            daemon = self.run_to_end(*flags, **({ENDPOINT: "http://127.0.0.1:4318"} | variables))
            self.assertEqual(daemon.process.returncode, 2)
            line, = daemon.lines
            lines.append(line)
        self.assertEqual(*lines)
        return lines[0]

    def test_what_is_wrong_ends_the_start_with_one_line(self):
        for variables, said in (
                ({ENDPOINT: "127.0.0.1:4318"}, f'{ENDPOINT}: "127.0.0.1:4318"'),
                ({ENDPOINT: "http://"}, "the host is missing"),
                ({ENDPOINT: "http://127.0.0.1?key=1"}, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is used as it is"),
                ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "ftp://a/"}, "begins neither with http"),
                ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "http/json"),
                ({"OTEL_EXPORTER_OTLP_TIMEOUT": "10s"}, "milliseconds"),
                ({"OTEL_TRACES_SAMPLER": "always_on"}, "parentbased_traceidratio"),
                ({"OTEL_TRACES_SAMPLER_ARG": "2"}, "from 0 to 1"),
                ({"OTEL_RESOURCE_ATTRIBUTES": "a=1,b"}, "entry 2"),
                ({"OTEL_EXPORTER_OTLP_HEADERS": "a=%4"}, "entry 1")):
            with self.subTest(variables):
                self.assertIn(said, self.refused(**variables))

    def test_a_wrong_header_is_refused_without_its_value(self):
        for value in ("a b=secret", "x=secret%0A", "Content-Type=secret", "secret", "x=secret%zz"):
            with self.subTest(value):
                line = self.refused(OTEL_EXPORTER_OTLP_HEADERS=value)
                self.assertIn("OTEL_EXPORTER_OTLP_HEADERS", line)
                self.assertNotIn("secret", line)

    def test_nothing_is_read_where_traces_are_off(self):
        for variables in ({"OTEL_TRACES_SAMPLER": "nonsense"}, {ENDPOINT: "", "OTEL_EXPORTER_OTLP_HEADERS": "nonsense"},
                          {ENDPOINT: "nonsense", "OTEL_SDK_DISABLED": "true"}):
            with self.subTest(variables):
                self.assertNotIn("traces", self.start(**variables).log)


if __name__ == "__main__":
    unittest.main()
