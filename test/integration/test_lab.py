"""The demo site: devices answer as devices do, and nothing is left behind.

Run: /usr/bin/python3 -m pytest -q test/integration/test_lab.py
The file plays two parts: pytest runs it outside, and it runs itself inside the site as a prober.
"""
import base64
import hashlib
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAB = pathlib.Path(os.environ.get("GATEHOUSE_BUILD", ROOT / "build")) / "lab" / "gatehouse-lab"
SOAP = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>{head}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
SEARCH = b'{"method":"DHDiscover.search","params":{"mac":"","uni":1}}\n'


# ---- inside the site ----------------------------------------------------------------------------

def http(url, user=None, password=None, body=None, scheme="digest"):
    handlers = [urllib.request.HTTPSHandler(context=ssl._create_unverified_context())]
    if user is not None:
        manager = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        manager.add_password(None, url, user, password)
        handlers.append(urllib.request.HTTPDigestAuthHandler(manager) if scheme == "digest"
                        else urllib.request.HTTPBasicAuthHandler(manager))
    data = body.encode() if body is not None else None
    try:
        with urllib.request.build_opener(*handlers).open(url, data, timeout=5) as answer:
            return {"status": answer.status, "headers": answer.headers.items(), "body": answer.read().decode("utf-8", "replace")}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "headers": error.headers.items(), "body": error.read().decode("utf-8", "replace")}
    except ValueError as error:  # urllib gives up after a second 401
        return {"status": 401, "headers": [], "body": str(error)}


def log_in_once(host, path, user, password):
    """urllib tries a refused digest five times; this one tries it once."""
    challenge = dict(http(f"http://{host}{path}")["headers"])["WWW-Authenticate"]
    realm, nonce = (re.search(key + '="(.*?)"', challenge).group(1) for key in ("realm", "nonce"))
    md5 = lambda text: hashlib.md5(text.encode()).hexdigest()
    response = md5(":".join((md5(f"{user}:{realm}:{password}"), nonce, "00000001", "abcd", "auth", md5(f"GET:{path}"))))
    request = urllib.request.Request(f"http://{host}{path}", headers={"Authorization":
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{path}", qop=auth, nc=00000001, cnonce="abcd", response="{response}"'})
    try:
        return urllib.request.urlopen(request, timeout=5).status
    except urllib.error.HTTPError as error:
        return error.code


def ask(payload, to, port, group=None, bind=0, seconds=1.0):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.bind(("", bind))
        if group:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton("10.20.0.2"))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.20.0.2"))
        sock.sendto(payload, (to, port))
        answers, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            sock.settimeout(max(0.01, end - time.monotonic()))
            try:
                data, sender = sock.recvfrom(65535)
            except OSError:
                break
            if data != payload:
                answers.append([sender[0], data.decode("latin-1")])
        return answers


def ask6(payload):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        index = socket.if_nametoindex("eth0")
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        sock.settimeout(2)
        try:
            sock.sendto(payload, ("ff02::c", 3702, 0, index))
            return [sock.recvfrom(65535)[1][0]]
        except OSError:
            return []


def ping6():
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as sock:
        index, found = socket.if_nametoindex("eth0"), set()
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        sock.settimeout(1)
        try:
            sock.sendto(b"\x80\0\0\0\0\1\0\1", ("ff02::1", 0, 0, index))
            while True:
                data, sender = sock.recvfrom(2048)
                if data[0] == 129:
                    found.add(sender[0])
        except OSError:
            return sorted(found)


def sadp(types):
    return f'<?xml version="1.0" encoding="utf-8"?><Probe><Uuid>{uuid.uuid4()}</Uuid><Types>{types}</Types></Probe>'.encode()


def dhip(magic=b"DHIP"):
    return struct.pack("<I4sIIIIII", 32, magic, 0, 0, len(SEARCH), 0, len(SEARCH), 0) + SEARCH


def probe(kind):
    return ('<?xml version="1.0"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
            'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl">'
            f'<e:Header><w:MessageID>uuid:{uuid.uuid4()}</w:MessageID><w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>'
            '<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>'
            f'<e:Body><d:Probe><d:Types>{kind}</d:Types></d:Probe></e:Body></e:Envelope>').encode()


def mdns(name):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack(">6H", 7, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", 12, 1)


def onvif(host, action, user=None, password=None, offset=0):
    head = ""
    if user:
        nonce = os.urandom(16)
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset))
        digest = base64.b64encode(hashlib.sha1(nonce + created.encode() + password.encode()).digest()).decode()
        head = ('<w:Security xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><w:UsernameToken>'
                f'<w:Username>{user}</w:Username><w:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest">{digest}</w:Password>'
                f'<w:Nonce>{base64.b64encode(nonce).decode()}</w:Nonce><Created xmlns="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd">{created}</Created></w:UsernameToken></w:Security>')
    body = f'<{action} xmlns="http://www.onvif.org/ver10/device/wsdl"/>'
    return http(f"http://{host}/onvif/device_service", body=SOAP.format(head=head, body=body))


