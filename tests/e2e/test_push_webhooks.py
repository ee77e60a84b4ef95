"""Signatures of pushes, verified by the library that receivers use: standardwebhooks from npm."""

import json
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from support import ROOT
from test_push import SECRETS, PushTest

MODULES = Path(os.environ.get("JOBQD_WEBHOOKS", ROOT / "build" / "webhooks")) / "node_modules"
PROGRAM = Path(__file__).parent / "webhooks" / "verify.js"


class Webhooks(PushTest):
    def setUp(self):
        if not shutil.which("node") or not MODULES.is_dir():
            message = f"SKIPPED: there is no node, or no {MODULES}, which ./dev installs where npm is there"
            print(message, file=sys.stderr)
            self.skipTest(message)

    def verify(self, pushes):
        lines = "".join(json.dumps(push) + "\n" for push in pushes)
        done = subprocess.run(["node", str(PROGRAM)], input=lines, capture_output=True, text=True, timeout=60, check=True,
                              env=os.environ | {"NODE_PATH": str(MODULES)})
        return done.stdout.splitlines()

    def test_every_receiver_accepts_them_by_either_secret_and_no_other(self):
        with self.pushing('secret_env = ["OLD_SECRET", "NEW_SECRET"]', **SECRETS) as (daemon, receiver):
            for job, payload in (("a.b", {"n": 1}), ("\u00e4/\u20ac %", ["x"]), ("c", {"text": "\u00fc\u0001\"\\"})):
                self.ended(daemon, {"id": job, "payload": payload})
            names = ("webhook-id", "webhook-timestamp", "webhook-signature")
            pushes = [{"headers": {name: headers[name] for name in names}, "body": body.decode()} for headers, body in receiver.got]
            self.assertEqual(len(pushes), 3)
            for secret in SECRETS.values():
                self.assertEqual(self.verify([push | {"secret": secret} for push in pushes]), ["good"] * 3)
            other = {"secret": "whsec_" + "A" * 32}
            self.assertEqual(self.verify([push | other for push in pushes]), ["No matching signature found"] * 3)
            altered = {"secret": SECRETS["OLD_SECRET"], "body": "{}"}
            self.assertEqual(self.verify([push | altered for push in pushes]), ["No matching signature found"] * 3)


if __name__ == "__main__":
    unittest.main()
