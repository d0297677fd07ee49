"""What the gateway holds for ZoneMinder's parameters is what PHP holds for them, or it refuses."""

import random
import shutil
import subprocess

import pytest

from conftest import BUILD

PIECES = ["a", "b", "a", "c", "[", "]", ".", " ", "+", "%20", "%2e", "%2E", "%5B", "%5D", "[]", "[0]", "[1]", "[x]", "[ 0]",
          "=", "=", "&", "&", "_", "1", "0", "%61", "%", "%zz", "é", "%C3%A9", "%09", "\t", ";", "%26", "%3D"]
PHP = """while (($line = fgets(STDIN)) !== false) {
  $found = []; parse_str(rtrim($line, "\\n"), $found);
  foreach ($found as $name => $value)
    echo is_array($value) ? 'L:' . bin2hex($name) . ';' : 'S:' . bin2hex($name) . '=' . bin2hex($value) . ';';
  echo "\\n"; }"""


def told(command, queries):
    asked = "".join(query + "\n" for query in queries).encode()
    done = subprocess.run(command, input=asked, capture_output=True, check=True, timeout=60)
    return [set(line.split(";")) for line in done.stdout.decode().splitlines()]


@pytest.mark.skipif(shutil.which("php") is None, reason="needs php")
def test_params_are_those_of_php_or_refused():
    chance = random.Random(7)
    queries = ["".join(chance.choices(PIECES, k=chance.randint(1, 14))) for _ in range(30000)]
    ours = told([BUILD / "test" / "php_params"], queries)
    theirs = told(["php", "-r", PHP], queries)
    assert len(ours) == len(theirs) == len(queries)
    read = [(query, one, other) for query, one, other in zip(queries, ours, theirs) if one != {"refused"}]
    assert [row for row in read if row[1] != row[2]] == []
    assert len(read) > len(queries) / 4
