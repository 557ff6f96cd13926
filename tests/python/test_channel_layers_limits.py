"""What the core layer has limits for, capacity and time, holds on both sides alike; and keys are changed one side after the
other. No test waits for time to pass: it makes what is stored older instead."""

import contextlib
import os
import signal
import time

import msgpack
import pytest
from channels.exceptions import ChannelFull
from cryptography.fernet import InvalidToken

from channel_layers import Deployment, wait_until

CORE = Deployment("core")
SIDES = ["django", "rust"]


@pytest.fixture
def start(redis_hosts):
    """Starts a side of a deployment, which ends with the test."""
    with contextlib.ExitStack() as stack:

        def start(side, deployment):
            layer = getattr(deployment, side)(redis_hosts)
            stack.callback(layer.close)
            return layer

        yield start


def make_older(redis, key, seconds):
    """Lets so much time have passed for all that is in a sorted set."""
    for member, score in redis.zrange(key, 0, -1, withscores=True):
        redis.zadd(key, {member: score - seconds})


def inbox(channel):
    return f"asgi{channel.partition('!')[0]}!"


@pytest.mark.parametrize("side", SIDES)
def test_a_full_channel_of_django_is_an_error_to_send(start, side):
    django = start("django", CORE)
    sender = start(side, CORE.with_settings(capacity=3))
    channel = django.new_channel()
    for number in range(3):
        sender.send(channel, {"type": "t", "number": number})
    with pytest.raises(ChannelFull):
        sender.send(channel, {"type": "t", "number": 3})
    assert [django.receive(channel)["number"] for _ in range(3)] == [0, 1, 2]
    sender.send(channel, {"type": "t", "number": 4})
    assert django.receive(channel)["number"] == 4


@pytest.mark.parametrize("side", SIDES)
def test_a_full_channel_of_rust_is_an_error_to_send(start, side):
    rust = start("rust", CORE)
    sender = start(side, CORE.with_settings(capacity=3))
    channel = rust.new_channel(idle=True)
    for number in range(3):
        sender.send(channel, {"type": "t", "number": number})
    with pytest.raises(ChannelFull):
        sender.send(channel, {"type": "t", "number": 3})
    assert [rust.receive(channel)["number"] for _ in range(3)] == [0, 1, 2]
    wait_until(lambda: is_sent(sender, channel, {"type": "t", "number": 4}))
    assert rust.receive(channel)["number"] == 4


def is_sent(sender, channel, message):
    with contextlib.suppress(ChannelFull):
        sender.send(channel, message)
        return True


def test_a_rust_process_that_stands_still_fills_up_and_reads_on_where_it_was(start):
    rust, django = start("rust", CORE), start("django", CORE.with_settings(capacity=3))
    channel = rust.new_channel()
    django.send(channel, {"type": "t", "number": -1})
    assert rust.receive(channel)["number"] == -1
    os.kill(rust.process.pid, signal.SIGSTOP)
    sent = 0
    with pytest.raises(ChannelFull):
        # What it waits for may still be handed to it.
        for sent in range(10):
            django.send(channel, {"type": "t", "number": sent})
    os.kill(rust.process.pid, signal.SIGCONT)
    assert [rust.receive(channel)["number"] for _ in range(sent)] == list(range(sent))


@pytest.mark.parametrize("side", SIDES)
def test_a_group_send_passes_over_who_is_full_and_reaches_the_others(start, side):
    sender = start(side, CORE.with_settings(capacity=2))
    full, free = start("django", CORE), start("django", CORE)
    channels = full.new_channel(), free.new_channel()
    for member, channel in zip([full, free], channels):
        member.group_add("room", channel)
    free.listen(channels[1])
    for number in range(5):
        sender.group_send("room", {"type": "t", "number": number})
        assert free.receive(channels[1])["number"] == number
    full.send(channels[0], {"type": "end"})
    assert [full.receive(channels[0]).get("number") for _ in range(3)] == [0, 1, None]


