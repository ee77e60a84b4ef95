"""Scrapes a daemon while it is measured, to see what that costs."""

import socket
import threading

EVERY = 0.05  # seconds


class Scraper:
    """Asks for fresh metrics on one connection, every 50 ms, until the end of the block."""

    def __init__(self, port: int):
        self.port = port
        self.scrapes = 0
        self.bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Scraper":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        request = f"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCache-Control: no-cache\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            while not self._over.wait(EVERY):
                connection.sendall(request)
                try:
                    self.bytes += self._read(connection)
                except OSError:
                    return  # The daemon was stopped.
                self.scrapes += 1

    def _read(self, connection: socket.socket) -> int:
        """Reads one answer, and returns its length. A longer one comes in chunks."""
        text = b""
        while b"\r\n\r\n" not in text:
            text += self._receive(connection)
        head, _, body = text.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(head.decode())
        marker = b"content-length: "
        at = head.lower().find(marker)
        length = int(head[at + len(marker):].split(b"\r\n")[0]) if at >= 0 else None
        while len(body) < length if length is not None else not body.endswith(b"0\r\n\r\n"):
            body += self._receive(connection)
        return len(body)

    def _receive(self, connection: socket.socket) -> bytes:
        data = connection.recv(1 << 20)
        if not data:
            raise OSError("the connection ended")
        return data
