#!/usr/bin/python3
"""gatehouse and nmap -sV over the same addresses and ports of the demo site, judged by the site's own truth.
NMAP_SCRIPTS=default (or a list of scripts) in the environment gives nmap scripts too.

    bench_site.py run GATEHOUSE SCOPE FOLDER [nmap]   inside the site: runs them, keeps what they said
    bench_site.py score SCOPE FOLDER...               after it: the table; the peer is in the first folder

Packets are the interface's own counters. The truth is the transcript that each address of the lab's
--stats file plays: its vendor, model and kind. A name is right when the words of the truth's vendor
stand whole in what the tool says of that address; The vendor of the MAC address counts for
both."""
import ipaddress
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEER_LIMIT = int(os.environ.get("NMAP_LIMIT", "1800"))
#: Scripts that only look, for a second opinion of the peer: "default" asks for these.
LOOKING = "http-title,http-server-header,http-auth,rtsp-methods,upnp-info,ssl-cert"
KINDS = {"nvr": "recorder", "dvr": "recorder"}
NMAP_KINDS = {"camera": "webcam", "printer": "printer", "recorder": "storage-misc"}
MAKERS = {"H264": "Xiongmai"}  # what firmware calls itself, and who makes it (CVE-2025-65856)
TARGETS = {64: 30}  # seconds, by number of devices


def packets_sent():
    lines = pathlib.Path("/proc/net/dev").read_text(encoding="ascii").splitlines()[2:]
    return sum(int(line.split(":")[1].split()[9]) for line in lines if not line.strip().startswith("lo:"))


def timed(command, limit):
    """Runs it; what it cost, and whether it came to its end."""
    sent, began = packets_sent(), time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            _, said = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            _, said = process.communicate()
            return {"seconds": limit, "packets": packets_sent() - sent, "ended": False, "said": said}
    seconds = time.monotonic() - began
    return {"seconds": seconds, "packets": packets_sent() - sent, "ended": process.returncode in (0, 1), "said": said}


def run(gatehouse, scope, folder, *peers):
    ports = ",".join(re.findall(r"^PORT\((\d+)", (ROOT / "src/discover/ports.def").read_text(), re.M))
    command = [gatehouse, "assess", "--scope", scope, "--store", f"{folder}/store.db", "--output", folder,
               "--fail-on", "never", "--quiet"]
    costs = {"gatehouse": timed(command, PEER_LIMIT)}
    if peers:
        scripts = os.environ.get("NMAP_SCRIPTS", "")
        more = ["--script", LOOKING if scripts == "default" else scripts] if scripts else []
        costs["nmap"] = timed(["nmap", "-sV", *more, "-n", "-T4", "-p", ports, "-oX", f"{folder}/nmap.xml", scope], PEER_LIMIT)
    pathlib.Path(folder, "costs.json").write_text(json.dumps(costs), encoding="utf-8")
    if not costs["gatehouse"]["ended"]:
        sys.exit(costs["gatehouse"]["said"])


def words(text):
    return f" {' '.join(re.findall('[a-z0-9]+', (text or '').lower()))} "


def squeezed(text):
    return words(text).replace(" ", "")


def truths(stats, scope):
    """address -> vendor, model and kind of the transcript that plays there"""
    network = ipaddress.ip_network(scope)
    for device in stats["devices"]:
        if ipaddress.ip_address(device["ip"]) in network:
            record = (ROOT / "test/transcript" / device["transcript"] / "device.yaml").read_text(encoding="utf-8")
            row = dict(re.findall(r"^(vendor|model|kind): *\"?([^\"\n]*)\"?$", record, re.M))
            vendor = row.get("vendor", "")
            yield device["ip"], MAKERS.get(vendor, vendor), row.get("model", ""), KINDS.get(row["kind"], row["kind"])


def gatehouse_answers(folder):
    """address -> who made it, what it is called, its kind"""
    answers = {}
    for device in json.loads(pathlib.Path(folder, "report.json").read_text(encoding="utf-8"))["devices"]:
        names = " ".join(filter(None, (device["vendor"], device["brand"], device["model"])))
        makers = " ".join(str(fact["value"]) for fact in device["facts"] if fact["name"] == "mac.vendor")
        for address in device["addresses"]:
            answers[address] = f"{names} {makers}", names, device["kind"]
    return answers


