#!/usr/bin/python3
"""All transcripts at once: a site that plays them, and what a report says of them against the truth.

    corpus.py site FOLDER          writes corpus.yaml (for gatehouse-lab) and owner.yaml (for gatehouse assess)
    corpus.py score FOLDER         compares FOLDER/report.json with corpus.def, prints the table
    corpus.py score FOLDER STATS   the same, with the log-ins and lock-outs that the devices counted

A verdict is right when it is FAIL on a gap, or PASS, "not applicable" or a note where there is none, or undecided where nothing
tells (the report lists neither "not applicable" nor questions that are not for its kind: both are None here). FAIL without
a gap is a false alarm, PASS on a gap a miss; where nothing tells, either is baseless and counts as the same.
A gap that is only noted or not seen counts as undecided."""
import collections
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TRANSCRIPTS = ROOT / "test/transcript"
NETWORK = "10.60.0"
FIRST = 10
VIDEO = ("camera", "recorder", "encoder", "door station")
KINDS = {"nvr": "recorder", "dvr": "recorder"}
EVERY = {"camera": ("account", "video", "picture", "onvif", "cloud", "ddns", "upnp"),
         "vms": ("video", "login", "streams", "footage", "keys", "setup", "asks", "vms-account", "vms-cloud", "vms-upnp")}
COLUMNS = ("right", "false alarm", "miss", "undecided")


def transcripts():
    """All folders with a device, in the order of the alphabet."""
    return sorted(str(path.parent.relative_to(TRANSCRIPTS)) for path in TRANSCRIPTS.glob("*/*/device.yaml"))


def address(number):
    return f"{NETWORK}.{FIRST + number}"


def first_account(record):
    """User and password of the first account of a device.yaml; None when it has none."""
    row = re.search(r'^accounts: *\[\{user: *"?([^,"]*)"?, *password: *(?:"([^"]*)"|([^}"]*))\}', record, re.M)
    return (row[1], row[2] if row[2] is not None else row[3]) if row else None


def site(folder):
    """Writes the two files into the folder; its folder "secrets" is where the lab puts the passwords."""
    folder = pathlib.Path(folder)
    (folder / "secrets").mkdir(parents=True, exist_ok=True)
    played = [f"lan: {NETWORK}.0/24", f"admin: {NETWORK}.2", f"transcripts: {TRANSCRIPTS}", "secrets: secrets", "devices:"]
    owned = ["name: Corpus", "authorised:", "  date: 2026-11-22", "  by: the test itself", "scope:", f"  - {NETWORK}.0/24", "devices:"]
    for number, transcript in enumerate(transcripts()):
        record = (TRANSCRIPTS / transcript / "device.yaml").read_text(encoding="utf-8")
        name = f"d{number}"
        more = f', mac: "02:c0:00:00:00:{number:02x}", serial: CORPUS{number:04}' if transcript.startswith("hostile/") else ""
        played.append(f"  - {{name: {name}, transcript: {transcript}, ip: {address(number)}{more}}}")
        account = first_account(record)
        if account and account[1]:
            owned.append(f"  - {{address: {address(number)}, name: {name}, user: \"{account[0]}\", password_file: secrets/{name}}}")
    (folder / "corpus.yaml").write_text("\n".join(played) + "\n", encoding="utf-8")
    (folder / "owner.yaml").write_text("\n".join(owned) + "\n", encoding="utf-8")


