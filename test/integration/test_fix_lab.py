"""The played site that `gatehouse fix` is tried on: what requests change stays changed, and each behaviour does what its name says."""
import json
import re
import time

import pytest

from fixing import Site, curl, dvrip_hash, frames, unknown, until

HIK, DAHUA = "admin:12345", "admin:admin"
NEW = "Quiet-River-88"


@pytest.fixture(scope="module", name="site")
def fixture_site(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("fix"))
    yield site
    site.close()


def address(site, name):
    return site.truth()[name]["ip"]


def dahua_set(site, name, key, value, user=DAHUA):
    return curl(site, f"http://{address(site, name)}/cgi-bin/configManager.cgi?action=setConfig&{key}={value}", user=user)


def dahua_password(site, name, new, old="admin"):
    return curl(site, f"http://{address(site, name)}/cgi-bin/userManager.cgi?action=modifyPassword&name=admin&pwd={new}&pwdOld={old}",
                user=f"admin:{old}")


def hik_put(site, name, old, new, user=HIK):
    url = f"http://{address(site, name)}/ISAPI/System/Network/EZVIZ"
    status, body = curl(site, url, user=user)
    assert status == 200, (name, status)
    return curl(site, url, "-X", "PUT", "--data-binary", body.replace(f"<enabled>{old}", f"<enabled>{new}"), user=user)


def hik_password(site, name, new, user=HIK):
    return curl(site, f"http://{address(site, name)}/ISAPI/Security/users/1", "-X", "PUT", "--data-binary",
                f"<User><id>1</id><userName>admin</userName><password>{new}</password></User>", user=user)


def hik_cloud(site, name, user=HIK):
    body = curl(site, f"http://{address(site, name)}/ISAPI/System/Network/EZVIZ", user=user)[1]
    return re.search(r"<enabled>(\w+)", body).group(1) if "<enabled>" in body else None


def opens(site, name, user):
    path = "/cgi-bin/magicBox.cgi?action=getVendor" if site.truth()[name]["transcript"].startswith("dahua") else "/ISAPI/System/time"
    return curl(site, f"http://{address(site, name)}{path}", user=user)[0] == 200


def test_document_put_is_shown_and_nonsense_is_refused(site):
    assert hik_put(site, "gate", "true", "false")[0] == 200
    assert hik_cloud(site, "gate") == "false"
    assert curl(site, "http://10.20.0.11/ISAPI/System/Network/EZVIZ", "-X", "PUT", "-d", "<other/>", user=HIK)[0] == 400
    assert hik_cloud(site, "gate") == "false"


@pytest.mark.parametrize("name, write, read, user, wanted", [
    ("garage", "/cgi-bin/configManager.cgi?action=setConfig&T2UServer.Enable=false",
     "/cgi-bin/configManager.cgi?action=getConfig&name=T2UServer", DAHUA, "T2UServer.Enable=false"),
    ("lobby", "/axis-cgi/param.cgi?action=update&Network.UPnP.Enabled=no", "/axis-cgi/param.cgi?action=list&group=Network", "root:pass",
     "Network.UPnP.Enabled=no"),
    ("stairs", "/stw-cgi/network.cgi?msubmenu=bonjour&action=set&Enable=False", "/stw-cgi/network.cgi?msubmenu=bonjour&action=view",
     "admin:4321", "Enable=False"),
    ("entrance", "/cgi-bin/admin/setparam.cgi?upnpportforwarding_enable=0", "/cgi-bin/admin/getparam.cgi?upnpportforwarding_enable", None,
     "upnpportforwarding_enable='0'"),
    ("nursery", "/cgi-bin/CGIProxy.fcgi?cmd=setP2PEnable&enable=0&usr=admin&pwd=admin",
     "/cgi-bin/CGIProxy.fcgi?cmd=getP2PEnable&usr=admin&pwd=admin", None, "<enable>0</enable>"),
])
def test_parameter_is_assigned_and_shown(site, name, write, read, user, wanted):
    port = ":88" if name == "nursery" else ""
    host = f"http://{address(site, name)}{port}"
    scheme = "--anyauth"
    assert wanted not in curl(site, host + read, user=user, scheme=scheme)[1]
    assert curl(site, host + write, user=user, scheme=scheme)[0] == 200
    assert wanted in curl(site, host + read, user=user, scheme=scheme)[1]