def nmap_answers(folder):
    answers = {}
    path = pathlib.Path(folder, "nmap.xml")
    tree = path.read_text(encoding="utf-8") if path.exists() else "<nmaprun>"
    if not tree.rstrip().endswith("</nmaprun>"):
        tree += "</nmaprun>"
    for host in xml.etree.ElementTree.fromstring(tree).iter("host"):
        if not any(port.find("state").get("state") == "open" for port in host.iter("port")):
            continue
        services = [service.attrib for service in host.iter("service") if service.get("method") == "probed"]
        names = " ".join(row.get(key, "") for row in services for key in ("product", "extrainfo", "hostname", "ostype"))
        names += " " + " ".join(script.get("output", "") for script in host.iter("script"))
        makers = " ".join(address.get("vendor", "") for address in host.iter("address"))
        kinds = " ".join(row.get("devicetype", "") for row in services)
        answers[host.find("address").get("addr")] = f"{names} {makers}", names, kinds
    return answers


def is_maker(vendor, said):
    """"Hanwha Vision" is named by "Hanwha", "HP" only by the word HP."""
    first = words(vendor).split()[0]
    return words(vendor) in words(said) or (len(first) > 4 and f" {first} " in words(said))


def grade(truth, answers, kinds):
    """How many devices were seen, named by maker, by maker and model, by maker and kind."""
    seen = makers = models = right_kinds = 0
    for address, vendor, model, kind in truth:
        maker, name, said_kind = answers.get(address, ("", "", ""))
        is_right = is_maker(vendor, maker)
        seen += address in answers
        makers += is_right
        models += is_right and model != "" and squeezed(model) in squeezed(name)
        right_kinds += is_right and kinds(kind) in said_kind.split()
    return seen, makers, models, right_kinds


def met(yes):
    return "met" if yes else "not met"


def score(scope, *folders):
    costs = [json.loads(pathlib.Path(folder, "costs.json").read_text(encoding="utf-8")) for folder in folders]
    stats = [json.loads(pathlib.Path(folder, "stats.json").read_text(encoding="utf-8")) for folder in folders]
    truth = list(truths(stats[0], scope))
    ours = grade(truth, gatehouse_answers(folders[0]), lambda kind: kind)
    peer = grade(truth, nmap_answers(folders[0]), lambda kind: NMAP_KINDS.get(kind, "-"))
    seconds = statistics.median(cost["gatehouse"]["seconds"] for cost in costs)
    packets = statistics.median(cost["gatehouse"]["packets"] for cost in costs)
    devices = len(stats[0]["devices"])
    logins = max(device["logins"] for run_stats in stats for device in run_stats["devices"])
    lockouts = sum(run_stats["totals"]["lockouts"] for run_stats in stats)
    other = costs[0].get("nmap")
    more = "" if other is None or other["ended"] else ">"
    limit = TARGETS.get(devices)
    print(f"{devices} devices, {len(truth)} of them in {scope}; median of {len(folders)} runs of gatehouse, one of nmap")
    print(f"  {'':34}{'gatehouse':>10}{'nmap -sV':>10}  target")

    def row(name, mine, theirs, target=""):
        print(f"  {name:34}{mine:>10}{theirs if other else '-':>10}  {target}".rstrip())

    row("seconds", f"{seconds:.1f}", other and f"{more}{other['seconds']:.1f}", f"{limit}: {met(seconds <= limit)}" if limit else "")
    if other:
        ratio = other["seconds"] / seconds
        row("times faster", f"{more}{ratio:.1f}", "", f"10: {met(ratio >= 10)}")
    row("packets sent", f"{packets:.0f}", other and str(other["packets"]))
    row("devices that answered", str(ours[0]), str(peer[0]))
    row("maker right", str(ours[1]), str(peer[1]), f"more than nmap: {met(ours[1] > peer[1])}" if other else "")
    row("maker and model right", str(ours[2]), str(peer[2]))
    row("maker and kind right", str(ours[3]), str(peer[3]))
    row("log-ins in all", f"{statistics.median(s['totals']['logins'] for s in stats):.0f}", "0")
    row("log-ins at one device, at most", str(logins), "0", f"2: {met(logins <= 2)}")
    row("lock-outs", str(lockouts), "0", f"0: {met(lockouts == 0)}")


if __name__ == "__main__":
    {"run": run, "score": score}[sys.argv[1]](*sys.argv[2:])
