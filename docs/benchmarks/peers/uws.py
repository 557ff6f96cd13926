"""uWebSockets as a peer of `campanile bench`, by way of socketify: speaks the control protocol of ../README.md.

Publishing, framing and writing all happen in uWebSockets' native code; Python only runs once for each
publication (`app.publish`) and each echoed message.
"""

import sys

from socketify import App, CompressOptions, OpCode


def upgrade(response, request, context):
    key = request.get_header("sec-websocket-key")
    protocol = request.get_header("sec-websocket-protocol")
    extensions = request.get_header("sec-websocket-extensions")
    response.upgrade(key, protocol, extensions, context, request.get_url())


def opened(ws):
    path = ws.get_user_data()
    if path.startswith("/room/"):
        ws.subscribe(path.removeprefix("/room/"))


def received(ws, message, opcode):
    if ws.get_user_data() == "/control":
        room, text = message.split(" ", 1)
        app.publish(room, text, OpCode.TEXT)
    else:
        ws.send(message, opcode)


app = App(lifespan=False)
app.ws(
    "/*",
    {
        "compression": CompressOptions.DISABLED,
        "max_payload_length": 16 * 1024 * 1024,
        "max_backpressure": 16 * 1024 * 1024,
        "idle_timeout": 0,
        "upgrade": upgrade,
        "open": opened,
        "message": received,
    },
)
app.listen({"port": int(sys.argv[1]), "host": "127.0.0.1"}, lambda config: None)
# Not app.run(), which turns asyncio and libuv in a busy loop: uWebSockets' own way is one that sleeps.
app.loop.uv_loop.run()
