"""Runs every benchmark of this folder, or the named ones, each in a process of its own."""

import argparse
import pkgutil
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Return 0 when every benchmark ran to its end."""
    names = sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if m.name != "__main__")
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(names)}")
    wanted = parser.parse_args().names or names
    if unknown := sorted(set(wanted) - set(names)):
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(names)}")
    return max((_run(name) for name in wanted), default=0)


def _run(name: str) -> int:
    print(f"── {name}", flush=True)
    return abs(subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode)


if __name__ == "__main__":
    sys.exit(main())