class Truth:
    """corpus.def: words of aspects, and per transcript the names and the labels."""

    def __init__(self, path=HERE / "corpus.def"):
        self.aspects, self.names, self.labels, self.every = {}, {}, {}, set()
        rows = re.findall(r'^([A-Z]+)\((.*)\)$', path.read_text(encoding="utf-8"), re.M)
        for kind, arguments in rows:
            values = re.findall(r'"([^"]*)"', arguments)
            if kind == "ASPECT":
                self.aspects[values[0]] = values[1]
                if arguments.endswith("EVERY"):
                    self.every.add(values[0])
            elif kind == "DEVICE":
                self.names[values[0]] = tuple(values[1:])
                labels = self.labels[values[0]] = {}
            else:
                for word in values[0].split():
                    if word not in self.aspects or word in labels:
                        raise ValueError(f"corpus.def: {kind} {word}: not an aspect, or twice")
                    labels[word] = kind.lower()

    def missing(self):
        """Labels that a device should have and has not."""
        for transcript in transcripts():
            if not transcript.startswith("innocent/"):
                kind = self.names.get(transcript, ("", "", "none"))[2]
                words = EVERY["camera"] if kind in VIDEO else EVERY.get(kind, ())
                yield from (f"{transcript}: {word}" for word in words if word not in self.labels[transcript])
                if kind == "none":
                    yield transcript


def rules():
    """(control, rule) -> aspect, read from the tables of src/check"""
    found = {}
    for name, control in re.findall(r'^CONTROL\((\w+), *"([\w-]+)"', (ROOT / "src/check/checklist.def").read_text(encoding="utf-8"), re.M):
        source = (ROOT / f"src/check/{name}.c").read_text(encoding="utf-8")
        tables = dict(re.findall(r"static const struct rule (\w+)\[\] = \{(.*?)\n\};", source, re.S))
        for aspect, table in re.findall(r'^ *\{"([\w-]+)", [^{}]*?(\w+), *COUNT\(\w+\)\}', source, re.M):
            for rule in re.findall(r'^ *\{\w+, *"([\w-]+)"', tables[table], re.M):
                found.setdefault((control, rule), f"{control}/{aspect}")
    return found


def verdicts(report):
    """(address, "control/aspect") -> verdict, and the rule that gave it"""
    known, found = rules(), {}
    places = {device["id"]: device["addresses"] for device in report["devices"]}
    for control in report["controls"]:
        for finding in control["findings"]:
            aspect = known.get((control["id"], finding["rule"]))
            for place in finding["places"]:
                for each in places.get(place["device"], ()):
                    found[each, aspect] = (finding["verdict"], finding["rule"])
    for device in report["devices"]:
        for passed in device["passed"]:
            control, rule = passed.split("/")
            for each in device["addresses"]:
                found[each, known[control, rule]] = ("PASS", rule)
    return found


def grade(label, verdict):
    """One of COLUMNS."""
    if label == "open":
        return {"FAIL": "right", "PASS": "miss"}.get(verdict, "undecided")
    if label == "closed":
        return {"FAIL": "false alarm", "UNKNOWN": "undecided"}.get(verdict, "right")
    return {"FAIL": "false alarm", "PASS": "miss"}.get(verdict, "right")


def compare(report, truth):
    """Counts by aspect, wrong rows, and rows that have no label though every device of the kind should have one."""
    found, counts, wrong = verdicts(report), collections.defaultdict(collections.Counter), []
    for number, transcript in enumerate(transcripts()):
        labels = truth.labels.get(transcript, {})
        for word, control in truth.aspects.items():
            verdict, rule = found.get((address(number), control), (None, "not judged"))
            if word in labels:
                mark = grade(labels[word], verdict)
            elif verdict == "FAIL" and transcript.startswith("innocent/"):
                mark = "false alarm"
            elif verdict in ("FAIL", "PASS") and word in truth.every:
                mark = "false alarm" if verdict == "FAIL" else "miss"
            else:
                continue
            counts[word][mark] += 1
            counts[word]["open"] += labels.get(word) == "open"
            counts[word]["not open"] += labels.get(word) != "open"
            if mark in ("false alarm", "miss"):
                wrong.append(f"{mark}: {transcript} ({address(number)}) {control}: {verdict} by {rule}, truth: {labels.get(word, 'no label')}")
            elif mark == "undecided":
                wrong.append(f"undecided: {transcript} ({address(number)}) {control}: {verdict} by {rule}, truth: {labels[word]}")
    return counts, wrong


