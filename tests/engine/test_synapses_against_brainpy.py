"""Synapses, output stages and gap junctions beside the field's reference implementation."""

import functools
import inspect
from dataclasses import dataclass

import brainpy.state
import brainstate
import braintools
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u

import engine
from engine.boundary import attach
from engine.specs import InitialSpec

SIDES = {"ours": engine, "theirs": brainpy.state}
N, DT, STEPS = 4, 0.125, 1600
mS, mV, ms = u.mS, u.mV, u.ms


@dataclass(frozen=True)
class Case:
    """How a synapse is compared: ``other`` holds values that are no defaults, in declared units.

    ``takes`` is what its argument means: an amount in the unit of the conductance, a spike as a
    truth value, or a spike that counts in proportion.
    """

    other: dict[str, float]
    takes: str


RECEPTOR = {"alpha": 0.71, "beta": 0.23, "T": 0.83, "T_dur": 1.375}
NMDA = {"alpha1": 1.3, "beta1": 0.017, "alpha2": 0.83, "beta2": 0.37, "T": 0.9, "T_dur": 0.75}
SYNAPSES = {
    "Expon": Case({"tau": 5.3}, "amount"),
    "DualExpon": Case({"tau_decay": 13.7, "tau_rise": 2.3, "amplitude": 1.7}, "amount"),
    "Alpha": Case({"tau": 5.3}, "amount"),
    "AMPA": Case(RECEPTOR, "spike"),
    "GABAa": Case(RECEPTOR, "spike"),
    "BioNMDA": Case(NMDA, "spike"),
    "STP": Case({"U": 0.37, "tau_f": 217.0, "tau_d": 83.0}, "release"),
    "STD": Case({"U": 0.23, "tau": 83.0}, "release"),
}
SPREAD = np.linspace(0.98, 1.02, N)
EACH = pytest.mark.parametrize("name", SYNAPSES)


def parameters(name, variant):
    specs = getattr(engine, name).parameters()
    numbers = {p: s.default_number for p, s in specs.items() if not isinstance(s, InitialSpec)}
    if variant != "default":
        numbers = {p: SYNAPSES[name].other[p] for p in numbers}
    given = {p: np.full(N, v, np.float32) for p, v in numbers.items()}
    if variant == "one per synapse":
        given |= {p: (v * SPREAD).astype(np.float32) for p, v in given.items() if p != "T_dur"}
    return given


def drive(name, kind, batch):
    """Give what arrives over time, shape (time, [batch,] synapse)."""
    shape = (STEPS, N) if batch is None else (STEPS, batch, N)
    rng, t = (
        np.random.default_rng(11),
        np.linspace(0, 1, STEPS).reshape(-1, *[1] * (len(shape) - 1)),
    )
    x = {
        "constant": np.ones(shape),
        "step": np.broadcast_to((t > 0.1) & (t < 0.6), shape),
        "noisy": np.abs(rng.normal(size=shape)) * (rng.random(shape) < 0.5),
        "spikes": rng.random(shape) < 0.02,
    }[kind].astype(np.float32)
    return 0.1 * x if SYNAPSES[name].takes == "amount" and kind != "spikes" else x


@functools.partial(jax.jit, static_argnames=("side", "name", "batch", "start"))
def simulate(side, name, batch, values, x, delta, start=0.0):
    # a start that is no initializer gives the reference a state of one element
    cls, takes = getattr(engine, name), SYNAPSES[name].takes
    given = {p: attach(v, cls.parameters()[p].unit) for p, v in values.items()}
    if takes != "release":
        given["g_initializer"] = braintools.init.Constant(start * mS)
    model = getattr(SIDES[side], name)(N, **given)
    model.init_state(batch)

    def step(i, now, jump):
        if takes == "amount":
            model.add_delta_input("jump", jump * mS, label="group")
            now = now * mS
        elif takes == "spike" and side == "theirs":
            now = now > 0
        with brainstate.environ.context(i=i, t=i * DT * ms):
            out = model(now)
        states = {k: v.value for k, v in vars(model).items() if isinstance(v, brainstate.State)}
        return u.get_mantissa(out), {k: u.get_mantissa(v) for k, v in states.items()}

    with brainstate.environ.context(dt=DT * ms):
        return brainstate.transform.for_loop(step, jnp.arange(len(x)), x, delta)


def assert_same(ours, theirs, rtol=2e-4):
    np.testing.assert_allclose(ours[0], theirs[0], rtol=rtol, atol=2e-5)
    assert set(ours[1]) == set(theirs[1])
    for name, expected in theirs[1].items():
        np.testing.assert_allclose(ours[1][name], expected, rtol=rtol, atol=2e-5, err_msg=name)


def test_every_synapse_and_output_stage_is_compared():
    assert set(SYNAPSES) == set(engine.catalog.synapses())
    assert set(OUTPUTS) == set(engine.catalog.outputs())


