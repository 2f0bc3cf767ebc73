"""Every model beside the field's reference implementation: what is equal, and what is not."""

import functools
import inspect
from dataclasses import dataclass, field

import brainpy.state
import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u

import engine
from engine.boundary import attach
from engine.specs import InitialSpec

SIDES = {"ours": engine, "theirs": brainpy.state}
N, DT = 4, 0.125
mA, mV, mS, ms = u.mA, u.mV, u.mS, u.ms
BOUND = 1000.0
"""How far above the threshold an exponential model of ours may end a step, in mV."""


@dataclass(frozen=True)
class Case:
    """How a model is compared: numbers are in the units that the model declares.

    ``drive`` holds the weakest and the strongest input, ``jump`` the size of a delta input,
    ``pull`` conductance and reversal potential of an input that depends on the potential, ``other``
    values that are no defaults and no multiples of each other, ``cycles`` the number of spikes
    that are compared.
    """

    drive: tuple[float, float]
    jump: float
    pull: tuple[float, float]
    other: dict[str, float]
    dt: float = DT
    steps: int = 1600
    spikes: int = 6
    resets: tuple[str, ...] = ("soft", "hard")
    rtol: float = 2e-4
    cycles: float = np.inf
    given: dict[str, float] = field(default_factory=dict)


LINEAR = {"drive": (1.27, 3.3), "jump": 0.37, "pull": (0.3, 0.4)}
OTHER = {"R": 1.3, "tau": 8.7, "tau_ref": 3.25, "tau_a": 43.0, "V_th": 1.2, "V_reset": -0.31}
OTHER |= {"V_rest": 0.13, "beta": 0.27, "tau_syn": 3.7, "E": 1.7}
UPSTROKE = {"R": 1.3, "tau": 8.7, "tau_ref": 3.25, "tau_w": 43.0, "V_reset": -66.3, "V_rest": -64.1}
UPSTROKE |= {"V_T": -58.3, "delta_T": 2.7, "V_c": -51.3, "c": 0.083, "a": 0.73, "b": 0.61}
STEEP = {"rtol": 2e-3, "spikes": 2, "cycles": 4}
EXP = {"drive": (4.7, 18.0), "jump": 0.7, "pull": (0.03, -50.0), "resets": ("hard",), **STEEP}
ADEX = {"drive": (17.0, 37.0), "jump": 0.7, "pull": (0.03, -50.0), **STEEP}
QUA = {"drive": (9.0, 13.0), "jump": 0.7, "pull": (0.03, -50.0), **STEEP}
ADQUA = {"drive": (20.0, 30.0), "jump": 0.7, "pull": (0.03, -50.0), **STEEP}
GIF = {"drive": (1.3, 2.0), "jump": 1.1, "pull": (0.01, -50.0), "spikes": 3}
GIF_OTHER = {"R": 17.0, "tau": 13.0, "tau_ref": 3.25, "V_rest": -68.3, "V_reset": -71.7}
GIF_OTHER |= {"V_th_inf": -51.3, "V_th_reset": -58.1, "a": 0.0031, "b": 0.013, "k1": 0.17}
GIF_OTHER |= {"k2": 0.027, "R1": 0.13, "R2": 0.87, "A1": 0.37, "A2": -0.031}
IZHIKEVICH = {"drive": (10.0, 15.0), "jump": 0.7, "pull": (0.01, -40.0), "resets": ("hard",)}
IZHIKEVICH |= STEEP | {"cycles": 3}
IZHIKEVICH_OTHER = {"a": 0.031, "b": 0.21, "c": -61.3, "d": 5.7, "V_th": 27.0, "tau_ref": 3.25}
CROSSES = {"resets": ("soft",), **STEEP}
HH = {"drive": (8.0, 12.0), "jump": 0.7, "pull": (0.01, -50.0), "dt": 0.04, "steps": 4000}
HH |= {"given": {"V_initializer": -65.0, "gL": 0.3}, **CROSSES}
HH_OTHER = {"ENa": 53.0, "gNa": 113.0, "EK": -78.3, "gK": 34.0, "EL": -55.1, "gL": 0.27}
HH_OTHER |= {"V_th": 11.0, "C": 1.1}
WB_OTHER = {"ENa": 53.0, "gNa": 33.0, "EK": -88.0, "gK": 8.3, "EL": -63.0, "gL": 0.11}
WB_OTHER |= {"V_th": 11.0, "phi": 4.3, "C": 1.1}
ML_OTHER = {"V_Ca": 123.0, "g_Ca": 4.6, "V_K": -81.0, "g_K": 7.7, "V_leak": -58.0, "g_leak": 1.9}
ML_OTHER |= {"C": 17.0, "V1": -1.7, "V2": 17.0, "V3": 1.3, "V4": 31.0, "phi": 0.047, "V_th": 7.0}
HR_OTHER = {"a": 1.03, "b": 3.1, "c": 0.97, "d": 4.9, "r": 0.0083, "s": 3.7, "V_r": -1.57}

