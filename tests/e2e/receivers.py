"""Web services for the http processor to push to."""

import http.server
import threading


class Server(http.server.ThreadingHTTPServer):
    """Listens on a free port of 127.0.0.1, on a thread of its own, while the context is entered. Daemons may be killed while
    they talk to it."""

    daemon_threads = True

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?a=b"

    def __enter__(self) -> "Server":
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *_) -> None:
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    """Handles one push, without logging to standard error."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def answer(self, status: int, text: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(text))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_) -> None:  # pylint: disable=arguments-differ
        pass
