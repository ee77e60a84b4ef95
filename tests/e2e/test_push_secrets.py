"""Secrets and certificates of http queues: the daemon follows their files."""

import base64
import hashlib
import hmac
import os
import signal
import time
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from support import eventually
from test_push import SECRETS, PushTest

OLD, NEW = SECRETS.values()
WARNING = "a file of a queue is not as it should be queue=push"


class Secrets(PushTest):
    def setUp(self):
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = self.folder / "secret"
        self.replace(OLD)

    def replace(self, text, mode=0o600):
        """Another file at the same path, as editors and Kubernetes make it."""
        following = self.folder / "next"
        following.write_text(text, encoding="ascii")
        following.chmod(mode)
        following.rename(self.path)

    def signing(self, **settings):
        return self.pushing(f'secret_file = ["{self.path}"]', **settings)

    def signed_by(self, daemon, receiver):
        """The secret that has signed a push of now."""
        name = f"job-{len(receiver.got)}"
        self.assertEqual(self.ended(daemon, {"id": name})["status"], "done")
        headers, body = receiver.got[-1]
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        for secret in OLD, NEW:
            key = base64.b64decode(secret.removeprefix("whsec_"))
            if headers["webhook-signature"] == "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode():
                return secret
        return None

    def test_a_reload_takes_a_new_secret(self):
        with self.signing() as (daemon, receiver):
            self.assertEqual(self.signed_by(daemon, receiver), OLD)
            self.replace(NEW)
            daemon.signal(signal.SIGHUP)
            eventually(lambda: self.signed_by(daemon, receiver) == NEW, "the new secret signs")
            self.assertNotIn(WARNING, daemon.log)

    def test_a_new_secret_is_taken_within_some_seconds_without_a_reload(self):
        real = self.folder / "real"
        self.path.rename(real)
        os.symlink(real, self.path)
        with self.signing() as (daemon, receiver):
            self.assertEqual(self.signed_by(daemon, receiver), OLD)
            self.replace(NEW)
            eventually(lambda: time.sleep(0.2) or self.signed_by(daemon, receiver) == NEW, "the new secret signs")
            self.assertNotIn(WARNING, daemon.log)

    def test_a_wrong_file_leaves_the_old_secret_and_one_warning(self):
        with self.signing() as (daemon, receiver):
            for text in "whsec_c2VjcmV0", "whsec_c2VjcmV0":
                self.replace(text)
                daemon.signal(signal.SIGHUP)
                eventually(lambda: WARNING in daemon.log, "it warns")
            self.path.unlink()
            for _ in range(2):
                daemon.signal(signal.SIGHUP)
                eventually(lambda: "No such file or directory" in daemon.log, "it warns of another fault")
            self.assertEqual(self.signed_by(daemon, receiver), OLD)
            self.replace(NEW)
            daemon.signal(signal.SIGHUP)
            eventually(lambda: self.signed_by(daemon, receiver) == NEW, "the new secret signs")
            self.assertEqual(daemon.log.count(WARNING), 2, daemon.log)
            self.assertNotIn("c2VjcmV0", daemon.log)

    def test_a_secret_that_others_may_read_is_one_warning(self):
        self.replace(OLD, mode=0o644)
        with self.signing() as (daemon, receiver):
            daemon.wait_for_line(rf'warn  {WARNING} why="secret_file: {self.path}: every user may read it \(mode 0644\)"')
            daemon.signal(signal.SIGHUP)
            daemon.wait_for_line("configuration read again")
            self.assertEqual(self.signed_by(daemon, receiver), OLD)
            self.assertEqual(daemon.log.count(WARNING), 1)


if __name__ == "__main__":
    unittest.main()
