"""Every state of every neuron stays in its range, wherever a slider stands, whatever comes in."""

import functools

import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Experiment, catalog, simulate
from engine.boundary import attach, strip
from engine.neurons.upstroke import Upstroke

NEURONS = catalog.neurons()
EACH_NEURON = pytest.mark.parametrize("cls", NEURONS.values(), ids=NEURONS)
SLOW = pytest.mark.slow
EACH_RESET = pytest.mark.parametrize(
    ("cls", "reset"),
    [
        # test_models.py holds both modes to random places on the sliders
        pytest.param(cls, reset, id=f"{name}-{reset}", marks=SLOW if reset == "hard" else ())
        for name, cls in NEURONS.items()
        for reset in ("soft", "hard")
        if cls.choices()["spk_reset"].has_effect or reset == "soft"
    ],
)
GATES = {"m", "h", "n", "W"}
SAFETY = 1e-3


def highest(cls):
    """Give a bound of the potential: the reversal potentials, or how far an upstroke may end."""
    specs = cls.parameters()
    ends = [max(map(abs, s.soft)) for n, s in specs.items() if s.unit_text == cls.V.unit_text]
    if issubclass(cls, Upstroke):
        return specs["V_th"].soft[1] + strip(cls.overshoot, u.mV) + SAFETY
    # the drive is at most that of the slider, through the resistance where there is one
    drive = cls.input.soft[1] * specs["R"].soft[1] if "R" in specs else 0.0
    return 2 * max(*ends, 3.0) + 2 * drive


def check_states(cls, recording):
    for name in cls.states():
        if name not in recording.traces:
            continue
        trace = recording.traces[name]
        assert np.isfinite(trace).all(), name
        if name in GATES:
            assert trace.min() >= -SAFETY, name
            assert trace.max() <= 1 + SAFETY, name
    assert recording.traces["V"].max() <= highest(cls)


@EACH_RESET
def test_a_slider_at_either_of_its_ends_makes_no_neuron_run_away(cls, reset):
    """All others are at their defaults, the input at its strongest: one program for all."""
    base = Experiment(cls).update({"spk_reset": reset, "n": 2, "duration": 60, "stimulus.start": 5})
    base = base.set("stimulus.amplitude", cls.input.soft[1])
    moved = [p for p in base.specs if not p.startswith("spk_fun.") and p not in ("n", "duration")]
    tried = 0
    for path in moved:
        for value in base.specs[path].soft:
            experiment = base.set(path, value)
            if experiment.problems():
                continue
            recording = simulate(experiment)
            assert recording.problem == "", (path, value)
            assert recording.n_steps == experiment.n_steps, (path, value)
            check_states(cls, recording)
            tried += 1
    assert tried > len(moved), "most ends can be tried"


@functools.cache
def shaken(cls, reset):
    """Compile a run under a random input: kicks of any strength, 200 steps of 4 neurons."""

    @jax.jit
    def run(x):
        drawn = {n: s for n, s in cls.parameters().items() if n == "V_initializer"}
        start = {n: s.quantity(float(np.mean(s.soft))) for n, s in drawn.items()}
        neuron = cls(4, spk_reset=reset, **start)
        neuron.init_state()

        def step(i, now):
            with brainstate.environ.context(i=i, t=i * 0.05 * u.ms):
                spikes = neuron(attach(now, cls.input.unit))
            return spikes, {n: u.get_mantissa(getattr(neuron, n).value) for n in cls.states()}

        with brainstate.environ.context(dt=0.05 * u.ms):
            return brainstate.transform.for_loop(step, jnp.arange(len(x)), x)

    return run


@EACH_RESET
@settings(max_examples=20)
@given(strength=st.floats(-30.0, 30.0), seed=st.integers(0, 2**32 - 1))
def test_kicks_of_either_sign_leave_every_state_finite_and_every_gate_a_fraction(
    cls, reset, strength, seed
):
    usual = float(u.get_mantissa(cls.input.default))
    noise = np.random.default_rng(seed).normal(size=(200, 4))
    spikes, states = shaken(cls, reset)((strength * usual * noise).astype(np.float32))
    assert set(np.unique(spikes)) <= {0.0, 1.0}
    for name, values in states.items():
        assert np.isfinite(values).all(), name
        if name in GATES:
            assert values.min() >= -SAFETY, name
            assert values.max() <= 1 + SAFETY, name
        if name == "V" and issubclass(cls, Upstroke):
            bound = cls(1).V_th + cls.overshoot
            assert values.max() <= strip(bound, u.mV) + SAFETY


@pytest.mark.slow
@EACH_NEURON
def test_silence_without_input_is_rest(cls):
    """After half a second nothing moves any more, whatever the start on its slider."""
    base = Experiment(cls).update({"stimulus": "Constant", "noise": "None", "n": 1})
    base = base.update({"stimulus.amplitude": 0, "duration": 2000})
    starts = base.specs["V_initializer"].soft if "V_initializer" in base.specs else (0.0,)
    for start in starts:
        moved = base.set("V_initializer", start) if "V_initializer" in base.specs else base
        recording = simulate(moved)
        V = recording.traces["V"][-1000:, 0]
        assert np.ptp(V) < 0.01 * max(1.0, np.abs(V).max()), start
        assert not np.any(recording.spike_times > 1500.0), start
