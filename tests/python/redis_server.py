"""Redis servers of a test's own, on a loopback address of its own."""

import pathlib
import shutil
import subprocess
import tempfile
import time

import redis

PROGRAM = shutil.which("redis-server")
FIRST_PORT = 16379


class RedisServer:
    """Runs until `stop`, keeps nothing on disk."""

    def __init__(self, address, number=0):
        self.address, self.port = address, FIRST_PORT + number
        self.url = f"redis://{self.address}:{self.port}/1"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="campanile-redis-"))
        self.client = redis.Redis.from_url(self.url, socket_timeout=None)
        self.start()

    def start(self):
        arguments = ["--bind", self.address, "--port", str(self.port), "--save", "", "--appendonly", "no"]
        with open(self.folder / "log", "a") as log:
            self.process = subprocess.Popen(
                [PROGRAM, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        for _ in range(600):
            assert self.process.poll() is None, (self.folder / "log").read_text()
            try:
                self.client.ping()
                return
            except redis.RedisError:
                time.sleep(0.05)
        raise AssertionError("redis-server does not start")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.client.close()
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
