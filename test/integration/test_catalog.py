"""gatehouse catalog as its owner uses it: import from files and an address, explain, status."""
import http.server
import json
import os
import ssl
import subprocess
import threading

import pytest

from conftest import GATEHOUSE, SOURCE, command

RECORDS = SOURCE / "test" / "advisory" / "records"


def catalog(folder, part, *args):
    """One part of gatehouse catalog with a store of its own."""
    return command(GATEHOUSE, "catalog", part, "--store", folder / "gatehouse.db", *args)


@pytest.fixture(name="address")
def fixture_address(tmp_path):
    """An HTTPS server on loopback that has one record, and the authority of its certificate."""
    served = tmp_path / "served"
    served.mkdir()
    (served / "record.json").write_bytes((RECORDS / "CVE-2024-43360.json").read_bytes())
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key", "-out", tmp_path / "cert"],
        check=True, capture_output=True)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        """Serves the folder without a word."""

        def __init__(self, *args, **more):
            super().__init__(*args, directory=str(served), **more)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}", tmp_path / "cert"
    server.shutdown()


def test_imports_a_folder_and_explains_with_the_records_words(tmp_path):
    done = catalog(tmp_path, "import", RECORDS)
    assert done.returncode == 0, done.stderr
    assert " 0 refused" in done.stdout
    done = catalog(tmp_path, "explain", "CVE-2023-6116", "--device", "Hanwha XRN-420S", "--version", "5.01.52", "--json")
    answer = json.loads(done.stdout)
    assert answer["verdict"] == "affected"
    assert "5.01.52 and prior versions" in json.dumps(answer["rows"])


def test_changed_rows_are_not_used_and_status_says_so(tmp_path):
    assert catalog(tmp_path, "import", RECORDS / "CVE-2023-6116.json").returncode == 0
    assert catalog(tmp_path, "status").returncode == 0
    rows = tmp_path / "catalog" / "imported.jsonl"
    rows.write_text(rows.read_text().replace("XRN-420S", "XRN-421S"))
    done = catalog(tmp_path, "status")
    assert done.returncode == 1
    assert "changed since it was written" in done.stderr
    assert catalog(tmp_path, "explain", "CVE-2023-6116", "--device", "Hanwha XRN-421S").returncode in (0, 2)


def test_fetches_from_an_address_whose_certificate_is_believed(tmp_path, address):
    url, authority = address
    done = catalog(tmp_path, "import", "--ca", authority, url + "/record.json")
    assert done.returncode == 0, done.stderr
    assert "1 imported, 0 refused" in done.stdout


@pytest.mark.parametrize("url", ["{}/record.json", "http://127.0.0.1/record.json", "file:///etc/passwd"])
def test_refuses_addresses_that_are_not_believed(tmp_path, address, url):
    done = catalog(tmp_path, "import", url.format(address[0]))
    assert done.returncode == 2
    assert not (tmp_path / "catalog").exists()
    assert "gatehouse: " in done.stderr


def test_a_page_that_is_missing_is_an_error_with_its_status(tmp_path, address):
    done = catalog(tmp_path, "import", "--ca", address[1], address[0] + "/no.json")
    assert done.returncode == 2
    assert "404" in done.stderr


@pytest.mark.parametrize("part,args", [("explain", []), ("import", []), ("keygen", ["--no-such-option"])])
def test_a_wrong_line_names_the_help_that_exists(tmp_path, part, args):
    done = command(GATEHOUSE, "catalog", part, *args)
    assert done.returncode == 64
    way = done.stderr.strip().splitlines()[-1].removeprefix("Try: gatehouse ").split()
    assert command(GATEHOUSE, *way).stdout.startswith(f"Usage: gatehouse catalog {part}")


def test_what_holds_no_record_is_said_and_not_waited_for(tmp_path):
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "fifo")
    for name in ("empty", "fifo"):
        done = catalog(tmp_path, "import", tmp_path / name)
        assert done.returncode == 2
        assert name in done.stderr


def test_a_number_with_more_behind_it_is_refused(tmp_path):
    record = json.loads((RECORDS / "CVE-2024-43360.json").read_text())
    record["cveMetadata"]["cveId"] += "\x1b[31m"
    (tmp_path / "bad.json").write_text(json.dumps(record))
    done = catalog(tmp_path, "import", tmp_path / "bad.json")
    assert "0 imported, 1 refused" in done.stdout
    assert not (tmp_path / "catalog").exists()


def test_reads_a_record_that_begins_with_a_byte_order_mark(tmp_path):
    (tmp_path / "bom.json").write_bytes(b"\xef\xbb\xbf" + (RECORDS / "CVE-2024-43360.json").read_bytes())
    assert "1 imported, 0 refused" in catalog(tmp_path, "import", tmp_path / "bom.json").stdout


FINGERPRINTS = """<?xml version="1.0"?>
<fingerprints matches="http_header.server" protocol="http">
  <fingerprint pattern="^Orchard/([0-9.]+)$">
    <description>A made-up camera</description>
    <example service.version="%s">Orchard/1.2</example>
    <param pos="0" name="hw.vendor" value="Orchard"/>
    <param pos="1" name="service.version"/>
  </fingerprint>
</fingerprints>
"""


def test_keeps_recog_fingerprints_that_their_examples_prove(tmp_path):
    folder = tmp_path / "recog"
    folder.mkdir()
    (folder / "good.xml").write_text(FINGERPRINTS % "1.2")
    (folder / "wrong.xml").write_text(FINGERPRINTS % "9.9")
    (folder / "other.xml").write_text("<rss/>")
    done = catalog(tmp_path, "import", folder)
    kept = tmp_path / "catalog" / "fingerprints"
    assert done.returncode == 2
    assert "1 files of fingerprints, proved by 1 examples" in done.stdout
    assert "wrong.xml: refused: 1 of its 1 examples fail" in done.stderr
    assert "other.xml" in done.stderr
    assert [path.name for path in kept.iterdir()] == ["good.xml"]


def test_status_counts_exploited_flaws_of_the_program_itself(tmp_path):
    assert json.loads(catalog(tmp_path, "status", "--json").stdout)["exploited"] > 0


def test_a_version_without_its_device_is_no_question(tmp_path):
    assert catalog(tmp_path, "explain", "CVE-2017-7921", "--version", "5.2.5").returncode == 64


def test_output_that_is_cut_short_is_no_success(tmp_path):
    with open("/dev/full", "w", encoding="ascii") as full:
        for words in (["catalog", "list", "--json", "--store", tmp_path / "x.db"], ["--help"]):
            done = subprocess.run([GATEHOUSE, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
            assert done.returncode == 2
            assert "cut short" in done.stderr


def test_help_explains_a_part_of_a_command():
    assert command(GATEHOUSE, "help", "catalog", "import").stdout.startswith("Usage: gatehouse catalog import")
