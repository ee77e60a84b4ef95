"""A remote worker: leases jobs, works a little, completes them, and records which completions were accepted.

remote_worker.py PORT FILE: each line of FILE is a job and the token that its completion was accepted with. Runs until
it is killed, which may be at any moment.
"""

import http.client
import json
import os
import random
import sys
import time


def main() -> None:
    port, file = int(sys.argv[1]), sys.argv[2]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(path: str, body: dict) -> tuple[int, bytes]:
        connection.request("POST", path, json.dumps(body))
        answer = connection.getresponse()
        return answer.status, answer.read()

    notes = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    while True:
        wish = {"max_jobs": random.randint(1, 5), "lease": "1s", "wait": "5s", "worker": str(os.getpid())}
        status, body = ask("/v1/queues/numbers/lease", wish)
        assert status == 200, body
        for job in json.loads(body)["jobs"]:
            time.sleep(random.uniform(0.0, 0.06))  # the work
            token = job["lease"]["token"]
            status, body = ask(f"/v1/jobs/{job['id']}/complete", {"token": token, "result": token})
            if status == 204:
                os.write(notes, f"{job['id']} {token}\n".encode())
            else:
                assert status == 409 and json.loads(body)["type"] == "/problems/lease-lost", (status, body)


if __name__ == "__main__":
    main()
