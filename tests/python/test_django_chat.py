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
RUST_CHAT = os.environ.get(
    "RUST_CHAT", pathlib.Path(__file__).parents[2] / "target/debug/examples/beside_django"
)
DEPLOYMENTS = [Deployment(layer, hosts, keys) for layer in LIBRARY for hosts, keys in [(1, {}), (1, KEYS), (3, KEYS)]]


class Chat:
    """A process that serves the chat."""

    def __init__(self, url, command, **settings):
        self.url = url
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **settings)
        wait_until(self.is_ready)

    def is_ready(self):
        assert self.process.poll() is None, f"it ended with {self.process.returncode}"
        with contextlib.suppress(OSError, WebSocketException):
            with connect(self.url):
                return True

    def stop(self):
        self.process.terminate()
        self.process.wait()


def django_chat(deployment, servers, address):
    """The one in Django, served by daphne."""
    hosts = [{"address": server.url, "socket_timeout": None} for server in servers[: deployment.hosts]]
    library = LIBRARY[deployment.layer]
    backend = f"{library.__module__}.{library.__name__}"
    layer = {"BACKEND": backend, "CONFIG": {"hosts": hosts} | deployment.settings}
    arguments = ["-m", "daphne", "-b", address, "-p", "18100", "django_chat.asgi:application"]
    return Chat(
        f"ws://{address}:18100/ws/chat/lobby/",
        [sys.executable, *arguments],
        cwd=pathlib.Path(__file__).parent,
        env=os.environ | {"DJANGO_CHAT_LAYER": json.dumps(layer), "PYTHONDONTWRITEBYTECODE": "1"},
    )


def rust_chat(deployment, servers, address):
    """The one in Rust, whose consumers do the same."""
    hosts = [server.url for server in servers[: deployment.hosts]]
    configuration = {"listen": f"{address}:18200", "layer": deployment.layer, "hosts": hosts} | deployment.settings
    return Chat(f"ws://{address}:18200/ws/chat/lobby/", [RUST_CHAT, json.dumps(configuration)])


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
def chats(deployment, redis_hosts, address):
    """Both halves of the chat."""
    with contextlib.ExitStack() as stack:
        chats = []
        for start in [django_chat, rust_chat]:
            chats.append(start(deployment, redis_hosts, address))
            stack.callback(chats[-1].stop)
        # Those who asked whether they are ready have left again.
        wait_until(lambda: members(deployment, redis_hosts) == 0)
        yield chats


@pytest.fixture
def daphne(deployment, redis_hosts, address):
    daphne = django_chat(deployment, redis_hosts, address)
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


def enters(chat, deployment, servers, processes=1):
    """A client that Redis knows of, as so many processes with clients: Django does not wait for that with pub/sub."""
    client = Client(chat.url)
    if deployment.layer == "pubsub":
        subscribed = lambda server: server.client.pubsub_numsub(client.channel)[0][1]
        wait_until(lambda: sum(map(subscribed, servers)) == 1 and members(deployment, servers) == processes)
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


def test_clients_of_django_and_of_rust_chat_with_each_other(chats, deployment, redis_hosts):
    django, rust = chats
    ada, bob = (enters(django, deployment, redis_hosts) for _ in range(2))
    eve, joe = (enters(rust, deployment, redis_hosts, processes=2) for _ in range(2))
    everybody = [ada, bob, eve, joe]

    for client in everybody:
        client.says(f"this is {client.channel} ☃")
        assert [other.hears() for other in everybody] == [{"message": f"this is {client.channel} ☃"}] * 4

    # Whispers between Django's own clients would get lost on several hosts.
    for client, to in [(ada, eve), (bob, joe), (eve, ada), (joe, bob), (eve, joe)]:
        client.says("only you", to=to.channel)
        assert to.hears() == {"whisper": "only you"}

    for leaving in [ada, joe]:
        leaving.leaves()
    bob.says("who is here?")
    for client in [bob, eve]:
        assert client.hears() == {"message": "who is here?"}
        client.leaves()
    wait_until(lambda: members(deployment, redis_hosts) == 0)
