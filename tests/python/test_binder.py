"""The real django-binder, unchanged: its `trigger()` posts, and those who may hear it do."""

import contextlib
import datetime
import decimal
import json

import django
import pytest
from django.conf import settings
from websockets.sync.client import connect

settings.configure(USE_TZ=True)
django.setup()

from binder.websocket import trigger  # noqa: E402 (Django wants its settings first)


@pytest.fixture
def subscribed(backend, gateway):
    """A connection that is subscribed to {"zoo": 1} as r1."""
    backend.allowed_rooms = [{"zoo": "*"}]
    with connect(gateway.websocket_url) as websocket:
        assert json.loads(websocket.recv(10)) == {"is_authorized": True, "allowed_rooms": [{"zoo": "*"}]}
        websocket.send(json.dumps({"type": "subscribe", "room": {"zoo": 1}, "requestId": "r1"}))
        assert json.loads(websocket.recv(10)) == {"code": "success"}
        yield websocket


def heard(websocket):
    """All that had been published to the connection by now."""
    websocket.send("ping")
    messages = []
    while (text := websocket.recv(10)) != "pong":
        messages.append(json.loads(text))
    return messages


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_trigger_of_binder_reaches_the_room(subscribed, gateway, slash):
    settings.HIGH_TEMPLAR_URL = gateway.internal_url + slash
    trigger({"text": "feeding time ☃"}, [{"zoo": 1}])
    trigger("not for us", [{"zoo": 2}])
    trigger("", [{"zoo": 2}, {"zoo": 1}])
    assert [json.loads(subscribed.recv(10)) for _ in range(2)] == [
        {"type": "publish", "data": {"text": "feeding time ☃"}, "requestId": "r1"},
        {"type": "publish", "data": "", "requestId": "r1"},
    ]
    assert heard(subscribed) == []


def test_what_binder_makes_of_dates_and_decimals_arrives_as_it_was(subscribed, gateway):
    settings.HIGH_TEMPLAR_URL = gateway.internal_url
    moment = datetime.datetime(2026, 11, 21, 5, 0, tzinfo=datetime.timezone.utc)
    trigger({"at": moment, "price": decimal.Decimal("1.10")}, [{"zoo": 1}])
    message = json.loads(subscribed.recv(10))
    assert message["data"]["at"].startswith("2026-11-21T05:00:00")
    assert message["data"]["price"] == "1.10"


def test_the_recipe_of_binders_documents_keeps_branches_apart(backend, gateway):
    """Trigger both the branch and `*`: the branch's managers and those who oversee all hear it, the others do not."""
    settings.HIGH_TEMPLAR_URL = gateway.internal_url
    with contextlib.ExitStack() as stack:
        connections = {location: stack.enter_context(subscriber(backend, gateway, location)) for location in LOCATIONS}
        trigger("figures", [{"location": "Eindhoven"}, {"location": "*"}])
        # A second one for all, after which the first has arrived wherever it was going to.
        trigger("end", [{"location": location} for location in connections])
        data = {location: until_end(websocket) for location, websocket in connections.items()}
    assert data == {"Eindhoven": ["figures", "end"], "Utrecht": ["end"], "*": ["figures", "end"]}


LOCATIONS = ["Eindhoven", "Utrecht", "*"]


@contextlib.contextmanager
def subscriber(backend, gateway, location):
    """A connection that may hear that location alone, and does."""
    backend.allowed_rooms = [{"location": location}]
    with connect(gateway.websocket_url) as websocket:
        assert json.loads(websocket.recv(10))["is_authorized"]
        request = {"type": "subscribe", "room": {"location": location}, "requestId": location}
        websocket.send(json.dumps(request))
        assert json.loads(websocket.recv(10)) == {"code": "success"}
        yield websocket


def until_end(websocket):
    """The data published to the connection, up to "end"."""
    data = []
    while "end" not in data:
        data.append(json.loads(websocket.recv(10))["data"])
    return data
