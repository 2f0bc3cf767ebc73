"""Write constraints.txt: what pip resolves for both legs, Python 3.11 and 3.12+.

Versions that stand in constraints.txt are kept where they still fit; `--upgrade` forgets them.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
EXTRAS = ".[test,dev,bench]"
LEGS = {'python_version < "3.12"': "3.11", 'python_version >= "3.12"': "3.13"}
HEADER = """\
# The tested versions of everything Spikescope needs, on both legs (Python 3.11 and 3.12+).
# Written by `make pin`; the ranges that should work are in pyproject.toml.
"""


def resolve(version: str) -> dict[str, str]:
    """Ask pip what it would install on one leg: distribution name -> version."""
    find = subprocess.run([ROOT / ".ci/find-python", version], capture_output=True, text=True)
    if find.returncode:
        sys.exit(f"constraints.txt needs both legs, and no Python {version} was found.")
    python = find.stdout.strip()
    command = [python, "-m", "pip", "install", "--dry-run", "--ignore-installed", "-qq"]
    if CONSTRAINTS.exists() and "--upgrade" not in sys.argv:
        command += ["-c", CONSTRAINTS]
    command += ["--report", "-", EXTRAS]
    report = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = (item["metadata"] for item in json.loads(report)["install"])
    return {data["name"]: data["version"] for data in found if data["name"] != "spikescope"}


def merge(legs: dict[str, dict[str, str]]) -> list[str]:
    """One line for a version both legs share, one with its marker for each that differs."""
    lines = []
    for name in sorted(set().union(*legs.values()), key=str.lower):
        versions = [resolved.get(name) for resolved in legs.values()]
        if len(set(versions)) == 1:
            lines.append(f"{name}=={versions[0]}")
            continue
        for marker, version in zip(legs, versions, strict=True):
            if version:
                lines.append(f"{name}=={version} ; {marker}")
    return lines


legs = {marker: resolve(version) for marker, version in LEGS.items()}
CONSTRAINTS.write_text(HEADER + "\n".join(merge(legs)) + "\n")
