"""The real Django Channels and our channel layer on the same Redis: each hears what the other sends, in both layers, with
and without encryption, in both formats, on one host and on three."""

import itertools

import pytest

from channel_layers import Deployment

KEYS = ["the first key closes", "an older key with späce"]

DEPLOYMENTS = [
    Deployment(layer, hosts, encryption | serializer | others)
    for (layer, encryption, serializer, (hosts, others)) in itertools.product(
        ["core", "pubsub"],
        [{}, {"symmetric_encryption_keys": KEYS}],
        [{}, {"serializer_format": "json"}],
        [(1, {}), (3, {"prefix": "my-app"})],
    )
]

MESSAGES = {
    "text": {"type": "chat.message", "text": "héllo ☃ 😀 \u0000", "empty": ""},
    "numbers": {"type": "t", "ints": [0, -1, 127, 128, 2**31, -(2**31), 2**53, 2**63 - 1, -(2**63), 2**64 - 1]},
    "floats": {"type": "t", "floats": [0.0, 1.0, -2.5, 1e300, 5e-324, 0.1]},
    "nested": {"type": "t", "a": {"b": [{"c": [None, True, False, [], {}]}]}, "ключ": "значение"},
    "long": {"type": "t", "text": "x" * 100_000, "many": list(range(2000))},
}
BYTES = {"type": "t", "bytes": [b"", b"\x00\xff", bytes(range(256)) * 20]}


@pytest.fixture(params=DEPLOYMENTS, ids=str)
def deployment(request):
    return request.param


@pytest.fixture
def django(deployment, redis_hosts):
    django = deployment.django(redis_hosts)
    yield django
    django.close()


@pytest.fixture
def rust(deployment, redis_hosts):
    rust = deployment.rust(redis_hosts)
    yield rust
    rust.close()


@pytest.fixture(params=["from Django to Rust", "from Rust to Django"])
def way(request, django, rust):
    """The side that sends and the side that receives."""
    return (django, rust) if request.param == "from Django to Rust" else (rust, django)


def test_every_value_arrives_as_it_was_sent_to_a_group(way, deployment):
    sender, receiver = way
    channel = receiver.new_channel()
    receiver.group_add("room-1", channel)
    messages = list(MESSAGES.values())
    if deployment.settings.get("serializer_format") != "json":
        messages.append(BYTES)
    for message in messages:
        sender.group_send("room-1", message)
        received = receiver.receive(channel)
        assert received == message
        assert kinds(received) == kinds(message)


def test_a_direct_message_finds_its_channel_and_no_other(way):
    sender, receiver = way
    # On several hosts the library sends to a host by the whole name, where the library itself would not look.
    channels = [receiver.new_channel() for _ in range(8)]
    for number, channel in enumerate(channels):
        sender.send(channel, {"type": "direct", "number": number})
    for number, channel in enumerate(channels):
        sender.send(channel, {"type": "end"})
        assert receiver.receive(channel) == {"type": "direct", "number": number}
        assert receiver.receive(channel) == {"type": "end"}


def test_a_group_event_reaches_the_members_of_both_sides_once_and_nobody_else(way):
    sender, receiver = way
    members = {side: [side.new_channel() for _ in range(3)] for side in way}
    for side, channels in members.items():
        for channel in channels[:2]:
            side.group_add("room.1_a", channel)
        side.group_add("room.1_b", channels[2])
    for kind in ["event", "end"]:
        sender.group_send("room.1_a", {"type": f"a.{kind}"})
        sender.group_send("room.1_b", {"type": f"b.{kind}"})
    for side, channels in members.items():
        for channel, group in zip(channels, "aab"):
            assert [side.receive(channel)["type"] for _ in range(2)] == [f"{group}.event", f"{group}.end"]


def test_who_left_a_group_hears_nothing_more_from_it(way):
    sender, receiver = way
    stays, leaves = receiver.new_channel(), receiver.new_channel()
    for channel in [stays, leaves]:
        receiver.group_add("room", channel)
    sender.group_send("room", {"type": "first"})
    assert receiver.receive(leaves) == {"type": "first"}
    receiver.group_discard("room", leaves)
    sender.group_send("room", {"type": "second"})
    sender.send(leaves, {"type": "end"})
    assert receiver.receive(leaves) == {"type": "end"}
    assert [receiver.receive(stays)["type"] for _ in range(2)] == ["first", "second"]


def test_joining_twice_is_joining_once(way):
    sender, receiver = way
    channel = receiver.new_channel()
    receiver.group_add("room", channel)
    receiver.group_add("room", channel)
    sender.group_send("room", {"type": "once"})
    sender.group_send("room", {"type": "end"})
    assert [receiver.receive(channel)["type"] for _ in range(2)] == ["once", "end"]
    receiver.group_discard("room", channel)
    sender.group_send("room", {"type": "not heard"})
    sender.send(channel, {"type": "last"})
    assert receiver.receive(channel) == {"type": "last"}


def test_a_channel_hears_events_in_the_order_in_which_one_sender_sent_them(way):
    sender, receiver = way
    channel = receiver.new_channel()
    receiver.group_add("room", channel)
    # Fewer than a Python inbox holds.
    for number in range(90):
        sender.group_send("room", {"type": "event", "number": number})
    assert [receiver.receive(channel)["number"] for _ in range(90)] == list(range(90))


def test_a_general_channel_is_heard_by_the_other_side(way, deployment):
    sender, receiver = way
    receiver.listen("worker")
    # The core layer sends to its hosts in turn, and the library waits at one host after the other.
    numbers = list(range(2 * deployment.hosts))
    for number in numbers:
        sender.send("worker", {"type": "job", "number": number})
    assert sorted(receiver.receive("worker")["number"] for _ in numbers) == numbers


def test_a_job_for_a_general_channel_is_done_once_in_core_and_by_all_in_pubsub(django, rust, deployment):
    for side in [django, rust]:
        side.listen("worker")
    for sender, number in itertools.product([django, rust], range(6)):
        sender.send("worker", {"type": "job", "from": type(sender).__name__, "number": number})
    listeners = 1 if deployment.layer == "core" else 2
    done = []
    while len(done) < 12 * listeners:
        done += [message for side in [django, rust] if (message := side.receive_soon("worker")) is not None]
    wanted = [(side, number) for side in ["Django", "Rust"] for number in range(6)]
    assert sorted((job["from"], job["number"]) for job in done) == sorted(wanted * listeners)


def test_a_layer_that_closes_leaves_all_its_groups(rust, deployment, redis_hosts):
    channel = rust.new_channel()
    for group in ["a", "b", "c"]:
        rust.group_add(group, channel)
    assert traces(redis_hosts, deployment) != []
    rust.close()
    assert traces(redis_hosts, deployment) == []


def kinds(value):
    """The types in a message: 1, 1.0 and True are equal in Python."""
    if isinstance(value, dict):
        return {key: kinds(item) for key, item in value.items()}
    return [kinds(item) for item in value] if isinstance(value, list) else type(value)


def traces(servers, deployment):
    """What of a deployment is to be seen in Redis."""
    prefix = deployment.settings.get("prefix", "asgi")
    find = "keys" if deployment.layer == "core" else "pubsub_channels"
    return [name for server in servers for name in getattr(server.client, find)(f"{prefix}*")]