def tcp(host, port, say=b"", size=4096):
    with socket.create_connection((host, port), timeout=3) as sock:
        sock.sendall(say)
        sock.settimeout(2)
        try:
            return sock.recv(size).decode("latin-1")
        except OSError:
            return ""


def rtsp(host, port, path):
    return tcp(host, port, f"DESCRIBE rtsp://{host}:{port}{path} RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\n\r\n".encode())


def mappings():
    found = []
    for index in range(8):
        body = (f'<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
                f'<u:GetGenericPortMappingEntry xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1"><NewPortMappingIndex>{index}</NewPortMappingIndex></u:GetGenericPortMappingEntry></s:Body></s:Envelope>')
        request = urllib.request.Request("http://10.20.0.1:5000/ctl/IPConn", body.encode(), {
            "Content-Type": "text/xml", "SOAPAction": '"urn:schemas-upnp-org:service:WANIPConnection:1#GetGenericPortMappingEntry"'})
        try:
            answer = urllib.request.urlopen(request, timeout=3).read().decode()
        except urllib.error.HTTPError:
            break
        found.append([re.search(f"<{key}>(.*?)<", answer).group(1) for key in ("NewExternalPort", "NewInternalClient", "NewInternalPort")])
    return found


def inside():
    token = "http://10.20.0.16/cgi-bin/api.cgi"
    login = '[{"cmd":"Login","action":0,"param":{"User":{"userName":"admin","password":"%s"}}}]'
    out = {
        "hik_open": http("http://10.20.0.11/ISAPI/System/deviceInfo"),
        "hik_info": http("http://10.20.0.11/ISAPI/System/deviceInfo", "admin", "12345"),
        "hik_sdk": tcp("10.20.0.11", 8000, b"\0" * 16),
        "hik_https": http("https://10.20.0.12/ISAPI/System/activateStatus"),
        "dahua_p2p": http("http://10.20.0.13/cgi-bin/configManager.cgi?action=getConfig&name=T2UServer", "admin", "admin"),
        "axis_param": http("http://10.20.0.15/axis-cgi/param.cgi?action=list&group=RemoteService", "root", "Tundra+Sextant+61"),
        "axis_info": http("http://10.20.0.15/axis-cgi/basicdeviceinfo.cgi", "root", "Tundra+Sextant+61", '{"apiVersion":"1.0","method":"getAllProperties"}'),
        "reolink_blank": http(token + "?cmd=Login", body=login % ""),
        "reolink_own": http(token + "?cmd=Login", body=login % "Walnut_Glacier_5"),
        "reolink_first": http(token + "?cmd=GetDevInfo", body='[{"cmd":"GetDevInfo"}]'),
        "reolink_p2p": http(token + "?cmd=GetP2p&token=5f1c2a9be07d44", body='[{"cmd":"GetP2p"}]'),
        "rtsp_open": rtsp("10.20.0.18", 554, "/11"),
        "rtsp_closed": rtsp("10.20.0.13", 554, "/cam/realmonitor?channel=1&subtype=0"),
        "rtsp_frigate": rtsp("10.20.0.30", 8554, "/gate"),
        "onvif_time": onvif("10.20.0.19", "GetSystemDateAndTime"),
        "onvif_info": onvif("10.20.0.19", "GetDeviceInformation"),
        "onvif_late": onvif("10.20.0.19", "GetDeviceInformation", "admin", "ms1234"),
        "onvif_right": onvif("10.20.0.19", "GetDeviceInformation", "admin", "ms1234", -10800),
        "onvif_free": onvif("10.20.0.20:8899", "GetDeviceInformation"),
        "snapshot_free": http("http://10.20.0.20/webcapture.jpg?command=snap&channel=1"),
        "uniview": http("http://10.20.0.21/LAPI/V1.0/System/DeviceInfo", "admin", "Copper#Delta#44"),
        "hanwha": http("http://10.20.0.22/stw-cgi/system.cgi?msubmenu=deviceinfo&action=view", "admin", "Ravine!Quartz!15"),
        "nvr": http("http://10.20.0.25/ISAPI/ContentMgmt/InputProxy/channels", "admin", "Obsidian-Ferry-27"),
        "frigate_open": http("http://10.20.0.30:5000/api/version"),
        "frigate_shut": http("https://10.20.0.30:8971/api/version"),
        "frigate_cert": ssl.get_server_certificate(("10.20.0.30", 8971)),
        "zm_auth": http("http://10.20.0.31/zm/api/configs/viewByName/ZM_OPT_USE_AUTH.json"),
        "blueiris": http("http://10.20.0.32:81/login.htm"),
        "blueiris_json": http("http://10.20.0.32:81/json", body='{"cmd":"login"}'),
        "blueiris_in": http("http://10.20.0.32:81/json", body=json.dumps({"cmd": "login", "session": "3f7c1d2a9b804e65",
            "response": hashlib.md5(b"admin:3f7c1d2a9b804e65:Saffron-Anvil-72").hexdigest()})),
        "sadp": ask(sadp("inquiry"), "239.255.255.250", 37020, "239.255.255.250", 37020),
        "sadp_write": ask(sadp("activate"), "239.255.255.250", 37020, "239.255.255.250", 37020),
        "dhip": ask(dhip(), "239.255.255.251", 37810) + ask(dhip(), "255.255.255.255", 37810),
        "dhip_wrong": ask(dhip(b"PIHD"), "239.255.255.251", 37810, seconds=0.5),
        "wsd_nvt": ask(probe("dn:NetworkVideoTransmitter"), "239.255.255.250", 3702),
        "wsd_dev": ask(probe("tds:Device"), "239.255.255.250", 3702),
        "ping6": ping6(),
        "wsd6": ask6(probe("dn:NetworkVideoTransmitter")),
        "ssdp": ask(b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n', "239.255.255.250", 1900, seconds=2),
        "mdns": ask(mdns("_axis-video._tcp.local"), "224.0.0.251", 5353),
        "natpmp": ask(b"\0\0", "10.20.0.1", 5351),
        "igd": mappings(),
        "printer": http("http://10.20.0.40/"),
        "ssh": tcp("10.20.0.41", 22),
    }
    print(json.dumps(out))


def hostile():
    """One wrong log-in after the other at the device that locks at the second."""
    out = {"locked": []}
    for _ in range(3):
        out["locked"].append(log_in_once("10.20.0.73", "/private", "admin", "wrong"))
    out["canary"] = http("http://10.99.0.1/")["status"]
    out["any"] = http("http://10.20.0.69/private", "admin", str(uuid.uuid4()))["status"]
    out["spoofed"] = [answer for answer in ask(dhip(), "239.255.255.251", 37810) if answer[0] == "10.20.0.68"]
    out["long"] = [len(answer[1]) for answer in ask(probe("tds:Device"), "10.20.0.67", 3702, seconds=0.5)]
    out["faces"] = [http("http://10.20.0.65/", "admin", "Not-To-Be-Found-1")["body"] for _ in range(2)]
    print(json.dumps(out))


# ---- outside ------------------------------------------------------------------------------------

# The leak checker of a sanitizer build cannot work in another PID namespace.
os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=0")


def run(*command, site="demo.yaml", options=(), timeout=60):
    return subprocess.run([LAB, "--site", ROOT / "lab" / site, *options, "--", *command], timeout=timeout,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def processes_of(mark):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark.encode() in (entry / "environ").read_bytes():
                found.append((entry / "comm").read_text().strip())
        except OSError:
            pass
    return found


if __name__ == "__main__":
    {"inside": inside, "hostile": hostile}[sys.argv[1]]()
    sys.exit(0)

import pytest  # noqa: E402  (the prober above needs nothing but the standard library)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    stats = tmp_path_factory.mktemp("lab") / "stats.json"
    done = run("/usr/bin/python3", __file__, "inside", options=("--stats", stats))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    result["stats"] = {row["name"]: row for row in json.loads(stats.read_text())["devices"]}
    return result


def test_old_hikvision_opens_with_its_factory_password(site):
    assert site["hik_open"]["status"] == 401
    assert any("Digest realm=" in value for name, value in site["hik_open"]["headers"] if name == "WWW-Authenticate")
    assert "<firmwareVersion>V5.2.5</firmwareVersion>" in site["hik_info"]["body"]
    assert site["hik_sdk"].startswith("\x00\x00\x00\x10")
    assert "<Activated>true</Activated>" in site["hik_https"]["body"]


def test_dahua_tells_its_p2p_setting_after_login(site):
    assert "table.T2UServer.Enable=true" in site["dahua_p2p"]["body"]


def test_axis_answers_param_cgi_and_basicdeviceinfo(site):
    assert "root.RemoteService.Enabled=no" in site["axis_param"]["body"]
    assert json.loads(site["axis_info"]["body"])["data"]["propertyList"]["Version"] == "11.11.73"


def test_reolink_refuses_a_blank_password_with_200(site):
    assert site["reolink_blank"]["status"] == 200 and '"rspCode":-7' in site["reolink_blank"]["body"]
    assert "Token" in site["reolink_own"]["body"]
    assert '"rspCode":-6' in site["reolink_first"]["body"]
    assert '"enable":1' in site["reolink_p2p"]["body"]


def test_rtsp_plays_without_login_where_it_should_not(site):
    assert site["rtsp_open"].startswith("RTSP/1.0 200") and "m=video" in site["rtsp_open"]
    assert "Server: Hipcam RealServer/V1.0" in site["rtsp_open"]
    assert site["rtsp_closed"].startswith("RTSP/1.0 401") and 'realm="Login to ' in site["rtsp_closed"]
    assert "s=go2rtc/1.9.10" in site["rtsp_frigate"]


def test_onvif_wants_the_clock_of_the_device(site):
    assert site["onvif_time"]["status"] == 200
    assert "NotAuthorized" in site["onvif_info"]["body"] and "NotAuthorized" in site["onvif_late"]["body"]
    assert "Milesight" in site["onvif_right"]["body"]


def test_open_onvif_answers_without_login(site):
    assert "XM530" in site["onvif_free"]["body"]
    assert ("Content-Type", "image/jpeg") in [tuple(header) for header in site["snapshot_free"]["headers"]]


def test_other_vendors_answer_their_own_interfaces(site):
    assert json.loads(site["uniview"]["body"])["Response"]["Data"]["FirmwareVersion"] == "CIPC-B2303.2.8.230105"
    assert "Model=QNV-8080R" in site["hanwha"]["body"]
    assert "<ipAddress>10.20.0.11</ipAddress>" in site["nvr"]["body"]


def test_vms_answer_as_they_do(site):
    assert site["frigate_open"]["body"].startswith("0.17.2-")
    assert site["frigate_shut"]["status"] == 401
    der = ssl.PEM_cert_to_DER_cert(site["frigate_cert"])
    assert b"FRIGATE DEFAULT CERT" in der
    assert json.loads(site["zm_auth"]["body"])["config"]["Value"] == "0"
    assert 'bi_version = "5.9.9.98"' in site["blueiris"]["body"]
    assert json.loads(site["blueiris_json"]["body"])["data"]["reason"] == "missing response"
    assert json.loads(site["blueiris_in"]["body"])["result"] == "success"


def test_sadp_reaches_a_camera_of_a_foreign_subnet(site):
    senders = {sender: text for sender, text in site["sadp"] if "ProbeMatch" in text}
    assert {"10.20.0.11", "10.20.0.12", "10.20.0.25", "192.168.1.64"} <= set(senders)
    assert "<Activated>false</Activated>" in senders["192.168.1.64"]


def test_sadp_writes_are_never_answered_but_counted(site):
    assert not [text for _, text in site["sadp_write"] if "ProbeMatch" in text]
    assert site["stats"]["gate"]["sadp_others"] == 1


def test_dhdiscover_answers_the_exact_packet_only(site):
    assert {sender for sender, _ in site["dhip"]} == {"10.20.0.13", "10.20.0.14", "10.20.0.23", "10.20.0.26", "10.20.0.39"}
    assert all("client.notifyDevInfo" in text for _, text in site["dhip"])
    assert site["dhip_wrong"] == []


def test_ws_discovery_knows_both_probe_types(site):
    assert "10.20.0.16" in {sender for sender, _ in site["wsd_nvt"]}
    assert "10.20.0.16" not in {sender for sender, _ in site["wsd_dev"]}
    assert "10.20.0.15" in {sender for sender, _ in site["wsd_dev"]}


def test_ssdp_and_mdns_answer(site):
    assert any(sender == "10.20.0.15" and "description.xml" in text for sender, text in site["ssdp"])
    assert any(sender == "10.20.0.1" and "MiniUPnPd" in text for sender, text in site["ssdp"])
    assert any("macaddress=B8A44F3245AA" in text for _, text in site["mdns"])


def test_ipv6_link_local_neighbours_answer(site):
    if not pathlib.Path("/proc/net/if_inet6").exists():
        pytest.skip("no IPv6 in this kernel")
    assert len(site["ping6"]) >= 18
    assert site["wsd6"] and site["wsd6"][0].startswith("fe80::")


def test_real_router_holds_two_mappings(site):
    assert sorted(site["igd"]) == [["18000", "10.20.0.11", "8000"], ["8080", "10.20.0.31", "80"]]
    assert site["natpmp"] and site["natpmp"][0][1].startswith("\x00\x80")


def test_office_devices_stand_beside_the_cameras(site):
    assert any(name == "Server" and value.startswith("HP HTTP Server") for name, value in site["printer"]["headers"])
    assert site["ssh"].startswith("SSH-2.0-")


def test_stats_count_log_ins(site):
    stats = site["stats"]
    assert (stats["gate"]["logins"], stats["gate"]["credentials_wrong"], stats["gate"]["lockouts"]) == (1, 0, 0)
    assert (stats["garden"]["logins"], stats["garden"]["credentials_wrong"]) == (2, 1)
    assert stats["gate"]["connections"] >= 3 and stats["gate"]["sadp_inquiries"] == 1


def test_hostile_devices_do_their_worst(tmp_path):
    stats = tmp_path / "stats.json"
    done = run("/usr/bin/python3", __file__, "hostile", site="hostile.yaml", options=("--stats", stats))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["locked"] == [401, 403, 403]
    assert result["any"] == 200
    assert result["spoofed"] and all("10.99.0.66" in text for _, text in result["spoofed"])
    assert result["long"] == [65507]
    assert result["faces"][0] != result["faces"][1]
    rows = {row["name"]: row for row in json.loads(stats.read_text())["devices"]}
    assert rows["locks-at-second"]["lockouts"] == 1
    assert (result["canary"], rows["canary-out"]["connections"], rows["canary-public"]["connections"]) == (200, 1, 0)


def test_exit_status_of_the_command_comes_through():
    assert run("sh", "-c", "exit 7").returncode == 7
    assert run("sh", "-c", "kill -9 $$").returncode == 137
    assert run("/no/such/program").returncode == 127


def test_usage_error_is_64():
    assert subprocess.run([LAB], stderr=subprocess.DEVNULL, check=False).returncode == 64
    assert subprocess.run([LAB, "--devices", "many", "--", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 64


def test_mistake_in_a_site_file_names_line_and_key(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("lan: 10.20.0.0/24\nadmin: 10.20.0.2\ntranscripts: x\ncameras: []\n")
    done = subprocess.run([LAB, "--site", bad, "--", "true"], stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert "bad.yaml" in done.stderr and "cameras" in done.stderr and "line: " in done.stderr


def test_twenty_devices_are_up_in_two_seconds():
    start = time.monotonic()
    assert run("true", options=("--devices", "20")).returncode == 0
    assert time.monotonic() - start < 2


def test_254_devices_are_up_in_15_seconds(tmp_path):
    stats = tmp_path / "stats.json"
    start = time.monotonic()
    assert run("true", options=("--devices", "254", "--stats", stats)).returncode == 0
    assert time.monotonic() - start < 15
    rows = json.loads(stats.read_text())["devices"]
    assert len(rows) == len({row["ip"] for row in rows}) == len({row["mac"] for row in rows}) == 254


def start_marked(*command):
    mark = f"GATEHOUSE_LAB_MARK={uuid.uuid4()}"
    name, value = mark.split("=")
    lab = subprocess.Popen([LAB, "--", *command], env={**os.environ, name: value}, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return lab, mark


def wait_until_gone(mark):
    for _ in range(50):
        if not processes_of(mark):
            return []
        time.sleep(0.1)
    return processes_of(mark)


def test_five_starts_in_a_row_leave_nothing():
    before = set(os.listdir("/tmp"))
    for _ in range(5):
        lab, mark = start_marked("true")
        assert lab.wait(20) == 0
        assert wait_until_gone(mark) == []
    assert not [name for name in set(os.listdir("/tmp")) - before if "igd" in name or "gatehouse-lab" in name]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_leaves_no_process(number):
    lab, mark = start_marked("sh", "-c", "echo up; sleep 60")
    assert lab.stdout.readline() == "up\n"
    assert "miniupnpd" in processes_of(mark)
    lab.send_signal(number)
    lab.wait(20)
    assert wait_until_gone(mark) == []
    assert not pathlib.Path("/run/netns").exists() or not [n for n in os.listdir("/run/netns") if "gatehouse" in n]


def test_a_signal_while_it_starts_is_obeyed():
    for delay in (0.005, 0.02, 0.05, 0.1):
        lab, mark = start_marked("sleep", "60")
        time.sleep(delay)
        lab.send_signal(signal.SIGTERM)
        assert lab.wait(10) != 0
        assert wait_until_gone(mark) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="is an ordinary user already")
def test_an_ordinary_user_can_do_it(tmp_path):
    if subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "unshare", "-Urn", "true"], check=False).returncode != 0:
        pytest.skip("this kernel makes no namespaces for ordinary users")
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", LAB, "--", "id", "-u"],
                          stdout=subprocess.PIPE, text=True, check=False, cwd="/")
    assert (done.returncode, done.stdout) == (0, "0\n")