def test_unknown_parameter_is_refused(site):
    assert dahua_set(site, "garage", "Nonsense.Enable", "false")[0] == 400
    assert "Error" in curl(site, "http://10.20.0.15/axis-cgi/param.cgi?action=update&No.Such=1", user="root:pass", scheme="--anyauth")[1]


def test_json_of_a_command_is_merged_and_a_session_dies_with_the_password(site):
    url = f"http://{address(site, 'garden')}/cgi-bin/api.cgi?cmd="
    login = '[{{"cmd":"Login","param":{{"User":{{"userName":"admin","password":"{}"}}}}}}]'
    token = re.search(r'"name"\s*:\s*"(\w+)"', curl(site, url + "Login", "-d", login.format(""))[1]).group(1)
    tail = f"&token={token}"
    assert "rspCode\":-13" in curl(site, url + "SetP2p" + tail, "-d", '[{"cmd":"SetP2p","param":{"P2p":{"enable":0}}}]')[1]
    assert '"rspCode":200' in curl(site, url + "SetUpnp" + tail, "-d", '[{"cmd":"SetUpnp","param":{"Upnp":{"enable":0}}}]')[1]
    assert re.search(r'"enable"\s*:\s*0', curl(site, url + "GetUpnp" + tail, "-d", '[{"cmd":"GetUpnp"}]')[1])
    change = '[{"cmd":"ModifyUser","param":{"User":{"userName":"admin","newPassword":"%s","oldPassword":""}}}]' % NEW
    assert '"rspCode":200' in curl(site, url + "ModifyUser" + tail, "-d", change)[1]
    assert "enable" not in curl(site, url + "GetUpnp" + tail, "-d", '[{"cmd":"GetUpnp"}]')[1]
    assert site.passwords("garden", "admin") == [NEW]


def test_password_is_judged_by_every_way(site):
    assert frames(site, "rtsp://admin:admin@10.20.0.13/cam/realmonitor?channel=1") >= 5
    assert dahua_password(site, "garage", NEW, "wrong")[0] == 401
    assert dahua_password(site, "garage", NEW)[0] == 200
    assert not opens(site, "garage", DAHUA) and opens(site, "garage", f"admin:{NEW}")
    assert frames(site, "rtsp://admin:admin@10.20.0.13/cam/realmonitor?channel=1") == 0
    assert frames(site, f"rtsp://admin:{NEW}@10.20.0.13/cam/realmonitor?channel=1") >= 5
    truth = site.truth()
    assert unknown({"garage": truth["garage"]}, {"garage": [NEW]}) == []
    assert unknown({"garage": truth["garage"]}, {"garage": ["admin"]}) == [("garage", "admin", "web"), ("garage", "admin", "onvif")]


def test_says_done_changes_nothing(site):
    assert hik_put(site, "says-done", "true", "false")[0] == 200
    assert hik_cloud(site, "says-done") == "true"
    assert hik_password(site, "says-done", NEW)[0] == 200
    assert site.passwords("says-done", "admin") == ["12345"]


def test_sets_back_after_a_second(site):
    assert dahua_set(site, "sets-back", "UPnP.Enable", "false")[0] == 200
    text = lambda: site.ask("document sets-back UPnP.txt")["document"]
    assert "UPnP.Enable=false" in text()
    assert until(lambda: "UPnP.Enable=true" in text(), 4)


