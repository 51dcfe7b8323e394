"""The TypeScript of the pages has tests of its own, run by its own tool."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_tests_of_the_pages_pass() -> None:
    command = [str(ROOT / "deploy/setup/node.sh"), "npm", "--prefix", str(ROOT / "web"), "run", "--silent", "test"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
