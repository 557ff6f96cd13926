"""The least of a backend: everybody may hear the lobby, and what is posted to /say is said there."""

import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CAMPANILE_URL = os.environ.get("CAMPANILE_URL", "http://127.0.0.1:8002")
KEY_FILE = os.environ.get("CAMPANILE_KEY_FILE")
LOBBY = {"room": "lobby"}


def trigger(room, data):
    """Tells everybody in the room."""
    headers = {"Content-Type": "application/json"}
    if KEY_FILE:
        headers["Authorization"] = "Bearer " + Path(KEY_FILE).read_text().strip()
    body = json.dumps({"rooms": [room], "data": data}).encode()
    request = urllib.request.Request(CAMPANILE_URL + "/trigger/", body, headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.status


class Backend(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/api/bootstrap/":
            # A real one looks at the Cookie header, and answers 401 to whom it does not know.
            self.reply(200, {"allowed_rooms": [LOBBY]})
        else:
            self.reply(404, {})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/say":
            self.reply(trigger(LOBBY, json.loads(body)), {})
        else:
            self.reply(404, {})

    def reply(self, status, data):
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8080"))
    ThreadingHTTPServer(("", port), Backend).serve_forever()
