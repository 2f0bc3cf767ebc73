"""Rates over currents, their onset, and the shape of spikes: closed forms and published values."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import (
    HH,
    LIF,
    Experiment,
    FitzHughNagumo,
    LIFRef,
    MorrisLecar,
    ParameterError,
    QuaIF,
    WangBuzsakiHH,
    simulate,
)
from engine.analysis.fi_curve import fi_curve, onset_type, spike_shape
from engine.errors import SpikescopeError

DT = 0.01 * u.ms

# ---------------------------------------------------------------- closed forms


@settings(max_examples=20)
@given(st.floats(3, 30), st.floats(0.5, 3), st.floats(0.5, 2))
def test_the_curve_of_a_leaky_neuron_is_that_of_the_closed_form(tau, R, V_th):
    strengths = np.array([0.5, 0.99, 1.1, 1.5, 2.5, 5.0])
    given_ = {"tau": tau * u.ms, "R": R * u.ohm, "V_th": V_th * u.mV, "spk_reset": "hard"}
    rates = fi_curve(LIF, strengths * V_th / R * u.mA, dt=0.05 * u.ms, **given_)
    assert not rates[:2].any()
    periods = tau * np.log(strengths[2:] / (strengths[2:] - 1))
    np.testing.assert_array_less(np.abs(1000 / rates[2:] - periods), 0.051)


def test_a_refractory_period_is_added_to_every_interval_of_the_curve():
    currents = np.array([1.1, 2.0, 10.0, 100.0])
    given_ = {"tau": 10 * u.ms, "spk_reset": "hard", "dt": DT}
    rates = fi_curve(LIFRef, currents, tau_ref=4 * u.ms, **given_)
    periods = 4 + 10 * np.log(currents / (currents - 1))
    np.testing.assert_allclose(1000 / rates, periods, atol=0.021)
    assert rates[-1] < 250.0, "1 / tau_ref"


def test_the_curve_of_the_quadratic_neuron_begins_as_a_square_root():
    """At onset, with R I - c (V_c - V_rest)^2 / 4 = h, the period is near pi tau / sqrt(c h)."""
    excess = np.array([0.01, 0.02, 0.04])
    rates = fi_curve(QuaIF, 0.07 * 15**2 / 4 + excess, duration=6000 * u.ms, spk_reset="hard")
    expected = 1000 * np.sqrt(0.07 * excess) / (math.pi * 10)
    np.testing.assert_allclose(rates, expected, rtol=0.06)


def test_all_currents_are_one_call_and_other_numbers_compile_nothing(compilations):
    currents = np.linspace(0.9, 1.5, 7)
    fi_curve(LIF, currents)
    with compilations() as compiled:
        fi_curve(LIF, currents + 0.1, tau=7 * u.ms, duration=300 * u.ms, dt=0.2 * u.ms)
    assert compiled == []


def test_the_curve_is_what_a_simulation_at_each_current_gives():
    currents = np.array([0.8, 1.2, 2.0])
    rates = fi_curve(LIF, currents, settle=0 * u.ms, spk_reset="hard")
    for current, rate in zip(currents, rates, strict=True):
        drive = {"stimulus": "Constant", "stimulus__amplitude": current * u.mA, "noise": None}
        run = simulate(LIF, spk_reset="hard", n=1, **drive)
        gaps = np.diff(run.spike_times)
        assert rate == pytest.approx(1000 / gaps.mean() if gaps.size else 0.0, rel=1e-5)


def test_an_experiment_brings_its_numbers_but_neither_noise_nor_spread():
    experiment = Experiment(LIF).update({"tau": 12, "tau.spread": 0.5, "noise.sigma": 3})
    rates = fi_curve(experiment, [1.5])
    np.testing.assert_array_equal(rates, fi_curve(LIF, [1.5] * u.mA, tau=12 * u.ms))


def test_firing_that_stops_has_no_rate():
    """Above about 1.42 the drive holds the neuron depolarized."""
    rates = fi_curve(FitzHughNagumo, [0.0, 0.7, 2.0], settle=0 * u.ms)
    assert rates[0] == rates[2] == 0.0
    assert rates[1] > 10.0


# ---------------------------------------------------------------- published onsets


def test_hodgkin_and_huxley_begin_to_fire_at_6_3_and_50_Hz():
    """Rinzel and Miller (1980): a stable and an unstable cycle appear near 6.3 uA/cm2."""
    currents = np.linspace(5.8, 7.0, 13) * u.uA
    rates = fi_curve(HH, currents, duration=600 * u.ms)
    onset = onset_type(currents, rates)
    assert onset.label == "type II"
    assert onset.current == pytest.approx(6.3, abs=0.11)
    assert 48.0 < onset.rate < 56.0
    firing = rates[rates > 0]
    assert np.all(np.diff(firing) > 0)
    assert "too slowly" in onset.reason


@jax.jit
@jax.vmap
def hodgkin_huxley_at(V):
    """Give the current that holds ``V``, and how the flow changes with the state there."""
    neuron, gates = HH(1), ("m", "h", "n")

    def flow(y):
        V, state = y[0] * u.mV, dict(zip(gates, y[1:], strict=True))
        slopes = [-neuron.currents(V, state).to_decimal(u.uA)]
        for gate in gates:
            opening, closing = (r.to_decimal(u.ms**-1) for r in neuron.rates(gate, V))
            slopes.append(opening * (1 - state[gate]) - closing * state[gate])
        return jnp.stack(slopes)

    rest = jnp.stack([V, *(neuron.steady(gate, V * u.mV) for gate in gates)])
    return -flow(rest)[0], jax.jacfwd(flow)(rest)


def test_the_rest_of_hodgkin_and_huxley_loses_its_stability_at_9_8_and_regains_it_at_154():
    """Rinzel and Miller (1980): subcritical Hopf bifurcations at 9.78 and 154.5 uA/cm2."""
    current, flow = map(np.asarray, hodgkin_huxley_at(jnp.linspace(-65, -35, 601)))
    growth = np.linalg.eigvals(flow).real.max(axis=1)
    turns = np.flatnonzero(np.diff(np.sign(growth)))
    assert current[turns] == pytest.approx([9.78, 154.5], rel=0.015)
    # between the two onsets both are stable: a neuron at rest may stay there, or fire
    assert np.interp(8.0, current[:100], growth[:100]) < 0
    assert fi_curve(HH, [8.0]) > 0


def test_the_interneuron_of_wang_and_buzsaki_begins_to_fire_at_any_low_rate():
    currents = np.linspace(0.12, 0.24, 16) * u.uA
    rates = fi_curve(WangBuzsakiHH, currents, duration=2000 * u.ms)
    onset = onset_type(currents, rates)
    assert onset.label == "type I"
    assert 0.15 < onset.current < 0.18
    assert onset.rate < 5.0


@pytest.mark.parametrize(
    ("numbers", "onset", "label"),
    [
        # Ermentrout and Terman (2010), table 3.1: saddle-node on a cycle at 39.96 uA/cm2
        (
            {"V3": 12 * u.mV, "V4": 17.4 * u.mV, "g_Ca": 4 * u.mS, "phi": 0.0667 / u.ms},
            39.96,
            "type I",
        ),
        # the same table, "Hopf": the stable cycle appears at 88.3, before rest goes at 93.86
        ({}, 88.3, "type II"),
    ],
)
def test_morris_and_lecar_fire_as_type_I_or_II_with_the_published_numbers(numbers, onset, label):
    currents = np.linspace(onset - 1.5, onset + 3.0, 19) * u.uA
    times = {"duration": 4000 * u.ms, "settle": 2000 * u.ms}
    rates = fi_curve(MorrisLecar, currents, V_Ca=120 * u.mV, dt=0.2 * u.ms, **times, **numbers)
    found = onset_type(currents, rates)
    assert found.label == label
    assert found.current == pytest.approx(onset, abs=0.6)


@pytest.mark.parametrize(
    ("model", "low", "high", "label"),
    [
        (LIF, 0.9, 1.2, "type I"),
        (QuaIF, 3.8, 4.4, "type I"),
        (FitzHughNagumo, 0.28, 0.4, "type II"),
    ],
)
@pytest.mark.parametrize("number", [13, 25])
def test_the_type_does_not_depend_on_how_finely_the_currents_lie(model, low, high, number, label):
    currents = np.linspace(low, high, number)
    rates = fi_curve(model, currents, duration=2000 * u.ms, spk_reset="hard")
    assert onset_type(currents, rates).label == label


@given(st.floats(0.01, 100), st.floats(-10, 10), st.integers(0, 2**32 - 1))
def test_a_square_root_is_type_I_and_a_jump_is_type_II(scale, start, seed):
    x = np.linspace(-1, 3, 81)
    root, jump = np.sqrt(np.maximum(x, 0)), np.where(x > 0, 1 + 0.1 * x, 0)
    order = np.random.default_rng(seed).permutation(x.size)
    for rates, label in ((root, "type I"), (jump, "type II")):
        found = onset_type(start + scale * x[order], 50 * rates[order])
        assert found.label == label
        assert found.current == pytest.approx(start + scale * 0.05, abs=1e-6 * (1 + scale))


# ---------------------------------------------------------------- published spikes


def shape(model, amplitude, **more):
    drive = {"stimulus": "Constant", "stimulus__amplitude": amplitude * u.uA, "noise": None}
    run = simulate(model, n=1, dt=DT, duration=100 * u.ms, **(drive | more))
    return spike_shape(run.times, run.traces["V"][:, 0], which=-1 if more else 2)


def test_the_action_potential_of_hodgkin_and_huxley_has_the_published_shape():
    """From rest, at 6.3 degrees: over 100 mV high, undershooting rest by about 11 mV."""
    pulse = {"stimulus": "Step", "stimulus__start": 50 * u.ms, "stimulus__stop": 50.5 * u.ms}
    found = shape(HH, 20.0, **pulse)
    assert found.peak + 65.0 == pytest.approx(105.0, abs=5.0)
    assert found.trough + 65.0 == pytest.approx(-11.0, abs=1.0)
    assert 1.0 < found.half_width < 1.8
    assert found.steepest == pytest.approx(300.0, rel=0.2)


def test_the_spike_of_wang_and_buzsaki_is_brief_with_a_shallow_trough():
    """A spike of the interneuron takes less than half of that of the squid's axon."""
    interneuron, axon = shape(WangBuzsakiHH, 1.0), shape(HH, 10.0)
    assert interneuron.half_width < 0.5 * axon.half_width
    assert -70.0 < interneuron.trough < -64.0, "V_rest is -64, E_K is -90"
    assert interneuron.trough > axon.trough + 5.0


