"""A backend, a gateway and Redis servers for the tests in Python. `CAMPANILE_BIN` names the binary."""

import http.client
import itertools
import json
import os
import pathlib
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import redis_server

BINARY = os.environ.get("CAMPANILE_BIN", pathlib.Path(__file__).parents[2] / "target/debug/campanile")
COUNTER = itertools.count()

NEED_REDIS = ["test_channel_layers*.py", "test_django_chat.py"]
collect_ignore_glob = NEED_REDIS if redis_server.PROGRAM is None else []


def pytest_terminal_summary(terminalreporter):
    for files in collect_ignore_glob:
        terminalreporter.write_line(f"{files}: not run, because redis-server is not installed")


class Backend:
    """Answers every bootstrap by `allowed_rooms`, or by `status`."""

    def __init__(self, address):
        self.allowed_rooms, self.status, self.seen = [], 200, []
        backend = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                backend.seen.append((self.path, dict(self.headers.items())))
                body = json.dumps({"allowed_rooms": backend.allowed_rooms}).encode()
                self.send_response(backend.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer((address, 18080), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Gateway:
    """The campanile binary on loopback addresses that no other test has."""

    def __init__(self, address):
        self.address, self.process = address, None
        self.websocket_url = f"ws://{address}:18000/ws/"
        self.internal_url = f"http://{address}:18002"

    def start(self, **environment):
        settings = {
            "CAMPANILE_PUBLIC_LISTEN": f"{self.address}:18000",
            "CAMPANILE_INTERNAL_LISTEN": f"{self.address}:18002",
            "CAMPANILE_BACKEND_URL": f"http://{self.address}:18080/api/",
        }
        self.process = subprocess.Popen([BINARY, "serve"], env=settings | environment, stdin=subprocess.DEVNULL)
        for _ in range(3000):
            assert self.process.poll() is None, f"campanile ended with {self.process.returncode}"
            if self.is_ready():
                return
            time.sleep(0.01)
        raise AssertionError("campanile was not ready after 30 s")

    def is_ready(self):
        connection = http.client.HTTPConnection(self.address, 18002, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def address():
    """A loopback address of this test alone."""
    return loopback_address()


def loopback_address():
    """An address that nobody else has; its last part keeps it apart from those of the Rust tests."""
    number = ((os.getpid() & 0x3FFF) << 8) | (next(COUNTER) & 0xFF)
    return f"127.{128 | number >> 16 & 0x7F}.{number >> 8 & 0xFF}.{number & 0xFF}"


@pytest.fixture
def backend(address):
    backend = Backend(address)
    yield backend
    backend.stop()


@pytest.fixture
def gateway(address, backend):
    gateway = Gateway(address)
    gateway.start()
    yield gateway
    gateway.kill()


@pytest.fixture(scope="session")
def redis_servers():
    """Three Redis servers; a test that uses them finds them empty by `redis_hosts`."""
    servers = [redis_server.RedisServer(loopback_address(), number) for number in range(3)]
    yield servers
    for server in servers:
        server.stop()


@pytest.fixture
def redis_hosts(redis_servers):
    for server in redis_servers:
        server.client.flushall()
    return redis_servers
