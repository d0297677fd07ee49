"""gatehouse assess --config: files alone, every report, no network."""
import json
import shutil
import subprocess

import pytest

from conftest import GATEHOUSE, SOURCE, Run, command, in_lab

SAMPLES = SOURCE / "test" / "config"
FORMATS = ["text", "json", "html", "csv", "ocsf"]


def audit(folder, *files, args=()):
    """Runs with these samples; the reports go into the folder."""
    done = command(GATEHOUSE, "assess", *args, "--output", folder / "out", "--config", *files, stdin=subprocess.DEVNULL)
    return Run(done, folder / "out")


def sample_files():
    return sorted(p for p in SAMPLES.rglob("*") if p.is_file() and p.parent != SAMPLES)


def test_finds_the_open_port_and_names_file_and_line(tmp_path):
    run = audit(tmp_path, SAMPLES / "frigate/open.yml", SAMPLES / "compose/open.yml")
    assert run.status == 1
    finding = run.finding("default-credentials/vms-open")
    assert finding["verdict"] == "FAIL"
    place = finding["places"][0]
    assert place["device"].startswith("config:frigate:")
    assert place["witness"] == "config"
    assert place["evidence"]["asked"].endswith("compose/open.yml line 14")
    assert "5000:5000" in place["evidence"]["answer"]
    assert run.report["totals"]["packets"] == 0
    assert run.report["totals"]["connections"] == 0


def test_careful_files_give_no_failure(tmp_path):
    run = audit(tmp_path, SAMPLES / "frigate/careful.yml", SAMPLES / "compose/careful.yml")
    assert run.status == 0
    assert [f for c in run.report["controls"] for f in c["findings"] if f["verdict"] == "FAIL"] == []


def test_a_bad_file_is_told_with_its_line_and_the_others_are_read(tmp_path):
    bad = tmp_path / "bad.yml"
    bad.write_text("cameras:\n  gate: [1\n  yard: 2\n")
    run = audit(tmp_path, f"frigate:{bad}", SAMPLES / "wireguard/wg0.conf")
    assert run.status == 2
    assert f"{bad}:3: not well-formed" in run.err
    assert run.finding("remote-access/vpn-settings") is not None
    assert run.report["partial"]


def test_what_is_no_file_is_refused_without_waiting(tmp_path):
    run = audit(tmp_path, "/dev/zero", tmp_path / "absent.yml")
    assert run.status == 2
    assert "/dev/zero: not an ordinary file" in run.err
    assert "absent.yml: No such file" in run.err


def test_an_unknown_file_says_which_formats_there_are(tmp_path):
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Sir,\n")
    run = audit(tmp_path, letter)
    assert run.status == 2
    assert "FORMAT:" in run.err and "frigate" in run.err and "wireguard" in run.err


@pytest.mark.parametrize("form", FORMATS)
def test_no_secret_of_any_sample_is_in_a_report(tmp_path, form):
    run = audit(tmp_path, *sample_files(), args=["--full", "--format", form])
    written = run.out + run.err + "".join(p.read_text() for p in run.folder.iterdir())
    for word in ("canary", "Y2FuYXJ5"):
        for line in written.splitlines():
            # File names are the owner's own words.
            assert word not in line.replace("/etc/nginx/canary", ""), line[:300]
    assert run.status in (1, 2)


def test_a_site_file_lists_configuration_files(tmp_path):
    shutil.copy(SAMPLES / "shinobi/super.json", tmp_path / "super.json")
    site = tmp_path / "shop.yaml"
    site.write_text("name: shop\nconfig:\n  - shinobi:super.json\n")
    done = command(GATEHOUSE, "assess", "--site", site, "--output", tmp_path / "out", stdin=subprocess.DEVNULL)
    run = Run(done, tmp_path / "out")
    assert run.status == 1
    assert run.finding("default-credentials/vms-factory-password") is not None
    assert run.report["site"] == "shop"


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_opens_no_socket(tmp_path):
    trace = tmp_path / "trace"
    done = command("strace", "-f", "-o", trace, "-e", "trace=network", GATEHOUSE, "assess", "--output", tmp_path / "out",
                   "--config", *sample_files(), stdin=subprocess.DEVNULL)
    assert done.returncode in (1, 2)
    calls = [line for line in trace.read_text().splitlines() if "socket(" in line or "connect(" in line or "send" in line]
    assert calls == []


def test_shows_both_witnesses_of_the_same_run(tmp_path):
    """The report holds the fact with its file as evidence."""
    run = audit(tmp_path, SAMPLES / "zoneminder/factory.sql")
    facts = json.dumps(run.report["devices"][0])
    assert "vms.auth" in facts and "config" in facts and "factory.sql line" in facts


def test_files_and_network_that_disagree_are_contradicted(tmp_path):
    """The demo's Frigate shows port 5000 to everyone; this file of its owner asks for a log-in."""
    run = in_lab("demo.yaml", tmp_path, "--site", SOURCE / "lab" / "demo-site.yaml", "--config", SAMPLES / "frigate/careful.yml")
    frigate = run.device("10.20.0.30")
    assert {f["witness"] for f in frigate["facts"] if f["name"] == "vms.auth"} == {"config", "wire"}
    places = [p for c in run.report["controls"] for f in c["findings"] for p in f["places"]
              if p["address"] == "10.20.0.30" and f["verdict"] == "FAIL" and f["id"].startswith("default-credentials/vms-open")]
    assert places and places[0]["contradicted"]
    assert not any(d["key"].startswith("config:") for d in run.report["devices"] if d.get("key"))


def test_words_without_settings_are_no_configuration(tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("hello\n")
    run = audit(tmp_path, f"frigate:{words}")
    assert run.status == 2
    assert f"{words}:1: no settings" in run.err
    assert run.report["devices"] == []


@pytest.mark.parametrize("option", ["--port=80", "--search=pppp", "--exclude=10.0.0.0/8"])
def test_an_option_of_a_search_is_not_passed_over_without_a_scope(tmp_path, option):
    done = command(GATEHOUSE, "assess", option, "--output", tmp_path / "out", "--config", SAMPLES / "frigate/open.yml")
    assert done.returncode == 64
    assert "give its scope too" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_full_disk_says_where_the_report_is(tmp_path):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(
            [GATEHOUSE, "assess", "--quiet", "--output", tmp_path / "out", "--config", SAMPLES / "frigate/open.yml"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert str(tmp_path / "out") in done.stderr
    assert (tmp_path / "out" / "report.json").exists()


def test_text_of_files_alone_speaks_of_no_hosts_and_keeps_names(tmp_path):
    done = command(GATEHOUSE, "assess", "--output", tmp_path / "out", "--config", SAMPLES / "frigate/open.yml")
    assert "no packet was sent; 1 device in the files" in done.stdout
    assert "hosts" not in done.stdout.split("GRADE", maxsplit=1)[0]
    assert "Not known: Frigate" in done.stdout


def test_a_folder_of_caddyfiles_is_read(tmp_path):
    run = audit(tmp_path, SAMPLES / "caddy")
    assert "no file in it is known" not in run.err
    assert run.report["devices"]
