"""Spikescope, through its public interface alone."""

from __future__ import annotations

import time
from typing import ClassVar

from engine import memory, networks, simulate
from engine.network_experiment import NetworkExperiment
from tests.benchmarks.rivals.runner import Run, Runner

__all__ = ["Spikescope"]


class Spikescope(Runner):
    """A published network and `simulate`."""

    name = "Spikescope"
    published: ClassVar = {
        "coba": networks.CobaNetwork,
        "cuba": networks.CubaNetwork,
        "brunel": networks.BrunelAsynchronous,
    }
    experiment: NetworkExperiment

    def build(self) -> None:
        """Draw the connections and compile."""
        kind = self.published[self.network]
        self.experiment = kind.experiment(self.scale).set("duration", self.duration)
        self.n_synapses = sum(len(g.targets) for g in self.experiment.graphs.values())
        self.run()

    def run(self) -> Run:
        """Simulate; the recording holds step and neuron of every spike."""
        return self._run(self.experiment)

    def sample(self, seed: int) -> Run:
        """Draw other connections and another start too."""
        return self._run(self.experiment.set("seed", seed))

    def needs(self) -> float:
        """Return the estimate that a run is refused by."""
        return memory.estimate(self.experiment)

    def _run(self, experiment: NetworkExperiment) -> Run:
        begin, cpu = time.perf_counter(), time.process_time()
        recording = simulate(experiment)
        seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
        if recording.problem:
            raise RuntimeError(recording.problem)
        return Run(seconds, recording.spike_count, cpu)
