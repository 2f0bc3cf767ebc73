"""The process of one simulator: builds, then runs once for every line that it reads.

``python -m tests.benchmarks.rivals NAME NETWORK SCALE DURATION THREADS``. An empty line asks for a
run, a number for one with that seed. What it answers are lines of JSON behind a mark, as simulators
print what they like.
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict
from typing import Any

from tests.benchmarks.rivals import MARK, runners


def most_memory() -> int:
    """Return the most bytes that this process has had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def say(**what: Any) -> None:
    """Answer."""
    print(MARK + json.dumps(what), flush=True)


def main(name: str, network: str, scale: str, duration: str, threads: str) -> None:
    """Build, and run as often as a line is read."""
    kind = runners()[name]
    missing = kind.missing()
    say(missing=missing, redraws=kind.redraws, counts_cpu=kind.counts_cpu)
    if missing:
        return
    before = most_memory()
    runner = kind(network, float(scale), float(duration), int(threads))
    runner.build()
    say(synapses=int(runner.n_synapses), needs=runner.needs())
    for line in sys.stdin:
        run = runner.sample(int(line)) if line.strip() else runner.run()
        say(**asdict(run), memory=most_memory() - before)


if __name__ == "__main__":
    main(*sys.argv[1:])
