"""NEST with its built-in models."""

from __future__ import annotations

import importlib.util
import time
from typing import Any

from tests.benchmarks.rivals.networks import DT, NETWORKS, Brunel, VogelsAbbott
from tests.benchmarks.rivals.runner import Run, Runner

__all__ = ["Nest"]


class Nest(Runner):
    """Every run goes on where the last one stopped, as NEST would have to connect again."""

    name = "NEST"

    @classmethod
    def missing(cls) -> str:
        """Look for NEST."""
        return "" if importlib.util.find_spec("nest") else "NEST is not installed"

    def build(self) -> None:
        """Create, connect, and let a tenth of a second pass."""
        import nest

        self.nest = nest
        nest.verbosity = nest.VerbosityLevel.ERROR
        nest.ResetKernel()
        nest.SetKernelStatus({"resolution": DT, "local_num_threads": self.threads})
        p = NETWORKS[self.network]
        self.recorder = nest.Create("spike_recorder")
        if isinstance(p, Brunel):
            self._brunel(p)
        else:
            self._vogels_abbott(p)
        nest.Prepare()
        nest.Run(100.0)

    def _vogels_abbott(self, p: VogelsAbbott) -> None:
        nest = self.nest
        n_exc, n_inh = round(p.n_exc * self.scale), round(p.n_inh * self.scale)
        n, C = n_exc + n_inh, p.leak * p.tau  # nS ms = pF
        common = {"C_m": C, "E_L": p.rest, "V_th": p.threshold, "V_reset": p.reset}
        common |= {"t_ref": p.tau_ref, "I_e": p.drive * p.leak}
        if p.conductances:
            kind, weight = "iaf_cond_exp", p.leak
            common |= {"g_L": p.leak, "E_ex": p.E_exc, "E_in": p.E_inh}
        else:
            kind, weight = "iaf_psc_exp", p.leak  # mV nS = pA
            common |= {"tau_m": p.tau}
        common |= {"tau_syn_ex": p.tau_exc, "tau_syn_in": p.tau_inh}
        cells = nest.Create(kind, n, params=common)
        cells.V_m = (
            nest.random.normal(-55.0, 5.0)
            if p.conductances
            else nest.random.uniform(p.reset, p.threshold)
        )
        # to iaf_cond_exp a negative weight is one of the inhibitory conductance
        inhibition = -abs(p.inhibition)
        for pre, w in ((cells[:n_exc], p.excitation), (cells[n_exc:], inhibition)):
            synapse = self._synapse(w * weight, DT)
            nest.Connect(pre, cells, {"rule": "pairwise_bernoulli", "p": p.sources / n}, synapse)
        self.n_synapses = nest.num_connections
        nest.Connect(cells, self.recorder)

    def _brunel(self, p: Brunel) -> None:
        nest = self.nest
        common = {"tau_m": p.tau, "t_ref": p.tau_ref, "V_th": p.threshold, "V_reset": p.reset}
        common |= {"C_m": 1.0, "E_L": 0.0}
        cells = [
            nest.Create("iaf_psc_delta", round(n * self.scale), params=common)
            for n in (p.n_exc, p.n_inh)
        ]
        for group in cells:
            group.V_m = nest.random.uniform(p.reset, p.threshold)
        weights = (p.jump, -p.g * p.jump)
        for pre, degree, w in zip(cells, (p.exc_sources, p.inh_sources), weights, strict=True):
            synapse = self._synapse(w, p.delay)
            rule = {"rule": "fixed_indegree", "indegree": degree}
            nest.Connect(pre, cells[0] + cells[1], rule, synapse)
        self.n_synapses = nest.num_connections
        outside = nest.Create("poisson_generator", params={"rate": p.outside})
        nest.Connect(outside, cells[0] + cells[1], syn_spec={"weight": p.jump, "delay": DT})
        nest.Connect(cells[0] + cells[1], self.recorder)

    def _synapse(self, weight: float, delay: float) -> dict[str, Any]:
        """Return connections that share one weight, which takes NEST less memory and time."""
        name = f"weight {weight}"
        self.nest.CopyModel("static_synapse_hom_w", name, {"weight": weight})
        return {"synapse_model": name, "delay": delay}

    def run(self) -> Run:
        """Go on for as long as a run is."""
        before = self.recorder.n_events
        begin = time.perf_counter()
        self.nest.Run(self.duration)
        seconds = time.perf_counter() - begin
        return Run(seconds, int(self.recorder.n_events - before))
