"""What anyone points at a server from outside: testssl.sh, hydra, clients that are slow on purpose."""
import json
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from doorkeeping import PASSWORD  # noqa: E402
from gateway import MODULE, Gateway, PlayedVms, Visitor, events  # noqa: E402

pytestmark = [
    pytest.mark.skipif(not MODULE.exists(), reason="this build has no module"),
    pytest.mark.skipif(not shutil.which("testssl") or not shutil.which("hydra"), reason="needs testssl.sh and hydra"),
]

#: What a certificate of an authority of one's own costs, and what can't be had on a loopback address.
OWN_AUTHORITY = re.compile(r"cert_(chain_of_trust|trust|revocation|crlDistributionPoints|ocspURL|caIssuers|expirationStatus"
                           r"|certificatePolicyEV|extlifeSpan|validityPeriod|ocspRevoked|crlRevoked)|DNS_CAArecord|OCSP_stapling|certificate_transparency")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with PlayedVms() as vms, Gateway(tmp_path_factory.mktemp("gateway") / "g", f"http://127.0.0.1:{vms.port}") as gateway:
        yield gateway.serve()


def test_testssl_finds_nothing_but_the_authority_of_our_own(running, tmp_path):
    report = tmp_path / "testssl.json"
    subprocess.run(["testssl", "--quiet", "--color", "0", "--warnings", "off", "--jsonfile", report, "-p", "-S", "-P", "-U",
                    f"localhost:{running.port}"], capture_output=True, text=True, timeout=280, check=False)
    found = json.loads(report.read_text())
    bad = {row["id"]: f"{row['severity']}: {row['finding']}" for row in found
           if row["severity"] in ("LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL") and not OWN_AUTHORITY.search(row["id"])}
    assert len(found) > 40 and not bad, bad
    offered = {row["id"]: row["finding"] for row in found}
    assert "not offered" in offered["TLS1"] and "not offered" in offered["TLS1_1"] and "offered" in offered["TLS1_3"]


def closed_after(running, first, more=b"", patience=60):
    """Seconds until the server ends a connection that sends a byte a second after its first words."""
    trust = ssl.create_default_context(cafile=running.folder / "authority" / "ca.crt")
    with socket.create_connection(("127.0.0.1", running.port), 5) as plain, trust.wrap_socket(plain, server_hostname="localhost") as tls:
        begun = time.monotonic()
        tls.sendall(first)
        tls.settimeout(1)
        while time.monotonic() - begun < patience:
            try:
                if more:
                    tls.sendall(more)
                if not tls.recv(1024):
                    return time.monotonic() - begun
            except TimeoutError:
                continue
            except (ssl.SSLError, OSError):
                return time.monotonic() - begun
    return patience


def test_a_head_that_never_ends_is_ended(running):
    assert 5 < closed_after(running, f"GET / HTTP/1.1\r\nHost: localhost:{running.port}\r\nX-Slow: ".encode(), b"a") < 40


def test_a_body_that_never_ends_is_ended(running):
    head = f"POST /gatehouse/login HTTP/1.1\r\nHost: localhost:{running.port}\r\nContent-Length: 60000\r\n\r\n"
    assert 5 < closed_after(running, head.encode()) < 40


def hydra(running, person, words, folder):
    """What hydra finds with these words at the log-in form, as a browser would send it."""
    visitor = Visitor(running)
    token = visitor.get("/gatehouse/login").fields("/gatehouse/login")["token"]
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in visitor.cookies.items()),
               "Origin": running.base.replace(":", "\\:"), "Sec-Fetch-Site": "same-origin"}
    (folder / "words").write_text("\n".join(words) + "\n")
    form = ":".join([f"/gatehouse/login:token={token}&return=%2F&user=^USER^&password=^PASS^",
                     *(f"H={name}\\: {value}" for name, value in headers.items()), "S=second"])
    done = subprocess.run(["hydra", "-I", "-l", person.name, "-P", folder / "words", "-t", "1", "-f", "-S", "-s", str(running.port),
                           "localhost", "https-post-form", form], capture_output=True, text=True, timeout=200, check=False, cwd=folder)
    assert "1 of 1 target" in done.stdout, done.stdout + done.stderr
    return f"password: {PASSWORD}" in done.stdout


def test_hydra_gets_no_more_than_the_limit_and_not_the_password_behind_it(running, tmp_path):
    assert hydra(running, running.resident("anna", "viewer"), ["guess-number-1", PASSWORD], tmp_path)  # it can, within the limit
    person = running.resident("vera", "viewer")
    before = len(events(running))
    words = [f"guess-number-{i}" for i in range(10)]
    assert not hydra(running, person, [*words, PASSWORD, *words], tmp_path)
    told = [event for event in events(running)[before:] if event["action"] in ("auth.fail", "auth.ban")]
    assert told and all(PASSWORD not in json.dumps(event) and "guess-number" not in json.dumps(event) for event in told)
    answer = Visitor(running).password(person.name)
    assert answer.status != 303  # who knows the password does not get in either, for a while
