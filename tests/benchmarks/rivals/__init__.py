"""The same networks in several simulators, each in a process of its own.

The processes wait for each other, so that what is measured alternates and none slows another.
"""

from __future__ import annotations

from tests.benchmarks.rivals.runner import Run, Runner

__all__ = ["MARK", "Run", "Runner", "runners"]

MARK = "@@"
"""What an answer begins with."""


def runners() -> dict[str, type[Runner]]:
    """Return every simulator by name."""
    # here, so that a simulator that prints or fails when it is imported does not in the others
    from tests.benchmarks.rivals.brainpy_state import BrainpyState
    from tests.benchmarks.rivals.brian2_standalone import Brian2Standalone, Brian2StandaloneSingle
    from tests.benchmarks.rivals.nest_simulator import Nest
    from tests.benchmarks.rivals.ours import Spikescope

    kinds = (Spikescope, Brian2Standalone, Brian2StandaloneSingle, Nest, BrainpyState)
    return {kind.name: kind for kind in kinds}