@EACH
def test_the_constructor_is_that_of_the_reference(name):
    ours, theirs = (getattr(side, name) for side in SIDES.values())
    assert (
        list(inspect.signature(ours).parameters)
        == [*inspect.signature(theirs.__init__).parameters][1:]
    )
    one, other = ours(1), theirs(1)
    for p, spec in ours.parameters().items():
        if not isinstance(spec, InitialSpec):
            expected = getattr(other, "T_duration" if p == "T_dur" else p)
            assert u.get_dim(getattr(one, p)) == u.get_dim(expected), p
            assert u.math.allclose(getattr(one, p), expected), p
    for model in (one, other):
        model.init_state()
    kinds = [
        {k: type(v) for k, v in vars(m).items() if isinstance(v, brainstate.State)}
        for m in (one, other)
    ]
    assert kinds[0] == kinds[1]


@EACH
@pytest.mark.parametrize(
    ("batch", "variant"),
    [
        (None, "default"),
        (8, "one per synapse"),
        pytest.param(8, "default", marks=pytest.mark.slow),
        pytest.param(None, "one per synapse", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("kind", ["constant", "step", "noisy", "spikes"])
def test_output_and_states_agree_with_the_reference(name, batch, variant, kind):
    x = drive(name, kind, batch)
    delta = np.where(np.roll(x, 5) > 0, 0.3, 0.0).astype(np.float32)
    arguments = (name, batch, parameters(name, variant), x, delta)
    ours, theirs = (simulate(side, *arguments) for side in SIDES)
    assert np.abs(theirs[0]).max() > 0.03, "there is something to compare"
    assert_same(ours, theirs)


@pytest.mark.parametrize("name", [n for n, case in SYNAPSES.items() if case.takes != "release"])
def test_a_start_other_than_zero_agrees_with_the_reference(name):
    x = drive(name, "spikes", None)
    arguments = (name, None, parameters(name, "default"), x, 0 * x, 0.7)
    assert_same(*(simulate(side, *arguments) for side in SIDES))


@EACH
def test_a_run_step_by_step_is_the_compiled_run(name):
    values, x = parameters(name, "other"), drive(name, "spikes", None)[:40]
    x[3] = 1.0
    specs = getattr(engine, name).parameters()
    model = getattr(engine, name)(N, **{p: attach(v, specs[p].unit) for p, v in values.items()})
    model.init_state()
    out = []
    for i, now in enumerate(x):
        with brainstate.environ.context(i=i, t=i * DT * ms, dt=DT * ms):
            out.append(u.get_mantissa(model(now)))
    theirs = simulate("theirs", name, None, values, x, 0 * x)
    np.testing.assert_allclose(np.stack(out), theirs[0], rtol=2e-4, atol=1e-5)


@functools.partial(jax.jit, static_argnames=("side", "name"))
def gradients(side, name, values, x):
    """Differentiate a weighted sum of the output by every parameter, and by what arrives."""
    weight = jnp.asarray(np.random.default_rng(3).normal(size=x.shape), jnp.float32)

    def loss(x, values):
        return jnp.sum(weight * simulate(side, name, None, values, x, 0 * x)[0])

    return jax.grad(loss, (0, 1))(x, values)


@EACH
def test_gradients_agree_with_the_reference(name):
    x, values = drive(name, "spikes", None)[:400], parameters(name, "other")
    ours, theirs = (gradients(side, name, values, x) for side in SIDES)
    if SYNAPSES[name].takes != "spike":
        assert np.abs(theirs[0]).max() > 1e-3
    np.testing.assert_allclose(ours[0], theirs[0], rtol=2e-3, atol=1e-4)
    for parameter, expected in theirs[1].items():
        assert parameter == "T_dur" or np.abs(expected).max() > 1e-5, parameter
        scale = 1e-4 * (1 + np.abs(expected).max())
        np.testing.assert_allclose(
            ours[1][parameter], expected, rtol=2e-3, atol=scale, err_msg=parameter
        )


# ---------------------------------------------------------------- where ours differ on purpose


def window(side, dt, steps=41 * 400):
    """Give how many steps each transmitter pulse of 0.7 ms lasts, late in a run too."""
    model = SIDES[side].AMPA(1, T_dur=0.7 * ms)
    model.init_state()

    def step(i):
        with brainstate.environ.context(i=i, t=i * dt * ms):
            return model(i % 41 == 0).to_decimal(mS)[0]

    with brainstate.environ.context(dt=dt * ms):
        g = np.asarray(brainstate.transform.for_loop(step, jnp.arange(steps)), float)
    rising = np.diff(g, prepend=0.0) > 0
    return set(rising.reshape(-1, 41).sum(axis=1).tolist())


def test_our_transmitter_pulse_always_has_the_same_number_of_steps():
    assert window("ours", 0.1) == {7}
    assert window("ours", 0.125) == window("theirs", 0.125) == {6}


def test_the_reference_has_pulses_of_two_lengths():
    assert window("theirs", 0.1) == {7, 8}


def test_equal_time_constants_are_refused_by_the_reference_only():
    with pytest.raises(Exception, match=r".*"):
        jax.block_until_ready(brainpy.state.DualExpon(1, tau_decay=5 * ms, tau_rise=5 * ms))
    engine.DualExpon(1, tau_decay=5 * ms, tau_rise=5 * ms)


def test_delta_inputs_of_a_receptor_are_left_behind_by_the_reference_only():
    for side, left in (("ours", 0), ("theirs", 1)):
        model = SIDES[side].AMPA(1)
        model.init_state()
        model.add_delta_input("jump", 1.0)
        with brainstate.environ.context(dt=DT * ms, t=0 * ms):
            g = model(False)
        assert len(model.delta_inputs) == left
        assert (float(g.to_decimal(mS)[0]) > 0) is (side == "ours")


# ---------------------------------------------------------------- output stages

OUTPUTS = {
    "COBA": [{"E": -70.0 * mV}, {"E": 3.0 * mV}],
    "CUBA": [{}, {"scale": 70.0 * mV}, {"scale": u.volt}, {"scale": 3.0}],
    "MgBlock": [
        {},
        {"E": 3.0 * mV, "cc_Mg": 0.7, "alpha": 0.05 / mV, "beta": 2.9, "V_offset": 7.0 * mV},
    ],
}
PLAIN_IN = {"E": mV, "V_offset": mV, "alpha": mV**-1}


@pytest.mark.parametrize(
    ("name", "given"), [(name, given) for name, cases in OUTPUTS.items() for given in cases]
)
@pytest.mark.parametrize("shape", [(5,), (8, 5)])
def test_the_current_agrees_with_the_reference(name, given, shape):
    rng = np.random.default_rng(1)
    g, V = rng.uniform(0, 2, shape) * mS, rng.uniform(-90, 40, shape) * mV
    ours = getattr(engine, name)(**given)
    # the defaults of the reference's MgBlock have no unit: give it those that they stand for
    full = {p: getattr(ours, p) for p in PLAIN_IN if hasattr(ours, p)} | given
    theirs = getattr(brainpy.state, name)(**full)
    for stage in (ours, theirs):
        stage.bind_cond(g)
    a, b = ours(V), theirs(V)
    assert u.get_dim(a) == u.get_dim(b)
    assert u.math.allclose(a, b, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "given"),
    [("COBA", {"E": -70.0}), ("MgBlock", {}), ("MgBlock", {"alpha": 0.05, "V_offset": 7.0})],
)
@pytest.mark.parametrize("unit", [mS, u.UNITLESS])
def test_plain_potentials_agree_with_the_reference(name, given, unit):
    V, g = np.linspace(-90, 40, 7), attach(np.linspace(0, 2, 7), unit)
    stages = [getattr(side, name)(**given) for side in SIDES.values()]
    for stage in stages:
        stage.bind_cond(g)
    a, b = (stage(V) for stage in stages)
    assert u.get_dim(a) == u.get_dim(b) == unit.dim
    assert u.math.allclose(a, b, rtol=1e-5)


# ---------------------------------------------------------------- gap junctions


def pairs(pre, post):
    rng = np.random.default_rng(2)
    return rng.integers(0, pre[0], 9), rng.integers(0, post[0], 9)


def coupled(side, kind, batch):
    """Run two coupled populations (or one with itself) for 100 ms; give potentials and currents."""
    library = SIDES[side]
    a, b = library.LIF(5, tau=7 * ms), library.LIF(3)
    weight = np.random.default_rng(3).uniform(0.05, 0.3, (9, 2)) * u.siemens
    if kind == "asymmetric":
        junction = library.AsymmetryGapJunction(a, "V", b, "V", pairs, weight)
    else:
        couples = a if kind == "one population" else (a, b)
        junction = library.SymmetryGapJunction(couples, "V", pairs, weight[:, 0])
    for cells in (a, b):
        cells.init_state(batch)

    def step(i):
        with brainstate.environ.context(i=i, t=i * DT * ms):
            flow = junction()
            a(np.linspace(0.5, 2.5, 5) * u.mA)
            b(np.linspace(0.5, 1.5, 3) * u.mA)
        return flow.to_decimal(u.mA), a.V.value.to_decimal(mV), b.V.value.to_decimal(mV)

    with brainstate.environ.context(dt=DT * ms):
        return brainstate.transform.for_loop(step, jnp.arange(800))


@pytest.mark.parametrize("kind", ["two populations", "one population", "asymmetric"])
@pytest.mark.parametrize("batch", [None, 8])
def test_coupled_populations_agree_with_the_reference(kind, batch):
    ours, theirs = (coupled(side, kind, batch) for side in SIDES)
    assert np.abs(theirs[0]).max() > 0.05
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)
