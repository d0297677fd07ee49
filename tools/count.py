#!/usr/bin/python3
"""Adds up JUnit files; prints "N passed, N failed" (", N skipped" when any); exit 1 when any failed.

A file that is missing or can't be read is one failure: its suite did not come to its end.
"""
import sys
import xml.etree.ElementTree as tree

passed = failed = skipped = 0
for name in sys.argv[1:]:
    try:
        cases = list(tree.parse(name).iter("testcase"))
    except (OSError, tree.ParseError) as error:
        failed += 1
        print("FAILED", name, error)
        continue
    for case in cases:
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            failed += 1
            print("FAILED", case.get("classname", ""), case.get("name"))
        elif "skipped" in kinds:
            skipped += 1
        else:
            passed += 1
if passed == 0:
    failed += 1
    print("no test ran")
print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
sys.exit(1 if failed else 0)
