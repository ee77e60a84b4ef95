"""What tests of the metrics need: scrapes taken apart, promtool, and a Prometheus that watches a daemon."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Iterator, NamedTuple

from support import PATIENCE, ROOT, Daemon, eventually

RULES = ROOT / "deploy" / "prometheus" / "jobqd.rules.yml"
RULE_TESTS = ROOT / "deploy" / "prometheus" / "jobqd.rules.test.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "jobqd.json"

NAME = re.compile(r"\b(?:jobqd|process)_[a-z_]+\b")
SAMPLE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


class Sample(NamedTuple):
    name: str
    labels: dict
    value: float


def samples(daemon: Daemon) -> list[Sample]:
    """A fresh scrape."""
    answer = daemon.get("/metrics", Cache_Control="no-cache")
    assert answer.status == 200, answer
    matches = (SAMPLE.match(line) for line in answer.body.decode().splitlines() if not line.startswith("#"))
    return [Sample(match[1], dict(LABEL.findall(match[2] or "")), float(match[3])) for match in matches]


def value(daemon: Daemon, name: str, **labels: str) -> float:
    """The sum of the samples that have these labels; 0 if there is none."""
    return sum(sample.value for sample in samples(daemon) if sample.name == name and labels.items() <= sample.labels.items())


def family(name: str) -> str:
    """The metric that a sample belongs to."""
    return re.sub(r"_(bucket|sum|count)$", "", name)


def rule_expressions() -> str:
    return RULES.read_text(encoding="utf-8")


def dashboard_queries() -> Iterator[str]:
    """The queries of all panels, with the variables set as for all instances and queues."""
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", []):
            query = target["expr"].replace("$instance", ".*").replace("$queue", ".*").replace("$__rate_interval", "1m")
            assert "$" not in query, query
            yield query


def require(*programs: str) -> None:
    """Skips the test, and says so, if one of the programs is missing. CI has them."""
    for program in programs:
        if shutil.which(program):
            continue
        if os.environ.get("CI"):
            raise AssertionError(f"there is no {program}: ./dev packages metrics")
        print(f"SKIPPED: there is no {program}; ./dev packages metrics says what to install", file=sys.stderr)
        raise unittest.SkipTest(f"there is no {program}")


def promtool(*arguments: str, stdin: bytes = b"") -> str:
    """Runs promtool, which has to find nothing wrong. Returns what it says."""
    require("promtool")
    done = subprocess.run(["promtool", *arguments], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          cwd=RULES.parent, timeout=PATIENCE, check=False)
    said = done.stdout.decode()
    assert done.returncode == 0, said
    return said


class Prometheus:
    """A Prometheus on a free port, which scrapes a daemon four times a second as the job "jobqd"."""

    def __init__(self, daemon: Daemon, rules: str = ""):
        require("prometheus")
        self.folder = tempfile.TemporaryDirectory()
        folder = Path(self.folder.name)
        (folder / "rules.yml").write_text(rules or "groups: []\n", encoding="utf-8")
        (folder / "prometheus.yml").write_text(f"""
global: {{scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms}}
rule_files: [rules.yml]
scrape_configs:
- job_name: jobqd
  static_configs: [{{targets: ["127.0.0.1:{daemon.port}"]}}]
""", encoding="utf-8")
        self.log = open(folder / "log", "w+b")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
             "--web.listen-address=127.0.0.1:0"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            self.address = eventually(self._listening, "Prometheus listens")
            eventually(lambda: self.vector('up{job="jobqd"} == 1'), "Prometheus has scraped the daemon")
        except BaseException:
            self.stop()
            raise

    def _listening(self) -> str:
        said = Path(self.log.name).read_text(encoding="utf-8")
        assert self.process.poll() is None, said
        found = re.search(r'msg="Listening on" address=(\S+)', said)
        return found[1] if found else ""

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.log.close()
        self.folder.cleanup()

    def ask(self, path: str, **query: str) -> dict:
        url = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:  # It is not ready yet.
                return {"result": [], "alerts": []}
            raise AssertionError(f"{query}: {error.read().decode()}") from None

    def vector(self, query: str) -> list:
        return self.ask("query", query=query)["result"]

    def firing(self, **labels: str) -> set[str]:
        """The names of the alerts that fire and have these labels."""
        return {alert["labels"]["alertname"] for alert in self.ask("alerts")["alerts"]
                if alert["state"] == "firing" and labels.items() <= alert["labels"].items()}