@pytest.mark.parametrize("side", SIDES)
def test_the_first_glob_that_fits_a_channel_says_its_capacity(start, side):
    globs = {"wor*": 1, "worker": 5, "specific.*!*": 2}
    sender = start(side, CORE.with_settings(capacity=4, channel_capacity=globs))
    django = start("django", CORE)
    for channel, capacity in {"worker": 1, django.new_channel(): 2, "other": 4}.items():
        for _ in range(capacity):
            sender.send(channel, {"type": "t"})
        with pytest.raises(ChannelFull):
            sender.send(channel, {"type": "t"})


@pytest.mark.parametrize("side", SIDES)
def test_what_is_older_than_expiry_counts_no_more_and_is_not_received(start, side, redis_hosts):
    redis = redis_hosts[0].client
    sender = start(side, CORE.with_settings(capacity=2, expiry=30))
    django = start("django", CORE.with_settings(expiry=30))
    channel = django.new_channel()
    for _ in range(2):
        sender.send(channel, {"type": "old"})
    make_older(redis, inbox(channel), 31)
    sender.send(channel, {"type": "new"})
    assert django.receive(channel) == {"type": "new"}

    for _ in range(2):
        sender.send("worker", {"type": "old"})
    make_older(redis, "asgiworker", 31)
    sender.send("worker", {"type": "new"})
    assert redis.zcard("asgiworker") == 1


@pytest.mark.parametrize("side", SIDES)
def test_whatever_is_written_vanishes_by_itself(start, side, redis_hosts):
    redis = redis_hosts[0].client
    sender = start(side, CORE.with_settings(expiry=30, group_expiry=1000))
    django = start("django", CORE)
    channel = django.new_channel()
    sender.group_add("room", channel)
    sender.send(channel, {"type": "t"})
    sender.send("worker", {"type": "t"})
    assert 0 < redis.ttl(inbox(channel)) <= 30 and 0 < redis.ttl("asgiworker") <= 30
    assert 990 < redis.ttl("asgi:group:room") <= 1000
    redis.persist(inbox(channel))
    sender.group_send("room", {"type": "t"})
    assert 0 < redis.ttl(inbox(channel)) <= 30
    assert redis.zcard(inbox(channel)) == 2


@pytest.mark.parametrize("side", SIDES)
def test_a_member_of_django_is_forgotten_a_group_expiry_after_it_joined(start, side, redis_hosts):
    sender = start(side, CORE.with_settings(group_expiry=1000))
    django = start("django", CORE.with_settings(group_expiry=1000))
    channels = [django.new_channel() for _ in range(2)]
    for channel in channels:
        django.group_add("room", channel)
    redis_hosts[0].client.zadd("asgi:group:room", {channels[0]: time.time() - 1001})
    sender.group_send("room", {"type": "event"})
    for channel in channels:
        django.send(channel, {"type": "end"})
    assert django.receive(channels[0]) == {"type": "end"}
    assert django.receive(channels[1]) == {"type": "event"}


def test_a_member_of_rust_stays_one_however_long_it_is_there(start, redis_hosts):
    redis = redis_hosts[0].client
    # It renews its memberships each quarter of this.
    settings = CORE.with_settings(group_expiry=8)
    rust, django = start("rust", settings), start("django", settings)
    channel = rust.new_channel()
    rust.group_add("room", channel)
    joined = redis.zscore("asgi:group:room", channel)
    wait_until(lambda: (redis.zscore("asgi:group:room", channel) or 0) > joined)
    # Also a Redis that lost everything learns it again.
    redis.flushall()
    wait_until(lambda: redis.zscore("asgi:group:room", channel) is not None)
    django.group_send("room", {"type": "event"})
    assert rust.receive(channel) == {"type": "event"}


