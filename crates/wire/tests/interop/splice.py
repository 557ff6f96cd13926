"""Proves the splice (crates/wire/src/deflate/shared.rs) against Python's websockets, which uses zlib.

Every one of 200 compressed messages of a connection, with context takeover agreed, has to equal the
plain one before it, for three sizes of window.

    cargo build -p campanile-wire --example splice_server
    target/venv/bin/python crates/wire/tests/interop/splice.py target/debug/examples/splice_server
"""

import subprocess
import sys

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.sync.client import connect

MESSAGES = 200


def compare(address: str, bits: int) -> tuple[int, str]:
    """Returns how many pairs of a connection were equal, and what was agreed."""
    # The bits are offered too, so that the decompressor's window is no larger than that.
    offer = ClientPerMessageDeflateFactory(server_max_window_bits=bits, client_max_window_bits=True)
    with connect(f"ws://{address}/{bits}", extensions=[offer], compression=None, open_timeout=20) as socket:
        pairs = ((socket.recv(timeout=20), socket.recv(timeout=20)) for _ in range(MESSAGES))
        equal = sum(plain == compressed for plain, compressed in pairs)
        return equal, socket.response.headers["Sec-WebSocket-Extensions"]


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python splice.py SPLICE_SERVER_BINARY", file=sys.stderr)
        return 2
    failed = 0
    with subprocess.Popen([sys.argv[1], "127.0.0.1:0"], stdout=subprocess.PIPE, text=True) as server:
        try:
            address = server.stdout.readline().strip()
            for bits in (15, 12, 9):
                equal, extensions = compare(address, bits)
                right = extensions.startswith("permessage-deflate") and "server_no" not in extensions
                failed += equal != MESSAGES or not right
                version = websockets.__version__
                print(f"websockets {version}, window of {bits} bits: {equal} of {MESSAGES} ({extensions})")
        finally:
            server.terminate()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