def words(text):
    return " ".join(re.findall("[a-z0-9]+", (text or "").lower()))


def squeezed(text):
    return words(text).replace(" ", "")


def names(report, truth):
    """How many makers, models, kinds and versions are right, and what is wrong."""
    devices = {each: device for device in report["devices"] for each in device["addresses"]}
    counts, wrong = collections.Counter(), []
    for number, transcript in enumerate(transcripts()):
        device = devices.get(address(number))
        maker, model, kind = truth.names.get(transcript, ("", "", "innocent"))
        if device is None:
            counts["silent"] += 1
            continue
        counts["devices"] += 1
        said = " ".join(filter(None, (device["vendor"], device["brand"], device["model"], device["title"])))
        if kind == "innocent":
            counts["innocent"] += 1
            counts["innocent right"] += device["kind"] not in VIDEO + ("vms",)
            continue
        record = (TRANSCRIPTS / transcript / "device.yaml").read_text(encoding="utf-8")
        version = re.search(r'^firmware: *"?([^"\n]*)"?$', record, re.M)
        checks = [("kind", kind, device["kind"] == kind)]
        if maker:
            checks.append(("maker", maker, squeezed(maker) in squeezed(said)))
        if model:
            checks.append(("model", model, squeezed(model) in squeezed(said)))
        if version and version[1]:
            told = squeezed(device["version"])
            counts["versions told"] += told != ""
            if told:
                checks.append(("version", version[1], told in squeezed(version[1]) or squeezed(version[1]) in told))
        for word, right, is_right in checks:
            counts[f"{word} asked"] += 1
            counts[f"{word} right"] += is_right
            if not is_right:
                wrong.append(f"{word}: {transcript} ({address(number)}): {said!r}, {device['kind']}, {device['version']}; is {right}")
    return counts, wrong


def rate(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "-"


def table(counts, truth):
    """The lines of the table of checks."""
    yield f"  {'check':34}{'gaps':>5}{'others':>7}" + "".join(f"{column:>13}" for column in COLUMNS) + f"{'false alarms':>14}{'misses':>8}"
    total = collections.Counter()
    for word, control in [*truth.aspects.items(), (None, "all")]:
        row = counts[word] if word else total
        total.update(row if word else {})
        yield (f"  {control:34}{row['open']:>5}{row['not open']:>7}" + "".join(f"{row[column]:>13}" for column in COLUMNS) +
               f"{rate(row['false alarm'], row['not open']):>14}{rate(row['miss'], row['open'] or row['miss']):>8}")


def score(folder, stats=None):
    """Prints the tables; whether there was neither a false alarm nor a miss."""
    truth = Truth()
    report = json.loads(pathlib.Path(folder, "report.json").read_text(encoding="utf-8"))
    counts, wrong = compare(report, truth)
    named, wrong_names = names(report, truth)
    print(f"{named['devices']} of {len(transcripts())} transcripts answered, {named['innocent']} of them no cameras")
    print("\n".join(table(counts, truth)))
    for word in ("maker", "model", "kind", "version"):
        print(f"  {word + ' right':34}{named[word + ' right']:>5} of {named[word + ' asked']}")
    print(f"  {'innocent servers left alone':34}{named['innocent right']:>5} of {named['innocent']}")
    if stats:
        totals = json.loads(pathlib.Path(stats).read_text(encoding="utf-8"))["totals"]
        print(f"  {'log-ins, lock-outs':34}{totals['logins']:>5}, {totals['lockouts']}")
    for line in sorted(wrong) + wrong_names:
        print(f"  {line}")
    return not [line for line in wrong if not line.startswith("undecided")]


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("site", "score"):
        sys.exit(__doc__)
    if sys.argv[1] == "site":
        site(sys.argv[2])
    else:
        sys.exit(0 if score(*sys.argv[2:4]) else 1)
