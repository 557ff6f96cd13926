import json

from channels.generic.websocket import AsyncWebsocketConsumer


class ChatConsumer(AsyncWebsocketConsumer):
    """Says everything to its room; or to one channel, by name."""

    async def connect(self):
        self.group = f"chat_{self.scope['url_route']['kwargs']['room']}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        await self.send(json.dumps({"channel": self.channel_name}))

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data):
        said = json.loads(text_data)
        if "to" in said:
            await self.channel_layer.send(said["to"], {"type": "chat.whisper", "text": said["text"]})
        else:
            await self.channel_layer.group_send(self.group, {"type": "chat.message", "text": said["text"]})

    async def chat_message(self, event):
        await self.send(json.dumps({"message": event["text"]}))

    async def chat_whisper(self, event):
        await self.send(json.dumps({"whisper": event["text"]}))
