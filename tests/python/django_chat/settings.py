import json
import os

SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["daphne", "channels"]
ASGI_APPLICATION = "django_chat.asgi.application"
CHANNEL_LAYERS = {"default": json.loads(os.environ["DJANGO_CHAT_LAYER"])}
USE_TZ = True
