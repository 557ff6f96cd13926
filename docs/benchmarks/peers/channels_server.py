"""Django Channels as a peer of `campanile bench`: speaks the control protocol of ../README.md.

    channels_server.py SERVER LAYER PORT      SERVER: daphne, uvicorn; LAYER: memory, or the URL of a Redis

Two consumers as one writes them: each client's joins a group and sends on what it hears.
"""

import sys

import django
from django.conf import settings

SERVER, LAYER, PORT = sys.argv[1:]
REDIS = {
    "BACKEND": "channels_redis.core.RedisChannelLayer",
    # redis-py 8 gives up a read after five seconds, which is how long the layer waits for a message.
    "CONFIG": {"hosts": [{"address": LAYER, "socket_timeout": None}], "prefix": f"bench-{PORT}", "capacity": 1_000_000},
}
MEMORY = {"BACKEND": "channels.layers.InMemoryChannelLayer"}
settings.configure(CHANNEL_LAYERS={"default": MEMORY if LAYER == "memory" else REDIS}, LOGGING_CONFIG=None)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402  (Django wants its settings first)
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402


class Listener(AsyncWebsocketConsumer):
    async def connect(self):
        self.room = self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.room, self.channel_name)

    async def bench_publish(self, event):
        await self.send(text_data=event["text"])


class Control(AsyncWebsocketConsumer):
    async def receive(self, text_data=None, bytes_data=None):
        room, text = text_data.split(" ", 1)
        await self.channel_layer.group_send(room, {"type": "bench.publish", "text": text})


class Echo(AsyncWebsocketConsumer):
    async def receive(self, text_data=None, bytes_data=None):
        await self.send(text_data=text_data, bytes_data=bytes_data)


application = ProtocolTypeRouter(
    {
        "websocket": URLRouter(
            [
                path("room/<room>", Listener.as_asgi()),
                path("control", Control.as_asgi()),
                path("echo", Echo.as_asgi()),
            ]
        )
    }
)

if SERVER == "daphne":
    from daphne.server import Server

    # The bench's clients do not answer pings while another server has its turn, and come all at once.
    patience = {"ping_interval": 10**9, "websocket_handshake_timeout": 600, "websocket_connect_timeout": 600}
    Server(application, endpoints=[f"tcp:port={PORT}:interface=127.0.0.1"], verbosity=0, **patience).run()
else:
    import uvicorn

    # h11 and websockets are what it takes by itself, where both are installed.
    uvicorn.run(application, host="127.0.0.1", port=int(PORT), log_level="warning", ws_ping_interval=None)
