"""check_siem.py WRITE_SIEM SOURCE: what other people's parsers read in a record is what the event says.

JSON by Python, OCSF by its schema, RFC 5424 and CEF by jc where it is installed and always by parsers
written here from the specifications.
"""

import base64
import calendar
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import time

TOOL, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
ORIGIN, HOST, LEAF = "log.example/north", "gate.example", "abcd" + 60 * "0"
bad = 0


def wrong(*words):
    global bad
    bad += 1
    if bad < 30:
        print(*(str(word)[:300] for word in words))


# The rows of fields.def: member, parameter, CEF key, CEF label, OCSF path, ECS path.
ROWS = {}
for kind, member, *rest in re.findall(
        r'^(TEXT|TIME|NUMBER)\(\w+,\s*"([^"]*)",\s*"([^"]*)",\s*"([^"]*)",\s*"([^"]*)",\s*"([^"]*)",\s*"([^"]*)"\)',
        (SOURCE / "src/siem/fields.def").read_text(), re.M):
    ROWS[member] = (kind, *rest)

# What somebody may type as a name; each goes into every text of an event.
NASTY = [
    "plain", "", " ", "two  blanks inside", " at both ends ", "a=b", "x outcome=ok suser=root", "a\\=b", "back\\slash\\",
    "quote\"quote", "]", "x\"] [gatehouse@32473 user=\"root\"] ", "|CEF:0|A|B|C|D|E|9|suser=root", "a|b||c",
    "line\nbreak", "car\rret", "both\r\n<110>1 - - - - - - forged", "\n", "\t tab", "\x01\x02\x1b[31mred", "del\x7f",
    "nel\x85here", "csi\x9b1m", "\u2028 and \u2029", "zero\u200bwidth\u200d", "\u202eright to left\u202c", "\u2066iso\u2069",
    "\ufeffmark", "\ufffd\ufff9", "=1+1", "+cmd|' /C calc'!A0", "@SUM(1)", "-2+3", "'quoted'", "base64:YWJj", "base64:",
    "base64:!!", "base64:Zm9v\n", "Żółć 監視 🎥", "\U0010ffff", "{\"a\":1}", "[\"x\"]", "\\n\\r\\u0000", "%0d%0a", "${jndi:x}",
    "a,b;c\td", "null", "true", "0", "x" * 64000, "=" * 3000 + "\\" * 3000 + "]" * 3000 + "\"" * 3000, "\n" * 5000, "é" * 9000,
]


def texts(event, out=None, path=""):
    out = {} if out is None else out
    for name, value in event.items():
        if isinstance(value, dict) and name != "detail":
            texts(value, out, path + name + ".")
        else:
            out[path + name] = value
    return out


