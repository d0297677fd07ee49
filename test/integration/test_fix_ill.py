"""`gatehouse fix` when it ends badly: the journal's disk is full, all of a plan is taken back, a password that somebody put back is found again."""
import json
import re
import sqlite3

import pytest

from conftest import GATEHOUSE, SOURCE
from fixing import Site, held, homes

TRANSCRIPTS = SOURCE / "test" / "transcript"
LAB = f"""lan: 10.20.0.0/24
admin: 10.20.0.2
transcripts: {TRANSCRIPTS}
devices:
  - {{name: eight, transcript: dahua/IPC-HFW4431E-S-2.800, ip: 10.20.0.46, mac: "3c:ef:8c:00:41:46", serial: FIX000046, behave: first-eight}}
  - {{name: gate, transcript: hikvision/DS-2CD2032-I-V5.2.5, ip: 10.20.0.11}}
"""
SITE = """name: Ill
authorised:
  date: 2026-11-22
  by: the lab itself
scope:
  - 10.20.0.0/24
devices:
  - {address: 10.20.0.46, name: eight}
  - {address: 10.20.0.11, name: gate}
"""
EIGHT = "mac:3c:ef:8c:00:41:46"
#: The disk of the journals is full from the first change on; then there is space again, and the guardian goes on. In the end all is taken back.
FULL = """mkdir -p $0 && mount -t tmpfs -o size=512k none $0 || exit 99
( until grep -qs applying $0/*/journal.jsonl; do sleep 0.01; done; exec cat /dev/zero > $0/.filler ) 2>/dev/null &
"$@" --apply --yes; echo "first $?"
rm -f $0/.filler
fix() { part=$1; shift; env "$XDG_1" "$XDG_2" "$XDG_3" "$PROGRAM" fix $part "$@"; }
for i in 1 2 3 4 5 6 7 8 9; do fix status | grep -q -e ended -e rolled-back && break; sleep 2; done
fix status
fix rollback --yes $(ls $0)
fix status --json > $STATUS
"""


class Ill:
    """Two devices as the factory sends them, and what is done to them."""

    def __init__(self, folder):
        (folder / "lab.yaml").write_text(LAB)
        (folder / "site.yaml").write_text(SITE)
        self.folder = folder
        self.site = Site(folder, folder / "lab.yaml")
        self.before = self.site.truth()
        self.env = homes(folder)
        self.plan = ["--site", folder / "site.yaml", "--store", folder / "store.db", "--output", folder / "out", "--ledger", "none"]

    def fix(self, *args):
        return self.site.run(*self.env, GATEHOUSE, "fix", *args, timeout=300)

    def next_day(self):
        """All log-ins were two days before."""
        with sqlite3.connect(self.folder / "store.db") as store:
            store.execute("UPDATE login_try SET at = at - 172800000")
        store.close()

    def is_as_before(self):
        """Every password, and every document byte for byte."""
        now = self.site.truth()
        for name, device in now.items():
            assert device["accounts"] == self.before[name]["accounts"], name
            for document, text in device["documents"].items():
                shipped = (TRANSCRIPTS / device["transcript"] / document).read_bytes().decode()
                assert re.fullmatch(re.sub(r"@\w+@", ".*", re.escape(shipped)), text), (name, document)

    def password(self, name="eight"):
        return self.site.passwords(name, "admin")[0]

    def held(self, password):
        (state,) = held(self.folder, [(EIGHT, "admin", password)])
        return state


@pytest.fixture(scope="module", name="ill")
def fixture_ill(tmp_path_factory):
    ill = Ill(tmp_path_factory.mktemp("ill"))
    yield ill
    ill.site.close()


def test_full_disk_of_the_journals_is_said_and_nothing_stays_half_done(ill):
    named = [f"XDG_{i}={word}" for i, word in enumerate(ill.env[1:], 1)] + [f"PROGRAM={GATEHOUSE}", f"STATUS={ill.folder}/status.json"]
    done = ill.site.run("env", *named, "unshare", "-m", "sh", "-c", FULL, ill.folder / "state" / "gatehouse" / "fix", *ill.env, GATEHOUSE, "fix",
                        *ill.plan, timeout=300)
    if done.returncode == 99:
        pytest.skip("no mount namespaces here")
    said = " ".join((done.stdout + done.stderr).split())
    assert "can't be written" in said and "space again" in said, said
    assert "first 0" not in said
    (row,) = json.loads((ill.folder / "status.json").read_text())
    assert row["state"] == "rolled-back" and not row["is_unfinished"], row
    ill.is_as_before()
    ill.next_day()


def test_plan_that_is_taken_back_leaves_every_device_byte_for_byte_as_it_was(ill):
    done = ill.fix(*ill.plan, "--apply", "--yes", "--json")
    assert done.stdout.startswith("{"), done.stderr
    proof = json.loads(done.stdout)
    assert {s["phase"] for s in proof["steps"]} == {"kept", "by hand"}, [s.get("why") for s in proof["steps"]]
    assert sum(s["phase"] == "kept" for s in proof["steps"]) >= 6
    assert ill.site.truth()["gate"]["accounts"] != ill.before["gate"]["accounts"]
    back = ill.fix("rollback", proof["plan"])
    assert back.returncode == 0, back.stderr
    ill.is_as_before()
    ill.next_day()


def test_recover_finds_the_password_that_somebody_put_back_with_no_try_lost(ill):
    passwords = []
    for _ in range(2):
        done = ill.fix(*ill.plan, "--kind", "rotate", "--device", "eight", "--apply", "--yes", "--json")
        (step,) = json.loads(done.stdout)["steps"]
        assert step["phase"] == "kept", step["why"]
        passwords.append(ill.password())
        ill.next_day()
    assert [len(p) for p in passwords] == [8, 8] and ill.held(passwords[1]) == "in-force"
    ill.site.ask(f"password eight admin {passwords[0]}")
    before = ill.site.truth()["eight"]
    for _ in range(3):
        done = ill.fix("recover", *ill.plan, "--device", "eight")
        if ill.held(passwords[0]) == "in-force":
            break
        assert "another day" in done.stdout + done.stderr or "log-ins" in done.stdout + done.stderr, done.stderr
        ill.next_day()
    after = ill.site.truth()["eight"]
    assert ill.held(passwords[0]) == "in-force", done.stdout + done.stderr
    assert after["lockouts"] == 0 and after["credentials_wrong"] - before["credentials_wrong"] <= 3
    assert after["changes"] == before["changes"]


def test_recover_wants_the_device_named(ill):
    done = ill.fix("recover", *ill.plan)
    assert done.returncode == 64 and "--device" in done.stderr
