"""The processors that the crash tests use for the default queue, each with the receiver or the workers that it needs. One attempt
in five fails."""

import json
import os
import random
import threading
from typing import Optional

from durable import NO_ANSWER, Life
from receivers import Handler, Server
from support import Answer, Connection


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
    """Remote workers, four for each run of the daemon. Their leases outlive it: what one held when the daemon was killed, one of
    the next run keeps and settles with the same token."""

    backlog = 500
    config = 'processor = "remote"'

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.tokens: set[str] = set()  # of attempts whose end was accepted
        self.held: dict[str, str] = {}  # ids and tokens of leases that were answered, and whose ends were not sent
        self.inherited: dict[str, str] = {}  # of those, leases of an earlier run
        self.unsure: dict[str, str] = {}  # of those whose ends were sent and not answered
        self.kept = 0  # leases that were held over a restart
        self.wrong: list = []
        self.threads: list[threading.Thread] = []
        self.lock = threading.Lock()

    def __exit__(self, *_) -> None:
        assert not self.wrong, f"a promise was broken: {self.wrong[:3]}"
        print(f"leases that survived a restart: {self.kept}", flush=True)

    def begin(self, life: Life) -> None:
        for thread in self.threads:
            thread.join()
        self.inherited |= self.held
        self.held = {}
        with life.connect() as connection:
            for job_id, token in self.inherited.items():
                answer = self.tell(connection, job_id, "heartbeat", token=token, lease="10s")
                assert answer.status == 200, f"the lease of {job_id} is lost: {answer.status} {answer.body!r}"
                self.kept += 1
            unsure, self.unsure = self.unsure, {}
            for job_id, token in unsure.items():  # It has taken effect, or does now; the job may be removed since.
                answer = self.tell(connection, job_id, "complete", token=token)
                assert answer.status in (204, 409, 404), f"the end of {job_id}: {answer.status} {answer.body!r}"
        self.threads = [threading.Thread(target=self.work, args=(life.port,), daemon=True) for _ in range(4)]
        for thread in self.threads:
            thread.start()

    def work(self, port: int) -> None:
        try:
            with Connection(port) as connection:
                while job := self.inherit():
                    self.settle(connection, *job)
                while True:
                    lease = json.dumps({"max_jobs": 5, "lease": "10s", "wait": "20s"})
                    answer = connection.request("POST", "/v1/queues/default/lease", lease).read_answer()
                    jobs = answer.json()["jobs"]
                    with self.lock:
                        self.keys.update(job["payload"]["k"] for job in jobs)
                        self.held.update((job["id"], job["lease"]["token"]) for job in jobs)
                    for job in jobs:
                        self.settle(connection, job["id"], job["lease"]["token"])
        except NO_ANSWER:
            pass

    def inherit(self) -> Optional[tuple[str, str]]:
        with self.lock:
            return self.inherited.popitem() if self.inherited else None

    def settle(self, connection: Connection, job_id: str, token: str) -> None:
        with self.lock:
            self.held.pop(job_id, None)
            self.unsure[job_id] = token
        if random.random() < 0.2:
            answer = self.tell(connection, job_id, "fail", token=token, error="no luck")
        else:
            answer = self.tell(connection, job_id, "complete", token=token, result=os.getpid())
        with self.lock:
            del self.unsure[job_id]
            if answer.status != 204:
                self.wrong.append((job_id, answer.status, answer.body))
            elif token in self.tokens:
                self.wrong.append((job_id, "accepted twice", token))
            self.tokens.add(token)

    def tell(self, connection: Connection, job_id: str, call: str, **fields) -> Answer:
        return connection.request("POST", f"/v1/jobs/{job_id}/{call}", json.dumps(fields)).read_answer()

    def executed(self, key: str) -> Optional[bool]:
        return key in self.keys


PLANTS = {"simulate": Plant, "exec": Exec, "http": Http, "remote": Remote}