@pytest.mark.parametrize("layer", ["core", "pubsub"])
def test_keys_are_changed_one_side_after_the_other(start, layer):
    """As one does it: first all learn the new key, then all use it, then the old one is forgotten."""
    key_lists = [["old"], ["old", "new"], ["new", "old"], ["new"]]
    for django_keys, rust_keys in zip(key_lists, key_lists[1:]):
        for first, second in [(django_keys, rust_keys), (rust_keys, django_keys)]:
            django = start("django", Deployment(layer).with_settings(symmetric_encryption_keys=first))
            rust = start("rust", Deployment(layer).with_settings(symmetric_encryption_keys=second))
            for sender, receiver in [(django, rust), (rust, django)]:
                channel = receiver.new_channel()
                receiver.group_add("room", channel)
                sender.group_send("room", {"type": "secret", "bytes": b"\x00"})
                assert receiver.receive(channel) == {"type": "secret", "bytes": b"\x00"}
                receiver.group_discard("room", channel)


@pytest.mark.parametrize("layer", ["core", "pubsub"])
def test_what_rust_has_no_key_for_is_passed_over(start, layer):
    deployment = Deployment(layer).with_settings(symmetric_encryption_keys=["right"])
    rust, right = start("rust", deployment), start("django", deployment)
    strangers = [
        start("django", deployment.with_settings(symmetric_encryption_keys=["wrong"])),
        start("django", Deployment(layer)),
        start("rust", Deployment(layer)),
    ]
    channel = rust.new_channel()
    rust.group_add("room", channel)
    for stranger in strangers:
        stranger.group_send("room", {"type": "wrong"})
        right.group_send("room", {"type": "right"})
        assert rust.receive(channel) == {"type": "right"}


def test_a_token_is_read_until_ten_seconds_after_expiry_in_core_and_always_in_pubsub(start, redis_hosts):
    for layer, is_read in [("core", [True, False]), ("pubsub", [True, True])]:
        deployment = Deployment(layer).with_settings(symmetric_encryption_keys=["key"], expiry=600)
        library = Deployment(layer, settings={"symmetric_encryption_keys": ["key"]})
        rust, django = start("rust", deployment), start("django", library)
        channel = rust.new_channel()
        crypter = django.layer._serializer.crypter
        for age, wanted in zip([590, 630], is_read):
            message = {"type": "aged", "age": age} | ({"__asgi_channel__": channel} if layer == "core" else {})
            token = crypter._fernets[0].encrypt_at_time(msgpack.packb(message), int(time.time()) - age)
            if layer == "core":
                redis_hosts[0].client.zadd(inbox(channel), {b"0123456789ab" + token: time.time()})
            else:
                redis_hosts[0].client.publish(channel, token)
            django.send(channel, {"type": "end"})
            received = [rust.receive(channel)["type"] for _ in range(2 if wanted else 1)]
            assert received == (["aged", "end"] if wanted else ["end"]), (layer, age)


def test_the_library_reads_what_rust_encrypts_only_with_its_key(start):
    settings = {"symmetric_encryption_keys": ["right"]}
    rust = start("rust", CORE.with_settings(**settings))
    stranger = start("django", CORE.with_settings(symmetric_encryption_keys=["wrong"]))
    channel = stranger.new_channel()
    rust.send(channel, {"type": "secret"})
    assert isinstance(stranger.receive(channel), InvalidToken)


@pytest.mark.parametrize("layer", ["core", "pubsub"])
def test_rust_refuses_names_and_messages_that_no_layer_would_take(start, layer):
    rust = start("rust", Deployment(layer))
    channel = rust.new_channel()
    for name in ["", "a b", "a/b", "x" * 100, "ünïcode", "a\n", "room!"]:
        with pytest.raises(RuntimeError):
            rust.group_add(name, channel)
        with pytest.raises(RuntimeError):
            rust.group_send(name, {"type": "t"})
    for name in ["", "a b", "!a", "a!b!c", "x" * 200]:
        with pytest.raises(RuntimeError):
            rust.send(name, {"type": "t"})
    with pytest.raises(RuntimeError):
        rust.send(channel, {"type": "t", "__asgi_channel__": "x"})
    rust.send(channel, {"type": "end"})
    assert rust.receive(channel) == {"type": "end"}
