"""Programs and modules of npm, kept for the next run: the tests have a home of their own, these have not."""
import fcntl
import re
import subprocess

import pytest

from conftest import KEPT


def installed(*packages):
    """The folder of modules with these packages ("name@version"), without their install scripts."""
    folder = KEPT / re.sub("[^\\w.-]", "-", packages[0])
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # tests run beside one another
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all((folder / "node_modules" / name.rsplit("@", 1)[0] / "package.json").exists() for name in packages):
            done = subprocess.run(["npm", "install", *packages, "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder,
                                  capture_output=True, text=True, timeout=300, check=False)
            if done.returncode != 0:
                pytest.skip(f"npm could not install {packages[0]}: {done.stderr[-200:]}")
    return folder / "node_modules"