NEURONS = {
    "IF": Case(**LINEAR, other=OTHER),
    "LIF": Case(**LINEAR, other=OTHER),
    "LIFRef": Case(**LINEAR, other=OTHER),
    "ALIF": Case(**LINEAR, other=OTHER),
    "CubaLIF": Case(**LINEAR, other=OTHER),
    "CobaLIF": Case(**LINEAR, other=OTHER, given={"E": 3.0}),
    "ExpIF": Case(**EXP, other=UPSTROKE | {"V_th": -33.0}),
    "ExpIFRef": Case(**EXP, other=UPSTROKE | {"V_th": -33.0}),
    "AdExIF": Case(**ADEX, other=UPSTROKE | {"V_th": -53.0}),
    "AdExIFRef": Case(**ADEX, other=UPSTROKE | {"V_th": -53.0}),
    "QuaIF": Case(**QUA, other=UPSTROKE | {"V_th": -33.0}),
    "AdQuaIF": Case(**ADQUA, other=UPSTROKE | {"V_th": -33.0}),
    "AdQuaIFRef": Case(**ADQUA, other=UPSTROKE | {"V_th": -33.0}),
    "Gif": Case(**GIF, other=GIF_OTHER),
    "GifRef": Case(**GIF, other=GIF_OTHER),
    "Izhikevich": Case(**IZHIKEVICH, other=IZHIKEVICH_OTHER),
    "IzhikevichRef": Case(**IZHIKEVICH, other=IZHIKEVICH_OTHER),
    "HH": Case(**HH, other=HH_OTHER),
    "WangBuzsakiHH": Case(**(HH | {"drive": (1.0, 1.5), "given": {}}), other=WB_OTHER),
    "MorrisLecar": Case(
        (100.0, 120.0),
        1.3,
        (0.01, -20.0),
        ML_OTHER,
        steps=4000,
        given={"V_initializer": -61.0},
        **CROSSES,
    ),
    "FitzHughNagumo": Case(
        (0.5, 0.75),
        0.13,
        (0.01, 0.4),
        {"a": 0.67, "b": 0.83, "tau": 1.3, "tau_w": 13.7, "V_th": 0.87},
        **CROSSES,
    ),
    "HindmarshRose": Case(
        (1.5, 2.0),
        0.13,
        (0.01, 0.4),
        HR_OTHER | {"tau": 1.1, "V_th": 0.87},
        dt=0.05,
        steps=8000,
        **CROSSES,
    ),
}
SPREAD = np.linspace(0.98, 1.02, N)


def case_of(name):
    return NEURONS[name], getattr(engine, name)


def parameters(name, variant):
    """Give a model's parameters as plain arrays, one value per neuron in every variant."""
    case, cls = case_of(name)
    specs = {p: s for p, s in cls.parameters().items() if not isinstance(s, InitialSpec)}
    numbers = {p: s.default_number for p, s in specs.items()} | case.given
    if variant != "default":
        numbers |= {p: case.other[p] for p in specs}
    given = {p: np.full(N, v, np.float32) for p, v in numbers.items()}
    if variant == "one per neuron":
        given |= {p: (v * SPREAD).astype(np.float32) for p, v in given.items() if p != "tau_ref"}
    return given


