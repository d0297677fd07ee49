"""The gateway's commands: init, serve and what each looks after, on the real programs."""
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import stat
import subprocess
import time

import pytest

from conftest import GATEHOUSE, Running, command
from gateway import MODULE, Gateway, PlayedVms, events, free_port

NGINX = pathlib.Path("/usr/sbin/nginx")
pytestmark = pytest.mark.skipif(not MODULE.exists() or not NGINX.exists(), reason="needs nginx and its module")
CHILDREN = {"keeper", "broker", "doorman", "nginx"}


def init(folder, *options, upstream="http://127.0.0.1:9", listen="127.0.0.1:18443"):
    return command(GATEHOUSE, "gateway", "init", "--gateway", folder, "--vms", "frigate", "--upstream", upstream,
                   "--host", "localhost", "--listen", listen, *options)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A gateway that was made, and does not run."""
    folder = tmp_path_factory.mktemp("made") / "g"
    return Gateway(folder, "http://127.0.0.1:9")


@pytest.fixture
def running(tmp_path):
    """One that runs."""
    with PlayedVms() as vms, Gateway(tmp_path / "g", f"http://127.0.0.1:{vms.port}") as gateway:
        yield gateway.serve()


@pytest.fixture
def open_one(tmp_path):
    """One in front of a VMS that wants no session of the gateway."""
    with PlayedVms(asks=False) as vms, Gateway(tmp_path / "g", f"http://127.0.0.1:{vms.port}", vms="cameraui") as gateway:
        yield gateway.serve()


def gone(gateway, patience=15):
    until = time.monotonic() + patience
    while time.monotonic() < until:
        left = gateway.all_processes()
        if not left:
            return set()
        time.sleep(0.05)
    return {pid: pathlib.Path(f"/proc/{pid}/cmdline").read_text() for pid in left}


# init

def test_init_makes_everything_and_says_what_comes_next(made):
    for name in ("gateway.yaml", "nginx.conf", "identity.db", "identity.key", "tls/server.pem", "tls/server.key",
                 "authority/ca.crt", "authority/ca.key", "ledger/log/checkpoint", "ledger-keys/ledger.key"):
        assert (made.folder / name).exists(), name
    assert "auth_secret:" in made.made.stdout and f"gatehouse serve --gateway {made.folder}" in made.made.stdout
    assert re.fullmatch(rf"https://localhost:{made.port}/gatehouse/enrol#[A-Za-z0-9_-]{{43}}", made.link)


def test_what_is_secret_is_the_owners_only(made):
    assert stat.S_IMODE(made.folder.stat().st_mode) == 0o700
    for name in ("identity.db", "identity.key", "tls/server.key", "authority/ca.key", "ledger-keys/ledger.key"):
        assert stat.S_IMODE((made.folder / name).stat().st_mode) == 0o600, name


def test_the_shared_secret_is_nowhere_in_clear(made):
    secret = re.search(r"auth_secret: (\S+)", made.made.stdout)[1]
    assert len(secret) >= 40
    for path in made.folder.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path


def test_the_first_account_is_in_the_ledger(made):
    found = [json.loads(line) for line in command(
        GATEHOUSE, "ledger", "search", "--ledger", made.folder / "ledger", "--format", "json").stdout.splitlines()]
    found = [line["event"] for line in found]
    change = next(e for e in found if e.get("action") == "user.change")
    assert change["target"]["object"] == "user root-of-all" and change["outcome"] == "ok"
    assert made.link.split("#")[1] not in json.dumps(found)


def test_init_twice_changes_nothing_and_says_the_way_out(made):
    before = {p: p.read_bytes() for p in made.folder.rglob("*") if p.is_file() and "journal" not in str(p)}
    done = init(made.folder)
    assert done.returncode == 2 and "there is a gateway already" in done.stderr and "configure" in done.stderr
    assert before == {p: p.read_bytes() for p in made.folder.rglob("*") if p.is_file() and "journal" not in str(p)}


def test_init_leaves_a_folder_of_others_alone(tmp_path):
    (tmp_path / "g").mkdir()
    (tmp_path / "g" / "mine").write_text("x")
    done = init(tmp_path / "g")
    assert done.returncode == 2 and "not empty" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["g"] and (tmp_path / "g" / "mine").exists()


@pytest.mark.parametrize("options,words", [
    (("--vms", "walnut"), "walnut"),
    (("--upstream", "ftp://10.0.0.5"), "ftp://10.0.0.5"),
    (("--upstream", "http://10.0.0.5/zm"), "http://10.0.0.5/zm"),
    (("--upstream", "http://10.0.0.5:5000"), "8971"),
    (("--listen", "everywhere"), "everywhere"),
    (("--host", "https://gate.example"), "https://gate.example"),
    (("--host", "gate.example\"; return 200"), "host"),
    (("--administrator", "root of all"), "root of all"),
    (("--name", "a/b"), "a/b"),
    (("--certificate", "/nonexistent.pem"), "--certificate and --key"),
    (("--certificate", "/nonexistent.pem", "--key", "/nonexistent.key"), "/nonexistent.pem"),
    (("--plain", "--listen", "0.0.0.0:18443"), "127.0.0.1"),
])
def test_init_refuses_bad_values_and_leaves_nothing(tmp_path, options, words):
    done = init(tmp_path / "g", *options)
    assert done.returncode == 2 and words in done.stderr, done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("missing", ["--vms", "--upstream"])
def test_init_names_the_option_that_is_missing(tmp_path, missing):
    options = {"--vms": "frigate", "--upstream": "http://127.0.0.1:9"}
    del options[missing]
    done = command(GATEHOUSE, "gateway", "init", "--gateway", tmp_path / "g", *sum(options.items(), ()))
    assert done.returncode == 64 and missing in done.stderr


def test_a_stopped_init_leaves_nothing(tmp_path):
    for pause in (0.01, 0.03, 0.06, 0.1, 0.15):
        with Running([GATEHOUSE, "gateway", "init", "--gateway", tmp_path / "g", "--vms", "frigate", "--upstream",
                      "http://127.0.0.1:9", "--host", "localhost", "--listen", "127.0.0.1:1"],
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(pause)
            process.send_signal(signal.SIGINT)
            process.wait(30)
        if (tmp_path / "g").exists():
            assert (tmp_path / "g" / "identity.db").exists() and (tmp_path / "g" / "nginx.conf").exists()
            break
        assert not list(tmp_path.iterdir())


def test_an_own_certificate_is_taken_when_it_fits(tmp_path, made):
    pem, key = made.folder / "tls" / "server.pem", made.folder / "tls" / "server.key"
    good = init(tmp_path / "good", "--certificate", pem, "--key", key)
    assert good.returncode == 0 and not (tmp_path / "good" / "authority").exists()
    bad = init(tmp_path / "bad", "--certificate", pem, "--key", made.folder / "authority" / "ca.key")
    assert bad.returncode == 2 and "does not belong" in bad.stderr
    named = command(GATEHOUSE, "gateway", "init", "--gateway", tmp_path / "named", "--vms", "frigate", "--upstream",
                    "http://127.0.0.1:9", "--host", "other.example", "--certificate", pem, "--key", key)
    assert named.returncode == 2 and "not for other.example" in named.stderr


# settings and nginx's configuration

def test_nginx_takes_the_configuration_that_is_written(made):
    done = command(NGINX, "-t", "-c", made.folder / "nginx.conf")
    assert done.returncode == 0 and "emerg" not in done.stderr and "[warn]" not in done.stderr, done.stderr


@pytest.mark.parametrize("line,words", [
    ("hosst: x", "host"), ("net: maybe", "maybe"), ("plain: yes\nlisten: x", "listen"),
    ("trusted_proxies: [0.0.0.0/0]", "trust"), ("site: 'a", "gateway.yaml"),
])
def test_tampered_settings_are_told_with_their_line(tmp_path, made, line, words):
    folder = tmp_path / "g"
    folder.mkdir()
    (folder / "gateway.yaml").write_text((made.folder / "gateway.yaml").read_text() + line + "\n")
    for part in ("check", "configure", "status"):
        done = command(GATEHOUSE, "gateway", part, "--gateway", folder)
        assert done.returncode == 2 and words in done.stderr and re.search(r"gateway\.yaml:\d+", done.stderr), done.stderr


def test_commands_without_a_gateway_say_how_one_is_made(tmp_path):
    for words in (("gateway", "check"), ("serve",), ("user", "list"), ("role", "list"), ("session", "list")):
        done = command(GATEHOUSE, *words, "--gateway", tmp_path / "none")
        assert done.returncode == 2 and "gateway init" in done.stderr, (words, done.stderr)


def test_check_tells_what_answers_and_what_does_not(tmp_path):
    with PlayedVms() as vms:
        gateway = Gateway(tmp_path / "g", f"http://127.0.0.1:{vms.port}")
        fine = gateway.run("gateway", "check")
        assert fine.returncode == 0 and "LOOK" not in fine.stdout, fine.stdout
    dark = gateway.run("gateway", "check")
    assert dark.returncode == 1 and "does not answer" in dark.stdout


# users, roles, sessions

def test_accounts_from_their_making_to_their_end(made):
    added = made.run("user", "add", "anna")
    assert added.returncode == 0 and "/gatehouse/enrol#" in added.stdout and "when `gatehouse serve` runs" in added.stderr
    assert made.run("role", "give", "anna", "viewer").returncode == 0
    listed = {u["name"]: u for u in json.loads(made.run("user", "list", "--json").stdout)}
    assert listed["anna"]["roles"] == ["viewer"] and not listed["anna"]["administrator"]
    assert listed["root-of-all"]["administrator"]
    again = made.run("user", "invite", "anna")
    assert again.stdout.splitlines()[0] != added.stdout.splitlines()[0]
    can = json.loads(made.run("user", "can", "anna", "--json").stdout)
    assert [(g["role"], g["permits"]) for g in can] == [("viewer", "browse,live,snapshot")]
    assert "live" in made.run("user", "can", "anna").stdout
    assert made.run("user", "disable", "anna").returncode == 0
    assert json.loads(made.run("user", "can", "anna", "--json").stdout) == []
    assert made.run("user", "enable", "anna").returncode == 0
    assert made.run("user", "remove", "anna").returncode == 0
    assert made.run("user", "can", "anna").returncode == 2


@pytest.mark.parametrize("change", [("user", "disable", "root-of-all"), ("user", "remove", "root-of-all"),
                                    ("user", "admin", "root-of-all", "no")])
def test_the_last_administrator_stays(made, change):
    done = made.run(*change)
    assert done.returncode == 2 and "last administrator" in done.stderr


@pytest.mark.parametrize("words,status", [
    (("user", "add"), 64), (("user", "add", "a b"), 2), (("user", "add", "root-of-all"), 2), (("user", "disable", "nobody"), 2),
    (("user", "admin", "root-of-all", "perhaps"), 64), (("role", "allow", "viewer", "fly"), 2), (("role", "give", "nobody", "viewer"), 2),
    (("role", "give", "root-of-all", "nothing"), 2), (("role", "forbid", "viewer", "x"), 2), (("session", "end"), 64),
    (("session", "end", "none"), 2), (("session", "ban", "everyone"), 64), (("role", "who", "nowhere"), 2),
])
def test_mistakes_change_nothing_and_name_the_value(made, words, status):
    before = made.run("user", "list", "--json").stdout, made.run("role", "list", "--json").stdout
    done = made.run(*words)
    assert done.returncode == status and done.stderr.strip(), done.stderr
    assert before == (made.run("user", "list", "--json").stdout, made.run("role", "list", "--json").stdout)


@pytest.mark.parametrize("words", [("user", "add", "root-of-all"), ("user", "remove", "root-of-all"), ("user", "disable", "nobody")])
def test_a_refused_change_has_no_name_in_its_reason(made, words):
    assert made.run(*words).returncode == 2
    done = command(GATEHOUSE, "ledger", "search", "--ledger", made.folder / "ledger", "--action", "user.change", "--format", "json")
    last = json.loads(done.stdout.splitlines()[-1])["event"]
    assert last["target"]["object"] == f"user {words[2]}" and last["outcome"] != "ok"
    assert last["reason"] and words[2] not in last["reason"]


def test_roles_and_their_rules(made):
    assert made.run("role", "add", "night").returncode == 0
    allowed = made.run("role", "allow", "night", "browse,live", "camera=front", "hours=20:00-06:00", "back=7d")
    assert allowed.returncode == 0, allowed.stderr
    rules = next(r for r in json.loads(made.run("role", "list", "--json").stdout) if r.get("role") == "night")["rules"]
    assert rules[0]["rule"] == "browse,live camera=front hours=20:00-06:00 back=7d"
    assert made.run("user", "add", "nina").returncode == 0 and made.run("role", "give", "nina", "night").returncode == 0
    who = {g["user"] for g in json.loads(made.run("role", "who", "front", "--json").stdout)}
    assert {"nina", "root-of-all"} <= who
    assert made.run("role", "group", "outside", "front", "yard").returncode == 0
    assert "group outside: front yard" in made.run("role", "list").stdout
    assert made.run("role", "take", "nina", "night").returncode == 0
    assert "nina" not in made.run("role", "who", "front").stdout
    assert made.run("role", "forbid", "night", str(rules[0]["number"])).returncode == 0
    assert made.run("role", "remove", "night").returncode == 0


def test_bans_by_hand(made):
    assert made.run("session", "ban", "192.0.2.0/24", "--hours", "2", "--reason", "a test").returncode == 0
    bans = json.loads(made.run("session", "bans", "--json").stdout)
    assert [(b["address"], b["reason"]) for b in bans] == [("192.0.2.0/24", "a test")]
    assert made.run("session", "lift", "192.0.2.0/24").returncode == 0
    assert json.loads(made.run("session", "bans", "--json").stdout) == []
    assert made.run("session", "lift", "192.0.2.0/24").returncode == 2


def test_a_change_that_can_not_be_recorded_is_not_made(tmp_path):
    gateway = Gateway(tmp_path / "g", "http://127.0.0.1:9")
    (gateway.folder / "ledger").rename(gateway.folder / "elsewhere")
    done = gateway.run("user", "add", "anna")
    assert done.returncode == 2 and "nothing was changed" in done.stderr, done.stderr
    (gateway.folder / "elsewhere").rename(gateway.folder / "ledger")
    assert "anna" not in gateway.run("user", "list").stdout


# serve

def test_serve_starts_all_and_ends_them_in_order(running):
    assert set(running.children()) == CHILDREN
    status, headers, _ = running.fetch("/gatehouse/login")
    assert status == 200 and "strict-transport-security" in headers and headers.get("server") == "nginx"
    state = json.loads(running.run("gateway", "status", "--json").stdout)
    assert state["process"] == running.process.pid
    assert running.end() == 0
    assert not gone(running, 1)


def test_footage_needs_a_log_in(running):
    status, headers, body = running.fetch("/", {"Accept": "text/html"})
    assert status in (302, 303, 401, 403, 503) and b"a VMS" not in body, (status, headers)


def test_only_one_serves_a_folder(running):
    second = command(GATEHOUSE, "serve", "--gateway", running.folder)
    assert second.returncode == 2 and str(running.process.pid) in second.stderr, second.stderr


def test_what_is_killed_comes_again(running):
    for name in sorted(CHILDREN):
        since = len(running.said)
        killed = running.children()[name]
        os.kill(killed, signal.SIGKILL)
        running.wait_for(f"{name} was killed by signal 9", since)
        running.wait_for(f"{name} is there again", since)
        assert running.children()[name] != killed
    assert running.fetch("/gatehouse/login")[0] == 200


def test_nothing_outlives_a_parent_that_is_killed(running):
    running.process.kill()
    running.process.wait()
    assert not gone(running)


def test_a_hup_takes_changed_settings(running):
    yaml = running.folder / "gateway.yaml"
    yaml.write_text(yaml.read_text().replace("#net: refuse", "net: record"))
    since, before = len(running.said), running.children()
    done = running.run("gateway", "configure")
    assert done.returncode == 0 and str(running.process.pid) in done.stdout
    running.wait_for("the settings of now are taken; the doorman starts again", since)
    running.wait_for("doorman is there again", since)
    assert running.children()["broker"] == before["broker"]
    assert "gatehouse_net record;" in (running.folder / "nginx.conf").read_text()
    yaml.write_text(yaml.read_text() + "net: nonsense\n")
    since = len(running.said)
    running.process.send_signal(signal.SIGHUP)
    running.wait_for("nothing was changed", since)
    assert running.fetch("/gatehouse/login")[0] == 200


def test_a_hup_without_a_change_starts_nothing_again(running):
    before, since = running.children(), len(running.said)
    running.process.send_signal(signal.SIGHUP)
    running.wait_for("the settings of now are taken", since)
    assert running.fetch("/gatehouse/login")[0] == 200
    assert running.children() == before


def test_a_new_password_reaches_the_running_broker(running):
    before, since = running.children(), len(running.said)
    done = running.run("gateway", "password")
    assert done.returncode == 0 and "uses it from now on" in done.stdout
    running.wait_for("broker is there again", since)
    after = running.children()
    assert after["broker"] != before["broker"] and after["doorman"] == before["doorman"]


def test_a_changed_nginx_conf_is_written_anew(running):
    running.end()
    (running.folder / "run" / "nginx.conf").write_text("events {} http { server { listen 127.0.0.1:1; return 200; } }\n")
    running.serve()
    assert "gatehouse frigate frigate;" in (running.folder / "nginx.conf").read_text()


def test_nginx_was_shut_in_before_it_started(running):
    """By Landlock, which can't be seen from outside; test_sandbox.c says what it does. This mark comes with it."""
    status = pathlib.Path(f"/proc/{running.children()['nginx']}/status").read_text()
    assert re.search(r"NoNewPrivs:\s+1", status)