@pytest.mark.parametrize("name, after", [("restarts", "10.20.0.43"), ("restarts-elsewhere", "10.20.0.90"), ("dies-between", "10.20.0.45")])
def test_is_gone_for_a_while_after_a_change(site, name, after):
    here = address(site, name)
    is_dahua = site.truth()[name]["transcript"].startswith("dahua")
    status = (dahua_set(site, name, "UPnP.Enable", "false") if is_dahua else hik_put(site, name, "true", "false"))[0]
    assert status == 200
    time.sleep(0.6)
    assert curl(site, f"http://{here}/", "--connect-timeout", "1")[0] == 0
    assert until(lambda: curl(site, f"http://{after}/", "--connect-timeout", "1")[0] == 200, 15)
    assert address(site, name) == after
    assert here == after or curl(site, f"http://{here}/", "--connect-timeout", "1")[0] == 0


def test_first_eight_characters(site):
    assert dahua_password(site, "first-eight", NEW)[0] == 200
    assert site.passwords("first-eight", "admin") == [NEW[:8]]
    assert opens(site, "first-eight", f"admin:{NEW[:8]}") and not opens(site, "first-eight", f"admin:{NEW}")
    assert hik_password(site, "first-eight-both", NEW)[0] == 200
    assert opens(site, "first-eight-both", f"admin:{NEW[:8]}") and opens(site, "first-eight-both", f"admin:{NEW}")


def test_password_that_is_not_taken_stays_out(site):
    assert dahua_password(site, "refuses-signs", NEW)[0] == 400
    assert dahua_password(site, "refuses-signs", "QuietRiver88")[0] == 200
    assert hik_password(site, "short-password", NEW)[0] == 400
    assert hik_password(site, "short-password", NEW[:12])[0] == 200


def test_locks_out_at_the_third_wrong_one_whatever_is_between(site):
    for user in ("admin:a", DAHUA, "admin:b", DAHUA):
        assert opens(site, "locks-out", user) == (user == DAHUA)
    assert not opens(site, "locks-out", "admin:c") and not opens(site, "locks-out", DAHUA)
    assert site.truth()["locks-out"]["lockouts"] == 1


def test_old_password_stays_beside_the_new(site):
    assert hik_password(site, "old-stays", NEW)[0] == 200
    assert opens(site, "old-stays", HIK) and opens(site, "old-stays", f"admin:{NEW}")
    assert site.passwords("old-stays", "admin") == [NEW, "12345"]


def test_video_is_away_until_the_next_change(site):
    url = f"rtsp://admin:admin@{address(site, 'no-video-after')}/cam/realmonitor?channel=1"
    assert frames(site, url) >= 5
    dahua_set(site, "no-video-after", "UPnP.Enable", "false")
    assert frames(site, url) == 0
    dahua_set(site, "no-video-after", "UPnP.Enable", "true")
    assert frames(site, url) >= 5


def test_password_is_taken_without_an_answer(site):
    assert hik_password(site, "never-answers-set", NEW)[0] != 200  # the challenge was the last answer
    assert site.passwords("never-answers-set", "admin") == [NEW]


def test_onvif_keeps_its_own_password(site):
    assert dahua_password(site, "onvif-apart", NEW)[0] == 200
    assert site.passwords("onvif-apart", "admin") == [NEW]
    assert site.passwords("onvif-apart", "admin", "onvif") == ["admin"]


def soap(site, name, body, password):
    text = ('<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header><Security><UsernameToken><Username>admin</Username>'
            f"<Password>{password}</Password></UsernameToken></Security></s:Header><s:Body>{body}</s:Body></s:Envelope>")
    return curl(site, f"http://{address(site, name)}/onvif/device_service", "-d", text)


