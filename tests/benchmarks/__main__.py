"""Measure, print, and fail where a goal was missed: ``make bench``."""

from __future__ import annotations

import os
import sys

from tests.benchmarks import engine_speed, live_path
from tests.benchmarks.report import show


def main() -> int:
    """Run all benchmarks; the browser's only where there is a browser."""
    print("Ratios of medians or percentiles, baselines measured in turn with ours in this run.\n")
    figures = engine_speed.figures()
    if not os.environ.get("SPIKESCOPE_NO_BROWSER"):
        figures += live_path.figures()
    show(figures)
    return 1 if any(figure.met is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
