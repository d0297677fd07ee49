#!/usr/bin/env python3
"""A time-stamp authority for tests: `openssl ts -reply` behind HTTP, and ways to be a bad one.

By hand: tsa.py FOLDER [MODE]  prints its address and the certificate to believe, and answers until it is ended.
"""
import datetime
import hashlib
import http.server
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/root.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = {digests}
accuracy = secs:1, millisecs:500
clock_precision_digits = 3
ordering = no
tsa_name = yes
ess_cert_id_chain = {chain}
ess_cert_id_alg = sha256
"""
MODES = ("good", "offline", "slow", "nonce", "imprint", "garbage", "redirect", "huge", "html", "refuse")


def run(*args, data=None):
    """Runs openssl."""
    return subprocess.run(["openssl", *map(str, args)], input=data, capture_output=True, check=True, timeout=60).stdout


def der(kind, *parts):
    """A value of ASN.1."""
    body = b"".join(parts)
    size = len(body)
    head = bytes([size]) if size < 128 else bytes([0x80 + (size.bit_length() + 7) // 8]) + size.to_bytes(
        (size.bit_length() + 7) // 8, "big")
    return bytes([kind]) + head + body


def respond(token, status=0):
    """The answer with a token in it."""
    return der(0x30, der(0x30, der(2, bytes([status]))), token)


class Authority:
    """A root and a signer in a folder."""

    def __init__(self, folder, name="Test", chain=False):
        self.folder, self.name, self.chain = pathlib.Path(folder), name, chain
        self.folder.mkdir(parents=True, exist_ok=True)
        self.root_key, self.lock = ec.generate_private_key(ec.SECP256R1()), threading.Lock()
        self.root_cert = self.issue("Root", self.root_key, self.root_key.public_key(), None)
        self.root = self.write("root.pem", self.root_cert.public_bytes(serialization.Encoding.PEM))
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.signer()
        self.write("serial", b"01\n")
        self.configure()

    def configure(self, digests="sha256"):
        """The settings of openssl ts."""
        chain = "yes" if self.chain else "no"
        self.write("ts.conf", CONFIG.format(folder=self.folder, chain=chain, digests=digests).encode())

    def write(self, name, data):
        """A file of the folder."""
        path = self.folder / name
        path.write_bytes(data)
        return path

    def issue(self, role, signing_key, public, issuer, begin=-30, end=30, uses=(ExtendedKeyUsageOID.TIME_STAMPING,),
              critical=True):
        """A certificate, valid from and to these days from now."""
        now = datetime.datetime.utcnow()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{self.name} {role}")])
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.subject if issuer else subject)
                   .public_key(public).serial_number(x509.random_serial_number())
                   .not_valid_before(now + datetime.timedelta(days=begin))
                   .not_valid_after(now + datetime.timedelta(days=end)))
        if issuer is None:
            builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
        elif uses:
            builder = builder.add_extension(x509.ExtendedKeyUsage(list(uses)), critical=critical)
        return builder.sign(signing_key, hashes.SHA256())

    def signer(self, **how):
        """Makes the signer's certificate anew."""
        cert = self.issue("Signer", self.root_key, self.key.public_key(), self.root_cert, **how)
        self.write("tsa.pem", cert.public_bytes(serialization.Encoding.PEM))
        self.write("tsa.key", self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                     serialization.NoEncryption()))

    def reply(self, request):
        """What openssl ts answers."""
        with self.lock, tempfile.NamedTemporaryFile(dir=self.folder) as query:
            query.write(request)
            query.flush()
            return run("ts", "-reply", "-queryfile", query.name, "-config", self.folder / "ts.conf")

    def reply_unchecked(self, request, *more):
        """The same time-stamp, signed with a certificate that openssl ts would refuse to use."""
        good = Authority(self.folder / "good", self.name)
        info = run("cms", "-verify", "-noverify", "-inform", "DER", data=good.token(request))
        token = run("cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-econtent_type", "1.2.840.113549.1.9.16.1.4",
                    "-signer", self.folder / "tsa.pem", "-inkey", self.folder / "tsa.key", "-md", "sha256",
                    *(more or ["-cades"]), data=info)
        return respond(token)

    def token(self, request):
        """Only the token of an answer."""
        with self.lock, tempfile.NamedTemporaryFile(dir=self.folder) as query:
            query.write(request)
            query.flush()
            return run("ts", "-reply", "-queryfile", query.name, "-config", self.folder / "ts.conf", "-token_out")

    def request(self, digest):
        """A request of openssl's own, with another nonce."""
        return run("ts", "-query", "-digest", digest, "-sha256", "-cert")


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as the server's mode says."""

    def do_POST(self):  # pylint: disable=invalid-name
        """One request."""
        request = self.rfile.read(int(self.headers["Content-Length"]))
        mode, authority = self.server.mode, self.server.authority
        self.server.asked.append(self.headers["Content-Type"])
        status, kind, body, more = 200, "application/timestamp-reply", b"", {}
        if mode == "slow":
            time.sleep(8)
        if mode in ("nonce", "imprint"):
            digest = request[request.index(b"\x04\x20") + 2:][:32] if mode == "nonce" else hashlib.sha256(b"x").digest()
            body = authority.reply(authority.request(digest.hex()))
        elif mode == "garbage":
            body = bytes(range(256)) * 8
        elif mode == "huge":
            body = bytes(4 << 20)
        elif mode == "redirect":
            status, more = 307, {"Location": self.server.other or "/elsewhere"}
        elif mode == "html":
            kind, body = "text/html", b"<p>Please log in</p>"
        else:
            body = authority.reply(request)
        try:
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # who asked has gone

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        """Is quiet."""


class Server:
    """An authority that answers on a port of this machine: use it in `with`; `mode` may change while it runs."""

    def __init__(self, authority, mode="good", other=None):
        assert mode in MODES
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.authority, self.http.mode, self.http.other, self.http.asked = authority, mode, other, []
        self.authority, self.asked = authority, self.http.asked
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/tsr"
        if mode == "offline":
            self.http.server_close()
        elif mode == "refuse":
            authority.configure("sha512")

    def __enter__(self):
        if self.http.mode != "offline":
            threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        if self.http.mode != "offline":
            self.http.shutdown()
            self.http.server_close()


if __name__ == "__main__":
    with Server(Authority(sys.argv[1]), *sys.argv[2:3]) as running:
        print(running.url, running.authority.root, flush=True)
        while True:
            time.sleep(3600)