def drives(name):
    """Give the inputs of a neuron over time: input and jumps, shape (time, neuron)."""
    case, _ = case_of(name)
    rng, shape, (low, high) = np.random.default_rng(7), (case.steps, N), case.drive
    silent, t = np.zeros(shape), np.linspace(0, 1, case.steps)[:, None]
    strength = np.linspace(low, high, N)
    events = rng.random(shape) < 0.03 * case.dt / DT
    return {
        "constant": (silent + strength, silent),
        "step": (np.where((t > 0.1) & (t < 0.75), strength, 0.15 * low), silent),
        "noisy": (0.5 * (low + high) + 0.5 * high * rng.normal(size=shape), silent),
        "delta": (silent + 0.8 * low, np.where(events, case.jump, 0.0)),
    }


def run(model, x, delta, conductance, dt=None):
    """Run a neuron of either side; give spikes and states over time."""
    case, cls = case_of(type(model).__name__)
    dt = dt or case.dt
    inputs, potential = cls.input.unit, cls.states()["V"].unit
    jumps = cls.states()["g" if "g" in cls.states() else "V"].unit
    pull, siemens = case.pull[1], inputs / potential
    model.add_current_input(
        "conductance",
        lambda V: conductance * attach(1.0, siemens) * (attach(pull, potential) - V),
    )

    def step(i, now, jump):
        model.add_delta_input("jump", attach(jump, jumps))
        with brainstate.environ.context(i=i, t=i * dt * ms):
            spikes = model(attach(now, inputs))
        states = {k: v.value for k, v in vars(model).items() if isinstance(v, brainstate.State)}
        return spikes, {k: u.get_mantissa(v) for k, v in states.items()}

    with brainstate.environ.context(dt=dt * ms):
        return brainstate.transform.for_loop(step, jnp.arange(len(x)), x, delta)


def build(side, name, values, reset, batch, **more):
    specs = getattr(engine, name).parameters()
    given = {p: attach(v, specs[p].unit) for p, v in values.items()}
    model = getattr(SIDES[side], name)(N, **given, spk_reset=reset, **more)
    model.init_state(batch)
    return model


@functools.partial(jax.jit, static_argnames=("side", "name", "reset", "batch", "ref_var"))
def simulate(side, name, reset, batch, values, x, delta, conductance, ref_var=False):
    more = {"ref_var": True} if ref_var else {}
    return run(build(side, name, values, reset, batch, **more), x, delta, conductance)


@functools.partial(jax.jit, static_argnames=("side", "name", "reset"))
def gradients(side, name, reset, values, x):
    """Differentiate a sum over spikes and potentials by the input and every parameter."""
    weight = jnp.asarray(np.random.default_rng(3).normal(size=(len(x), N)), jnp.float32)

    def loss(x, values):
        model = build(side, name, values, reset, None)
        spikes, states = run(model, x, jnp.zeros_like(x), 0.0)
        return jnp.sum(weight * (spikes + jnp.sin(states["V"])))

    return jax.grad(loss, (0, 1))(x, values)


def comparable(case, name, theirs, values):
    """Mark the steps up to which a comparison makes sense, per neuron.

    Every upstroke multiplies rounding errors, so that steep models are compared over their first
    spikes; the reference's exponential models up to where they run away.
    """
    spikes = np.asarray(theirs[0])
    mask = np.cumsum(spikes, axis=0) - spikes < case.cycles
    if name in ("ExpIF", "ExpIFRef"):
        gone = np.asarray(theirs[1]["V"]) > values["V_th"] + BOUND
        mask &= np.cumsum(gone, axis=0) - gone == 0
    return mask