def test_tls_is_modern_only(running):
    trust = ssl.create_default_context(cafile=running.folder / "authority" / "ca.crt")
    for version, works in ((ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True), (ssl.TLSVersion.TLSv1_1, False)):
        trust.minimum_version = trust.maximum_version = version
        trust.set_ciphers("DEFAULT@SECLEVEL=0")
        try:
            with socket.create_connection(("127.0.0.1", running.port), 10) as plain, \
                    trust.wrap_socket(plain, server_hostname="localhost") as tls:
                assert works and tls.version() == {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}[version]
        except (ssl.SSLError, ConnectionError):
            assert not works


def test_another_name_gets_nothing(running):
    status, _, body = running.fetch("/gatehouse/login", {"Host": "evil.example"})
    assert status in (400, 421), body  # two Host lines
    trust = ssl.create_default_context(cafile=running.folder / "authority" / "ca.crt")
    with socket.create_connection(("127.0.0.1", running.port), 10) as plain, \
            trust.wrap_socket(plain, server_hostname="localhost") as tls:
        tls.sendall(b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        assert b" 421 " in tls.recv(100)


def test_children_have_only_the_descriptors_they_need(running):
    for name, pid in running.children().items():
        targets = [os.readlink(f) for f in pathlib.Path(f"/proc/{pid}/fd").iterdir() if f.exists() or f.is_symlink()]
        assert not [t for t in targets if "serve.lock" in t or "signalfd" in t and name == "keeper"], targets
        environment = pathlib.Path(f"/proc/{pid}/environ").read_text()
        assert "NOTIFY_SOCKET" not in environment and "PYTEST" not in environment


def test_serve_says_that_a_port_is_taken(tmp_path):
    with PlayedVms() as vms:
        gateway = Gateway(tmp_path / "g", f"http://127.0.0.1:{vms.port}")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", gateway.port))
            taken.listen()
            done = command(GATEHOUSE, "serve", "--gateway", gateway.folder, timeout=90)
    assert done.returncode == 2 and "in use" in done.stderr, done.stderr


# people

def test_a_person_enrols_and_gets_to_the_vms_with_it(open_one):
    running = open_one
    root = running.administrator()
    assert root.browser.fetch("/")[::2] == (200, b"<html>a VMS</html>")
    nobody = running.resident("norma")
    assert nobody.browser.fetch("/")[0] == 403 and running.visitor().fetch("/")[0] == 401
    viewer = running.resident("vera", "viewer")
    assert viewer.browser.fetch("/")[0] == 200
    since = viewer.browser.session
    assert viewer.browser.step_up(viewer.codes.pop()).location == "/"
    assert viewer.browser.session != since
    who = [(event["actor"].get("user"), event["outcome"]) for event in events(running) if event["action"] == "auth.login"]
    assert ("vera", "ok") in who and ("root-of-all", "ok") in who


def test_the_demo_shows_a_picture_and_its_event():
    before = set(pathlib.Path("/tmp").glob("gatehouse-demo-*"))
    done = command(GATEHOUSE, "demo", "--gateway", "--once")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Without a log-in the picture .* answered with (302|303|401|403)", done.stdout)
    assert "With one it is answered with 200" in done.stdout
    assert "Front door" in done.stdout or "front" in done.stdout.split("What the ledger says")[1]
    assert set(pathlib.Path("/tmp").glob("gatehouse-demo-*")) <= before
