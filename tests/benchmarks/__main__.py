"""Measure, print, and fail where a goal was missed: ``make bench``.

``python -m tests.benchmarks networks live`` measures these parts alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from tests.benchmarks import engine_speed, live_path, networks
from tests.benchmarks.report import Figure, show

PARTS: dict[str, Callable[[], list[Figure]]] = {
    "engine": engine_speed.figures,
    "networks": networks.figures,
    "live": live_path.figures,
}


def main(wanted: list[str]) -> int:
    """Run the parts asked for, or all; the browser's only where there is a browser."""
    unknown = [part for part in wanted if part not in PARTS]
    if unknown:
        print(f"There is no part {unknown[0]!r}; there are {', '.join(PARTS)}.")
        return 2
    print("Ratios of medians or percentiles, baselines measured in turn with ours in this run.\n")
    figures = []
    for part in wanted or PARTS:
        if part == "live" and os.environ.get("SPIKESCOPE_NO_BROWSER"):
            print("The live path was left out: there is no browser.\n")
            continue
        found = PARTS[part]()
        show(found)
        figures += found
    return 1 if any(figure.met is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
