"""check_ocsf.py SCHEMA WRITE_REPORT: every OCSF line has what OCSF 1.8.0 demands; the schema can say no."""

import copy
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)

schema = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
bad = 0
by_class = {}
with tempfile.TemporaryDirectory() as folder:
    for kind in ("site", "partial", "clean", "empty"):
        path = pathlib.Path(folder, kind + ".jsonl")
        subprocess.run([sys.argv[2], kind, "ocsf", path], check=True)
        events = [json.loads(line) for line in path.read_bytes().splitlines()]
        uids = [event["metadata"]["uid"] for event in events]
        if len(set(uids)) != len(uids):
            bad += 1
            print(f"{kind}: an event uid is used twice")
        for event in events:
            by_class.setdefault(event["class_uid"], event)
            for error in validator.iter_errors(event):
                bad += 1
                print(f"{kind}: {event.get('class_uid')}: {error.json_path}: {error.message[:200]}")
if set(by_class) != {2002, 2003, 5001}:
    bad += 1
    print(f"classes written: {sorted(by_class)}")


def breaks(uid, change):
    event = copy.deepcopy(by_class[uid])
    change(event)
    return not validator.is_valid(event)


wrong = {
    "a finding without an id": (2003, lambda e: e["finding_info"].pop("uid")),
    "a compliance finding without a standard": (2003, lambda e: e["compliance"].update(standards=[])),
    "a type that is not its class and activity": (2003, lambda e: e.update(type_uid=200399999)),
    "a time in seconds": (2003, lambda e: e.update(time=1795378500)),
    "no product": (5001, lambda e: e["metadata"].pop("product")),
    "another schema version": (5001, lambda e: e["metadata"].update(version="1.9.0-dev")),
    "an inventory without a device": (5001, lambda e: e.pop("device")),
    "a device without a type": (5001, lambda e: e["device"].pop("type_id")),
    "a vulnerability that nothing names": (2002, lambda e: e["vulnerabilities"][0].pop("cve")),
    "no vulnerabilities": (2002, lambda e: e.update(vulnerabilities=[])),
}
for name, (uid, change) in wrong.items():
    if not breaks(uid, change):
        bad += 1
        print(f"the schema accepts {name}")
sys.exit(1 if bad else 0)
