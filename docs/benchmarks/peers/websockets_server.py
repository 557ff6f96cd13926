"""Python's `websockets` as a peer of `campanile bench`: speaks the control protocol of ../README.md."""

import asyncio
import sys
from collections import defaultdict

from websockets.asyncio.server import broadcast, serve

rooms = defaultdict(set)


async def handle(connection):
    path = connection.request.path
    if path.startswith("/room/"):
        room = rooms[path.removeprefix("/room/")]
        room.add(connection)
        try:
            await connection.wait_closed()
        finally:
            room.discard(connection)
    elif path == "/control":
        async for message in connection:
            room, text = message.split(" ", 1)
            broadcast(rooms[room], text)
    else:
        async for message in connection:
            await connection.send(message)


async def main():
    options = {"compression": None, "ping_interval": None, "max_size": 16 * 1024 * 1024, "backlog": 1024}
    async with serve(handle, "127.0.0.1", int(sys.argv[1]), **options) as server:
        await server.serve_forever()


asyncio.run(main())