def test_onvif_sets_users_and_time_server(site):
    user = "<SetUser><User><Username>{}</Username><Password>{}</Password><UserLevel>Administrator</UserLevel></User></SetUser>"
    status, body = soap(site, "shed", "<SetNTP><FromDHCP>false</FromDHCP><NTPManual><Type>IPv4</Type><IPv4Address>10.20.0.2</IPv4Address>"
                        "</NTPManual></SetNTP>", "Copper-Meadow-14")
    assert status == 200 and "SetNTPResponse" in body
    assert "<tt:IPv4Address>10.20.0.2</tt:IPv4Address>" in soap(site, "shed", "<GetNTP/>", "Copper-Meadow-14")[1]
    status, body = soap(site, "shed", user.format("nobody", NEW), "Copper-Meadow-14")
    assert status == 400 and "UsernameMissing" in body
    assert soap(site, "shed", user.format("admin", NEW), "Copper-Meadow-14")[0] == 200
    assert NEW in site.passwords("shed", "admin", "onvif")
    assert soap(site, "shed", "<GetUsers/>", NEW)[0] == 200


def test_somebody_else_changes_a_device(site):
    assert site.ask("password recorder admin Other-Hand-77") == {"done": "yes"}
    assert site.passwords("recorder", "admin") == ["Other-Hand-77"]
    assert site.ask("cut recorder 1") == {"done": "yes"}
    assert site.ask("password nobody admin x") == {"error": "not found"}


def test_uniview_takes_its_own_document_back(site):
    url = f"http://{address(site, 'corridor')}/LAPI/V1.0/Channel/0/NetWork/Telnet"
    done = curl(site, url, "-X", "PUT", "-d", '{"Enable":0}', user="admin:123456")[1]
    assert '"StatusCode":0' in done
    assert '"Data":{"Enable":0}' in curl(site, url, user="admin:123456")[1]
    assert '"StatusCode":4' in curl(site, url, "-X", "PUT", "-d", '{"NoSuch":0}', user="admin:123456")[1]
    url = f"http://{address(site, 'corridor')}/LAPI/V1.0/System/Users/0/Password"
    change = '{"OldPassword":"%s","NewPassword":"Quiet-River-88"}'
    assert '"StatusCode":3' in curl(site, url, "-X", "PUT", "-d", change % "wrong", user="admin:123456")[1]
    assert '"StatusCode":0' in curl(site, url, "-X", "PUT", "-d", change % "123456", user="admin:123456")[1]
    assert site.passwords("corridor", "admin") == [NEW]


SOFIA = """
import json, socket, struct, sys
door = socket.create_connection((sys.argv[1], 34567), 5)
session = 0
for message, body in json.loads(sys.argv[2]):
    text = json.dumps(body).encode() + b"\\n\\0"
    door.sendall(struct.pack("<IIIBBHI", 255, session, 0, 0, 0, message, len(text)) + text)
    head = door.recv(20, socket.MSG_WAITALL)
    session = struct.unpack("<I", head[4:8])[0]
    print(door.recv(struct.unpack("<I", head[16:20])[0], socket.MSG_WAITALL)[:-2].decode())
"""


def test_dvrip_sets_a_value_and_a_password_as_its_hash(site):
    log_in = lambda password: [1000, {"UserName": "admin", "PassWord": dvrip_hash(password), "EncryptType": "MD5", "LoginType": "DVRIP-Web"}]
    change = [1488, {"EncryptType": "MD5", "UserName": "admin", "PassWord": dvrip_hash(""), "NewPassWord": dvrip_hash(NEW)}]
    nat = [1040, {"Name": "NetWork.Nat", "NetWork.Nat": {"NatEnable": False}}]
    talk = lambda *messages: [json.loads(line) for line in site.run(
        "/usr/bin/python3", "-c", SOFIA, address(site, "loading"), json.dumps(messages)).stdout.splitlines()]
    said = talk(log_in(""), nat, [1042, {"Name": "NetWork.Nat"}], change)
    assert [answer["Ret"] for answer in said] == [100] * 4, said
    assert said[2]["NetWork.Nat"]["NatEnable"] is False
    assert talk(log_in(""))[0]["Ret"] == 203 and talk(log_in(NEW))[0]["Ret"] == 100
    truth = site.truth()
    assert unknown({"loading": truth["loading"]}, {"loading": [NEW]}) == []
    assert unknown({"loading": truth["loading"]}, {"loading": [""]}) != []