def canonical(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def full(action="footage.playback", text="plain", outcome="ok"):
    return {
        "action": action, "actor": {"factor": text, "ip": "10.0.0.7", "role": text, "session": text, "user": text},
        "bytes": 9007199254740991, "detail": {"duration_ms": 2000, "n": [1, {"x": text}], "phase": "end", "view": "v-1"},
        "digest": "sha256:" + 64 * "a", "id": "e-00000001", "outcome": outcome, "reason": text, "site": text,
        "target": {"cameras": [text, "yard"], "from": "2026-11-20T00:00:00.000Z", "object": text,
                   "to": "2026-11-20T00:10:00.001Z", "vms": text},
        "time": "2026-11-23T02:14:05.123Z", "time_quality": "unsynced", "v": 1, "writer": {"pid": 4711, "uid": 998}}


def events():
    for text in NASTY:
        yield full(text=text[:800])
    for member in ("user", "ip", "role", "session", "factor"):
        for text in NASTY:
            event = {"action": "auth.login", "actor": {member: text}, "id": "e-00000002", "outcome": "refused", "site": "north",
                     "time": "2026-01-02T03:04:05.006Z", "v": 1, "writer": {"pid": 1, "uid": 0}}
            yield event
    for text in NASTY:
        yield {"action": "device.change", "id": "e-00000003", "outcome": "failed", "site": "north",
               "target": {"cameras": [text[:20000]], "object": text[:20000]}, "time": "2099-12-31T23:59:59.999Z", "v": 1}
    for ip in ("192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "fe80::1%eth0", "1.2.3", "010.0.0.1", "host.example", "10.0.0.7 "):
        yield {"action": "auth.fail", "actor": {"ip": ip}, "id": "e-00000004", "outcome": "refused", "reason": "no", "site": "n",
               "time": "2026-01-02T03:04:05.006Z", "v": 1}
    actions = re.findall(r'^ACTION\(\w+,\s*"([^"]+)"', (SOURCE / "src/ledger/actions.def").read_text(), re.M)
    for action in actions:
        for outcome in ("ok", "refused", "failed", "unknown"):
            yield full(action, "guard", outcome)
            yield {"action": action, "id": "e-00000005", "outcome": outcome, "site": "n", "time": "2026-01-02T03:04:05.006Z", "v": 1}
    yield {"action": "later.thing", "color": "red", "outcome": "sideways", "time": "2026-01-02T03:04:05.006Z"}
    for phase in ("begin", "end"):
        yield {"action": "assess.run", "detail": {"phase": phase}, "id": "e-00000006", "outcome": "ok", "site": "n",
               "time": "2026-01-02T03:04:05.006Z", "v": 1}


STRANGE = [b"", b"entry 7", b"{}", b"\x00\xff\xfe", b"line\nline", b"base64:YWJj", b'{"action":"auth.login","actor":{"user":"eve"}}',
           "bidi \u202e \u0085".encode(), b"x" * 65535, bytes(range(256)) * 8]
EVENTS = list(events())
ENTRIES = [canonical(event) for event in EVENTS] + STRANGE


def records(form):
    answer = subprocess.run([TOOL, form], input=b"\n".join(entry.hex().encode() for entry in ENTRIES) + b"\n",
                            stdout=subprocess.PIPE, check=True).stdout
    lines = answer.split(b"\n")[:-1]
    if len(lines) != len(ENTRIES):
        wrong(form, "lines", len(lines), "entries", len(ENTRIES))
    for line in lines:
        if re.search(rb"[\x00-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]", line):
            wrong(form, "a control character or line separator", line)
    return [line.decode("utf-8") for line in lines]


def meant(text):
    """The bytes that a text of an event stands for."""
    if text.startswith("base64:"):
        try:
            found = base64.b64decode(text[7:], validate=True)
            if found and base64.b64encode(found).decode() == text[7:]:
                return found
        except ValueError:
            pass
    return text.encode()


def read(value):
    """The bytes that a value of syslog or CEF stands for: what begins with base64: always is."""
    return base64.b64decode(value[7:], validate=True) if value.startswith("base64:") else value.encode()


def milliseconds(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) * 1000 + int(text[20:23])


# --- RFC 5424, by its section 6 ---

def split_5424(line):
    match = re.fullmatch(r"<(\d{1,3})>1 (\S+) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) "
                         r"((?:\[[^ =\]\"]{1,32}(?: [^ =\]\"]{1,32}=\"(?:[^\"\\\]]|\\.)*\")*\])+) \ufeff(.*)", line)
    if match is None:
        return None
    elements = {}
    for name, params in re.findall(r"\[([^ =\]\"]+)((?: [^ =\]\"]+=\"(?:[^\"\\\]]|\\.)*\")*)\]", match[7]):
        found = re.findall(r" ([^ =\]\"]+)=\"((?:[^\"\\\]]|\\.)*)\"", params)
        if len({key for key, _ in found}) != len(found):
            wrong("rfc5424 a parameter stands twice", line)
        elements[name] = {key: re.sub(r"\\([\"\\\]])", r"\1", value) for key, value in found}
    return match, elements


def check_values(form, line, event, values, keys):
    """values: what was read, by the form's names; keys: member -> name."""
    said = texts(event)
    for member, key in keys.items():
        if member not in said:
            if key in values:
                wrong(form, key, "appears from nowhere", line)
            continue
        value = said[member]
        got = values.pop(key, None)
        if got is None:
            wrong(form, member, "is lost", line)
        elif isinstance(value, int):
            if got != str(value):
                wrong(form, member, got, value)
        elif read(got) != meant(value):
            wrong(form, member, got, value)


def check_place(form, line, index, values, keys):
    for key, value in zip(keys, (str(index), ORIGIN, LEAF, "4711", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")):
        if values.pop(key, None) != value:
            wrong(form, key, "is not", value, line)


def check_rest(form, line, event, values, names):
    """Cameras, detail, ip, the whole entry; then nothing may be left."""
    one, many, detail, ips, entry = names
    cameras = event.get("target", {}).get("cameras", [])
    if len(cameras) == 1 and read(values.pop(one, "")) != meant(cameras[0]):
        wrong(form, "camera", line)
    if len(cameras) > 1 and json.loads(values.pop(many, "0")) != cameras:
        wrong(form, "cameras", line)
    if "detail" in event and json.loads(values.pop(detail, "0")) != event["detail"]:
        wrong(form, "detail", line)
    found = [values.pop(key) for key in ips if key in values]
    said = event.get("actor", {}).get("ip")
    if [read(value) for value in found] != ([] if said is None else [meant(said)]):
        wrong(form, "ip", found, said)
    whole = values.pop(entry, None)
    if (whole is not None) != (event["action"] == "later.thing") or (whole and read(whole) != canonical(event)):
        wrong(form, "whole entry", whole)
    if values:
        wrong(form, "more than the event says", values, line)


def check_5424(lines, jc):
    keys = {member: row[1] for member, row in ROWS.items()}
    for index, line in enumerate(lines):
        split = split_5424(line)
        if split is None:
            wrong("rfc5424 no record", line)
            continue
        match, elements = split
        if match[3] != HOST or match[4] != "gatehouse" or int(match[1]) // 8 != 13:
            wrong("rfc5424 header", line)
        values = elements["gatehouse@32473"]
        check_place("rfc5424", line, index, values, ("index", "origin", "leaf", "tree_size", "root"))
        if index >= len(EVENTS):
            if (match[2], match[6]) != ("-", "no.event") or read(values["entry"]) != ENTRIES[index] or len(values) != 1:
                wrong("rfc5424 no event", line)
            continue
        event = EVENTS[index]
        if match[2] != event["time"] or match[6] not in (event["action"], "unknown.action"):
            wrong("rfc5424 header", line)
        check_values("rfc5424", line, event, values, keys)
        check_rest("rfc5424", line, event, values, ("camera", "cameras", "detail", ("ip",), "entry"))
        if jc is not None and index % 3 == 0 and len(line) < 8192:
            # Its expression has no priorities from 100 to 109.
            theirs = jc.parse("syslog", re.sub(r"^<10\d>", "<110>", line), quiet=True)[0]
            found = theirs.get("structured_data") or [{}]
            if theirs.get("msg_id") != match[6] or found[0].get("parameters", {}).get("index") != str(index):
                wrong("rfc5424 jc reads", theirs)


# --- CEF, by the ArcSight guide: header fields between unescaped pipes, a value ends before the next key ---

def unescape(text):
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "r": "\r"}.get(match[1], match[1]), text)


def split_cef(line):
    match = re.fullmatch(r"<(\d+)>([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (\S+) CEF:0((?:\|(?:[^|\\]|\\[|\\])*){6})\|(.*)", line, re.S)
    if match is None:
        return None
    header = re.findall(r"\|((?:[^|\\]|\\[|\\])*)", match[4])
    keys = list(re.finditer(r"(?:^| )(\w+)(?<!\\)=", match[5]))
    values = {}
    for key, after in zip(keys, keys[1:] + [None]):
        if key[1] in values:
            wrong("cef a key stands twice", key[1], line)
        values[key[1]] = unescape(match[5][key.end():after.start() if after else None])
    return match, header, values


def check_cef(lines, jc):
    keys = {member: row[2] for member, row in ROWS.items()}
    labels = {row[2] + "Label": row[3] for row in ROWS.values() if row[3]}
    for index, line in enumerate(lines):
        split = split_cef(line)
        if split is None:
            wrong("cef no record", line)
            continue
        match, header, values = split
        values.pop("msg", None)
        for key in list(values):
            if key.endswith("Label"):
                label = values.pop(key)
                if key[:-5] not in values or label != labels.get(key, label):
                    wrong("cef label", key, label)
                if key == "cs1Label":
                    values[label] = values.pop("cs1")
        if header[:2] != ["Gatehouse", "Gatehouse"] or not 0 <= int(header[5]) <= 10:
            wrong("cef header", line)
        check_place("cef", line, index, values, ("cn1", "cs6", "gatehouseLeaf", "gatehouseTreeSize", "gatehouseRoot"))
        if index >= len(EVENTS):
            if header[3] != "no.event" or read(values["gatehouseEntry"]) != ENTRIES[index] or len(values) != 1:
                wrong("cef no event", values)
            continue
        event = EVENTS[index]
        if int(values.pop("rt")) != milliseconds(event["time"]) or header[3] not in (event["action"], "unknown.action"):
            wrong("cef time or action", line)
        for key in ("deviceCustomDate1", "deviceCustomDate2"):
            if key in values:
                values[key] = event["target"]["from" if key[-1] == "1" else "to"] if int(values[key]) == milliseconds(
                    event["target"]["from" if key[-1] == "1" else "to"]) else "wrong"
        check_values("cef", line, event, values, keys)
        check_rest("cef", line, event, values, ("camera", "cameras", "cs5", ("src", "c6a2", "gatehouseIp"), "gatehouseEntry"))
        if jc is not None and index % 3 == 0 and len(line) < 8192:
            theirs = jc.parse("cef", line[line.index("CEF:"):], raw=True, quiet=True)[0]
            if theirs.get("index", theirs.get("cn1")) != str(index) or theirs.get("deviceEventClassId") != header[3]:
                wrong("cef jc reads", theirs)


# --- JSON ---

def at(record, path):
    for name in path.replace("[]", ".0").split("."):
        record = record[int(name)] if isinstance(record, list) else record.get(name)
        if record is None:
            return None
    return record


def check_json(form, lines, column):
    found = []
    for index, line in enumerate(lines):
        record = json.loads(line, object_pairs_hook=unique)
        found.append(record)
        where = {"ecs": ("event.sequence", "gatehouse.origin", "event.hash", "gatehouse.tree_size", "gatehouse.root"),
                 "ocsf": ("metadata.sequence", "metadata.log_name", "unmapped.leaf", "unmapped.tree_size", "unmapped.root")}[form]
        place = [at(record, path) for path in where]
        if place != [index, ORIGIN, LEAF, 4711, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="]:
            wrong(form, place)
        whole = at(record, {"ecs": "event.original", "ocsf": "raw_data"}[form])
        if index >= len(EVENTS):
            if whole is None or text_or_bytes(whole, ENTRIES[index]):
                wrong(form, "no event", line)
            continue
        event = EVENTS[index]
        said = texts(event)
        for member, row in ROWS.items():
            if member == "id" and "id" not in said:
                continue
            if at(record, row[column]) != said.get(member):
                wrong(form, member, at(record, row[column]), said.get(member))
        if (whole is not None) != (event["action"] == "later.thing") or (whole and whole.encode() != canonical(event)):
            wrong(form, "whole entry", line)
        check_json_rest(form, record, event)
    return found


def unique(pairs):
    if len({name for name, _ in pairs}) != len(pairs):
        wrong("a member stands twice", pairs)
    return dict(pairs)


def text_or_bytes(text, entry):
    try:
        return text.encode() != entry if entry.decode() is not None else True
    except UnicodeDecodeError:
        return base64.b64decode(text[7:]) != entry


def check_json_rest(form, record, event):
    cameras = event.get("target", {}).get("cameras")
    ip = event.get("actor", {}).get("ip")
    if form == "ecs":
        got = (at(record, "gatehouse.cameras"), json.loads(at(record, "gatehouse.detail") or "null"),
               at(record, "source.address"), record["@timestamp"])
        if got != (cameras, event.get("detail"), ip, event["time"]):
            wrong(form, got)
    else:
        source = record.get("src_endpoint", {})
        got = (at(record, "unmapped.cameras"), at(record, "unmapped.detail"), source.get("ip", source.get("name")), record["time"])
        if got != (cameras, event.get("detail"), ip, milliseconds(event["time"])):
            wrong(form, got)


def check_chain(found):
    """The fingerprint is SHA-256 of the canonical record without it; each names the one before."""
    before = None
    for record in found:
        attestation = record["attestation_list"][0]
        fingerprint = attestation.pop("fingerprint")
        if hashlib.sha256(canonical(record)).hexdigest() != fingerprint["value"]:
            wrong("ocsf fingerprint", record["metadata"]["uid"])
        named = attestation.get("prev_event")
        if before is not None and (named is None or named["fingerprint"] != before[0] or named["uid"] != before[1]
                                   or named["type_uid"] != before[2]):
            wrong("ocsf chain", named, before)
        before = (fingerprint, record["metadata"]["uid"], record["type_uid"])


def check_schema(found):
    try:
        import jsonschema
    except ImportError:
        print("python3-jsonschema is not installed: OCSF is not held to its schema")
        return
    schema = json.loads((SOURCE / "doc/schema/ocsf-1.8.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    seen = set()
    for record in found:
        seen.add(record["class_uid"])
        for error in validator.iter_errors(record):
            inner = "; ".join(f"{e.json_path} {e.message[:80]}" for e in (error.context or [])[:40]
                              if "class_uid" not in e.json_path)
            wrong("ocsf schema", record["class_uid"], error.json_path, inner or error.message)
    if seen != {0, 1008, 2004, 3001, 3002, 3004, 6001, 6007}:
        wrong("ocsf classes", sorted(seen))
    for change in (lambda r: r.pop("metadata"), lambda r: r.update(type_uid=7), lambda r: r.update(time=1795400045)):
        broken = json.loads(json.dumps(found[0]))
        change(broken)
        if validator.is_valid(broken):
            wrong("the schema accepts anything")


def main():
    try:
        import jc
    except ImportError:
        jc = None
        print("jc is not installed: only this test's own parsers of syslog and CEF are asked")
    check_5424(records("rfc5424"), jc)
    check_cef(records("cef"), jc)
    check_json("ecs", records("ecs"), 5)
    found = check_json("ocsf", records("ocsf"), 4)
    check_schema(found)
    check_chain(found)
    print(len(ENTRIES), "entries,", bad, "wrong")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
