"""A Rust backend on `campanile-binder` (its example, the countries), behind Campanile and behind the real high-templar."""

import contextlib
import http.client
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

import rabbitmq
from conftest import Gateway

TARGET = pathlib.Path(__file__).parents[2] / "target/debug"
COUNTRIES = os.environ.get("COUNTRIES", TARGET / "examples/countries")
TEMPLAR = pathlib.Path(__file__).with_name("templar_server.py")

# The programs that the second server needs, with whether they are here.
NEEDED = {
    "high-templar": importlib.util.find_spec("high_templar") is not None,
    "rabbitmq-server": rabbitmq.is_installed(),
}
UPDATE = {"type": "publish", "data": "", "requestId": "r1"}
JSON = {"Content-Type": "application/json"}


class Countries:
    """The example on a loopback address that no other test has, with a database that outlives it."""

    def __init__(self, address, folder, **environment):
        self.address = address
        self.environment = {
            "LISTEN": f"{address}:18080",
            "DATABASE_URL": f"sqlite:{folder}/countries.db?mode=rwc",
            "GATEWAY_URL": f"http://{address}:18002",
        } | environment
        self.process = None

    def start(self):
        self.process = subprocess.Popen([COUNTRIES], env=self.environment, stdin=subprocess.DEVNULL)
        for _ in range(3000):
            assert self.process.poll() is None, f"the example ended with {self.process.returncode}"
            with contextlib.suppress(OSError):
                self.request("GET", "/api/country/")
                return
            time.sleep(0.01)
        raise AssertionError("the example was not ready after 30 s")

    def request(self, method, path, body=None):
        """The status and what was answered."""
        connection = http.client.HTTPConnection(self.address, 18080, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body and json.dumps(body), JSON)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def count(self):
        """How many countries there are."""
        return json.loads(self.request("GET", "/api/country/")[1])["count"]

    def kill(self):
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def subscribed(url):
    """A connection that hears of each change of the countries, as r1."""
    for _ in range(600):
        with contextlib.suppress(OSError, WebSocketException, TimeoutError):
            websocket = connect(url)
            break
        time.sleep(0.05)
    else:
        raise AssertionError(f"{url} does not answer")
    with websocket:
        room = {"auto-updates": "country"}
        assert json.loads(websocket.recv(30)) == {"is_authorized": True, "allowed_rooms": [room]}
        websocket.send(json.dumps({"type": "subscribe", "room": room, "requestId": "r1"}))
        assert json.loads(websocket.recv(30)) == {"code": "success"}
        yield websocket


def heard(websocket):
    """All that had been published to the connection by now."""
    websocket.send("ping")
    messages = []
    while (text := websocket.recv(30)) != "pong":
        messages.append(json.loads(text))
    return messages


def play(countries, websockets):
    """Saves, rolls back and saves many: each time all hear as much as was committed."""

    def all_hear_one():
        for websocket in websockets:
            assert json.loads(websocket.recv(60)) == UPDATE

    status, belgium = countries.request("POST", "/api/country/", {"name": "Belgium"})
    assert status == 201
    all_hear_one()
    belgium = f"/api/country/{json.loads(belgium)['id']}/"
    assert countries.request("PUT", belgium, {"name": "België"})[0] == 200
    all_hear_one()
    many, before = [f"country {number}" for number in range(10_000)], countries.count()
    assert countries.request("POST", "/api/country/many/", {"names": many, "roll_back": True})[0] == 409
    assert countries.request("POST", "/api/country/many/", {"names": many})[0] == 201
    all_hear_one()
    assert countries.count() == before + 10_000
    # What changes nothing is not told; after the last one all else would have been heard.
    assert countries.request("DELETE", "/api/country/0/")[0] == 204
    assert countries.request("PUT", "/api/country/0/", {"name": "nobody"})[0] == 404
    assert countries.request("DELETE", belgium)[0] == 204
    all_hear_one()
    for websocket in websockets:
        assert heard(websocket) == []


@pytest.fixture
def countries(address, tmp_path):
    countries = Countries(address, tmp_path)
    countries.start()
    yield countries
    countries.kill()


def test_a_rust_backend_is_heard_in_every_tab(address, countries):
    gateway = Gateway(address)
    gateway.start()
    try:
        with subscribed(gateway.websocket_url) as one, subscribed(gateway.websocket_url) as other:
            play(countries, [one, other])
    finally:
        gateway.kill()


def test_a_rust_backend_is_heard_by_the_real_high_templar_and_by_campanile_at_once(address, tmp_path):
    missing = [name for name, is_here in NEEDED.items() if not is_here]
    if missing:
        print(f"not run, because {' and '.join(missing)} is not installed")
        return
    with contextlib.ExitStack() as stack:
        broker = rabbitmq.RabbitMQ(address)
        stack.callback(broker.stop)
        broker.wait()
        url = f"amqp://guest:guest@{address}/"
        countries = Countries(address, tmp_path, RABBITMQ_URL=url)
        # By RabbitMQ alone.
        del countries.environment["GATEWAY_URL"]
        countries.start()
        stack.callback(countries.kill)
        templar = subprocess.Popen([sys.executable, TEMPLAR, address, f"http://{address}:18080/api/"])
        stack.callback(templar.wait)
        stack.callback(templar.kill)
        gateway = Gateway(address)
        gateway.start(CAMPANILE_BROKER_URL=url)
        stack.callback(gateway.kill)
        theirs = stack.enter_context(subscribed(f"ws://{address}:18500/ws/"))
        until_heard(countries, theirs)
        ours = stack.enter_context(subscribed(gateway.websocket_url))
        play(countries, [ours, theirs])


def until_heard(countries, websocket):
    """Waits until a server hears of what is published: high-templar opens its door before it does."""
    for _ in range(300):
        countries.request("POST", "/api/country/many/", {"names": ["here?"]})
        with contextlib.suppress(TimeoutError):
            websocket.recv(0.2)
            break
    else:
        raise AssertionError("it hears nothing")
    # What was asked before it was heard may still come.
    with contextlib.suppress(TimeoutError):
        while True:
            websocket.recv(1)


def test_an_update_arrives_once_though_its_backend_was_killed_before_it_told_it(address, tmp_path):
    countries = Countries(address, tmp_path)
    countries.start()
    # There is no gateway yet, so that what is committed cannot be told.
    assert countries.request("POST", "/api/country/", {"name": "Belgium"})[0] == 201
    countries.kill()
    gateway = Gateway(address)
    gateway.start()
    try:
        # The gateway's clients are let in by the backend, which is another process than before.
        countries.start()
        with subscribed(gateway.websocket_url) as websocket:
            assert json.loads(websocket.recv(60)) == UPDATE
            assert countries.request("DELETE", "/api/country/1/")[0] == 204
            assert json.loads(websocket.recv(60)) == UPDATE
            assert heard(websocket) == []
    finally:
        gateway.kill()
        countries.kill()