def test_a_spike_of_straight_lines_is_measured_as_it_was_drawn():
    t = np.arange(0, 20, 0.01)
    V = np.interp(t, [0, 5, 6, 8, 10, 20], [-60, -60, 40, -70, -60, -60])
    found = spike_shape(t * u.ms, V * u.mV)
    assert found.threshold == pytest.approx(-60.0, abs=0.6)
    assert (found.peak, found.peak_time) == pytest.approx((40.0, 6.0), abs=1e-6)
    assert found.half_width == pytest.approx(0.5 + 50 / 55, abs=0.02)
    assert found.trough == pytest.approx(-70.0, abs=1e-6)
    assert found.afterhyperpolarization == pytest.approx(10.0, abs=0.6)
    assert found.steepest == pytest.approx(100.0)
    assert spike_shape(t, V / 1e3 * u.volt).half_width == pytest.approx(found.half_width)


def test_spikes_are_counted_from_both_ends_and_a_jump_is_none():
    t = np.arange(0, 60, 0.01)
    one = [0, 5, 6, 8, 10]
    V = np.interp(t, [*one, *(np.array(one[1:]) + 20)], [-60, -60, 40, -70, -60, -60, 20, -70, -60])
    V = V + np.where(t > 50, 5.0, 0.0)
    assert spike_shape(t, V, which=0).peak == pytest.approx(40.0)
    assert spike_shape(t, V, which=-1).peak == pytest.approx(20.0, abs=0.2)
    with pytest.raises(ParameterError, match="no spike 2 among 2"):
        spike_shape(t, V, which=2)


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: fi_curve(LIF, [1.0] * u.mV), "currents must be a current, got a potential"),
        (lambda: fi_curve(LIF, []), "currents must hold at least one"),
        (lambda: fi_curve(LIF, [float("nan")]), "currents must be finite"),
        (lambda: fi_curve(LIF, [1.0], duration=0 * u.ms), "duration must be at least 0.1 ms"),
        (lambda: fi_curve(LIF, [1.0], settle=-1 * u.ms), "settle must be at least 0 ms"),
        (lambda: fi_curve(LIF, [1.0], tau=1 * u.mV), "tau must be a time"),
        (lambda: fi_curve(LIF, [1.0], taw=1 * u.ms), "no parameter 'taw'"),
        (lambda: onset_type([1.0, 2.0, 3.0], [0.0, 0.0, 5.0]), "currents must begin in silence"),
        (lambda: onset_type([1.0, 2.0, 3.0], [1.0, 2.0, 5.0]), "currents must begin in silence"),
        (lambda: onset_type([1.0, 2.0], [1.0]), "rates must be one per current"),
        (lambda: spike_shape([1.0, 2.0], [1.0, 2.0]), "V must be one potential per time"),
        (lambda: spike_shape(np.arange(9), np.zeros(9)), "no spike 0 among 0"),
        (lambda: spike_shape(np.arange(9), np.arange(9) * 50.0), "no spike 0 among 0|not over"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(call, sentence):
    with pytest.raises(SpikescopeError, match=sentence):
        call()
