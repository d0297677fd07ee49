"""A camera whose web page is closed: its factory password is tried at the stream, by RTSP digest."""
from conftest import GATEHOUSE, LAB, SOURCE, Run, command

DEVICE = """\
source: made up for this test; realm as Recog http_wwwauth.xml has it for Hikvision
kind: camera
vendor: Hikvision
model: DS-2CD2032-I
firmware: V5.2.5
serial: DS-2CD2032-I20141201AAWR500000009
mac: 44:19:b6:11:20:99
accounts: [{{user: admin, password: "{password}"}}]
auth: {{scheme: digest, realm: "HikvisionDS-2CD2032-I", qop: no}}
lockout: {{tries: 7, seconds: 1800}}
rtsp:
  - port: 554
    server: Rtsp Server/2.0
    sdp: "v=0\\r\\ns=Media\\r\\nt=0 0\\r\\nm=video 0 RTP/AVP 96\\r\\na=rtpmap:96 H264/90000\\r\\n"
"""

SITE = """\
lan: 10.20.0.0/24
admin: 10.20.0.2
transcripts: .
devices:
  - {name: only-stream, transcript: maker/camera, ip: 10.20.0.11}
"""


def play(folder, password):
    (folder / "maker" / "camera").mkdir(parents=True)
    (folder / "onvif").symlink_to(SOURCE / "test" / "transcript" / "onvif")
    (folder / "maker" / "camera" / "device.yaml").write_text(DEVICE.format(password=password))
    (folder / "site.yaml").write_text(SITE)
    done = command(
        LAB, "--site", folder / "site.yaml", "--stats", folder / "stats.json", "--",
        GATEHOUSE, "assess", "--scope", "10.20.0.0/24", "--store", folder / "store.db", "--output", folder / "out")
    return Run(done, folder / "out", folder / "stats.json")


def test_factory_password_opens_the_stream(tmp_path):
    run = play(tmp_path, "12345")
    assert run.places("default-credentials/factory-password") == ["10.20.0.11"], run.err
    assert run.stats["devices"][0]["logins"] <= 2
    assert run.stats["devices"][0]["lockouts"] == 0


def test_own_password_is_refused_once_and_no_more(tmp_path):
    run = play(tmp_path, "Harbour9Lamp")
    assert run.places("default-credentials/factory-password") == []
    assert run.stats["devices"][0]["logins"] == 1
