"""An export through a gateway packs itself: gateway.yaml names a folder, and a package of the hash appears that verifies."""
import hashlib
import json
import pathlib
import re

import pytest

import tsa
from conftest import GATEHOUSE, SANITIZED, command, wait_for
from footage import FILE, HOUR, Footage, Viewer
from gateway import MODULE, Gateway, events

pytestmark = pytest.mark.skipif(not MODULE.exists(), reason="this build has no module")


def packages(folder):
    """Those that have their names; what is still written has another."""
    return sorted(p.parent for p in folder.glob("*/manifest.json") if p.parent.suffix != ".gatehouse-part")


def test_an_export_through_the_gateway_makes_a_package_by_itself(tmp_path):
    vms, authority = Footage(), tsa.Authority(tmp_path / "authority")
    with tsa.Server(authority) as server, Gateway(tmp_path / "g", f"http://127.0.0.1:{vms.port}", "--plain") as gateway:
        with (gateway.folder / "gateway.yaml").open("a", encoding="utf-8") as yaml:
            yaml.write(f"evidence: evidence\ntsa: {server.url}\ntsa_roots: {authority.root}\n")
        gateway.serve()
        folder = gateway.folder / "evidence"
        wait_for((folder / "cursor").exists)
        anna = gateway.administrator()
        anna.browser.step_up(anna.codes.pop())
        viewer = Viewer(gateway, anna.browser.session, f"/api/cam0/{HOUR}/clip.mp4")
        viewer.thread.join(30)
        assert viewer.status == 200
        package = wait_for(lambda: packages(folder))[0]
        manifest = json.loads((package / "manifest.json").read_text("utf-8"))
        assert manifest["clip"]["sha256"] == hashlib.sha256(FILE).hexdigest()
        assert manifest["clip"]["bytes"] == len(FILE) and "file" not in manifest["clip"]
        assert manifest["camera"]["name"] == "cam0"
        assert len(manifest["events"]) == 2
        assert "packer" not in "\n".join(line for line in gateway.said if "starting it again" in line)
        clip = tmp_path / "clip.mp4"
        clip.write_bytes(FILE)
        key = gateway.folder / "ledger/log/log.vkey"
        done = command(GATEHOUSE, "evidence", "verify", package, "--key", key, "--clip", clip, "--tsa-roots", authority.root)
        assert done.returncode == 0 and re.search("holds +time-stamp", done.stdout), done.stdout
        assert (package / "time/1.pem").read_bytes().strip() == authority.root.read_bytes().strip()
        status = pathlib.Path(f"/proc/{gateway.children()['evidence']}/status").read_text()
        assert "NoNewPrivs:\t1" in status and (SANITIZED or "Seccomp:\t2" in status)
        clip.write_bytes(FILE[:-1])
        done = command(GATEHOUSE, "evidence", "verify", package, "--key", key, "--clip", clip)
        assert done.returncode == 1, done.stdout
        assert gateway.end() == 0
        assert [e["action"] for e in events(gateway) if e["action"] == "evidence.make"] == ["evidence.make"]
    vms.close()


def test_without_the_setting_nothing_is_packed(tmp_path):
    vms = Footage()
    with Gateway(tmp_path / "g", f"http://127.0.0.1:{vms.port}", "--plain") as gateway:
        gateway.serve()
        assert "evidence" not in gateway.children()
        assert gateway.end() == 0
    vms.close()


def test_a_wrong_authority_is_told_with_its_line(tmp_path):
    with Gateway(tmp_path / "g", "http://127.0.0.1:9", "--plain") as gateway:
        with (gateway.folder / "gateway.yaml").open("a", encoding="utf-8") as yaml:
            yaml.write("tsa: ftp://x\n")
        done = gateway.run("gateway", "check")
        assert done.returncode != 0 and "tsa" in done.stderr + done.stdout