def assert_same(name, ours, theirs, values):
    """Compare spikes and states; an exponential model's potential up to where ours is bounded."""
    case, _ = case_of(name)
    mask = comparable(case, name, theirs, values)
    np.testing.assert_array_equal(ours[0][mask], theirs[0][mask])
    assert set(ours[1]) == set(theirs[1])
    for state, expected in theirs[1].items():
        expected = np.asarray(expected)
        if state == "V" and name in ("ExpIF", "ExpIFRef"):
            expected = np.minimum(expected, values["V_th"] + BOUND)
        expected = expected[mask]
        steep = case.rtol > 2e-4 and expected.dtype != bool
        np.testing.assert_allclose(
            ours[1][state][mask],
            expected,
            rtol=case.rtol,
            atol=case.rtol * np.abs(expected).max() if steep else 2e-5,
            err_msg=f"{name}.{state}",
        )


EACH = pytest.mark.parametrize("name", NEURONS)
SLOW = pytest.mark.slow
EACH_RESET = pytest.mark.parametrize(
    ("name", "reset"),
    [
        pytest.param(name, reset, marks=SLOW if reset != case.resets[0] and case.cycles < 9 else ())
        for name, case in NEURONS.items()
        for reset in case.resets
    ],
)


def test_every_neuron_model_that_the_reference_has_is_compared():
    assert set(NEURONS) == {n for n in engine.catalog.neurons() if hasattr(brainpy.state, n)}


@EACH
def test_the_constructor_is_that_of_the_reference(name):
    ours, theirs = (getattr(side, name) for side in SIDES.values())
    arguments = list(inspect.signature(theirs.__init__).parameters)[1:]
    assert list(inspect.signature(ours).parameters) == arguments
    one, other = ours(1), theirs(1)
    for p in ours.parameters():
        a, b = getattr(one, p), getattr(other, p)
        if callable(b) or b is None or (name, p) == ("HH", "gL"):
            continue
        assert u.get_dim(a) == u.get_dim(b), p
        assert u.math.allclose(a, b), p
    assert one.spk_reset == other.spk_reset


@EACH_RESET
@pytest.mark.parametrize("batch", [None, pytest.param(3, marks=SLOW)])
@pytest.mark.parametrize(
    "variant", ["default", "other", pytest.param("one per neuron", marks=SLOW)]
)
@pytest.mark.parametrize("drive", ["constant", "step", "noisy", "delta", "conductance"])
def test_spikes_and_states_agree_with_the_reference(name, reset, batch, variant, drive):
    case, _ = case_of(name)
    x, delta = drives(name)["noisy" if drive == "conductance" else drive]
    if batch is not None:
        x, delta = (np.stack([a, 0.95 * a, 1.05 * a], axis=1) for a in (x, delta))
    x, delta = x.astype(np.float32), delta.astype(np.float32)
    conductance = np.float32(case.pull[0] if drive == "conductance" else 0.0)
    values = parameters(name, variant)
    arguments = (name, reset, batch, values, x, delta, conductance)
    ours, theirs = (simulate(side, *arguments) for side in SIDES)
    if drive != "delta":
        assert theirs[0].sum() >= case.spikes * N, "there is something to compare"
    assert_same(name, ours, theirs, values)


@pytest.mark.parametrize("name", [n for n in NEURONS if "Ref" in n and n != "LIFRef"])
def test_who_is_refractory_agrees_with_the_reference(name):
    x, delta = drives(name)["constant"]
    values = parameters(name, "other")
    arguments = (name, "hard", None, values, x.astype(np.float32), delta.astype(np.float32), 0.0)
    ours, theirs = (simulate(side, *arguments, ref_var=True) for side in SIDES)
    assert ours[1]["refractory"].dtype == bool
    assert 0 < ours[1]["refractory"].mean() < 1
    assert_same(name, ours, theirs, values)


