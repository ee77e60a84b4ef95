"""The processors that the crash tests use for the default queue, each with the receiver or the workers that it needs. One attempt
in five fails."""

import json
import os
import random
import threading
from typing import Optional

from durable import NO_ANSWER, Life
from receivers import Handler, Server
from support import Connection


class Plant:
    """The simulated processor, which needs nothing else. A context manager."""

    backlog = 1_500  # so many jobs are run quickly once the clients have left
    config = ""  # of the default queue

    def __enter__(self) -> "Plant":
        return self

    def __exit__(self, *_) -> None:
        pass

    def begin(self, life: Life) -> None:
        """Called after each start of the daemon."""

    def executed(self, key: str) -> Optional[bool]:
        """Whether a finished job was executed; None if that cannot be seen from outside the daemon."""


class Exec(Plant):
    backlog = 300
    config = """
        processor = "exec"
        command = ["/bin/sh", "-c", "[ $(( $$ % 5 )) -ne 0 ]"]
        """


class Http(Plant):
    """The http processor, with a receiver that records the jobs that are pushed to it."""

    backlog = 500

    def __init__(self) -> None:
        ids = self.ids = {}  # by key of the job
        self.mixed_up: list = []

        class Receiver(Handler):
            def do_POST(receiver) -> None:  # pylint: disable=invalid-name,no-self-argument
                key = json.loads(receiver.body())["k"]
                if ids.setdefault(key, receiver.headers["Job-Id"]) != receiver.headers["Job-Id"]:
                    self.mixed_up.append(key)
                receiver.answer(500 if random.random() < 0.2 else 204)

        self.server = Server(Receiver)
        self.config = f"""
            processor = "http"
            url = "{self.server.url}"
            allow_networks = ["127.0.0.0/8"]
            """

    def __enter__(self) -> "Http":
        self.server.__enter__()
        return self

    def __exit__(self, *_) -> None:
        self.server.__exit__()
        assert not self.mixed_up, f"came under several ids: {self.mixed_up[:3]}"

    def executed(self, key: str) -> Optional[bool]:
        return key in self.ids


class Remote(Plant):
    """Remote workers, four for each run of the daemon, which end with it."""

    backlog = 500
    config = 'processor = "remote"'

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.tokens: set[str] = set()  # of attempts whose completion was accepted
        self.twice: list = []
        self.lock = threading.Lock()

    def __exit__(self, *_) -> None:
        assert not self.twice, f"tokens accepted twice: {self.twice[:3]}"

    def begin(self, life: Life) -> None:
        for _ in range(4):
            threading.Thread(target=self.work, args=(life.port,), daemon=True).start()

    def work(self, port: int) -> None:
        try:
            with Connection(port) as connection:
                while True:
                    lease = json.dumps({"max_jobs": 5, "lease": "10s", "wait": "20s"})
                    answer = connection.request("POST", "/v1/queues/default/lease", lease).read_answer()
                    for job in answer.json()["jobs"]:
                        self.settle(connection, job)
        except NO_ANSWER:
            pass

    def settle(self, connection: Connection, job: dict) -> None:
        token = job["lease"]["token"]
        with self.lock:
            self.keys.add(job["payload"]["k"])
        if random.random() < 0.2:
            how, said = "fail", {"token": token, "error": "no luck"}
        else:
            how, said = "complete", {"token": token, "result": os.getpid()}
        answer = connection.request("POST", f"/v1/jobs/{job['id']}/{how}", json.dumps(said)).read_answer()
        if answer.status == 204:
            with self.lock:
                if token in self.tokens:
                    self.twice.append(token)
                self.tokens.add(token)

    def executed(self, key: str) -> Optional[bool]:
        return key in self.keys


PLANTS = {"simulate": Plant, "exec": Exec, "http": Http, "remote": Remote}
