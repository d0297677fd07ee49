"""check_frigate_api.py OPERATIONS: the published description in GATEHOUSE_FRIGATE_API says what the table says."""

import os
import pathlib
import re
import sys

published = os.environ.get("GATEHOUSE_FRIGATE_API", "")
if not published:
    print("GATEHOUSE_FRIGATE_API names no description")
    sys.exit(77)
try:
    import yaml
except ImportError:
    print("python3-yaml is not installed")
    sys.exit(77)

table = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
ours = {(m, p): r for m, p, r in re.findall(r'^OPERATION\("(\w+)", "([^"]+)", "(\w+)"\)$', table, re.M)}
paths = yaml.safe_load(pathlib.Path(published).read_text(encoding="utf-8"))["paths"]
methods = {"get", "put", "post", "delete", "patch", "head", "options"}
theirs = {
    (method.upper(), path): operation.get("x-required-role")
    for path, operations in paths.items()
    for method, operation in operations.items()
    if method in methods
}
wrong = [f"{key}: {theirs.get(key)} published, {ours.get(key)} here"
         for key in sorted(ours.keys() | theirs.keys()) if ours.get(key) != theirs.get(key)]
print("\n".join(wrong))
print(f"{len(theirs)} operations published, {len(wrong)} differ")
sys.exit(1 if wrong or not theirs else 0)
