"""`engine.simulate` against a scan over the same neuron written by hand."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np

from engine import LIF, Experiment, compile_simulation, simulate
from tests.benchmarks.report import Figure, interleaved

N, STEPS, DT = 100, 10_000, 0.1
ROUNDS = 60


@jax.jit
def _by_hand(p: jax.Array, start: jax.Array, noise: jax.Array) -> tuple[jax.Array, jax.Array]:
    """LIF with a step and Ornstein-Uhlenbeck noise, as fast as a person would write it."""
    tau, R, V_th, V_reset, V_rest, amplitude, on, off, sigma, tau_noise = p
    decay, forget = jnp.exp(-DT / tau), jnp.exp(-DT / tau_noise)
    width = sigma * jnp.sqrt(1 - forget**2)

    def step(carry, now):
        V, spikes, y = carry
        k, xi = now
        t = k * DT
        y = y * forget + width * xi
        current = jnp.where((t >= on - DT / 2) & (t < off - DT / 2), amplitude, 0.0) + y
        V = V - (V_th - V_reset) * spikes
        target = V_rest + R * current
        V = target + (V - target) * decay
        spikes = (V_th <= V).astype(jnp.float32)
        return (V, spikes, y), (jnp.stack([V[0], current[0], V_th]), spikes > 0)

    carry = (jnp.zeros(N), jnp.zeros(N), sigma * start)
    return jax.lax.scan(step, carry, (jnp.arange(STEPS), noise))[1]


def figures() -> list[Figure]:
    """Measure, and check that both do the same work."""
    key = jax.random.PRNGKey(0)
    noise, start = jax.random.normal(key, (STEPS, N)), jax.random.normal(key, (N,))
    taus = itertools.cycle(np.linspace(4.0, 8.0, 41))
    experiment = Experiment(LIF)
    specs = experiment.specs
    fixed = [specs[p].default_number for p in ("R", "V_th", "V_reset", "V_rest")]
    drive = [experiment[f"stimulus.{p}"] for p in ("amplitude", "start", "stop")]
    random = [experiment["noise.sigma"], experiment["noise.tau"]]

    def by_hand(tau: float | None = None) -> int:
        numbers = np.array([tau or next(taus), *fixed, *drive, *random], np.float32)
        traces, spikes = _by_hand(numbers, start, noise)
        np.asarray(traces)
        return len(np.nonzero(np.asarray(spikes))[0])

    def ours(tau: float | None = None) -> int:
        return simulate(experiment.set("tau", float(tau or next(taus)))).spike_count

    a, b = ours(5.0), by_hand(5.0)
    if abs(a - b) > 0.05 * b:
        raise AssertionError(f"the two do not do the same work: {a} and {b} spikes")
    mine, hand, ratio = interleaved(ours, by_hand, ROUNDS)
    program, inputs = compile_simulation(experiment.structure), _inputs(experiment)

    def our_loop() -> None:
        jax.block_until_ready(program.advance(*inputs))

    def loop_by_hand() -> None:
        numbers = np.array([5.0, *fixed, *drive, *random], np.float32)
        jax.block_until_ready(_by_hand(numbers, start, noise))

    loop, scan, loops = interleaved(our_loop, loop_by_hand, ROUNDS)
    return [
        Figure(
            "simulate, 100 LIF x 10,000 steps, warm / by hand (scan, then np.nonzero)",
            f"{ratio:.2f} ({mine * 1e3:.1f} / {hand * 1e3:.1f} ms)",
            "<= 1.3",
            ratio <= 1.3,
        ),
        Figure(
            "its compiled loop alone / the scan alone",
            f"{loops:.2f} ({loop * 1e3:.1f} / {scan * 1e3:.1f} ms)",
        ),
    ]


def _inputs(experiment: Experiment) -> tuple[object, ...]:
    """Arguments of the compiled loop for the whole run."""
    structure = experiment.structure
    program = compile_simulation(structure)
    numbers = np.array([experiment[p] for p in structure.paths], np.float32)
    noise = {
        slot: jax.random.normal(jax.random.PRNGKey(0), (program.chunk, N))
        for slot in structure.random_slots
    }
    carry = program.init(numbers, np.zeros(2, np.uint32))
    return carry, numbers, np.zeros(1, np.int32), np.int32(0), np.int32(STEPS), noise
