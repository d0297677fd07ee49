"""The gateway's pages in real Chromium, before a running gateway: people, a hostile page of the VMS, eyes, keys, phones."""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conftest import Running
from npm import installed
from gateway import MODULE, Gateway, events

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = ["playwright-core@1.49.1", "axe-core@4.10.2"]
EVENT = "1763900000.123456-abcdef"
pytestmark = pytest.mark.skipif(not MODULE.exists() or not all(map(shutil.which, ("npm", "node", "chromium", "zbarimg", "ffmpeg"))),
                                reason="needs the module, npm, node, chromium, zbarimg and ffmpeg")


@pytest.fixture(scope="module")
def modules():
    """playwright-core and axe-core as npm has them."""
    return installed(*PACKAGES)


def key_of(gateway):
    """The certificate's key as Chromium is told to take it: then passkeys work as with a certificate of its own list."""
    certificate = x509.load_pem_x509_certificate((gateway.folder / "tls" / "server.pem").read_bytes())
    info = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(info).digest()).decode()


def accounts(gateway):
    """Links of anna, who may see the front, and of bert, who may see nothing."""
    gateway.role("front", ("browse,live,snapshot,playback", "camera=front"))
    links = {}
    for name in ("anna", "bert"):
        made = gateway.run("user", "add", name)
        assert made.returncode == 0, made.stderr
        links[name] = made.stdout.splitlines()[0]
    assert gateway.run("role", "give", "anna", "front").returncode == 0
    return links


@pytest.fixture(scope="module")
def told(tmp_path_factory, modules):
    """What the browser's script found."""
    folder = tmp_path_factory.mktemp("pages")
    shots = pathlib.Path(os.environ.get("GATEHOUSE_SHOTS", folder / "shots"))
    shots.mkdir(exist_ok=True)
    (folder / "vms").mkdir()
    program = HERE.parent / "counterparts/frigate/frigate.py"
    with Running([sys.executable, program, folder / "vms"], stdout=subprocess.PIPE, text=True) as vms:
        try:
            said = json.loads(vms.stdout.readline())
            with Gateway(folder / "g", f"http://127.0.0.1:{said['open_port']}", "--site", "Harbour Street 12") as gateway:
                gateway.serve()
                wanted = {"base": gateway.base, "folder": str(shots), "key": key_of(gateway), "link": gateway.link, "event": EVENT,
                          "keeper": gateway.children()["keeper"], "vms": vms.pid, **accounts(gateway)}
                done = subprocess.run(["node", HERE / "gateway_browse.mjs"], capture_output=True, text=True, timeout=400, check=False,
                                      env={**os.environ, "NODE_PATH": str(modules), "CHROMIUM": shutil.which("chromium"),
                                           "BROWSE": json.dumps(wanted)})
                assert done.returncode == 0, done.stdout + done.stderr + "\n".join(gateway.said[-20:])
                yield {**json.loads(done.stdout.splitlines()[-1]), "events": events(gateway)}
        finally:
            vms.terminate()


def of(told, action, **actor):
    return [event for event in told["events"] if event["action"] == action and all(
        event.get("actor", {}).get(name) == value for name, value in actor.items())]


def test_enrolment_by_a_link_shows_a_code_that_a_phone_reads(told):
    assert told["qr"] == {"label": told["qr"]["label"], "is_new": True, "fits": True}
    assert "root-of-all" in told["qr"]["label"] and "Harbour Street 12" in told["qr"]["label"]
    assert told["recovery_codes"] == 10 and told["strength"].startswith("Too short: 5 of 12")


def test_the_links_secret_and_the_codes_are_in_no_address(told):
    assert told["address_after"] == "/gatehouse/enrol" and told["secrets_sent"] == 0


def test_a_log_in_leads_to_what_was_asked_for(told):
    assert told["asked_to"] == "/gatehouse/login?return=%2Fapi%2Ffront%2Flatest.jpg" and told["login_focus"] == "user"
    assert told["arrived"] == "/api/front/latest.jpg"


