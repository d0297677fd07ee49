"""Attacks on a running gateway: many tries at once, long lists, and a doorman that is gone. doc/attacks.md has the numbers."""
import concurrent.futures
import http.client
import os
import signal
import sqlite3
import ssl
import time
import urllib.parse

import pytest

from attacking import Guest
from gateway import PATIENCE

FRONT = "/api/front/latest.jpg"


def storm(house, source, user, count, threads=32):
    """So many log-ins with a wrong password from one address, as many at once as it gets: their statuses."""
    first = Guest(house, source)
    fields = {**first.get("/gatehouse/login").fields("/gatehouse/login"), "user": user, "password": "a password that is wrong"}
    cookie = "; ".join(f"{name}={value}" for name, value in first.cookies.items())
    trust = ssl.create_default_context(cafile=house.folder / "authority" / "ca.crt")

    def some(number):
        found, connection = [], None
        for i in range(count // threads):
            try:
                connection = connection or http.client.HTTPSConnection("localhost", house.port, timeout=30, context=trust, source_address=(source, 0))
                connection.request("POST", "/gatehouse/login", urllib.parse.urlencode(fields), {
                    "Cookie": cookie, "Origin": house.base, "Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": f"10.0.{number}.{i}"})
                answer = connection.getresponse()
                answer.read()
                found.append(answer.status)
            except (OSError, http.client.HTTPException):
                found.append(0)
                connection = None
        return found

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(some, range(threads)), [])


def test_of_1600_tries_at_once_no_more_are_compared_than_the_limit(house):
    """Counted at arrival: 5 of an account, 10 of an address; then the address is banned. What it says of other addresses counts nothing."""
    since, source = len(house.log()), "127.9.0.1"
    statuses = storm(house, source, "ada", 1600)
    assert len(statuses) == 1600 and not {200, 303} & set(statuses)
    ban = house.wait_event(lambda e: e["action"] == "auth.ban" and e["actor"]["ip"].startswith("127.9.0.1"), since, 15)
    assert ban["reason"]
    compared = [e for e in house.log()[since:] if e["action"] == "auth.fail" and "wrong" in e.get("reason", "") and e["actor"]["ip"] == source]
    assert len(compared) <= 10
    told = [e for e in house.log()[since:] if e["actor"].get("ip") == source]
    assert len(told) < 100 and not any(e["actor"]["ip"].startswith("10.0.") for e in house.log()[since:])
    assert house.get(FRONT, "ada", source=source).status == 403  # also with a session
    assert house.get(FRONT, "ada").status == 200
    assert house.refused(since, "the address is banned", ip=source)
    assert house.run("session", "lift", source).returncode == 0


def test_100000_bans_hold_nobody_up(house):
    """Their look-up is measured in test_board; here the list comes while people watch."""
    net, last = "127.9.1.1", 0.0
    with house.tls() as peer:
        request = f"GET {FRONT} HTTP/1.1\r\nHost: localhost:{house.port}\r\n{house.cookie('ada')}\r\n\r\n".encode()

        def asked():
            begun, got = time.monotonic(), b""
            peer.sendall(request)
            while b"\r\n\r\n" not in got or len(got) < int(got.lower().split(b"content-length: ")[1].split(b"\r")[0]):
                got += peer.recv(65536)
            assert got.startswith(b"HTTP/1.1 200 ")
            return time.monotonic() - begun

        now = int(time.time() * 1000)
        rows = [(f"{100 + i // 65536}.{i // 256 % 256}.{i % 256}.7/32", now, now + 3600_000, 0, "of a list") for i in range(100_000)]
        with sqlite3.connect(house.folder / "identity.db", timeout=30) as db:
            db.executemany("INSERT INTO ban VALUES (?, ?, ?, ?, ?)", rows + [(net + "/32", now, now + 3600_000, 0, "of a list")])
        times, until = [], time.monotonic() + PATIENCE
        while time.monotonic() < until:
            times.append(asked())
            if house.get("/", "ada", source=net).status == 403:
                break
        last = max(times)
        assert house.get("/", "ada", source=net).status == 403
        times = sorted(asked() for _ in range(50))
    with sqlite3.connect(house.folder / "identity.db", timeout=30) as db:
        db.execute("DELETE FROM ban WHERE reason = 'of a list'")
    assert last < 1.0 and times[25] < 0.1
    until = time.monotonic() + PATIENCE
    while house.get("/", "ada", source=net).status != 200:
        assert time.monotonic() < until


def test_without_the_doorman_the_last_list_decides_until_it_is_stale(house):
    """Closed, not open: three seconds after its last beat nobody gets in, whoever he is."""
    assert house.run("session", "ban", "127.9.2.1", "--reason", "a test").returncode == 0
    until = time.monotonic() + 5
    while house.get("/", "ada", source="127.9.2.1").status != 403:
        assert time.monotonic() < until
    doorman = house.children()["doorman"]
    os.kill(doorman, signal.SIGSTOP)
    begun = time.monotonic()
    try:
        assert house.get("/", "ada", source="127.9.2.1").status == 403
        assert house.get(FRONT, "ada").status == 200
        while time.monotonic() - begun < 6 and house.get(FRONT, "ada").status == 200:
            time.sleep(0.1)
        closed = time.monotonic() - begun
        assert house.get(FRONT, "ada").status == 503 and house.get("/", "ada", source="127.9.2.1").status == 403
        assert 1 < closed < 5
    finally:
        os.kill(doorman, signal.SIGCONT)
    until = time.monotonic() + 15
    while house.get(FRONT, "ada").status != 200:
        assert time.monotonic() < until
    assert house.refused(0, "silent")["outcome"] == "refused"
    assert house.run("session", "lift", "127.9.2.1").returncode == 0
