"""Networks through the public interface, against compiled simulators.

Every figure is the median of ratios of runs that alternate. Not measured on either side: to draw or
make the connections, to compile, and to start a process.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from tests.benchmarks.contender import Contender
from tests.benchmarks.report import Figure

__all__ = ["figures"]

OURS = "Spikescope"
SEEDS = range(1, 17)
AT_LEAST, AT_MOST, SECONDS = 3, 15, 8.0
SAME_RATE, SAME_SYNAPSES = 0.03, 0.01


@dataclass(frozen=True)
class Goal:
    """How many times faster than a simulator we want to be."""

    network: str
    rival: str
    times: float
    duration: float = 1000.0
    threads: int = 1


GOALS = (
    Goal("coba", "Brian2 C++ standalone", 2.0),
    Goal("coba", "Brian2 C++ standalone in float32", 2.0),
    Goal("coba", "brainpy.state with brainevent", 8.0),
    Goal("coba", "NEST", 8.0),
    Goal("cuba", "Brian2 C++ standalone", 1.0),
    Goal("cuba", "Brian2 C++ standalone in float32", 1.0),
    Goal("cuba", "brainpy.state with brainevent", 8.0),
    Goal("cuba", "NEST", 8.0),
    Goal("brunel", "NEST", 1.0, 300.0),
    Goal("brunel", "NEST", 1.0, 300.0, threads=2),
)
TITLES = {
    "coba": "COBA, 4,000 neurons x 1 s",
    "cuba": "CUBA, 4,000 neurons x 1 s",
    "brunel": "Brunel AI, 12,500 neurons with 10 % x 0.3 s",
}

SCALES = (0.25, 1.0, 5.0, 25.0)
FLAT = 2.0


def figures() -> list[Figure]:
    """Measure, and check that all do the same work."""
    return [*_against_rivals(), *_scaling()]


# -- against rivals --------------------------------------------------------------------------------


def _against_rivals() -> Iterator[Figure]:
    for network, title in TITLES.items():
        goals = [goal for goal in GOALS if goal.network == network]
        with Contender(OURS, network, duration=goals[0].duration) as ours:
            for seed in SEEDS:
                ours.run(seed)
            spikes = [run["spikes"] for run in ours.runs]
            for goal in goals:
                with _rival(goal) as rival:
                    yield _duel(f"{title}: {rival.name}", goal.times, ours, rival, spikes)


def _rival(goal: Goal) -> Contender:
    return Contender(goal.rival, goal.network, duration=goal.duration, threads=goal.threads)


def _duel(title: str, times: float, ours: Contender, rival: Contender, spikes: list[int]) -> Figure:
    """Let two run in turn, several times, and compare."""
    wanted = f">= {times:g} x ours"
    if rival.missing:
        return Figure(title, f"left out: {rival.missing}", wanted)
    pairs: list[tuple[float, float]] = []
    begin = time.perf_counter()
    while len(pairs) < AT_LEAST or (len(pairs) < AT_MOST and time.perf_counter() - begin < SECONDS):
        pairs.append((rival.run()[rival.clock], ours.run()[rival.clock]))
    other = _other_work(ours, rival, spikes)
    if other:
        return Figure(title, f"not the same work: {other}", wanted, False)
    ratio = statistics.median(theirs / mine for theirs, mine in pairs)
    theirs, mine = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
    whole = statistics.median(run["whole_seconds"] for run in rival.runs)
    beside = f" of processor; with connecting and saving {whole:.2f} s" if whole else ""
    value = f"{ratio:.2f} ({theirs:.3f} / {mine:.3f} s{beside})"
    return Figure(title, value, wanted, ratio >= times)


def _other_work(ours: Contender, rival: Contender, spikes: list[int]) -> str:
    """Say where connections or rates differ by more than chance has it; empty where they agree.

    A rate depends on which connections were drawn: how much, our seeds show.
    """
    if abs(rival.synapses / ours.synapses - 1.0) > SAME_SYNAPSES:
        return f"{rival.synapses:,} synapses, ours {ours.synapses:,}"
    theirs = [run["spikes"] for run in rival.runs]
    draws = len(theirs) if rival.redraws else 1
    a, b = statistics.mean(spikes), statistics.mean(theirs)
    by_chance = statistics.stdev(spikes) * math.sqrt(1 / len(spikes) + 1 / draws)
    if abs(a - b) > SAME_RATE * a + 2.0 * by_chance:
        return f"{b:,.0f} spikes, ours {a:,.0f}, by chance {by_chance:,.0f}"
    return ""


# -- from small to large ---------------------------------------------------------------------------


def _scaling() -> Iterator[Figure]:
    """Run COBA in several sizes, 80 connections to every neuron."""
    with ExitStack() as stack:
        sizes = [stack.enter_context(Contender(OURS, "coba", scale)) for scale in SCALES]
        for _ in range(AT_LEAST):
            for ours in sizes:
                ours.run()
    costs = []
    for scale, ours in zip(SCALES, sizes, strict=True):
        events = ours.runs[-1]["spikes"] * ours.synapses / (4000 * scale)
        seconds = statistics.median(run["seconds"] for run in ours.runs)
        costs.append(seconds / events * 1e9)
        grown = max(run["memory"] for run in ours.runs)
        yield Figure(
            f"COBA, {4000 * scale:,.0f} neurons x 1 s",
            f"{seconds:.2f} s, {costs[-1]:.1f} ns a synaptic event, "
            f"{grown / 2**20:,.0f} MB more than empty, {ours.needs / 2**20:,.0f} MB foreseen",
        )
    flat = max(costs) / min(costs)
    yield Figure("dearest event / cheapest event", f"{flat:.2f}", f"<= {FLAT:g}", flat <= FLAT)
