"""The real high-templar, as its users start it: `templar_server.py ADDRESS API_URL` serves on port 18500."""

import asyncio
import sys

from high_templar.main import create_app
from hypercorn.asyncio import serve
from hypercorn.config import Config

address, api_url = sys.argv[1:]


class Settings:
    API_URL = api_url
    RABBITMQ = {
        "enabled": True,
        "exchange_name": "hightemplar",
        "username": "guest",
        "password": "guest",
        "host": address,
    }


config = Config()
config.bind = [f"{address}:18500"]
asyncio.run(serve(create_app(Settings), config))