@EACH_RESET
def test_gradients_through_100_steps_agree_with_the_reference(name, reset):
    steps = 50 if name in ("ExpIF", "ExpIFRef") else 100  # the reference explodes at a spike
    x = drives(name)["noisy"][0][:steps].astype(np.float32)
    values = parameters(name, "other")
    ours, theirs = (gradients(side, name, reset, values, x) for side in SIDES)
    assert np.abs(theirs[0]).max() > 1e-4
    scale = 1e-4 * (1 + np.abs(theirs[0]).max())
    np.testing.assert_allclose(ours[0], theirs[0], rtol=2e-3, atol=scale)
    for parameter, expected in theirs[1].items():
        scale = 1e-4 * (1 + np.abs(expected).max())
        np.testing.assert_allclose(
            ours[1][parameter], expected, rtol=2e-3, atol=scale, err_msg=parameter
        )


@functools.partial(jax.jit, static_argnames=("side", "batch"))
def filtered(side, batch, tau, x, delta, current):
    synapse = SIDES[side].Expon(N, tau=tau * ms)
    synapse.init_state(batch)

    def step(now, jump, flow):
        synapse.add_delta_input("jump", jump * mS)
        synapse.add_current_input("flow", flow * mS)
        return synapse(now * mS), synapse.g.value

    with brainstate.environ.context(dt=DT * ms):
        return brainstate.transform.for_loop(step, x, delta, current)


@pytest.mark.parametrize("batch", [None, 3])
@pytest.mark.parametrize("tau", [np.full(N, 8.0), np.full(N, 2.7), 5.0 * SPREAD])
def test_a_filtered_spike_train_agrees_with_the_reference(tau, batch):
    rng = np.random.default_rng(5)
    shape = (1600, N) if batch is None else (1600, batch, N)
    x = (rng.random(shape) < 0.05).astype(np.float32)
    delta, current = rng.random((2, *shape), np.float32) * 0.1
    arguments = (batch, tau.astype(np.float32), x, delta, current)
    ours, theirs = (filtered(side, *arguments) for side in SIDES)
    for a, b in zip(ours, theirs, strict=True):
        assert b.to_decimal(mS).max() > 1
        np.testing.assert_allclose(a.to_decimal(mS), b.to_decimal(mS), rtol=2e-4, atol=1e-5)


# ---------------------------------------------------------------- where ours differ on purpose


def refractory_run(side, x, delta, dt=0.1, **given):
    model = SIDES[side].LIFRef(1, **given)
    model.init_state()
    spikes, _ = run(model, x[:, None], delta[:, None], 0.0, dt)
    return np.flatnonzero(spikes)


def intervals(side, dt):
    x = np.full(2000, 50.0, np.float32)
    spikes = refractory_run(side, x, 0 * x, dt, tau_ref=5 * ms, spk_reset="hard")
    assert len(spikes) > 10
    return set(np.diff(spikes).tolist())


def test_our_refractory_period_always_has_the_same_number_of_steps():
    assert intervals("ours", 0.1) == {51}
    assert intervals("ours", 0.125) == intervals("theirs", 0.125)


def test_the_reference_has_refractory_periods_of_two_lengths():
    assert intervals("theirs", 0.1) == {51, 52}


def residual_spikes(side):
    x = np.zeros(40, np.float32)
    delta = np.where(np.arange(40) == 2, 10.5, 0.0).astype(np.float32)
    return refractory_run(side, x, delta, tau=1e6 * ms, tau_ref=5 * ms, spk_reset="soft").tolist()


def test_our_neuron_does_not_spike_inside_its_refractory_period():
    assert residual_spikes("ours") == [2]


def test_the_reference_spikes_inside_its_refractory_period_while_a_residual_lasts():
    assert residual_spikes("theirs") == list(range(2, 12))


def test_a_negative_threshold_is_inverted_by_the_reference_only():
    ours, theirs = engine.IF(1, V_th=-50 * mV), brainpy.state.IF(1, V_th=-50 * mV)
    assert (float(ours.get_spike(-60 * mV)), float(ours.get_spike(-40 * mV))) == (0.0, 1.0)
    assert (float(theirs.get_spike(-60 * mV)), float(theirs.get_spike(-40 * mV))) == (1.0, 0.0)


