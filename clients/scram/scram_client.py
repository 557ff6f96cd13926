#!/usr/bin/env python3
"""Block a network by SCRAM's API. Python's standard library is all it needs.

    scram_client.py http://127.0.0.1:8000 register zeek      # once; an administrator then authorizes it
    SCRAM_UUID=... scram_client.py URL add 192.0.2.4 "scanner" --hours 12
    SCRAM_TOKEN=... scram_client.py URL remove 192.0.2.4
    scram_client.py URL ask 192.0.2.4

A program that only adds shows its UUID; a user's token (`scram token NAME`) may do what the user may.
"""

import argparse
import datetime
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request


class Refused(Exception):
    """The server has said no, and why."""


class Scram:
    """One SCRAM server."""

    def __init__(self, url, token=None, uuid=None):
        self.base = url.rstrip("/") + "/api/v1/"
        self.token, self.uuid = token, uuid

    def register(self, name):
        """Make a program known, and return its UUID: its secret."""
        body = {"client_name": name}
        if self.uuid:
            body["uuid"] = self.uuid
        return self._ask("POST", "register_client/", body)["uuid"]

    def add(self, network, comment, action_type="block", expiration=None):
        """Add an entry; with no expiration it stays until it is removed."""
        body = {"route": network, "actiontype": action_type, "comment": comment}
        if expiration is not None:
            body["expiration"] = expiration.astimezone(datetime.timezone.utc).isoformat()
        if self.uuid:
            body["uuid"] = self.uuid
        return self._ask("POST", "entries/", body)

    def remove(self, network):
        """Remove all active entries that overlap a network."""
        self._ask("DELETE", "entries/" + urllib.parse.quote(network) + "/")

    def is_active(self, network):
        """Return whether anything in a network is acted on."""
        answer = self._ask("GET", "is_active/?" + urllib.parse.urlencode({"cidr": network}))
        return any(result["is_active"] for result in answer["results"])

    def entries(self):
        """Yield all active entries, page by page."""
        path = "entries/"
        while path:
            page = self._ask("GET", path)
            yield from page["results"]
            query = urllib.parse.urlsplit(page["next"] or "").query
            path = "entries/?" + query if query else None

    def _ask(self, method, path, body=None):
        request = urllib.request.Request(self.base + path, method=method)
        request.add_header("Accept", "application/json")
        if self.token:
            request.add_header("Authorization", "Token " + self.token)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                text = response.read()
        except urllib.error.HTTPError as error:
            raise Refused(f"{error.code}: {error.read().decode(errors='replace')}") from None
        return json.loads(text) if text else None


def main():
    parser = argparse.ArgumentParser(description="Block a network by SCRAM's API.")
    parser.add_argument("url")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("register").add_argument("name")
    add = commands.add_parser("add")
    add.add_argument("network")
    add.add_argument("comment")
    add.add_argument("--action-type", default="block")
    add.add_argument("--hours", type=float)
    commands.add_parser("remove").add_argument("network")
    commands.add_parser("ask").add_argument("network")
    commands.add_parser("list")
    said = parser.parse_args()

    scram = Scram(said.url, os.environ.get("SCRAM_TOKEN"), os.environ.get("SCRAM_UUID"))
    try:
        if said.command == "register":
            print(scram.register(said.name))
        elif said.command == "add":
            end = None
            if said.hours is not None:
                now = datetime.datetime.now(datetime.timezone.utc)
                end = now + datetime.timedelta(hours=said.hours)
            entry = scram.add(said.network, said.comment, said.action_type, end)
            print(entry["route"], "until", entry["expiration"])
        elif said.command == "remove":
            scram.remove(said.network)
        elif said.command == "ask":
            print("active" if scram.is_active(said.network) else "not active")
        else:
            for entry in scram.entries():
                print(entry["route"], entry["actiontype"], entry["comment"])
    except Refused as refused:
        sys.exit(f"SCRAM refused: {refused}")
    except urllib.error.URLError as error:
        sys.exit(f"{said.url} cannot be reached: {error.reason}")


if __name__ == "__main__":
    main()
