"""A client that does just what spine-high-templar did: it sends `subscribe` and `unsubscribe`, says `ping` and skips the
text `pong`, looks only at `type` and `requestId` of what it gets (greetings and codes mean nothing to it), and connects
again two seconds after every close, for ever, subscribing to everything again."""

import json
import threading
import time
import uuid

import pytest
import requests
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

RECONNECT_S = 2
PING_S = 30


class Spine:
    def __init__(self, url):
        self.url, self.subscriptions, self.websocket = url, {}, None
        self.stopping, self.opened = threading.Event(), 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopping.is_set():
            try:
                with connect(self.url) as self.websocket:
                    self.opened += 1
                    for request_id, (room, _) in list(self.subscriptions.items()):
                        self.send({"type": "subscribe", "room": room, "requestId": request_id})
                    self.listen()
            except (OSError, WebSocketException):
                pass
            self.websocket = None
            self.stopping.wait(RECONNECT_S)

    def listen(self):
        while True:
            try:
                text = self.websocket.recv(PING_S)
            except TimeoutError:
                self.websocket.send("ping")
                continue
            if text == "pong":
                continue
            message = json.loads(text)
            if message.get("type") == "publish" and message.get("requestId") in self.subscriptions:
                self.subscriptions[message["requestId"]][1](message)

    def send(self, message):
        if self.websocket is not None:
            self.websocket.send(json.dumps(message))

    def subscribe(self, room, on_publish):
        request_id = str(uuid.uuid4())
        self.subscriptions[request_id] = (room, on_publish)
        self.send({"type": "subscribe", "room": room, "requestId": request_id})
        return request_id

    def unsubscribe(self, request_id):
        del self.subscriptions[request_id]
        self.send({"type": "unsubscribe", "requestId": request_id})

    def stop(self):
        self.stopping.set()
        if self.websocket is not None:
            self.websocket.close()
        self.thread.join(10)


@pytest.fixture
def spine(backend, gateway):
    backend.allowed_rooms = [{"zoo": "*"}]
    spine = Spine(gateway.websocket_url + "?token=spine")
    yield spine
    spine.stop()


def publish(gateway, room, data):
    """Triggers as a backend does; how many subscriptions it reached."""
    headers = {"Accept": "application/json"}
    answer = requests.post(f"{gateway.internal_url}/trigger/", json={"rooms": [room], "data": data}, headers=headers)
    assert answer.status_code == 200
    return answer.json()["subscriptions"]


def until(holds, within_s=20):
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_it_hears_its_rooms_and_no_longer_when_unsubscribed(spine, backend, gateway):
    heard = []
    one = spine.subscribe({"zoo": 1}, lambda message: heard.append(message["data"]))
    spine.subscribe({"zoo": 2}, lambda message: heard.append(message["data"]))
    until(lambda: publish(gateway, {"zoo": 1}, "one") == 1)
    until(lambda: publish(gateway, {"zoo": 2}, "two") == 1)
    until(lambda: heard == ["one", "two"])
    spine.unsubscribe(one)
    until(lambda: publish(gateway, {"zoo": 1}, "no more") == 0)
    publish(gateway, {"zoo": 2}, "last")
    until(lambda: "last" in heard)
    assert heard[:2] == ["one", "two"] and heard[-1] == "last"
    assert backend.seen[0][1]["authorization"] == "Token spine"


def test_it_comes_back_after_the_gateway_was_killed_and_hears_its_rooms_again(spine, gateway):
    heard = []
    spine.subscribe({"zoo": 1}, lambda message: heard.append(message["data"]))
    until(lambda: publish(gateway, {"zoo": 1}, "before") == 1)
    until(lambda: heard == ["before"])
    gateway.kill()
    gateway.start()
    until(lambda: publish(gateway, {"zoo": 1}, "after") == 1)
    until(lambda: heard == ["before", "after"])


def test_not_let_in_it_tries_again_until_it_is(backend, gateway):
    backend.status = 403
    spine = Spine(gateway.websocket_url)
    heard = []
    spine.subscribe({"zoo": 1}, lambda message: heard.append(message["data"]))
    until(lambda: spine.opened >= 2)
    backend.status, backend.allowed_rooms = 200, [{"zoo": 1}]
    until(lambda: publish(gateway, {"zoo": 1}, "in") == 1)
    until(lambda: heard == ["in"])
    spine.stop()
