"""A RabbitMQ of a test's own, on a loopback address of its own: django-binder knows no other port than 5672."""

import contextlib
import itertools
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

SERVER = pathlib.Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def is_installed():
    return SERVER.exists() and shutil.which("epmd") is not None


class RabbitMQ:
    """Runs until `stop`, with everything that it would share with another one in a folder."""

    def __init__(self, address):
        self.address, self.folder = address, pathlib.Path(tempfile.mkdtemp(prefix="campanile-rabbitmq-"))
        (self.folder / "plugins").write_text("[].")
        limits = "vm_memory_high_watermark.relative = 0.9\ndisk_free_limit.absolute = 1MB\n"
        (self.folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = {address}:5672\n{limits}")
        epmd_port, dist_port = itertools.islice(free_ports(), 2)
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.epmd = subprocess.Popen(["epmd", "-address", "127.0.0.1", "-port", str(epmd_port)], **quiet)
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": f"campanile{dist_port}@localhost",
            "RABBITMQ_DIST_PORT": str(dist_port),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(epmd_port),
        }
        log = open(self.folder / "log", "w")
        # A process group of its own, so that signals reach what it starts.
        self.process = subprocess.Popen(
            [SERVER], env=environment, cwd=self.folder, start_new_session=True, **quiet | {"stdout": log, "stderr": log}
        )

    def wait(self):
        """Waits until it answers."""
        for _ in range(900):
            assert self.process.poll() is None, (self.folder / "log").read_text()
            try:
                with socket.create_connection((self.address, 5672), timeout=1) as connection:
                    connection.sendall(b"AMQP\x00\x00\x09\x01")
                    if connection.recv(1):
                        return
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError("RabbitMQ does not start")

    def stop(self):
        # It may have ended by itself.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.epmd.kill()
        self.epmd.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_ports():
    """Ports that nobody has, below those that the system gives to clients."""
    for port in range(20000 + os.getpid() % 6000, 32000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            yield port
