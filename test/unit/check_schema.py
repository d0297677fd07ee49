"""check_schema.py SCHEMA WRITE_REPORT: every JSON report fits the published schema, which can say no."""

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
reports = {}
with tempfile.TemporaryDirectory() as folder:
    for kind in ("site", "partial", "clean", "empty"):
        path = pathlib.Path(folder, kind + ".json")
        subprocess.run([sys.argv[2], kind, "json", path], check=True)
        reports[kind] = json.loads(path.read_text(encoding="utf-8"))

bad = 0
for kind, report in reports.items():
    for error in validator.iter_errors(report):
        bad += 1
        print(f"{kind}: {error.json_path}: {error.message[:200]}")


def breaks(change):
    report = copy.deepcopy(reports["site"])
    change(report)
    return not validator.is_valid(report)


wrong = {
    "a score above 100": lambda r: r.update(score=101),
    "no grade": lambda r: r.pop("grade"),
    "an unknown verdict": lambda r: r["controls"][0].update(verdict="MAYBE"),
    "a confidence that is text": lambda r: r["devices"][0].update(confidence="high"),
    "evidence without an answer": lambda r: r["controls"][0]["findings"][0]["places"][0]["evidence"].pop("answer"),
    "a member that the schema does not know": lambda r: r["devices"][0].update(password="secret"),
    "a FAIL without steps to close it": lambda r: r["controls"][0]["findings"][0].update(close=None),
}
for name, change in wrong.items():
    if not breaks(change):
        bad += 1
        print(f"the schema accepts {name}")
sys.exit(1 if bad else 0)
