"""brainpy.state, its spikes propagated by brainevent."""

from __future__ import annotations

import importlib.util
import time
from typing import Any

from tests.benchmarks.rivals.networks import DT, NETWORKS, VogelsAbbott
from tests.benchmarks.rivals.runner import Run, Runner

__all__ = ["BrainpyState"]

SEED = 2


class BrainpyState(Runner):
    """The model is built as its manual shows; the loop over all steps is compiled once."""

    name = "brainpy.state with brainevent"

    @classmethod
    def missing(cls) -> str:
        """Look for brainpy and for what brainevent compiles with."""
        for module, name in (("brainpy", "brainpy"), ("brainevent", "brainevent")):
            if importlib.util.find_spec(module) is None:
                return f"{name} is not installed"
        if importlib.util.find_spec("numba") is None:
            return "brainevent is slow without numba, which is not installed"
        return ""

    def build(self) -> None:
        """Build, compile, and run once."""
        import brainstate
        import jax.numpy as jnp
        import numpy as np
        import saiunit as u

        p = NETWORKS[self.network]
        assert isinstance(p, VogelsAbbott)
        brainstate.environ.set(dt=DT * u.ms)
        n_exc, n_inh = round(p.n_exc * self.scale), round(p.n_inh * self.scale)
        cells, projections = _network(p, n_exc, n_inh)
        brainstate.nn.init_all_states([cells, *projections])
        n_steps = round(self.duration / DT)

        @brainstate.transform.jit
        def loop(start: Any) -> Any:
            brainstate.nn.init_all_states([cells, *projections])
            cells.V.value = start * u.mV

            def step(i: Any) -> Any:
                with brainstate.environ.context(i=i, t=i * DT * u.ms):
                    spikes = cells.get_spike() != 0.0
                    projections[0](spikes[:n_exc])
                    projections[1](spikes[n_exc:])
                    return cells(p.drive * u.mA) != 0.0

            return brainstate.transform.for_loop(step, jnp.arange(n_steps))

        self.loop, self.p, self.n, self.rng = loop, p, n_exc + n_inh, np.random.default_rng(0)
        self.n_synapses = n_exc * p.sources + n_inh * p.sources
        self.run()

    def run(self) -> Run:
        """Run the compiled loop, and find the spikes in what it gives."""
        import numpy as np

        p, n, rng = self.p, self.n, self.rng
        normal = rng.normal(-55.0, 5.0, n)
        normal[normal >= p.threshold] = p.reset  # as with us: they do not fire at the very start
        start = normal if p.conductances else rng.uniform(p.reset, p.threshold, n)
        begin = time.perf_counter()
        steps, _ = np.nonzero(np.asarray(self.loop(start.astype(np.float32))))
        return Run(time.perf_counter() - begin, len(steps))


def _network(p: VogelsAbbott, n_exc: int, n_inh: int) -> tuple[Any, list[Any]]:
    """Build the cells, of 1 ohm so that mA are mV, and what excites and what inhibits them."""
    import braintools
    import saiunit as u
    from brainpy import state
    from brainstate.nn import EventFixedProb

    n = n_exc + n_inh
    cells = state.LIFRef(
        n,
        tau=p.tau * u.ms,
        tau_ref=p.tau_ref * u.ms,
        V_th=p.threshold * u.mV,
        V_reset=p.reset * u.mV,
        V_rest=p.rest * u.mV,
        V_initializer=braintools.init.Constant(p.rest * u.mV),
        spk_reset="hard",
    )
    ends = ((n_exc, p.excitation, p.tau_exc, p.E_exc), (n_inh, p.inhibition, p.tau_inh, p.E_inh))
    projections = []
    for n_pre, weight, tau, E in ends:
        unit = u.siemens if p.conductances else u.mA
        zero = braintools.init.Constant(0.0 * unit)
        output = state.COBA.desc(E=E * u.mV) if p.conductances else state.CUBA.desc(scale=1.0)
        projections.append(
            state.AlignPostProj(
                comm=EventFixedProb(n_pre, n, p.sources / n, weight * unit, seed=SEED),
                syn=state.Expon.desc(n, tau=tau * u.ms, g_initializer=zero),
                out=output,
                post=cells,
            )
        )
    return cells, projections
