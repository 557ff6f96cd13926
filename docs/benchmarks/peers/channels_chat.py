"""A chat on Django Channels as a peer of DIGI's chat_load: daphne, channels_redis, PostgreSQL.

    channels_chat.py PORT REDIS_URL POSTGRES_HOST POSTGRES_PORT POSTGRES_USER POSTGRES_NAME

One consumer as one writes it: a message is stored, then sent to the group of its conversation.
"""

import sys

import django
from django.conf import settings

PORT, REDIS, HOST, DATABASE_PORT, USER, NAME = sys.argv[1:]
settings.configure(
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # redis-py 8 gives up a read after five seconds, which is how long the layer waits for a message.
            # And its pool has 100 connections, of which each send takes one for a moment.
            "CONFIG": {
                "hosts": [{"address": REDIS, "socket_timeout": None, "max_connections": 10_000}],
                "capacity": 100_000,
            },
        }
    },
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": HOST,
            "PORT": DATABASE_PORT,
            "USER": USER,
            "NAME": NAME,
            "CONN_MAX_AGE": None,
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    LOGGING_CONFIG=None,
    USE_TZ=True,
)
django.setup()

from channels.db import database_sync_to_async  # noqa: E402  (Django wants its settings first)
from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.urls import path  # noqa: E402


class Message(models.Model):
    room = models.CharField(max_length=200)
    body = models.TextField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "chat"


with connection.schema_editor() as editor:
    editor.create_model(Message)
connection.close()


class Chat(AsyncJsonWebsocketConsumer):
    async def connect(self):
        self.room = self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.room, self.channel_name)

    async def receive_json(self, content, **kwargs):
        message = await self.store(content["message"])
        event = {"type": "chat.message", "message": message.body, "message_id": message.pk}
        await self.channel_layer.group_send(self.room, event)

    @database_sync_to_async
    def store(self, body):
        return Message.objects.create(room=self.room, body=body)

    async def chat_message(self, event):
        await self.send_json({**event, "type": "chat_message"})


application = ProtocolTypeRouter({"websocket": URLRouter([path("ws/chat/<room>/", Chat.as_asgi())])})

from daphne.server import Server  # noqa: E402

patience = {"ping_interval": 10**9, "websocket_handshake_timeout": 600, "websocket_connect_timeout": 600}
Server(application, endpoints=[f"tcp:port={PORT}:interface=127.0.0.1"], verbosity=0, **patience).run()
