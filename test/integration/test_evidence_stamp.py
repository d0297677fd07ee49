"""Time-stamps: each way in which an answer can be wrong is told apart from the others, and from a good one."""
import hashlib
import subprocess
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

import tsa
from conftest import BUILD

LOOK = BUILD / "test" / "stamp-look"
DIGEST = hashlib.sha256(b"a manifest").hexdigest()


def look(*args):
    """Runs the program that makes and checks."""
    return subprocess.run([LOOK, *map(str, args)], capture_output=True, timeout=60, check=False)


def check(folder, request, answer, root="-", digest=DIGEST):
    """What an answer is worth: (state, time, accuracy, signer, words)."""
    names = []
    for name, data in (("tsq", request), ("tsr", answer)):
        names.append("-" if data is None else folder / name)
        if data is not None:
            (folder / name).write_bytes(data)
    done = look("check", digest, *names, root)
    assert done.returncode == 0, done.stderr
    state, when, accuracy, signer, serial, words = done.stdout.decode().splitlines()
    assert words
    return {"state": state, "time": int(when), "accuracy": int(accuracy), "signer": signer, "serial": serial,
            "words": words}


@pytest.fixture(name="request_bytes")
def fixture_request_bytes():
    """A request as Gatehouse makes it."""
    return look("request", DIGEST).stdout


@pytest.fixture(name="authority")
def fixture_authority(tmp_path):
    """A good authority."""
    return tsa.Authority(tmp_path / "tsa")


def test_requests_are_what_openssl_reads_and_have_a_new_nonce_each(tmp_path):
    first, second = look("request", DIGEST).stdout, look("request", DIGEST).stdout
    assert first != second and len(first) < 128
    (tmp_path / "q").write_bytes(first)
    text = tsa.run("ts", "-query", "-in", tmp_path / "q", "-text").decode()
    assert "Version: 1" in text and "sha256" in text and "Certificate required: yes" in text
    nonce = next(line for line in text.splitlines() if line.startswith("Nonce")).split("0x")[1]
    assert len(nonce) == 16


def test_a_good_answer_says_when_and_by_whom(tmp_path, request_bytes, authority):
    before = time.time() * 1000 - 1000
    said = check(tmp_path, request_bytes, authority.reply(request_bytes), authority.root)
    assert said["state"] == "good", said
    assert before < said["time"] < time.time() * 1000 + 1000 and said["accuracy"] == 1500
    assert "Test Signer" in said["signer"] and said["serial"]


def test_esscertid_of_a_whole_chain_is_good_too(tmp_path, request_bytes):
    authority = tsa.Authority(tmp_path / "chain", chain=True)
    answer = authority.reply(request_bytes)
    assert check(tmp_path, request_bytes, answer, authority.root)["state"] == "good"
    assert check(tmp_path, request_bytes, answer)["state"] == "untrusted"


def test_granted_with_modifications_is_granted(tmp_path, request_bytes, authority):
    answer = tsa.respond(authority.token(request_bytes), status=1)
    assert check(tmp_path, request_bytes, answer, authority.root)["state"] == "good"


def test_two_authorities_are_each_believed_by_their_own_root(tmp_path, request_bytes, authority):
    other = tsa.Authority(tmp_path / "other", "Other")
    both = tmp_path / "both.pem"
    both.write_bytes(authority.root.read_bytes() + other.root.read_bytes())
    for one, stranger in ((authority, other), (other, authority)):
        answer = one.reply(request_bytes)
        assert check(tmp_path, request_bytes, answer, both)["state"] == "good"
        assert check(tmp_path, request_bytes, answer, stranger.root)["state"] == "wrong-signer"


def test_without_roots_it_is_right_in_itself_and_not_believed(tmp_path, request_bytes, authority):
    said = check(tmp_path, request_bytes, authority.reply(request_bytes))
    assert said["state"] == "untrusted" and said["time"] > 0


def test_an_answer_to_another_request_is_not_taken(tmp_path, request_bytes, authority):
    answer = authority.reply(authority.request(DIGEST))
    assert check(tmp_path, request_bytes, answer, authority.root)["state"] == "wrong-nonce"
    said = check(tmp_path, None, answer, authority.root)
    assert said["state"] == "good" and "no request" in said["words"]


def test_other_bytes_are_not_stamped(tmp_path, request_bytes, authority):
    other = hashlib.sha256(b"another manifest").hexdigest()
    answer = authority.reply(request_bytes)
    assert check(tmp_path, request_bytes, answer, authority.root, other)["state"] == "wrong-imprint"
    answer = authority.reply(authority.request(other))
    assert check(tmp_path, request_bytes, answer, authority.root)["state"] == "wrong-imprint"
    assert check(tmp_path, request_bytes, answer, authority.root, other)["state"] == "wrong-imprint"


@pytest.mark.parametrize("dates", [{"begin": -30, "end": -1}, {"begin": 1, "end": 30}])
def test_a_signer_that_was_not_valid_then_is_told(tmp_path, request_bytes, authority, dates):
    authority.signer(**dates)
    for root in (authority.root, "-"):
        said = check(tmp_path, request_bytes, authority.reply_unchecked(request_bytes), root)
        assert said["state"] == "expired", said
        assert ("had expired" if dates["end"] < 0 else "not yet") in said["words"]


