"""The two sides of a channel layer, with the same calls: `Django`, the library's own layer in this process, and `Rust`,
ours in a process of its own, driven by lines of JSON (`crates/layer/examples/channel_peer`, named by `CHANNEL_PEER`)."""

import asyncio
import contextlib
import dataclasses
import itertools
import json
import os
import pathlib
import queue
import subprocess
import threading
import time

from channels.exceptions import ChannelFull
from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer

PEER = os.environ.get("CHANNEL_PEER", pathlib.Path(__file__).parents[2] / "target/debug/examples/channel_peer")
LIBRARY = {"core": RedisChannelLayer, "pubsub": RedisPubSubChannelLayer}
# No test waits so long but one that fails.
PATIENCE_S = 60
SOON_S = 0.1
NAMES = (f"django-{number}" for number in itertools.count())


@dataclasses.dataclass(frozen=True)
class Deployment:
    """What both sides of one deployment have to agree on."""

    layer: str
    hosts: int = 1
    settings: dict = dataclasses.field(default_factory=dict)

    def __str__(self):
        keys = "encrypted" if "symmetric_encryption_keys" in self.settings else "plain"
        hosts = "one host" if self.hosts == 1 else f"{self.hosts} hosts"
        return f"{self.layer}, {keys}, {self.settings.get('serializer_format', 'msgpack')}, {hosts}"

    def with_settings(self, **settings):
        return dataclasses.replace(self, settings=self.settings | settings)

    def django(self, servers):
        return Django(self, servers[: self.hosts])

    def rust(self, servers):
        return Rust(self, servers[: self.hosts])


class Django:
    """The library's layer, in an event loop of a thread of its own."""

    def __init__(self, deployment, servers):
        self.name, self.servers = next(NAMES), servers
        # Without a socket_timeout of None, redis-py 8 ends an idle receive with an error after five seconds.
        hosts = [{"address": server.url, "socket_timeout": None, "client_name": self.name} for server in servers]
        self.layer = LIBRARY[deployment.layer](hosts=hosts, **deployment.settings)
        self.is_pubsub = deployment.layer == "pubsub"
        self.received, self.readers = {}, []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(PATIENCE_S)

    def new_channel(self):
        channel = self.run(self.layer.new_channel())
        self.settle()
        return channel

    def listen(self, channel):
        """Begins to take what comes for a channel, also a general one, in the background."""
        messages = self.received[channel] = queue.Queue()

        async def read():
            while True:
                try:
                    messages.put(await self.layer.receive(channel))
                except Exception as error:
                    messages.put(error)

        async def begin():
            self.readers.append(asyncio.ensure_future(read()))

        self.run(begin())
        if self.is_pubsub:
            # The reader subscribes before it waits.
            wait_until(lambda: any(channel in shard._subscribed_to for shard in self.shards()))
            self.settle()

    def receive(self, channel):
        """The next message, or the error that the library raises instead of it."""
        if channel not in self.received:
            self.listen(channel)
        return self.received[channel].get(timeout=PATIENCE_S)

    def receive_soon(self, channel):
        """What is there or comes in a moment, or None."""
        with contextlib.suppress(queue.Empty):
            return self.received[channel].get(timeout=SOON_S)

    def send(self, channel, message):
        self.run(self.layer.send(channel, message))

    def group_add(self, group, channel):
        self.run(self.layer.group_add(group, channel))
        self.settle()

    def group_discard(self, group, channel):
        self.run(self.layer.group_discard(group, channel))
        self.settle()

    def group_send(self, group, message):
        self.run(self.layer.group_send(group, message))

    def settle(self):
        """Waits until Redis knows what the library wrote: its group_add does not wait for that."""
        if not self.is_pubsub:
            return
        for shard, server in zip(self.shards(), self.servers):
            wait_until(lambda: self.subscriptions_at(server) == len(shard._subscribed_to))

    def shards(self):
        async def shards():
            return self.layer._shards

        return self.run(shards())

    def subscriptions_at(self, server):
        return sum(int(client["sub"]) for client in server.client.client_list() if client["name"] == self.name)

    def close(self):
        async def end():
            for reader in self.readers:
                reader.cancel()
            await asyncio.gather(*self.readers, return_exceptions=True)
            await (self.layer.flush() if self.is_pubsub else self.layer.close_pools())

        self.run(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE_S)
        self.loop.close()


class Rust:
    """Our layer: a process that takes one request after the other."""

    def __init__(self, deployment, servers):
        hosts = [server.url for server in servers]
        configuration = {"layer": deployment.layer, "hosts": hosts} | deployment.settings
        self.numbers, self.answers = itertools.count(1), queue.Queue()
        self.process = subprocess.Popen(
            [PEER, json.dumps(configuration)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.answers.put(json.loads(line))
        self.answers.put(None)

    def ask(self, op, **arguments):
        """One request and its answer; an error is raised, a full channel's as the library raises it."""
        number = next(self.numbers)
        self.process.stdin.write(json.dumps({"id": number, "op": op} | arguments) + "\n")
        self.process.stdin.flush()
        answer = self.answers.get(timeout=PATIENCE_S)
        assert answer is not None, f"channel_peer ended with {self.process.wait()}"
        assert answer["id"] == number
        if answer.get("error") == "channel_full":
            raise ChannelFull()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def new_channel(self, **arguments):
        return self.ask("new_channel", **arguments)

    def listen(self, channel):
        self.ask("receive", channel=channel, timeout_ms=0)

    def receive(self, channel, seconds=PATIENCE_S / 2):
        message = self.receive_soon(channel, seconds)
        assert message is not None, "nothing came"
        return message

    def receive_soon(self, channel, seconds=SOON_S):
        return from_json(self.ask("receive", channel=channel, timeout_ms=int(seconds * 1000)))

    def send(self, channel, message):
        self.ask("send", channel=channel, message=to_json(message))

    def group_add(self, group, channel):
        self.ask("group_add", group=group, channel=channel)

    def group_discard(self, group, channel):
        self.ask("group_discard", group=group, channel=channel)

    def group_send(self, group, message):
        self.ask("group_send", group=group, message=to_json(message))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        """Leaves all groups and ends, as a process does that is stopped in peace."""
        if self.process.poll() is None:
            with contextlib.suppress(RuntimeError):
                self.ask("close")
            self.process.stdin.close()
            assert self.process.wait(PATIENCE_S) == 0


def to_json(value):
    """A message as channel_peer reads it: JSON has no bytes."""
    return convert(value, lambda value: {"$bytes": value.hex()} if isinstance(value, bytes) else value)


def from_json(value):
    is_bytes = lambda value: isinstance(value, dict) and value.keys() == {"$bytes"}
    return convert(value, lambda value: bytes.fromhex(value["$bytes"]) if is_bytes(value) else value)


def convert(value, leaf):
    converted = leaf(value)
    if converted is not value:
        return converted
    if isinstance(value, dict):
        return {key: convert(item, leaf) for key, item in value.items()}
    return [convert(item, leaf) for item in value] if isinstance(value, list) else value


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for did not come"
        time.sleep(0.01)
