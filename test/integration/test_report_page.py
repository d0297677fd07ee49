"""The web page in a real browser: its own policy lets its script and style run, and nothing else.

Run: /usr/bin/python3 -m pytest -q test/integration/test_report_page.py   (needs chromium)
"""
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WRITE = pathlib.Path(os.environ.get("GATEHOUSE_BUILD", ROOT / "build")) / "test" / "unit" / "write_report"
CHROMIUM = shutil.which("chromium")
FLAGS = ("--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync --virtual-time-budget=3000").split()

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


def page(folder, kind, *flags, anchor=""):
    """The page as it stands after its script ran, and what the browser complained about."""
    path = folder / (kind + ".html")
    subprocess.run([WRITE, kind, "html", path], check=True)
    done = subprocess.run(
        [CHROMIUM, *FLAGS, *flags, "--enable-logging=stderr", f"--user-data-dir={folder}/profile", "--dump-dom",
         path.as_uri() + anchor], check=True, capture_output=True, text=True, timeout=120)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def test_its_script_runs_and_nothing_is_refused(tmp_path):
    dom, complaints = page(tmp_path, "site")
    assert complaints == []
    assert ">17 devices</output>" in dom
    assert 'id="filter" role="search" aria-label="Filter devices">' in dom


def test_text_of_devices_makes_no_elements(tmp_path):
    dom, _ = page(tmp_path, "site")
    assert dom.count("<script") == 1
    assert "<img" not in dom
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in dom


def test_a_link_opens_what_is_folded(tmp_path):
    closed, _ = page(tmp_path, "site")
    opened, _ = page(tmp_path, "site", anchor="#f-upnp-device-upnp-on")
    assert opened.count('<details class="fold" open') == closed.count('<details class="fold" open') + 1


def test_empty_and_partial_pages_have_no_errors(tmp_path):
    for kind in ("empty", "partial", "clean"):
        _, complaints = page(tmp_path, kind)
        assert complaints == []