@pytest.mark.parametrize("certificate", [
    {"uses": ()}, {"critical": False}, {"uses": (ExtendedKeyUsageOID.CODE_SIGNING,)},
    {"uses": (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)}])
def test_a_certificate_for_anything_else_is_refused(tmp_path, request_bytes, authority, certificate):
    authority.signer(**certificate)
    for root in (authority.root, "-"):
        said = check(tmp_path, request_bytes, authority.reply_unchecked(request_bytes), root)
        assert said["state"] == "wrong-signer" and "certificate" in said["words"], said


def test_a_token_that_names_no_certificate_is_refused(tmp_path, request_bytes, authority):
    good = authority.reply_unchecked(request_bytes)
    assert check(tmp_path, request_bytes, good, authority.root)["state"] == "good"
    bare = authority.reply_unchecked(request_bytes, "-nosmimecap")
    assert check(tmp_path, request_bytes, bare, authority.root)["state"] in ("wrong-signer", "broken")


def test_a_refusal_is_told_with_its_words(tmp_path, request_bytes, authority):
    authority.configure("sha512")
    said = check(tmp_path, request_bytes, authority.reply(request_bytes), authority.root)
    assert said["state"] == "refused" and "not supported" in said["words"].lower(), said


def test_no_answer_yet_is_pending(tmp_path, request_bytes):
    assert check(tmp_path, request_bytes, None)["state"] == "pending"


def test_rubbish_is_told_as_rubbish(tmp_path, request_bytes, authority):
    answer = authority.reply(request_bytes)
    for data in (b"", b"\0", bytes(range(256)), answer + b"\0", b"0\x80" + answer, bytes(300 * 1024)):
        assert check(tmp_path, request_bytes, data, authority.root)["state"] == "broken", data[:20]
    for length in range(0, len(answer), 97):
        assert check(tmp_path, request_bytes, answer[:length], authority.root)["state"] == "broken"


def test_no_bit_of_an_answer_can_be_changed_unnoticed(tmp_path, request_bytes, authority):
    answer = authority.reply(request_bytes)
    token = authority.root_cert and answer
    survived = []
    for place in range(0, len(answer), 23):
        data = bytearray(token)
        data[place] ^= 0x10
        said = check(tmp_path, request_bytes, bytes(data), authority.root)
        if said["state"] == "good":
            survived.append(place)
    # Certificates that are not needed and unsigned attributes are outside the signature; the time never is.
    assert len(survived) < len(answer) / 23 / 2, survived


@pytest.mark.parametrize("mode,words", [("offline", "connect"), ("slow", "time"), ("redirect", "redirect"),
                                        ("huge", "too large"), ("html", "no time-stamp authority")])
def test_what_is_no_authority_gives_no_answer(tmp_path, request_bytes, authority, mode, words):
    (tmp_path / "q").write_bytes(request_bytes)
    with tsa.Server(authority) as other, tsa.Server(authority, mode, other.url) as server:
        started = time.monotonic()
        done = look("send", server.url, tmp_path / "q")
        assert done.returncode == 1 and words in done.stderr.decode(), done.stderr
        assert time.monotonic() - started < 6 and not done.stdout and not other.asked


@pytest.mark.parametrize("mode,state", [("good", "good"), ("nonce", "wrong-nonce"), ("imprint", "wrong-imprint"),
                                        ("garbage", "broken"), ("refuse", "refused")])
def test_what_answers_is_judged_by_its_answer(tmp_path, request_bytes, authority, mode, state):
    (tmp_path / "q").write_bytes(request_bytes)
    with tsa.Server(authority, mode) as server:
        done = look("send", server.url, tmp_path / "q")
        assert done.returncode == 0, done.stderr
        assert server.asked == ["application/timestamp-query"]
    assert check(tmp_path, request_bytes, done.stdout, authority.root)["state"] == state


def test_an_address_with_a_password_is_not_asked(tmp_path, request_bytes):
    (tmp_path / "q").write_bytes(request_bytes)
    for url in ("http://user:secret@127.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd"):
        done = look("send", url, tmp_path / "q")
        assert done.returncode == 1 and b"secret" not in done.stderr


def test_a_key_or_a_digest_that_is_too_weak_is_refused(tmp_path, request_bytes, authority):
    settings = (authority.folder / "ts.conf").read_text()
    for digest, state in (("sha1", "wrong-signer"), ("sha384", "good")):
        authority.write("ts.conf", settings.replace("signer_digest = sha256", f"signer_digest = {digest}").encode())
        said = check(tmp_path, request_bytes, authority.reply(request_bytes), authority.root)
        assert said["state"] == state and (state == "good" or "too weak" in said["words"]), said
    authority.configure()
    for size, state in ((1024, "wrong-signer"), (2048, "good")):
        authority.key = rsa.generate_private_key(65537, size)
        authority.signer()
        said = check(tmp_path, request_bytes, authority.reply(request_bytes), authority.root)
        assert said["state"] == state and (state == "good" or "too weak" in said["words"]), said
