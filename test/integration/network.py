"""A network of namespaces on one bridge, for programs that are not part of the project."""
import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

from conftest import GATEHOUSE, SOURCE, Run, command

COUNTERPARTS = pathlib.Path(__file__).resolve().parent / "counterparts"
SWEPT = [int(number) for number in re.findall(r"^PORT\((\d+),", (SOURCE / "src/discover/ports.def").read_text(), re.M)]


def may_make_namespaces():
    """Whether this process can make network namespaces by name."""
    return os.geteuid() == 0 and shutil.which("ip") is not None and command("ip", "netns", "add", f"gtry{os.getpid()}").returncode == 0 \
        and command("ip", "netns", "del", f"gtry{os.getpid()}").returncode == 0


class Network:
    """Hosts on one link. Everything is taken down by close()."""

    letters = iter("abcdefghijklmnopqrstuvwxyz")

    def __init__(self, folder):
        self.folder = folder
        self.prefix = f"g{os.getpid() % 100000}{next(Network.letters)}"
        self.hosts = []
        self.running = []
        self._ip("netns", "add", self._name("sw"))
        self.hosts.append("sw")
        self._ip("-n", self._name("sw"), "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        self._ip("-n", self._name("sw"), "link", "set", "br0", "up")

    def _name(self, host):
        return f"{self.prefix}-{host}"

    @staticmethod
    def _ip(*args):
        subprocess.run(["ip", *args], check=True, capture_output=True)

    def host(self, host, *addresses):
        """Adds a machine with these addresses (with prefix length)."""
        name, port = self._name(host), f"p{host}"
        self._ip("netns", "add", name)
        self.hosts.append(host)
        self._ip("link", "add", "name", f"t{self.prefix}{host}"[:15], "netns", name, "type", "veth", "peer", "name", port, "netns", self._name("sw"))
        self._ip("-n", name, "link", "set", f"t{self.prefix}{host}"[:15], "name", "eth0")
        self._ip("-n", self._name("sw"), "link", "set", port, "master", "br0", "up")
        for address in addresses:
            self._ip("-n", name, "addr", "add", address, "dev", "eth0", *(["nodad"] if ":" in address else []))
        for link in ("lo", "eth0"):
            self._ip("-n", name, "link", "set", link, "up")
        return host

    def run(self, host, *args, **more):
        """Runs a command there to its end."""
        return command("ip", "netns", "exec", self._name(host), *args, **more)

    @contextlib.contextmanager
    def inside(self, host):
        """This thread is there meanwhile: its sockets, and the programs that it starts."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net", "rb") as home, open(f"/run/netns/{self._name(host)}", "rb") as there:
            assert libc.setns(there.fileno(), 0x40000000) == 0, os.strerror(ctypes.get_errno())
            try:
                yield
            finally:
                assert libc.setns(home.fileno(), 0x40000000) == 0, os.strerror(ctypes.get_errno())

    def start(self, host, *args, port=None, cwd=None, env=None):
        """Starts a program there, waits until the port listens, gives the file of its output."""
        log = self.folder / f"{host}-{len(self.running)}.log"
        with open(log, "wb") as out:
            self.running.append(subprocess.Popen(
                ["ip", "netns", "exec", self._name(host), *[str(a) for a in args]], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                cwd=cwd, env=env, start_new_session=True))
        deadline = time.monotonic() + 20
        while port is not None and not re.search(rf":{port}\s", self.run(host, "ss", "-Hlnt").stdout):
            assert self.running[-1].poll() is None and time.monotonic() < deadline, f"{args[0]}: {log.read_text()}"
            time.sleep(0.1)
        return log

    def camera(self, host, address, port, mode, *account):
        """A camera of GStreamer's RTSP server."""
        return self.start(host, "/usr/bin/python3", COUNTERPARTS / "rtsp_camera.py", address, port, mode, *account, port=port)

    def listener(self, host, address, mode, *ports):
        """A listener that behaves as its mode says."""
        return self.start(host, "/usr/bin/python3", COUNTERPARTS / "listener.py", address, mode, *ports, port=ports[-1])

    def assess(self, host, output, *args, timeout=150, **more):
        """Assesses from that host."""
        done = self.run(host, GATEHOUSE, "assess", "--store", self.folder / "store.db", "--output", output, *args, timeout=timeout,
                        stdin=subprocess.DEVNULL, **more)
        return Run(done, output)

    def close(self):
        for process in self.running:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        for host in self.hosts:
            for pid in command("ip", "netns", "pids", self._name(host)).stdout.split():
                command("kill", "-KILL", pid)  # a daemon that made a session of its own
            subprocess.run(["ip", "netns", "del", self._name(host)], check=False, capture_output=True)


needs_namespaces = pytest.mark.skipif(not may_make_namespaces(), reason="network namespaces by name need root and iproute2")
