"""A Django application under daphne and a Rust process on one Redis: who is connected to the one chats with who is
connected to the other."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys

import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from channel_layers import LIBRARY, PATIENCE_S, Deployment, wait_until

KEYS = {"symmetric_encryption_keys": ["a key of both"]}
DEPLOYMENTS = [Deployment(layer, hosts, keys) for layer in LIBRARY for hosts, keys in [(1, {}), (1, KEYS), (3, KEYS)]]


class Daphne:
    """The Django chat, served by daphne."""

    def __init__(self, deployment, servers, address, port):
        hosts = [{"address": server.url, "socket_timeout": None} for server in servers[: deployment.hosts]]
        library = LIBRARY[deployment.layer]
        layer = {
            "BACKEND": f"{library.__module__}.{library.__name__}",
            "CONFIG": {"hosts": hosts} | deployment.settings,
        }
        self.url = f"ws://{address}:{port}/ws/chat/lobby/"
        arguments = ["-m", "daphne", "-b", address, "-p", str(port), "django_chat.asgi:application"]
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=pathlib.Path(__file__).parent,
            env=os.environ | {"DJANGO_CHAT_LAYER": json.dumps(layer), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
        )
        wait_until(self.is_ready)

    def is_ready(self):
        assert self.process.poll() is None, f"daphne ended with {self.process.returncode}"
        with contextlib.suppress(OSError, WebSocketException):
            with connect(self.url):
                return True

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Client:
    """A WebSocket that is in the chat."""

    def __init__(self, url):
        self.open = contextlib.ExitStack()
        self.websocket = self.open.enter_context(connect(url))
        self.channel = self.hears()["channel"]

    def says(self, text, **to):
        self.websocket.send(json.dumps({"text": text} | to))

    def hears(self):
        return json.loads(self.websocket.recv(PATIENCE_S))

    def leaves(self):
        self.open.close()


@pytest.fixture(params=DEPLOYMENTS, ids=str)
def deployment(request):
    return request.param


@pytest.fixture
def daphne(deployment, redis_hosts, address):
    daphne = Daphne(deployment, redis_hosts, address, 18100)
    # Those who asked whether it is ready have left again.
    wait_until(lambda: members(deployment, redis_hosts) == 0)
    yield daphne
    daphne.stop()


@pytest.fixture
def rust(deployment, redis_hosts):
    rust = deployment.rust(redis_hosts)
    yield rust
    rust.close()


def members(deployment, servers):
    """How many are in the lobby, as Redis knows it: channels in core, processes in pub/sub."""
    clients = [server.client for server in servers]
    if deployment.layer == "core":
        return sum(client.zcard("asgi:group:chat_lobby") for client in clients)
    name = "asgi__group__chat_lobby"
    return sum(count for client in clients for _, count in client.pubsub_numsub(name))


def enters(daphne, deployment, servers):
    """A client of Django that Redis knows of: with pub/sub, Django itself does not wait for that."""
    client = Client(daphne.url)
    if deployment.layer == "pubsub":
        subscribed = lambda server: server.client.pubsub_numsub(client.channel)[0][1]
        wait_until(lambda: sum(map(subscribed, servers)) == 1 and members(deployment, servers) > 0)
    return client


def test_clients_of_django_chat_with_a_rust_channel(daphne, rust, deployment, redis_hosts):
    ada, bob = (enters(daphne, deployment, redis_hosts) for _ in range(2))
    channel = rust.new_channel()
    rust.group_add("chat_lobby", channel)

    ada.says("hello from Django ☃")
    assert rust.receive(channel) == {"type": "chat.message", "text": "hello from Django ☃"}
    assert [client.hears() for client in [ada, bob]] == [{"message": "hello from Django ☃"}] * 2

    rust.group_send("chat_lobby", {"type": "chat.message", "text": "hello from Rust"})
    assert [client.hears() for client in [ada, bob]] == [{"message": "hello from Rust"}] * 2
    assert rust.receive(channel)["text"] == "hello from Rust"

    rust.send(bob.channel, {"type": "chat.whisper", "text": "to Bob"})
    assert bob.hears() == {"whisper": "to Bob"}
    ada.says("to Rust", to=channel)
    assert rust.receive(channel) == {"type": "chat.whisper", "text": "to Rust"}

    ada.leaves()
    bob.leaves()
    wait_until(lambda: members(deployment, redis_hosts) == 1)
    rust.group_discard("chat_lobby", channel)
    assert members(deployment, redis_hosts) == 0
