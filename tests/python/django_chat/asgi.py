import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_chat.settings")
http = get_asgi_application()

from django_chat.consumers import ChatConsumer  # noqa: E402 (Django wants its settings first)

websocket = URLRouter([path("ws/chat/<str:room>/", ChatConsumer.as_asgi())])
application = ProtocolTypeRouter({"http": http, "websocket": websocket})
