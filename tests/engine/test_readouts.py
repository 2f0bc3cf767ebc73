"""Readouts: rates and decisions, the time step of the step, gradients through time."""

import brainpy.state
import brainstate
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u

from engine import IF, LeakyRateReadout, LeakySpikeReadout, ParameterError, catalog

mV, ms = u.mV, u.ms
WEIGHT = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
SPIKES = (np.random.default_rng(1).random((60, 3, 5)) < 0.3).astype(np.float32)


def given_weight(shape):
    assert shape == (5, 2)
    return jnp.array(WEIGHT)


def run(readout, xs=SPIKES, dt=0.5):
    def step(x):
        return readout(x)

    with brainstate.environ.context(dt=dt * ms):
        brainstate.nn.init_all_states(readout, batch_size=xs.shape[1])
        return brainstate.transform.for_loop(step, jnp.asarray(xs))


def test_a_rate_readout_is_that_of_the_reference():
    with brainstate.environ.context(dt=0.5 * ms):
        theirs = brainpy.state.LeakyRateReadout(
            5, 2, tau=3 * ms, w_init=lambda s: jnp.array(WEIGHT)
        )
    ours = LeakyRateReadout(5, 2, tau=3 * ms, w_init=given_weight)
    np.testing.assert_allclose(run(ours), run(theirs), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dt", [0.1, 2.0])
def test_the_decay_follows_the_time_step_of_the_step(dt):
    readout = LeakyRateReadout(1, 1, tau=4 * ms, w_init=jnp.ones)
    given = run(readout, np.array([1.0, 0, 0])[:, None, None], dt=dt).ravel()
    np.testing.assert_allclose(given, np.exp(-np.arange(3) * dt / 4), rtol=1e-6)


def test_spikes_may_be_booleans_and_time_constants_one_for_each_output():
    readout = LeakyRateReadout(5, 2, tau=[3.0, 6.0] * ms, w_init=jnp.array(WEIGHT))
    plain = run(readout)
    np.testing.assert_allclose(run(readout, SPIKES.astype(bool)), plain, rtol=1e-6)
    alone = run(LeakyRateReadout(5, 2, tau=6 * ms, w_init=jnp.array(WEIGHT)))
    np.testing.assert_allclose(plain[..., 1], alone[..., 1], rtol=1e-6)


@pytest.mark.parametrize("spk_reset", ["soft", "hard"])
@pytest.mark.parametrize("unit", [u.UNITLESS, mV])
def test_a_spike_readout_is_an_integrate_and_fire_neuron_behind_weights(spk_reset, unit):
    weight = jnp.array(WEIGHT * 4)
    weight = weight if unit.is_unitless else weight * unit
    readout = LeakySpikeReadout(
        5, 2, tau=3 * ms, V_th=0.7 * mV, w_init=lambda s: weight, spk_reset=spk_reset
    )
    spikes = run(readout)
    neuron = IF(2, tau=3 * ms, V_th=0.7 * mV, spk_reset=spk_reset)
    neuron.init_state(batch_size=3)
    with brainstate.environ.context(dt=0.5 * ms):
        expected = [neuron(jnp.asarray(x @ (WEIGHT * 4)) * u.mA) for x in SPIKES]
    assert 0 < spikes.sum() < spikes.size
    np.testing.assert_array_equal(spikes, np.stack(expected))
    np.testing.assert_allclose(
        readout.V.value.to_decimal(mV), neuron.V.value.to_decimal(mV), rtol=1e-5, atol=1e-6
    )
    assert (readout.in_size, readout.out_size, readout.varshape) == ((5,), (2,), (2,))


def test_delta_inputs_of_a_spike_readout_jump_its_potential(clock):
    readout = LeakySpikeReadout(3, 2)
    readout.init_state()
    readout.add_delta_input("kick", jnp.array([0.5, 1.5]) * mV)
    assert readout(jnp.zeros(3)).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("cls", [LeakyRateReadout, LeakySpikeReadout])
def test_gradients_flow_through_time_to_the_weights(cls):
    readout = cls(5, 2, tau=3 * ms, w_init=lambda s: jnp.array(WEIGHT * 4))
    only_first = np.zeros_like(SPIKES)
    only_first[0] = 1.0

    def loss():
        return run(readout, only_first)[-1 if cls is LeakyRateReadout else 1 :].sum()

    found = brainstate.transform.grad(loss, {"weight": readout.weight})()
    slope = np.asarray(u.get_mantissa(found["weight"]))
    assert np.isfinite(slope).all()
    assert np.abs(slope).max() > 0
    if cls is LeakyRateReadout:  # what the first step gave is left after 59 steps
        np.testing.assert_allclose(slope, 3 * np.exp(-59 * 0.5 / 3), rtol=1e-4)


@pytest.mark.parametrize("cls", [LeakyRateReadout, LeakySpikeReadout])
def test_the_states_start_again_with_their_batch(cls):
    readout = cls(5, 2)
    run(readout)
    name = next(iter(cls.states()))
    state = getattr(readout, name)
    assert (u.get_mantissa(state.value) != 0).any()
    readout.reset_state()
    assert state.value.shape == (3, 2)
    assert not u.get_mantissa(state.value).any()


@pytest.mark.parametrize("cls", [LeakyRateReadout, LeakySpikeReadout])
def test_what_cannot_be_is_refused_with_a_sentence(cls, clock):
    name = cls.__name__
    with pytest.raises(ParameterError, match=rf"{name}.out_size must be a positive whole number"):
        cls(2, 0)
    with pytest.raises(ParameterError, match=rf"{name}.tau must be a time, got 3 mV"):
        cls(2, 2, tau=3 * mV)
    with pytest.raises(ParameterError, match=rf"{name}.tau must be above 0 ms"):
        cls(2, 2, tau=0 * ms)
    readout = cls(2, 2)
    with pytest.raises(AttributeError, match="call init_state"):
        readout(jnp.zeros(2))
    readout.init_state()
    with pytest.raises(ParameterError, match=rf"{name}.x must end in an axis of 2 inputs"):
        readout(jnp.zeros(3))
    with pytest.raises(ParameterError, match=r"for a batch call init_state\(4\)"):
        readout(jnp.zeros((4, 2)))


def test_a_readout_is_no_model_of_the_catalogue():
    assert "LeakySpikeReadout" not in catalog.neurons()
