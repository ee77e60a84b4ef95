"""GET /metrics of the real daemon; and with it, under the tools of Prometheus, the alert rules, the dashboard and what
docs/operations.md says about them."""

import json
import re
import signal
import threading
import unittest
from collections import Counter

from certificates import Authority
from durable import Folder, Life
from monitoring import (DASHBOARD, NAME, RULE_TESTS, RULES, Prometheus, dashboard_queries, family, promtool, rule_expressions,
                        samples, value)
from support import AT_ONCE, HELD, ROOT, Connection, DaemonTest, eventually

OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Queues in every state.
ALL = """
[queues.fast]
workers = 4
max_retries = 0

[queues.remote]
processor = "remote"
capacity = 100

[queues.waiting]
processor = "remote"

[queues.leased]
processor = "remote"

[queues.paused]
capacity = 4

[queues.full]
workers = 1
capacity = 1
rate = {per_second = 0.001, burst = 1}

[queues.broken]
processor = "http"
url = "http://127.0.0.1:1/"
allow_networks = ["127.0.0.0/8"]
max_retries = 9
backoff = ["1h"]
circuit = {failures = 1, wait = "1h"}
"""

# Queues in the kinds of trouble that the table of alerts begins with. A queue is stalled if its workers are gone.
TROUBLE = """
[queues.stalled]
processor = "remote"

[queues.paused]

[queues.throttled]
rate = {per_second = 0.001, burst = 1}

[queues.empty]
"""


