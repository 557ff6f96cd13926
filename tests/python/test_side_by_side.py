"""The real high-templar and Campanile on one RabbitMQ, before one backend that publishes by the real django-binder:
both deliver the same."""

import contextlib
import datetime
import decimal
import importlib.util
import json
import pathlib
import subprocess
import sys
import time

import django
import pytest
from django.conf import settings
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

import rabbitmq

if not settings.configured:
    settings.configure(USE_TZ=True)
    django.setup()

from binder.websocket import trigger  # noqa: E402 (Django wants its settings first)

# The programs that this needs, with whether they are here.
NEEDED = {
    "high-templar": importlib.util.find_spec("high_templar") is not None,
    "rabbitmq-server": rabbitmq.is_installed(),
}

SERVER = pathlib.Path(__file__).with_name("templar_server.py")
ROOMS = [{"zoo": 1}, {"zoo": 2, "animal": "penguin"}, {"zoo": "*"}]


@pytest.fixture
def broker(address):
    broker = rabbitmq.RabbitMQ(address)
    try:
        broker.wait()
        yield broker
    finally:
        broker.stop()


@pytest.fixture
def both(address, backend, broker):
    """The URLs of both servers' WebSockets."""
    from conftest import Gateway

    backend.allowed_rooms = [{"zoo": "*"}, {"zoo": "*", "animal": "*"}]
    gateway = Gateway(address)
    templar = subprocess.Popen([sys.executable, SERVER, address, f"http://{address}:18080/api/"])
    try:
        gateway.start(CAMPANILE_BROKER_URL=f"amqp://guest:guest@{address}/")
        yield {"campanile": gateway.websocket_url, "high-templar": f"ws://{address}:18500/ws/"}
    finally:
        gateway.kill()
        templar.kill()
        templar.wait()


@contextlib.contextmanager
def subscribed(url):
    """A connection that is subscribed to all rooms, under their places in the list."""
    for _ in range(600):
        with contextlib.suppress(OSError, WebSocketException, TimeoutError):
            websocket = connect(url)
            break
        time.sleep(0.05)
    else:
        raise AssertionError(f"{url} does not answer")
    with websocket:
        greeting = json.loads(websocket.recv(30))
        answers = []
        for place, room in enumerate(ROOMS):
            websocket.send(json.dumps({"type": "subscribe", "room": room, "requestId": place}))
            answers.append(json.loads(websocket.recv(30)))
        assert answers == [{"code": "success"}] * len(ROOMS)
        assert greeting["is_authorized"]
        yield websocket


def until_end(websocket):
    """What was published to a connection, as text that was read, up to "end"."""
    heard = []
    while not heard or heard[-1]["data"] != "end":
        heard.append(json.loads(websocket.recv(30)))
    return heard


def until_listening(websocket, rabbit):
    """Waits until a server hears of what is published: high-templar opens its door before it does."""
    for _ in range(300):
        with contextlib.suppress(TimeoutError):
            settings.HIGH_TEMPLAR = rabbit
            trigger("are you there?", [ROOMS[0]])
            websocket.recv(0.2)
            break
    else:
        raise AssertionError("it hears nothing")
    # What was asked before it was heard may still come.
    with contextlib.suppress(TimeoutError):
        while True:
            websocket.recv(1)


def test_campanile_and_high_templar_deliver_the_same(request, address, monkeypatch):
    missing = [name for name, is_here in NEEDED.items() if not is_here]
    if missing:
        print(f"not run, because {' and '.join(missing)} is not installed")
        return
    both = request.getfixturevalue("both")
    rabbit = {"rabbitmq": {"username": "guest", "password": "guest", "host": address}}
    monkeypatch.setattr(settings, "HIGH_TEMPLAR", rabbit, raising=False)
    monkeypatch.setattr(settings, "HIGH_TEMPLAR_URL", None, raising=False)
    with subscribed(both["campanile"]) as ours, subscribed(both["high-templar"]) as theirs:
        until_listening(theirs, rabbit)
        with contextlib.suppress(TimeoutError):
            while True:
                ours.recv(1)
        moment = datetime.datetime(2026, 11, 21, 5, 0, tzinfo=datetime.timezone.utc)
        trigger("feeding time ☃", [ROOMS[0]])
        trigger({"at": moment, "price": decimal.Decimal("1.10"), "none": None}, [ROOMS[1]])
        trigger("", [{"zoo": 3}, {"zoo": "1"}, {"zoo": 1, "animal": "penguin"}])
        trigger(["for", "all"], [ROOMS[2]])
        trigger(2**53 + 1, ROOMS)
        for number in range(50):
            trigger(number, [ROOMS[number % 2]])
        trigger("end", [ROOMS[0]])
        heard, heard_there = until_end(ours), until_end(theirs)
    # Within one trigger for several rooms the order is nobody's promise.
    several = slice(3, 6)
    for one in (heard, heard_there):
        one[several] = sorted(one[several], key=lambda message: message["requestId"])
    assert heard == heard_there
    assert [message["data"] for message in heard][:2][0] == "feeding time ☃"
    assert len(heard) == 1 + 1 + 1 + 3 + 50 + 1
