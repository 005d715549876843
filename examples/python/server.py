"""A web server in Python that takes the socket of systemd."""

import json
import os
import signal
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"message": "hello", "pid": os.getpid(), "uid": os.getuid()}) + "\n"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())


def passed_socket():
    """Returns the socket that systemd passed to this process, or None. The first passed socket is file descriptor 3."""
    if os.environ.get("LISTEN_PID") == str(os.getpid()):
        return socket.socket(fileno=3)
    return None


class Server(ThreadingHTTPServer):
    # When the server stops, it waits for the requests that are under way.
    daemon_threads = False

    def __init__(self, passed):
        if passed is None:
            super().__init__(("127.0.0.1", 3000), Handler)
        else:
            # The constructor of the superclass opens a socket, which the sandbox forbids.
            BaseServer.__init__(self, passed.getsockname(), Handler)
            self.socket = passed


def notify(message):
    """Sends a message to systemd, as sd_notify(3) does."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(message, address)


server = Server(passed_socket())
# shutdown() blocks until serve_forever() returns, so it must run in another thread.
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
notify(b"READY=1")
print("Python is listening on", server.socket.getsockname(), flush=True)
server.serve_forever()
notify(b"STOPPING=1")
server.server_close()
