"""What an entry must be: chapter 9 of doc/ledger-format.md and gatehouse-events(7)."""
import base64
import datetime
import json
import re

MOST = 9007199254740991
DEEP = 8
ENTRY_MOST = 65535
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
UNSEEN = re.compile(
    "[\0-\x20\x7f-\xa0\xad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff9-\ufffb]*")
DEMANDS = {
    "auth.login": "actor.ip actor.user", "auth.fail": "reason actor.ip", "auth.logout": "actor.session actor.user",
    "auth.ban": "reason actor.ip", "footage.live": "actor.ip actor.user target.cameras",
    "footage.playback": "actor.ip actor.user target.cameras", "footage.snapshot": "actor.ip actor.user target.cameras",
    "footage.export": "actor.ip actor.user target.cameras", "footage.unclassified": "actor.ip target.object",
    "config.change": "actor.user target.object", "user.change": "actor.user target.object",
    "secret.show": "detail reason actor.user",
    "device.rotate": "target.object", "device.change": "target.object", "network.change": "target.object",
    "assess.run": "detail", "assess.login": "target.object", "ledger.read": "detail actor.user",
    "ledger.fork": "detail reason", "evidence.make": "detail reason actor.user",
    "ledger.prune": "detail reason actor.user", "ledger.erase": "detail reason actor.user", "system.start": "detail", "system.stop": "", "system.clock": "detail",
    "system.full": "detail", "system.key": "detail", "system.note": "reason actor.user",
}


class NoEvent(Exception):
    """The entry is not an event."""


def need(good, words):
    """Ends the judgement unless that holds."""
    if not good:
        raise NoEvent(words)


def refuse_number(text):
    """No fraction, exponent, NaN."""
    raise NoEvent(f"{text[:20]} is no integer")


def walk(value, deep=1):
    """Refuses what RFC 8785 would write but an event may not have; returns whether a name is beyond U+FFFF."""
    beyond = False
    if isinstance(value, str):
        need("\0" not in value, "a text has U+0000")
    elif isinstance(value, int) and not isinstance(value, bool):
        need(-MOST <= value <= MOST, "a number is out of range")
    elif isinstance(value, (dict, list)):
        need(deep <= DEEP, "too deep")
        for name in value if isinstance(value, dict) else ():
            need("\0" not in name, "a name has U+0000")
            beyond = beyond or any(c > "\uffff" for c in name)
        for inner in value.values() if isinstance(value, dict) else value:
            beyond = walk(inner, deep + 1) or beyond
    return beyond


def in_order(value):
    """The same value with members in the order of UTF-16 code units."""
    if isinstance(value, dict):
        return {k: in_order(value[k]) for k in sorted(value, key=lambda k: k.encode("utf-16-be"))}
    return [in_order(v) for v in value] if isinstance(value, list) else value


def canonical(data):
    """The value of canonical JSON; refuses any other spelling."""
    try:
        value = json.loads(data.decode(), parse_float=refuse_number, parse_constant=refuse_number)
        beyond = walk(value)
        again = json.dumps(
            in_order(value) if beyond else value, ensure_ascii=False, separators=(",", ":"), sort_keys=not beyond)
        need(again.encode() == data, "not canonical")
    except (ValueError, RecursionError) as bad:
        raise NoEvent(f"no canonical JSON: {bad}"[:120]) from None
    return value


def text(value):
    """A text; one that begins with base64: is always encoded."""
    need(isinstance(value, str), "no text")
    if value.startswith("base64:"):
        try:
            inner = base64.b64decode(value[7:].encode(), validate=True)
        except ValueError:
            raise NoEvent("base64: and no base64") from None
        need(inner and base64.b64encode(inner).decode() == value[7:], "base64 of nothing, or in another spelling")


def words(value):
    """A text in which something can be seen."""
    text(value)
    need(not UNSEEN.fullmatch(value), "a blank reason")


def named(value):
    """A text, not empty."""
    text(value)
    need(value, "an empty text")


def texts(value):
    """A list of texts, none empty."""
    need(isinstance(value, list), "no list")
    for one in value:
        named(one)


def number(value):
    """An integer from 0."""
    need(type(value) is int and value >= 0, "no number")  # pylint: disable=unidiomatic-typecheck


def moment(value):
    """A time, of a day that there is."""
    need(isinstance(value, str) and TIME.fullmatch(value), "no time")
    year = int(value[:4]) or 2000  # of the same length as the year 0, which Python does not have
    try:
        datetime.datetime.strptime(f"{year:04}{value[4:19]}", "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        raise NoEvent("a time that there is not") from None


def one_of(*values):
    """One of those."""
    return lambda value: need(type(value) in (str, int) and value in values, "an unknown word")


def like(pattern):
    """A text of that form."""
    form = re.compile(pattern, re.ASCII)
    return lambda value: need(isinstance(value, str) and form.fullmatch(value), "another form")


def members(table, always=()):
    """An object with no other members than those."""
    def judge(value):
        need(isinstance(value, dict), "no object")
        for name, inner in value.items():
            need(name in table, f"{name[:40]} is no member")
            table[name](inner)
        for name in always:
            need(name in value, f"{name} is not there")
    return judge


EVENT = members({
    "action": one_of(*DEMANDS),
    "actor": members({"factor": text, "ip": text, "role": text, "session": text, "user": text}),
    "bytes": number, "detail": lambda v: need(isinstance(v, dict), "no object"),
    "digest": like("sha256:[0-9a-f]{64}"), "id": like("[A-Za-z0-9_-]{8,63}"),
    "outcome": one_of("ok", "refused", "failed", "unknown"), "reason": words, "site": named,
    "target": members({"cameras": texts, "from": moment, "object": text, "to": moment, "vms": text}),
    "time": moment, "time_quality": one_of("unsynced", "stepped"), "v": lambda v: need(v == 1 and v is not True, "v"),
    "writer": members({"pid": number, "uid": number}, ("pid", "uid")),
}, ("action", "id", "outcome", "site", "time", "v", "writer"))


def judge_event(data):
    """The event that an entry is; NoEvent says why it is none."""
    need(len(data) <= ENTRY_MOST, "too long")
    value = canonical(data)
    EVENT(value)
    for path in DEMANDS[value["action"]].split():
        inner = value
        for name in path.split("."):
            inner = inner.get(name) if isinstance(inner, dict) else None
        need(inner is not None and (inner or isinstance(inner, dict)), f"{value['action']} demands {path}")
    return value
