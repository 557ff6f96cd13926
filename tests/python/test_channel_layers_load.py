"""Many messages at once, processes that die, a Redis that goes away: neither side takes the other with it."""

import asyncio
import contextlib

import pytest

from channel_layers import LIBRARY, Deployment, wait_until

EVENTS = 10_000
WIDE = {"capacity": 2 * EVENTS}
LAYERS = list(LIBRARY)


@pytest.fixture(params=LAYERS)
def deployment(request):
    return Deployment(request.param, settings=WIDE if request.param == "core" else {})


@pytest.fixture
def start(redis_hosts):
    """Starts a side of a deployment, which ends with the test."""
    with contextlib.ExitStack() as stack:

        def start(side, deployment):
            layer = getattr(deployment, side)(redis_hosts)
            stack.callback(layer.close)
            return layer

        yield start


def members(layers, group):
    """A channel of each, in a group."""
    channels = [layer.new_channel() for layer in layers]
    for layer, channel in zip(layers, channels):
        layer.group_add(group, channel)
    return channels


def test_ten_thousand_events_of_django_reach_two_rust_processes_in_order(start, deployment):
    django, rusts = start("django", deployment), [start("rust", deployment) for _ in range(2)]
    channels = members(rusts, "room")

    async def burst():
        for number in range(EVENTS):
            await django.layer.group_send("room", {"type": "event", "number": number})

    django.run(burst())
    for rust, channel in zip(rusts, channels):
        assert [rust.receive(channel)["number"] for _ in range(EVENTS)] == list(range(EVENTS))


def test_ten_thousand_events_of_django_at_once_reach_each_rust_channel_once(start, deployment):
    django, rust = start("django", deployment), start("rust", deployment)
    channels = members([rust, rust], "room")
    hundred = range(100)

    async def burst(first):
        for number in range(first, EVENTS, 100):
            await django.layer.group_send("room", {"type": "event", "number": number})

    async def bursts():
        await asyncio.gather(*[burst(first) for first in hundred])

    django.run(bursts())
    for channel in channels:
        numbers = [rust.receive(channel)["number"] for _ in range(EVENTS)]
        assert sorted(numbers) == list(range(EVENTS))


def test_events_of_rust_processes_reach_django_and_rust_in_each_ones_order(start, deployment):
    rusts, django = [start("rust", deployment) for _ in range(2)], start("django", deployment)
    channels = members([*rusts, django], "room")
    django.listen(channels[-1])
    for number in range(EVENTS // 10):
        for index, rust in enumerate(rusts):
            rust.group_send("room", {"type": "event", "sender": index, "number": number})
    for layer, channel in zip([*rusts, django], channels):
        events = [layer.receive(channel) for _ in range(2 * EVENTS // 10)]
        for index in range(2):
            numbers = [event["number"] for event in events if event["sender"] == index]
            assert numbers == list(range(EVENTS // 10))


def test_a_rust_process_that_is_killed_is_missed_by_nobody(start, deployment, redis_hosts):
    rusts, django = [start("rust", deployment) for _ in range(2)], start("django", deployment)
    channels = members([*rusts, django], "room")
    django.listen(channels[-1])
    for number in range(200):
        if number == 100:
            rusts[0].kill()
        for sender in [django, rusts[1]]:
            sender.group_send("room", {"type": "event", "number": number})
    for layer, channel in [(rusts[1], channels[1]), (django, channels[2])]:
        numbers = [layer.receive(channel)["number"] for _ in range(400)]
        assert sorted(numbers) == sorted([*range(200)] * 2)
    # What is stored for who never comes back ends by itself.
    inbox = f"asgi{channels[0].partition('!')[0]}!"
    assert redis_hosts[0].client.ttl(inbox) != -1


@pytest.mark.parametrize("layer", LAYERS)
def test_rust_is_in_its_groups_again_after_redis_was_killed(start, layer, redis_hosts):
    deployment = Deployment(layer)
    rust, server = start("rust", deployment), redis_hosts[0]
    [channel] = members([rust], "room")
    server.kill()
    wait_until(lambda: is_lost(rust))
    server.start()
    sender = start("django", deployment)

    def is_heard():
        sender.group_send("room", {"type": "again"})
        return rust.receive_soon(channel) == {"type": "again"}

    wait_until(is_heard)
    wait_until(lambda: not is_lost(rust))


def is_lost(rust):
    try:
        rust.group_send("elsewhere", {"type": "t"})
    except RuntimeError:
        return True
