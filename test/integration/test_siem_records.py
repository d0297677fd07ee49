"""Records of every kind through Debian's rsyslog: its own parser reads in them what the events say."""
import importlib.util
import json
import shutil
import socket
import subprocess
import sys

import pytest

from conftest import BUILD, SOURCE, wait_for

RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin")
pytestmark = pytest.mark.skipif(RSYSLOGD is None, reason="needs rsyslog")
FIELDS = ("app-name", "msgid", "structured-data", "msg", "hostname", "pri", "timereported", "programname", "rawmsg-after-pri")
CONF = """
global(workDirectory="{work}" maxMessageSize="1m")
module(load="imtcp")
input(type="imtcp" port="0" listenPortFileName="{work}/port" address="127.0.0.1" ruleset="all")
template(name="fields" type="list" option.jsonf="on") {{ {fields} }}
ruleset(name="all" queue.type="Direct") {{ action(type="omfile" file="{work}/out" template="fields") }}
"""


@pytest.fixture(name="check", scope="module")
def fixture_check():
    """The hostile entries and the parsers of the unit test."""
    spec = importlib.util.spec_from_file_location("check_siem", SOURCE / "test/unit/check_siem.py")
    module = importlib.util.module_from_spec(spec)
    before, sys.argv = sys.argv, ["check_siem.py", str(BUILD / "test/unit/write_siem"), str(SOURCE)]
    try:
        spec.loader.exec_module(module)
    finally:
        sys.argv = before
    return module


@pytest.fixture(name="through")
def fixture_through(tmp_path):
    """Sends records with octet counting (RFC 6587, as RFC 5425 has it) and gives what rsyslog read, field by field."""
    fields = " ".join(f'property(outname="{name}" name="{name}" format="jsonf"'
                      + (' dateFormat="rfc3339")' if name == "timereported" else ")") for name in FIELDS)
    (tmp_path / "conf").write_text(CONF.format(work=tmp_path, fields=fields))
    with open(tmp_path / "said", "w", encoding="utf-8") as said:
        process = subprocess.Popen([RSYSLOGD, "-n", "-f", tmp_path / "conf", "-i", tmp_path / "pid"], stdout=said, stderr=said)
    out = tmp_path / "out"

    def send(records):
        port = int(wait_for(lambda: (tmp_path / "port").exists() and (tmp_path / "port").read_text().strip()))
        with socket.create_connection(("127.0.0.1", port)) as link:
            for record in records:
                data = record.encode()
                link.sendall(b"%d %s" % (len(data), data))
        wait_for(lambda: out.exists() and out.read_bytes().count(b"\n") >= len(records))
        return [json.loads(line) for line in out.read_bytes().split(b"\n")[:-1]]

    yield send
    process.terminate()
    process.wait()


def test_rsyslog_reads_every_parameter_of_structured_data(check, through):
    records = check.records("rfc5424")
    found = through(records)
    assert len(found) == len(records)
    for record, read in zip(records, found):
        match, elements = check.split_5424(record)
        head = f"<13>1 {match[2]} {match[3]} {match[4]} - {match[6]} "
        assert record == f"<{read['pri']}>{read['rawmsg-after-pri']}"
        if len(match[7].encode()) < 65536:  # rsyslog counts a property's length in 16 bits
            # Its structured data, parsed again in a header of ours, says the same.
            _, again = check.split_5424(head + read["structured-data"] + " \ufeff")
            assert again == elements
        assert (read["app-name"], read["msgid"], read["hostname"], read["pri"]) == (match[4], match[6], match[3], match[1])
        assert read["msg"].lstrip(" \ufeff") == match[8]
        if match[2] != "-":
            assert read["timereported"].replace("+00:00", "Z") == match[2]
    assert check.bad == 0


def test_rsyslog_keeps_every_cef_record_whole(check, through):
    records = check.records("cef")
    found = through(records)
    assert len(found) == len(records)
    for record, read in zip(records, found):
        assert record.endswith(read["rawmsg-after-pri"]) and len(read["rawmsg-after-pri"]) > len(record) - 6
        assert (read["hostname"], read["programname"]) == (check.HOST, "CEF")
        assert read["pri"] == check.split_cef(record)[0][1]
