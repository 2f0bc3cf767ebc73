"""Every model beside the field's reference implementation: what is equal, and what is not."""

import functools

import brainpy.state
import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u

import engine

SIDES = {"ours": engine, "theirs": brainpy.state}
N_STEPS, DT, N = 1600, 0.125, 4
mA, mV, mS, ms = u.mA, u.mV, u.mS, u.ms

# Values that are no model's default, and not multiples of each other. Numbers are in these units:
UNITS = {"R": u.ohm, "tau": ms, "tau_ref": ms, "tau_a": ms, "V_th": mV, "V_reset": mV, "V_rest": mV}
UNITS |= {"beta": mV}
OTHER = {"R": 1.3, "tau": 8.7, "tau_ref": 3.25, "tau_a": 43.0, "V_th": 1.2, "V_reset": -0.31}
OTHER |= {"V_rest": 0.13, "beta": 0.27}

NEURONS = {
    "IF": ("R", "tau", "V_th"),
    "LIF": ("R", "tau", "V_th", "V_reset", "V_rest"),
    "LIFRef": ("R", "tau", "tau_ref", "V_th", "V_reset", "V_rest"),
    "ALIF": ("R", "tau", "tau_a", "V_th", "V_reset", "V_rest", "beta"),
}
DEFAULTS = {"R": 1.0, "tau": 5.0, "tau_ref": 5.0, "tau_a": 100.0, "V_th": 1.0, "V_reset": 0.0}
DEFAULTS |= {"V_rest": 0.0, "beta": 0.1}
SPREAD = np.linspace(0.8, 1.2, N)


def parameters(name, variant):
    """Give a model's parameters as plain arrays, one value per neuron in every variant."""
    numbers = DEFAULTS if variant == "default" else OTHER
    given = {p: np.full(N, numbers[p], np.float32) for p in NEURONS[name]}
    if variant == "one per neuron":
        given |= {p: (v * SPREAD).astype(np.float32) for p, v in given.items() if p != "tau_ref"}
    return given


def drives():
    """Give the inputs of a neuron over time: current in mA and jump in mV, shape (time, neuron)."""
    rng = np.random.default_rng(7)
    silent, t = np.zeros((N_STEPS, N)), np.arange(N_STEPS)[:, None] * DT
    strength = np.linspace(1.27, 3.3, N)
    events = rng.random((N_STEPS, N)) < 0.03
    return {
        "constant": (silent + strength, silent),
        "step": (np.where((t > 20) & (t < 150), strength, 0.2), silent),
        "noisy": (1.4 + 1.9 * rng.normal(size=(N_STEPS, N)), silent),
        "delta": (silent + 0.6, np.where(events, 0.37, 0.0)),
    }


def run(model, x, delta, conductance, dt):
    """Run a neuron of either side; give spikes and states over time."""
    model.add_current_input("conductance", lambda V: conductance * (0.4 * mV - V) * 1e3 * mS)

    def step(i, now, jump):
        model.add_delta_input("jump", jump * mV)
        with brainstate.environ.context(i=i, t=i * dt * ms):
            spikes = model(now * mA)
        states = {k: v.value for k, v in vars(model).items() if isinstance(v, brainstate.State)}
        return spikes, {k: u.get_mantissa(v) for k, v in states.items()}

    with brainstate.environ.context(dt=dt * ms):
        return brainstate.transform.for_loop(step, jnp.arange(len(x)), x, delta)


def build(side, name, values, reset, batch):
    given = {p: u.Quantity(v, unit=UNITS[p]) for p, v in values.items()}
    model = getattr(SIDES[side], name)(N, **given, spk_reset=reset)
    model.init_state(batch)
    return model


@functools.partial(jax.jit, static_argnames=("side", "name", "reset", "batch"))
def simulate(side, name, reset, batch, values, x, delta, conductance):
    return run(build(side, name, values, reset, batch), x, delta, conductance, DT)


@functools.partial(jax.jit, static_argnames=("side", "name", "reset"))
def gradients(side, name, reset, values, x):
    """Differentiate a sum over spikes and potentials by the input and every parameter."""
    weight = jnp.asarray(np.random.default_rng(3).normal(size=(len(x), N)), jnp.float32)

    def loss(x, values):
        model = build(side, name, values, reset, None)
        spikes, states = run(model, x, jnp.zeros_like(x), 0.0, DT)
        return jnp.sum(weight * (spikes + jnp.sin(states["V"])))

    return jax.grad(loss, (0, 1))(x, values)


EACH = pytest.mark.parametrize("name", NEURONS)
RESETS = pytest.mark.parametrize("reset", ["soft", "hard"])


@EACH
@RESETS
@pytest.mark.parametrize("batch", [None, 3])
@pytest.mark.parametrize("variant", ["default", "other", "one per neuron"])
@pytest.mark.parametrize("drive", ["constant", "step", "noisy", "delta", "conductance"])
def test_spikes_and_states_agree_with_the_reference(name, reset, batch, variant, drive):
    x, delta = drives()["noisy" if drive == "conductance" else drive]
    if batch is not None:
        x, delta = (np.stack([a, 0.9 * a, 1.1 * a], axis=1) for a in (x, delta))
    x, delta = x.astype(np.float32), delta.astype(np.float32)
    conductance = np.float32(0.3 if drive == "conductance" else 0.0)
    arguments = (name, reset, batch, parameters(name, variant), x, delta, conductance)
    ours, theirs = (simulate(side, *arguments) for side in SIDES)
    assert theirs[0].sum() > 5 * N, "there is something to compare"
    np.testing.assert_array_equal(ours[0], theirs[0])
    assert set(ours[1]) == set(theirs[1])
    for state, expected in theirs[1].items():
        np.testing.assert_allclose(
            ours[1][state], expected, rtol=2e-4, atol=2e-5, err_msg=f"{name}.{state}"
        )


@EACH
@RESETS
def test_gradients_through_100_steps_agree_with_the_reference(name, reset):
    x = drives()["noisy"][0][:100].astype(np.float32)
    ours, theirs = (gradients(side, name, reset, parameters(name, "other"), x) for side in SIDES)
    assert np.abs(theirs[0]).max() > 1e-3
    np.testing.assert_allclose(ours[0], theirs[0], rtol=2e-3, atol=2e-4)
    for parameter, expected in theirs[1].items():
        scale = 1e-4 * (1 + np.abs(expected).max())
        np.testing.assert_allclose(
            ours[1][parameter], expected, rtol=2e-3, atol=scale, err_msg=parameter
        )
        if parameter != "tau_ref":
            assert np.abs(expected).max() > 0


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
    shape = (N_STEPS, N) if batch is None else (N_STEPS, batch, N)
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