def test_a_larger_input_enlarges_the_state_of_the_reference_and_is_refused_by_ours():
    with brainstate.environ.context(dt=0.1 * ms):
        theirs, ours = brainpy.state.LIF(1), engine.LIF(1)
        theirs.init_state()
        ours.init_state()
        theirs(np.ones(7) * mA)
        assert theirs.V.value.shape == (7,)
        with pytest.raises(engine.ParameterError):
            ours(np.ones(7) * mA)


def test_a_reset_drops_the_batch_of_the_reference_and_keeps_ours():
    theirs, ours = brainpy.state.LIF(3), engine.LIF(3)
    for model in (theirs, ours):
        model.init_state(4)
        model.reset_state()
    assert (theirs.V.value.shape, ours.V.value.shape) == ((3,), (4, 3))


def test_a_label_that_begins_another_is_mixed_with_it_by_the_reference_only():
    sums = []
    for side in SIDES.values():
        model = side.LIF(1)
        model.add_current_input("ex // b", 1.0)
        model.add_current_input("a", 10.0, label="ex")
        sums.append(model.sum_current_inputs(0.0, label="ex"))
    assert sums == [10.0, 11.0]


# ---------------------------------------------------------------- upstrokes

EXPONENTIAL = pytest.mark.parametrize("name", ["ExpIF", "ExpIFRef"])


def exponential_run(side, name, reset, step=DT):
    """Run at 18 mA for 200 ms; give the number of spikes and the highest potential."""
    x = np.full((int(200 / step), N), 18.0, np.float32)
    model = build(side, name, {}, reset, None)
    spikes, states = run(model, x, 0 * x, 0.0, step)
    return float(spikes[:, 0].sum()), float(np.max(states["V"]))


@EXPONENTIAL
@pytest.mark.parametrize("reset", ["soft", "hard"])
@pytest.mark.parametrize("step", [0.05, 0.125, 0.5])
def test_our_exponential_neuron_does_not_run_away_whatever_reset_and_time_step(name, reset, step):
    count, peak = exponential_run("ours", name, reset, step)
    assert 15 < count < 25
    assert peak <= -30 + BOUND


@EXPONENTIAL
def test_the_exponential_neuron_of_the_reference_runs_away_with_the_soft_reset(name):
    count, peak = exponential_run("theirs", name, "soft")
    assert count > 50
    assert peak > 1e4


def test_the_gradient_of_the_reference_explodes_at_an_exponential_spike_and_ours_does_not():
    x = drives("ExpIF")["noisy"][0][:100].astype(np.float32)
    values = parameters("ExpIF", "other")
    ours, theirs = (gradients(side, "ExpIF", "hard", values, x)[0] for side in SIDES)
    assert not np.abs(theirs).max() < 1e9
    assert np.abs(ours).max() < 1e5


def highest(side, step):
    x = np.full((int(300 / step), N), 10.0, np.float32)
    _, states = run(build(side, "Izhikevich", {}, "hard", None), x, 0 * x, 0.0, step)
    return float(np.max(states["V"]))


def test_the_peak_of_our_izhikevich_neuron_is_bounded_at_a_coarse_time_step():
    assert highest("ours", 0.5) == highest("ours", 1.0) == 230.0
    assert highest("theirs", 0.5) > 900.0
    assert highest("ours", 0.125) == pytest.approx(highest("theirs", 0.125), rel=1e-2)


def test_the_default_leak_of_our_hodgkin_huxley_neuron_is_the_classical_one():
    assert engine.HH(1).gL == 0.3 * mS
    assert u.math.allclose(brainpy.state.HH(1).gL, 0.03 * mS)


@pytest.mark.parametrize("name", ["Izhikevich", "HH", "WangBuzsakiHH", "MorrisLecar"])
def test_a_negative_threshold_is_inverted_by_the_other_models_of_the_reference_too(name):
    ours, theirs = (getattr(side, name)(1, V_th=-20 * mV) for side in SIDES.values())
    assert (float(ours.get_spike(-60 * mV)), float(ours.get_spike(0 * mV))) == (0.0, 1.0)
    assert (float(theirs.get_spike(-60 * mV)), float(theirs.get_spike(0 * mV))) == (1.0, 0.0)