@pytest.mark.parametrize("what", ["wrong_while_enrolling", "wrong_password", "wrong_code", "blank_reason", "unverified", "last_factor"])
def test_what_goes_wrong_is_an_alert_with_the_focus(told, what):
    assert len(told[what]) > 20


def test_each_way_in_is_an_event_with_its_factor(told):
    assert {event["actor"]["factor"] for event in of(told, "auth.login", user="anna")} == {"passkey", "recovery"}
    assert "totp" in {event["actor"]["factor"] for event in of(told, "auth.login", user="root-of-all")}
    assert of(told, "auth.fail", user="root-of-all")


def test_an_export_waits_for_a_reason_that_is_none_when_blank(told):
    assert told["export_asks"].startswith("/gatehouse/step-up?return=%2Fapi%2Fevents") and told["export_bytes"] > 1000
    exports = [event for event in of(told, "footage.export", user="root-of-all") if event["outcome"] == "ok"]
    assert exports and all(event["reason"] == "Police case 4711" for event in exports)


def test_a_script_of_the_vms_gets_no_page_and_no_token(told):
    attack = told["attack"]
    assert attack["leaks"] == [] and "gatehouse" not in attack["cookie"]
    assert all(status in (403, 405, 404) for status in attack["answers"].values()), attack["answers"]


def test_a_page_of_the_vms_can_not_stand_in_the_way_to_ours(told):
    assert told["attack"]["workers"] == []


def test_a_page_of_the_vms_can_not_ask_for_a_passkey(told):
    assert len(told["attack"]["passkeys"]) == 4
    assert all("not enabled in this document" in said for said in told["attack"]["passkeys"].values()), told["attack"]["passkeys"]


def test_a_form_that_a_script_sends_does_nothing(told):
    assert set(told["forged"].values()) == {"Please try again"}
    assert "None." in told["after_attack"] and "10 left" in told["after_attack"]


def test_factors_come_and_go_but_the_last_stays(told):
    assert told["added"] == 1 and "last" in told["last_factor"]


def test_a_passkey_without_its_owner_is_refused(told):
    assert "passkey" in told["unverified"]


def test_a_session_that_is_ended_is_out_within_two_seconds(told):
    assert told["sessions"] == 2 and told["ended"]["bytes"] > 10000
    assert told["ended"]["after"] < 2000 and told["ended"]["status"] == 401
    assert told["other_now"].startswith("/gatehouse/login")


def test_a_refusal_says_what_and_whom_to_ask(told):
    assert "A picture of Camera back was refused" in told["denied"] and "administrator" in told["denied"] and "anna" in told["denied"]


def test_my_accesses_has_what_was_watched(told):
    assert "Live video: Camera front" in told["accesses"] and "A picture" in told["accesses"].replace("Picture", "A picture")


def test_without_its_ledger_there_is_no_footage_but_a_way_for_administrators(told):
    assert "withheld: the ledger" in told["unavailable"] and "emergency" in told["unavailable"]
    assert told["broken_glass"] == "/api/front/latest.jpg"


def test_a_vms_that_is_gone_is_told_as_that(told):
    assert any(words in told["vms_gone"] for words in ("does not answer", "the VMS does not let the gateway in"))


def test_who_has_logged_out_is_out(told):
    assert told["logged_out"].startswith("/gatehouse/login")


def test_without_javascript_everything_but_passkeys_works(told):
    assert told["plain"] == {"passkey": False, "stepped": "/gatehouse/factors", "ended": "/gatehouse/login"}


def test_no_page_asks_anybody_else_or_breaks_its_own_policy(told):
    assert told["strangers"] == [] and told["complaints"] == []


def test_every_answer_has_its_headers(told):
    assert told["headers"] == []


def test_axe_finds_nothing_on_any_page_in_light_and_dark(told):
    assert told["axe"] == {}


def test_nothing_is_too_wide_for_a_phone_or_large_letters(told):
    assert told["wide"] == []


def test_nothing_moves(told):
    assert told["moving"] == []
