"""`gatehouse firmware` at played devices: they take a file, refuse it, stay as they are, never come back, or forget their settings."""
import contextlib
import hashlib
import json
import re
import signal
import time

import pytest

from conftest import GATEHOUSE, SOURCE, Run
from fixing import Site, homes, until

ROWS = [  # file, maker, models, version
    ("hik2032.dav", "Hikvision", "DS-2CD2032-I", "V5.4.5"),
    ("hik2142.dav", "Hikvision", "DS-2CD2142*", "V5.6.8"),
    ("hik2043.dav", "Hikvision", "DS-2CD2043*", "V5.7.13"),
    ("b140h.dav", "HiLook", "IPC-B140H*", "V5.6.6"),
    ("m1065.bin", "Axis", "M1065*", "9.80.124"),
    ("p3225.bin", "Axis", "P3225*", "10.12.306"),
    ("snc.bin", "Sony", "SNC-*", "1.86.00"),
]


def write_files(folder, rows=tuple(ROWS), size=600_000):
    """A folder as an owner makes it; the digest of each file."""
    folder.mkdir()
    digests, lines = {}, ["files:"]
    for name, maker, model, version in rows:
        data = f"gatehouse-lab-firmware {version}\n".encode() + bytes(range(256)) * (size // 256)
        (folder / name).write_bytes(data)
        digests[name] = hashlib.sha256(data).hexdigest()
        lines += [f"  - file: {name}", f"    maker: {maker}", f"    models: ['{model}']", f"    version: {version}",
                  "    released: 2024-05-06", "    minutes: 1", f"    sha256: {digests[name]}"]
    (folder / "firmware.yaml").write_text("\n".join(lines) + "\n")
    return digests


@pytest.fixture(scope="module", name="site")
def fixture_site(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("firmware"), "firmware.yaml")
    yield site
    site.close()


@pytest.fixture(name="stack")
def fixture_stack():
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture(name="files")
def fixture_files(tmp_path):
    return tmp_path / "files", write_files(tmp_path / "files")


def words_of(home, *args, owner=None):
    """The command with a memory of its own."""
    return [*homes(home), GATEHOUSE, *args, "--site", owner or SOURCE / "lab" / "firmware-site.yaml", "--store", home / "store.db",
            "--output", home / "out"]


def firmware(site, home, *args, owner=None):
    return site.run(*words_of(home, "firmware", "plan", *args, owner=owner), timeout=500)


def plan_of(path):
    plan = json.loads(path.read_text())
    names = [target["title"] for target in plan["targets"]]
    return plan, {names[step["target"]]: step for step in plan["steps"]}


def results(home):
    proof = json.loads((home / "out" / "fix.json").read_text())
    return {step["title"]: step for step in proof["steps"]}


def flat(text):
    return re.sub(r"\s+", " ", text)


def uploads(site):
    return {name: device["uploads"] for name, device in site.truth().items()}


def test_plan_says_what_goes_where_and_sends_nothing(site, files, tmp_path):
    folder, digests = files
    done = firmware(site, tmp_path, "--files", folder, "--plan-out", tmp_path / "plan.json")
    assert done.returncode in (0, 1), done.stderr
    _, steps = plan_of(tmp_path / "plan.json")
    step = steps["gate"]
    for word in ("V5.2.5 → V5.4.5", "2024-05-06", "hik2032.dav", digests["hik2032.dav"], "CVE-2021-36260"):
        assert word in step["changes"], word
    assert not step["is_reversible"] and "not tried on the real device" in step["notices"]
    assert steps["gate-two"]["after"] == [step["number"]] and step["after"] == []
    assert "camera-firmware/exploited" in step["rules"]
    assert not any(uploads(site).values())


@pytest.mark.parametrize("harm, said", [
    (lambda folder: (folder / "hik2032.dav").write_bytes(b"gatehouse-lab-firmware V9\n"), "its SHA-256 is"),
    (lambda folder: (folder / "hik2032.dav").unlink(), "No such file"),
    (lambda folder: (folder / "firmware.yaml").unlink(), "no firmware file is used"),
    (lambda folder: (folder / "SHA256SUMS").write_text("0" * 64 + "  hik2032.dav\n"), "as SHA256SUMS says"),
    (lambda folder: (folder / "hik2032.dav.md5").write_text("0" * 32 + "\n"), "as hik2032.dav.md5 says"),
])
def test_file_that_is_not_the_named_one_is_not_used(site, files, tmp_path, harm, said):
    folder, _ = files
    harm(folder)
    done = firmware(site, tmp_path, "--files", folder, "--device", "gate", "--plan-out", tmp_path / "plan.json")
    plan, steps = plan_of(tmp_path / "plan.json")
    assert steps["gate"]["by_hand"]
    assert said in flat(done.stdout) or said in json.dumps(plan), done.stdout


def test_nothing_is_sent_outside_of_the_hours_or_when_the_file_changed_since(site, files, tmp_path):
    folder, _ = files
    owner = tmp_path / "site.yaml"
    text = (SOURCE / "lab" / "firmware-site.yaml").read_text().replace("secrets/", f"{SOURCE}/lab/secrets/")
    hour = (time.localtime().tm_hour + 5) % 24
    day = time.strftime("%Y-%m-%d", time.gmtime())
    owner.write_text(text + f"maintenance:\n  - {{date: {day}, what: firmware, hours: '{hour:02}:00-{(hour + 1) % 24:02}:00'}}\n")
    done = firmware(site, tmp_path, "--files", folder, "--device", "gate", "--apply", "--yes", owner=owner)
    assert "outside of the maintenance hours" in flat(done.stdout), done.stdout + done.stderr
    plan = tmp_path / "plan.json"
    firmware(site, tmp_path, "--files", folder, "--device", "gate", "--now", "--plan-out", plan)
    data = (folder / "hik2032.dav").read_bytes()
    (folder / "hik2032.dav").write_bytes(data.replace(b"V5.4.5", b"V5.4.6"))
    done = firmware(site, tmp_path, "--files", folder, "--device", "gate", "--now", "--plan-in", plan, "--apply", "--yes")
    assert not any(uploads(site).values()), done.stdout
    assert site.truth()["gate"]["firmware"] == "V5.2.5"


@pytest.fixture(scope="module", name="applied")
def fixture_applied(site, tmp_path_factory):
    """Everything at once; the cloud switch of one is off before."""
    home = tmp_path_factory.mktemp("applied")
    write_files(home / "files")
    cloud = (SOURCE / "test/transcript/hikvision/HiLook-IPC-B140H-V5.5.80/EZVIZ.xml").read_text()
    assert "<enabled>true" in cloud
    site.ask("write forgets-settings EZVIZ.xml", cloud.replace("<enabled>true", "<enabled>false"))
    done = firmware(site, home, "--files", home / "files", "--now", "--apply", "--yes")
    return done, results(home), site.truth(), home


def test_every_way_of_upload_ends_in_the_new_version_one_of_a_model_first(applied):
    done, steps, truth, _ = applied
    for name, version in (("gate", "V5.4.5"), ("gate-two", "V5.4.5"), ("lobby", "9.80.124"), ("warehouse", "1.86.00")):
        assert steps[name]["phase"] == "kept", (name, steps[name], done.stdout)
        assert steps[name]["after"] == version == truth[name]["firmware"]
        assert truth[name]["uploads"] == 1
    assert 0 < done.stderr.rindex("  1  gate: ") < done.stderr.index("  2  gate-two: "), done.stderr


def test_second_of_a_model_is_left_when_the_first_stays_as_it_was(applied):
    _, steps, truth, _ = applied
    assert steps["old-firmware"]["phase"] == "undone" and "V5.4.5, not V5.6.8" in steps["old-firmware"]["why"]
    assert truth["old-firmware"]["uploads"] == 1
    assert truth["old-firmware-two"]["uploads"] == 0 and "has to be done before" in steps["old-firmware-two"]["why"]


def test_device_that_never_comes_back_is_stuck_with_words(applied):
    done, steps, _, _ = applied
    assert steps["never-back"]["phase"] == "stuck" and "did not come back within 1 min" in steps["never-back"]["why"]
    assert done.returncode != 0


def test_refused_file_is_told_in_the_device_s_words(applied):
    _, steps, truth, _ = applied
    assert "refuses the file" in steps["refuses-firmware"]["why"] and "not valid" in steps["refuses-firmware"]["why"]
    assert truth["refuses-firmware"]["firmware"] == "10.12.206"


def test_what_the_update_switched_on_again_is_said_now_and_by_the_next_assessment(site, applied):
    done, steps, truth, home = applied
    assert steps["forgets-settings"]["phase"] == "kept", steps["forgets-settings"]
    assert truth["forgets-settings"]["firmware"] == "V5.6.6"
    assert steps["forgets-settings"]["remarks"] == ["the update changed cloud.enabled: no → yes"]
    assert "the update changed cloud.enabled: no → yes" in flat(done.stdout), done.stdout
    run = Run(site.run(*words_of(home, "assess", "-q"), timeout=300), home / "out")
    assert "10.20.0.24" in run.places("vendor-cloud/cloud-on"), run.out
    assert run.places("vendor-cloud/cloud-back") == ["10.20.0.24"], run.out
    assert "was off in an earlier run and is on again" in flat((home / "out" / "report.txt").read_text() if (home / "out" / "report.txt").exists()
                                                                 else (home / "out" / "report.json").read_text())
    planned = site.run(*words_of(home, "fix", "-q", "--device", "forgets-settings", "--control", "vendor-cloud", "--plan-out", home / "back.json"),
                       timeout=300)
    _, steps = plan_of(home / "back.json")
    assert "is on again, as happens after a firmware update" in steps["forgets-settings"]["words"], planned.stdout


def test_killed_in_the_middle_of_an_upload_the_rest_is_told(site, tmp_path, stack):
    write_files(tmp_path / "files", [ROWS[1]], size=30_000_000)
    file = stack.enter_context(open(tmp_path / "said", "w", encoding="utf-8"))
    process = site.start(*words_of(tmp_path, "firmware", "plan", "--files", tmp_path / "files", "--device", "old-firmware-two",
                                   "--now", "--apply", "--yes"), stdout=-3, stderr=file)
    assert until(lambda: "% of the firmware sent" in (tmp_path / "said").read_text(), 60), (tmp_path / "said").read_text()
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    state = words_of(tmp_path, "fix", "status")[:4]
    stands = lambda: json.loads(site.run(*state, GATEHOUSE, "fix", "status", "--json").stdout)
    assert until(lambda: stands()[0]["state"] in ("rolled-back", "ended", "STUCK"), 60), stands()
    assert site.truth()["old-firmware-two"]["firmware"] == "V5.4.5"