def documented_metrics() -> set[str]:
    """The names in the first column of the table below the heading Metrics."""
    section = re.search(r"^## Metrics\n(.*?)^### ", OPERATIONS, re.MULTILINE | re.DOTALL)[1]
    return {name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`([a-z_]+)`", row)}


def documented_alerts() -> dict[str, set[str]]:
    """What fires in which trouble, by the table below the heading Alerts."""
    section = re.search(r"^## Alerts\n(.*?)^### ", OPERATIONS, re.MULTILINE | re.DOTALL)[1]
    rows = re.findall(r"^\| (an? .*?|failing jobs) \| (.*?) \|$", section, re.MULTILINE)
    return {trouble: set(re.findall(r"Jobqd\w+", alerts)) for trouble, alerts in rows}


class Metrics(DaemonTest):
    def begin(self, text: str, **settings: str):
        self.path = self.config_file(text)
        return self.start(CONFIG=self.path, **(AT_ONCE | settings))

    def busy(self):
        """A daemon whose queues have been in every state that the metrics know."""
        folder = Folder()
        self.addCleanup(folder.__exit__)
        certificate, key = Authority(folder.path).issue("metrics", "DNS:localhost")
        daemon = self.begin(ALL, STORE=f"sqlite:{folder.database}", SIMULATE_FAILURE_RATE="0.5",
                            LISTEN="127.0.0.1:0,tls:127.0.0.1:0", TLS_CERT=certificate, TLS_KEY=key,
                            OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
        with Connection(int(daemon.wait_for_line(r"listening address=tls:127\.0\.0\.1 port=(\d+)")[1])) as no_handshake:
            no_handshake.send(b"x")
        daemon.post("/v1/queues/paused/pause")
        daemon.enqueue([{"id": f"fast-{number}", "queue": "fast"} for number in range(100)])
        daemon.enqueue({"id": "fast-0", "queue": "fast"})
        daemon.enqueue({"id": "a", "queue": "paused"})
        daemon.enqueue({"id": "b", "queue": "remote"})
        daemon.enqueue({"id": "c", "queue": "broken"})
        daemon.enqueue({"id": "d", "queue": "leased"})
        daemon.post("/v1/queues/leased/lease", '{"lease":"1h"}')
        for number in range(5):
            daemon.enqueue({"id": f"full-{number}", "queue": "full"})
        worker = daemon.connect()
        self.addCleanup(worker.close)
        worker.request("POST", "/v1/queues/waiting/lease", '{"wait":"60s"}')
        eventually(lambda: value(daemon, "jobqd_queue_jobs", queue="fast", state="failed")
                   and value(daemon, "jobqd_queue_jobs", queue="fast", state="done")
                   and value(daemon, "jobqd_queue_circuit_state", queue="broken", state="open")
                   and value(daemon, "jobqd_queue_lease_waiters", queue="waiting")
                   and value(daemon, "jobqd_tls_handshake_failures_total")
                   and value(daemon, "jobqd_jobs_refused_total", queue="full", reason="full"), "all of it has happened")
        return daemon


class Scrapes(Metrics):
    def test_the_text_is_that_of_prometheus_whatever_is_accepted(self):
        daemon = self.begin("")
        for accept in ("text/plain", "application/openmetrics-text; version=1.0.0", "application/json", "x/y"):
            answer = daemon.get("/metrics", Accept=accept)
            self.assertEqual((answer.status, answer.headers["content-type"]), (200, TYPE))
            self.assertIn(b'jobqd_queue_capacity{queue="default"} 64\n', answer.body)
        self.assertEqual(daemon.request("HEAD", "/metrics").headers["content-type"], TYPE)
        self.assert_problem(daemon.get("/metrics?name=x"), 400, "invalid-field")
        self.assert_problem(daemon.post("/metrics"), 405, "method-not-allowed")

    def test_promtool_finds_nothing_wrong(self):
        self.assertEqual(promtool("check", "metrics", stdin=self.busy().get("/metrics").body), "")

    def test_every_metric_is_documented_and_every_documented_one_is_there(self):
        self.assertEqual({family(sample.name) for sample in samples(self.busy())}, documented_metrics())

    def test_no_label_holds_what_a_client_chose(self):
        daemon = self.begin("")
        daemon.get("/v1/jobs/some-id")
        daemon.get("/some-path")
        daemon.request("BREW", "/coffee")
        daemon.enqueue({"id": "some-id", "queue": "some-queue"})
        text = daemon.get("/metrics", Cache_Control="no-cache").body.decode()
        for word in ("some-id", "some-path", "some-queue", "BREW", "coffee"):
            self.assertNotIn(word, text)
        self.assertIn('jobqd_http_requests_total{method="GET",route="/v1/jobs/{id}",code="404"} 1\n', text)
        self.assertIn('jobqd_http_requests_total{method="other",code="404"} 1\n', text)

    def test_requests_that_wait_are_not_in_the_durations(self):
        daemon = self.begin("[queues.remote]\nprocessor = \"remote\"\n")
        daemon.get("/v1/jobs/nobody?wait=1s")
        daemon.post("/v1/queues/remote/lease", '{"wait":"0s"}')
        daemon.get("/v1/queues")
        routes = {sample.labels["route"] for sample in samples(daemon)
                  if sample.name == "jobqd_http_request_duration_seconds_count"}
        self.assertIn("/v1/queues", routes)
        self.assertFalse(routes & {"/v1/jobs/{id}", "/v1/queues/{name}/lease"})

    def test_a_queue_that_is_gone_takes_its_series_along(self):
        daemon = self.begin("[queues.mail]\ncapacity = 2\n")
        daemon.enqueue({"id": "a", "queue": "mail"})
        daemon.finished("a")
        self.assertEqual(value(daemon, "jobqd_jobs_enqueued_total", queue="mail"), 1)
        daemon.enqueue([{"queue": "mail"}, {"queue": "mail"}, {"queue": "mail"}])
        self.assertEqual(value(daemon, "jobqd_jobs_refused_total", queue="mail", reason="too_large"), 1)
        daemon.request("DELETE", "/v1/jobs/a")
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("")
        daemon.signal(signal.SIGHUP)
        daemon.wait_for_line("configuration read again")
        self.assertFalse([sample for sample in samples(daemon) if sample.labels.get("queue") == "mail"])

    def test_a_configuration_with_an_error_shows(self):
        daemon = self.begin("")
        self.assertEqual(value(daemon, "jobqd_config_last_reload_successful"), 1)
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("[")
        daemon.signal(signal.SIGHUP)
        eventually(lambda: value(daemon, "jobqd_config_last_reload_successful") == 0, "the reload is refused")

    def test_many_read_slowly_and_share_one_text(self):
        daemon = self.begin("\n".join(f"[queues.q{number}]\nprocessor = \"remote\"" for number in range(500)))
        connections = [daemon.connect(receive_buffer=4096) for _ in range(20)]
        for connection in connections:
            self.addCleanup(connection.close)
            connection.request("GET", "/metrics")
        self.assert_healthy(daemon)
        for connection in connections:
            self.assertIn(b'{queue="q499"}', connection.read_answer().body)


class States(Metrics):
    def assert_states_add_up(self, daemon) -> None:
        """The states of jobs, as they are at one moment, are all jobs."""
        by_state: Counter = Counter()
        for sample in samples(daemon):
            if sample.name == "jobqd_queue_jobs":
                by_state[sample.labels["queue"]] += sample.value
        jobs = Counter(job["queue"] for job in daemon.all_jobs())
        self.assertEqual({queue: count for queue, count in by_state.items() if count}, dict(jobs))

    def test_add_up_to_all_jobs(self):
        self.assert_states_add_up(self.busy())

    def test_add_up_under_load_after_a_kill_and_after_a_reload(self):
        with Folder() as folder:
            config = folder.config("[queues.mail]\nworkers = 2\nmax_retries = 3\nbackoff = [\"20ms\"]\n")
            settings = AT_ONCE | {"SIMULATE_FAILURE_RATE": "0.3", "CONFIG": str(config)}
            life = Life(folder.database, **settings)
            stop = threading.Event()

            def produce():
                while not stop.is_set():
                    life.enqueue([{"queue": "mail", "delay": "10ms"} for _ in range(20)])

            producer = threading.Thread(target=produce)
            producer.start()
            try:
                # Under load only the counters of jobs tell how many there are.
                for _ in range(20):
                    scrape = samples(life)
                    states = sum(sample.value for sample in scrape
                                 if sample.name == "jobqd_queue_jobs" and sample.labels["queue"] == "mail")
                    enqueued = sum(sample.value for sample in scrape
                                   if sample.name == "jobqd_jobs_enqueued_total" and sample.labels["queue"] == "mail")
                    self.assertEqual(states, enqueued)
            finally:
                stop.set()
                producer.join()
            life.kill()
            config.write_text("[queues.mail]\nprocessor = \"remote\"\n", encoding="utf-8")
            life = Life(folder.database, **settings)
            self.assert_states_add_up(life)
            config.write_text("", encoding="utf-8")
            life.signal(signal.SIGHUP)
            life.wait_for_line("configuration read again")
            self.assert_states_add_up(life)
            self.assertTrue(value(life, "jobqd_queue_jobs", queue="mail"))
            life.end()

    def test_started_attempts_have_ended_or_run(self):
        daemon = self.busy()
        for queue in ("fast", "broken", "full"):
            with self.subTest(queue=queue):
                eventually(lambda queue=queue: value(daemon, "jobqd_attempts_started_total", queue=queue)
                           == value(daemon, "jobqd_attempts_finished_total", queue=queue)
                           + value(daemon, "jobqd_queue_jobs", queue=queue, state="running"), "the numbers agree")

    def test_a_remote_queue_that_is_scaled_to_zero_has_a_demand(self):
        daemon = self.begin("[queues.remote]\nprocessor = \"remote\"\n")
        scale = daemon.get("/v1/queues/remote?target=30s").json()["scale"]
        self.assertEqual(scale, {"demand": 0, "oldest_ready_seconds": 0, "workers_needed": 0})
        daemon.enqueue({"id": "a", "queue": "remote"})
        scale = daemon.get("/v1/queues/remote?target=30s").json()["scale"]
        self.assertEqual((scale["demand"], scale["workers_needed"]), (1, 1))
        daemon.post("/v1/queues/remote/lease", "{}")
        self.assertEqual(daemon.get("/v1/queues/remote").json()["scale"], {"demand": 1, "oldest_ready_seconds": 0})
        self.assertNotIn("scale", daemon.get("/v1/queues").json()["queues"][1])

    def test_a_wrong_target_is_refused_with_what_is_allowed(self):
        daemon = self.begin("")
        problem = self.assert_problem(daemon.get("/v1/queues/default?target=soon"), 400, "invalid-field")
        self.assertEqual(problem["detail"], "query parameter target must be a duration such as 30s, or a number of seconds, "
                                            "from 1s to 24h, not \"soon\"")


class Watching(Metrics):
    """The rules and the dashboard."""

    def test_promtool_accepts_the_rules_and_their_tests(self):
        promtool("check", "rules", str(RULES))
        promtool("test", "rules", str(RULE_TESTS))

    def test_every_name_of_rules_and_dashboard_is_in_a_scrape(self):
        there = {sample.name for sample in samples(self.busy())}
        for where, text in (("rules", rule_expressions()), ("dashboard", DASHBOARD.read_text(encoding="utf-8"))):
            names = set(NAME.findall(text))
            self.assertGreater(len(names), 5)
            self.assertEqual(names - there, set(), where)

    def test_every_query_of_the_dashboard_answers(self):
        daemon = self.busy()
        prometheus = Prometheus(daemon)
        self.addCleanup(prometheus.stop)
        queries = list(dashboard_queries())
        self.assertGreater(len(queries), 20)
        for number, query in enumerate(queries):
            # A rate needs two scrapes, between which something may have to happen.
            eventually(lambda query=query, number=number: prometheus.vector(query) or not daemon.enqueue(
                {"id": f"more-{number}", "queue": "fast"}), query)

    def test_trouble_fires_what_is_documented(self):
        """With the rules as they are, but for their times, which are a hundred times shorter."""
        daemon = self.begin(TROUBLE)
        daemon.post("/v1/queues/paused/pause")
        for queue in ("stalled", "paused", "throttled"):
            daemon.enqueue([{"queue": queue} for _ in range(3)])
        daemon.enqueue({"id": "a", "queue": "empty"})
        daemon.finished("a")
        rules = re.sub(r"\b(for: |\[)(\d+)m\b", lambda match: f"{match[1]}{int(match[2]) * 600}ms", rule_expressions())
        rules = rules.replace("for: 30s", "for: 300ms").replace("_age_seconds > 300", "_age_seconds > 3")
        prometheus = Prometheus(daemon, rules)
        self.addCleanup(prometheus.stop)
        documented = documented_alerts()
        self.assertEqual(documented["a stalled queue"], {"JobqdQueueStalled", "JobqdQueueLatencyHigh"})
        eventually(lambda: prometheus.firing(queue="stalled") == documented["a stalled queue"], "a stalled queue fires")
        for queue in ("paused", "throttled", "empty", "default"):
            self.assertEqual(prometheus.firing(queue=queue), documented.get(f"a {queue} queue", set()), queue)
        self.assertEqual(prometheus.firing(), documented["a stalled queue"])

    def test_the_table_of_alerts_is_that_of_the_tests(self):
        tested: dict[str, set[str]] = {}
        for name, body in re.findall(r"^- name: (.*?)$(.*?)(?=^- name|\Z)", RULE_TESTS.read_text(encoding="utf-8"),
                                     re.MULTILINE | re.DOTALL):
            tested[name] = set(re.findall(r"alertname: (\w+)\n    exp_alerts:\n", body))
        documented = documented_alerts()
        self.assertGreater(len(documented), 10)
        self.assertEqual({name: tested.get(name) for name in documented}, documented)

    def test_every_alert_has_its_section(self):
        alerts = re.findall(r"^  - alert: (\w+)$", rule_expressions(), re.MULTILINE)
        self.assertGreater(len(alerts), 5)
        section = re.search(r"^## Alerts\n(.*?)^## ", OPERATIONS, re.MULTILINE | re.DOTALL)[1]
        self.assertEqual(re.findall(r"^### (\w+)$", section, re.MULTILINE), alerts)
        links = re.findall(r"^      runbook_url: (.*)$", rule_expressions(), re.MULTILINE)
        self.assertEqual(links, [f"docs/operations.md#{alert.lower()}" for alert in alerts])
        for alert in alerts:
            self.assertIn(f"alertname: {alert}", RULE_TESTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
