"""Parts of bench_gateway.py that need more than requests a second: a new access, idle sockets, how fast an end is."""
import http.client
import os
import resource
import secrets
import socket
import statistics
import time

import gateway_peers as peers

SOCKETS = 1000
ACCESSES = 500
ENDS = 5
END_TARGET = 2.0
ACCESS_TARGET = 5.0
SOCKET = "/live/jsmpeg/front"


def verdict(is_met):
    return "met" if is_met else "not met"


def quantile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def one_sync(file):
    """Milliseconds of what no durable event can do without, on the ledger's disk."""
    begin = time.perf_counter()
    os.write(file, b"x" * 700)
    os.fdatasync(file)
    return (time.perf_counter() - begin) * 1000


def access(site):
    """A request that opens a view waits for its event to be durable; the next one of the view does not."""
    connection = http.client.HTTPConnection("127.0.0.1", site.ports["gatehouse"][0])
    taken = {"open": [], "new": [], "disk": []}
    file = os.open(site.folder / "ledger" / "sync", os.O_WRONLY | os.O_CREAT)
    for i in range(ACCESSES + 20):
        path = f"/vod/front/start/{1763900000 - 600 * (i + 1)}/end/{1763900600 - 600 * (i + 1)}/seg-1-v1.m4s"
        for kind in ("new", "open"):
            begin = time.perf_counter()
            connection.request("GET", path, headers={"Cookie": site.cookie})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"{path}: {answer.status}")
            if i >= 20:
                taken[kind].append((time.perf_counter() - begin) * 1000)
        taken["disk"].append(one_sync(file))
    os.close(file)
    print(f"A new access, {ACCESSES} one after another, each durable in the ledger before its first byte:")
    for kind, words in (("disk", "700 bytes, written and synced"), ("open", "request of an open view"),
                        ("new", "request that opens a view")):
        print(f"  {words:<32} p50 {quantile(taken[kind], .5):6.2f} ms   p99 {quantile(taken[kind], .99):6.2f} ms")
    added = [quantile(taken["new"], part) - quantile(taken["open"], part) for part in (.5, .99)]
    print(f"  added                            p50 {added[0]:6.2f} ms   p99 {added[1]:6.2f} ms"
          f"   target p99 <= {ACCESS_TARGET:.0f} ms: {verdict(added[1] <= ACCESS_TARGET)}")
    print()


def open_stream(site, name, path, cookie, upgrade=True):
    """A connection whose answer has begun."""
    connection = socket.create_connection(("127.0.0.1", site.ports[name][0]), 10)
    more = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" \
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" if upgrade else ""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n{more}\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        more = connection.recv(4096)
        if not more:
            break
        head += more
    if head.split(b" ")[1:2] != [b"101" if upgrade else b"200"]:
        raise SystemExit(f"{name} {path}: {head[:200]!r}")
    return connection


def kilobytes(pid):
    for line in open(f"/proc/{pid}/status", encoding="ascii"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def sockets(site):
    """Memory of a worker with idle WebSockets, against the same nginx without the module."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    print(f"{SOCKETS} idle WebSockets, memory of the worker (resident):")
    each = {}
    for name in ("bare", "gatehouse"):
        worker = peers.children(site.proxies[name].pid)[0]
        open_stream(site, name, SOCKET, site.cookie).close()
        before = kilobytes(worker)
        held = [open_stream(site, name, SOCKET, site.cookie) for _ in range(SOCKETS)]
        time.sleep(1)  # a turn of every timer
        after = kilobytes(worker)
        ticks = site.seconds_of(name)
        time.sleep(5)
        busy = (site.seconds_of(name) - ticks) / 5
        each[name] = (after - before) / SOCKETS
        print(f"  {name:<12}{before / 1024:7.1f} MiB before   {after / 1024:7.1f} MiB with them   {each[name]:6.2f} KiB each"
              f"   {busy * 100:.1f} % of a processor while idle")
        for connection in held:
            connection.close()
        time.sleep(1)
    print(f"  the gateway needs {each['gatehouse'] - each['bare']:.2f} KiB more for each (no target)")
    print()


def until_closed(connection):
    try:
        while connection.recv(65536):
            pass
    except OSError:
        pass  # a reset is an end too
    finally:
        connection.close()


def polls(site, cookie, end):
    """Asks for a segment again and again; returns when it is refused."""
    connection = http.client.HTTPConnection("127.0.0.1", site.ports["gatehouse"][0])
    while time.perf_counter() < end:
        connection.request("GET", peers.SMALL, headers={"Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            break
        time.sleep(0.02)
    connection.close()


def say(words, taken):
    print(f"  {words:<44} median {statistics.median(taken):5.2f} s   longest {max(taken):5.2f} s"
          f"   target <= {END_TARGET:.0f} s: {verdict(max(taken) <= END_TARGET)}")


def one_end(site, start, end_it, undo):
    """Seconds from the board's word to the end of what goes on."""
    cookie = secrets.token_urlsafe(32)
    header = f"gatehouse={cookie}"
    site.sessions(site.secret, cookie)
    wait = start(header)
    time.sleep(0.3)
    begin = time.perf_counter()
    end_it(cookie)
    wait()
    taken = time.perf_counter() - begin
    undo()
    return taken


def ends(site):
    """From the board's change to the end, of each kind of stream."""
    print(f"How fast an end is, {ENDS} times each:")

    def stream(path, upgrade):
        def start(header):
            connection = open_stream(site, "gatehouse", path, header, upgrade)
            return lambda: until_closed(connection)
        return start

    def poll(header):
        return lambda: polls(site, header, time.perf_counter() + 10)

    kinds = (("WebSocket", stream(SOCKET + "?busy", True)), ("idle WebSocket", stream(SOCKET, True)),
             ("MJPEG", stream("/api/front", False)), ("segments asked for every 20 ms", poll))
    for words, start in kinds:
        say(f"session ended, {words}", [one_end(site, start, lambda _: site.sessions(site.secret), lambda: None)
                                        for _ in range(ENDS)])
    for words, start in kinds:
        say(f"address banned, {words}", [one_end(site, start, lambda _: site.tell(bans={"127.0.0.1/32": 60}),
                                                 lambda: site.tell(bans={"127.0.0.1/32": 0})) for _ in range(ENDS)])
    site.sessions(site.secret)
    print()
