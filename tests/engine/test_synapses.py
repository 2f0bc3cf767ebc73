"""Synapses beside the formulas of their papers, and what each promises by itself."""

import brainstate
import braintools
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u

from engine import AMPA, STD, STP, Alpha, BioNMDA, DualExpon, Expon, GABAa, ParameterError

ms, mS, mM = u.ms, u.mS, u.mM


def train(model, x, dt, clock=True):
    """Run a model over ``x``, shape (time,); give its output and states as plain arrays."""
    model.init_state()

    def step(i, now):
        known = {"i": i, "t": i * dt * ms} if clock else {}
        with brainstate.environ.context(**known):
            out = model(now)
        states = {name: getattr(model, name).value for name in type(model).states()}
        return jax.tree.map(
            u.get_mantissa, (out, states), is_leaf=lambda a: isinstance(a, u.Quantity)
        )

    with brainstate.environ.context(dt=dt * ms):
        return brainstate.transform.for_loop(step, jnp.arange(len(x)), jnp.asarray(x))


def event(steps):
    return (np.arange(steps) == 0).astype(np.float32)


# ---------------------------------------------------------------- kernels


@pytest.mark.parametrize("dt", [0.05, 0.5])
def test_the_kernel_of_expon_is_an_exponential_at_any_time_step(dt):
    g, _ = train(Expon(1, tau=6 * ms), event(400), dt)
    np.testing.assert_allclose(g[:, 0], np.exp(-np.arange(400) * dt / 6), rtol=1e-4)


def test_a_current_input_of_expon_settles_where_it_stands():
    model = Expon(1, tau=6 * ms)
    model.add_current_input("flow", lambda: 0.3 * mS)
    g, _ = train(model, np.zeros(2000), 0.1)
    t = 0.1 * np.arange(1, 2001)
    np.testing.assert_allclose(g[:, 0], 0.3 * (1 - np.exp(-t / 6)), rtol=1e-4)


def double_exponential(t, decay, rise):
    """Give the response with peak 1, in double precision; the alpha function at equality."""
    if decay == rise:
        return t / decay * np.exp(1 - t / decay)
    peak = np.log(decay / rise) * decay * rise / (decay - rise)
    shape = np.exp(-t / decay) - np.exp(-t / rise)
    return shape / (np.exp(-peak / decay) - np.exp(-peak / rise))


RATIOS = [0.1, 0.5, 0.9, 0.979, 0.981, 0.99, 0.9999, 1 - 1e-7, 1.0, 1 + 2e-7, 1.001, 1.03, 3.0]


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("dt", [0.05, 0.5])
def test_the_kernel_of_dual_expon_is_right_however_near_its_time_constants_are(ratio, dt):
    t = dt * np.arange(int(120 / dt))
    g, _ = train(DualExpon(1, tau_decay=9 * ms, tau_rise=9 * ratio * ms), event(len(t)), dt)
    np.testing.assert_allclose(g[:, 0], double_exponential(t, 9.0, 9.0 * ratio), atol=1e-4)


@pytest.mark.parametrize("rise", [1.0, 9.99, 10.0])
def test_the_amplitude_is_the_peak_and_comes_at_the_peak_time(rise):
    t = 0.01 * np.arange(6000)
    model = DualExpon(1, tau_decay=10 * ms, tau_rise=rise * ms, amplitude=2.5)
    g, _ = train(model, event(len(t)), 0.01)
    expected = 10.0 if rise == 10.0 else np.log(10 / rise) * 10 * rise / (10 - rise)
    assert g.max() == pytest.approx(2.5, rel=1e-4)
    assert t[g[:, 0].argmax()] == pytest.approx(expected, rel=0.05)


def test_without_normalization_the_output_is_the_bare_difference():
    t = 0.1 * np.arange(500)
    for rise in (2.0, 9.95, 10.0):
        model = DualExpon(1, tau_decay=10 * ms, tau_rise=rise * ms, normalize=False, amplitude=3.0)
        g, _ = train(model, event(len(t)), 0.1)
        bare = 3.0 * (np.exp(-t / 10) - np.exp(-t / rise))
        np.testing.assert_allclose(g[:, 0], bare, atol=2e-4 * max(bare.max(), 1e-2))


def test_time_constants_may_be_traced_and_may_meet_for_some_synapses_only():
    t = 0.25 * np.arange(200)
    rises = np.array([2.0, 9.999, 10.0, 10.01, 20.0], np.float32)

    @jax.jit
    def run(rise):
        return train(DualExpon(5, tau_decay=10 * ms, tau_rise=rise * ms), event(len(t)), 0.25)[0]

    g = run(rises)
    for k, rise in enumerate(rises):
        np.testing.assert_allclose(g[:, k], double_exponential(t, 10.0, float(rise)), atol=1e-4)


def test_the_gradient_of_dual_expon_is_finite_and_smooth_through_equality():
    x = (np.arange(200) % 40 == 0).astype(np.float32)

    @jax.jit
    @jax.grad
    def slope(rise):
        return train(DualExpon(1, tau_decay=10 * ms, tau_rise=rise * ms), x, 0.25)[0].sum()

    around = [float(slope(rise)) for rise in (9.5, 9.79, 9.81, 9.99, 10.0, 10.01, 10.19, 10.3)]
    assert np.isfinite(around).all()
    assert np.abs(np.diff(around)).max() < 0.1 * np.abs(around).mean()


@pytest.mark.parametrize("tau", [2.0, 8.0])
def test_the_peak_of_alpha_is_one_e_th_at_its_time_constant(tau):
    t = 0.01 * np.arange(6000)
    g, _ = train(Alpha(1, tau=tau * ms), event(len(t)), 0.01)
    np.testing.assert_allclose(g[:, 0], t / tau * np.exp(-t / tau), atol=3e-3)
    assert g.max() == pytest.approx(np.exp(-1), rel=3e-3)
    assert t[g[:, 0].argmax()] == pytest.approx(tau, abs=0.05)


def test_the_error_of_alpha_falls_with_the_time_step():
    def error(dt):
        t = dt * np.arange(int(40 / dt))
        return np.abs(train(Alpha(1), event(len(t)), dt)[0][:, 0] - t / 8 * np.exp(-t / 8)).max()

    assert error(0.4) / error(0.1) == pytest.approx(4, rel=0.2)


@pytest.mark.parametrize("cls", [Expon, DualExpon, Alpha])
def test_a_linear_synapse_adds_up_its_events(cls):
    rng = np.random.default_rng(1)
    a, b = rng.random((2, 300)).astype(np.float32)
    whole, one, other = (train(cls(1), x, 0.2)[0] for x in (2 * a + 3 * b, a, b))
    np.testing.assert_allclose(whole, 2 * one + 3 * other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("cls", [Expon, DualExpon])
def test_summed_arrivals_are_an_event_after_the_step(cls, clock):
    one, other = cls(3), cls(3)
    for model in (one, other):
        model.init_state()
    one(2 * mS)
    other()
    other.align_post_input_add(np.full(3, 2.0))
    for name in cls.states():
        assert u.math.allclose(getattr(one, name).value, getattr(other, name).value)
    with pytest.raises(ParameterError, match="must be a conductance"):
        other.align_post_input_add(1 * u.mA)


@pytest.mark.parametrize("cls", [Expon, DualExpon, Alpha])
@pytest.mark.parametrize("start", [0.0 * u.nS, 0.0 * u.mA, 0.0, 0])
def test_a_conductance_is_measured_in_the_unit_of_its_start(cls, start, clock):
    unit = u.get_unit(start)
    for given in (start, braintools.init.Constant(start)):
        model = cls(2, g_initializer=given)
        model.init_state()
        for _ in range(3):
            g = model(1.0)
        assert u.get_unit(g) == unit
        assert u.get_mantissa(g).dtype == np.float32


# ---------------------------------------------------------------- receptors


def clamped(cls, steps=4000, dt=0.05, **given):
    """Give g and t of a receptor in transmitter that never ends."""
    spikes = np.ones(steps, bool)
    return train(cls(1, **given), spikes, dt)[0][:, 0], dt * np.arange(1, steps + 1)


@pytest.mark.parametrize("cls", [AMPA, GABAa])
@pytest.mark.parametrize("T", [0.2, 1.0])
def test_a_receptor_in_transmitter_opens_to_its_steady_state(cls, T):
    g, t = clamped(cls, T=T * mM)
    opening = float(u.get_mantissa(cls.alpha.default)) * T
    closing = 0.18
    steady, tau = opening / (opening + closing), 1 / (opening + closing)
    np.testing.assert_allclose(g, steady * (1 - np.exp(-t / tau)), rtol=1e-4)


@pytest.mark.parametrize(("cls", "steps"), [(AMPA, 5), (GABAa, 10), (BioNMDA, 5)])
def test_a_pulse_lasts_a_whole_number_of_steps_and_a_spike_begins_it_anew(cls, steps):
    spikes = np.isin(np.arange(80), [2, 40, 43])
    _, states = train(cls(1, T_dur=cls.T_dur.default), spikes, 0.1)
    opened = states["x" if "x" in states else "g"][:, 0]
    rises = np.flatnonzero(np.diff(opened, prepend=0.0) > 0)
    assert rises.tolist() == [*range(2, 2 + steps), *range(40, 43 + steps)]


def test_a_part_of_a_step_counts_as_a_step():
    for T_dur, steps in ((0.04, 1), (0.1, 1), (0.11, 2), (0.7, 7)):
        g, _ = train(AMPA(1, T_dur=T_dur * ms), np.arange(30) == 0, 0.1)
        assert (np.diff(g[:, 0], prepend=0.0) > 0).sum() == steps


def test_the_two_steps_of_nmda_settle_where_the_rates_say():
    g, _ = clamped(BioNMDA, steps=20000)
    x = 1.0 / (1.0 + 0.5)
    assert g[-1] == pytest.approx(2 * x / (2 * x + 0.01), rel=1e-4)


@pytest.mark.parametrize("dt", [0.1, 0.07, 0.025, 0.01])
def test_a_pulse_of_whole_steps_lasts_as_many_however_they_are_rounded(dt):
    counts = np.arange(1, 61)
    model = AMPA(60, T_dur=(counts * dt).astype(np.float32) * ms)
    x = np.arange(80) == 7
    g, _ = train(model, x, dt)
    assert (np.diff(g, axis=0, prepend=0.0) > 0).sum(axis=0).tolist() == counts.tolist()


@pytest.mark.parametrize("cls", [AMPA, GABAa, BioNMDA])
def test_the_scale_of_a_receptor_is_the_unit_of_its_start(cls):
    spikes = np.arange(100) % 20 == 0
    plain, nano = (train(cls(1, g_initializer=g), spikes, 0.1)[0] for g in (0.0, 0 * u.nS))
    np.testing.assert_array_equal(plain, nano)
    assert plain.max() < 1


@pytest.mark.parametrize("cls", [AMPA, GABAa, BioNMDA])
def test_without_the_time_a_receptor_counts_for_itself(cls):
    spikes = np.random.default_rng(3).random(400) < 0.05
    with_clock, without = (train(cls(1), spikes, 0.1, clock)[0] for clock in (True, False))
    assert with_clock.max() > 0.01
    np.testing.assert_allclose(without, with_clock, rtol=1e-6)


def test_a_number_is_a_spike_when_it_is_above_zero(clock):
    model = AMPA(4)
    model.init_state()
    with brainstate.environ.context(t=5 * ms):
        model(np.array([0.0, -2.0, 0.01, 3.0]) * mS)
    assert (model.spike_arrival_time.value == 5 * ms).tolist() == [False, False, True, True]


def test_the_duration_of_a_pulse_has_two_names():
    model = AMPA(2, T_dur=0.75 * ms)
    assert model.T_dur == model.T_duration == 0.75 * ms
    model.T_duration = 1.25 * ms
    assert model.T_dur == 1.25 * ms
    with pytest.raises(ParameterError, match="T_dur must be a time"):
        model.T_duration = 1.0 * mS


# ---------------------------------------------------------------- short-term plasticity


def regular(model, interval, dt=0.05, spikes=60):
    """Give what the spikes of a regular train release, and the last period of the states."""
    every = round(interval / dt)
    x = (np.arange(1, spikes * every + 1) % every == 0).astype(np.float32)
    out, states = train(model, x, dt)
    return out[x > 0, 0], {k: v[-every:, 0] for k, v in states.items()}


@pytest.mark.parametrize("interval", [10.0, 50.0, 200.0])
@pytest.mark.parametrize(("U", "tau_f", "tau_d"), [(0.15, 1500.0, 200.0), (0.5, 50.0, 800.0)])
def test_the_release_of_a_regular_train_follows_tsodyks_and_markram(interval, U, tau_f, tau_d):
    released, _ = regular(STP(1, U=U, tau_f=tau_f * ms, tau_d=tau_d * ms), interval)
    f, d = np.exp(-interval / tau_f), np.exp(-interval / tau_d)
    p, x, expected = U, 1.0, []
    for _ in range(60):
        p = p * f + U * (1 - p * f)
        x = 1 - (1 - x) * d
        expected.append(p * x)
        x -= p * x
    np.testing.assert_allclose(released, expected, rtol=6e-3)
    steady = U / (1 - (1 - U) * f)
    assert expected[-1] == pytest.approx(steady * (1 - d) / (1 - (1 - steady) * d), rel=1e-2)


@pytest.mark.parametrize("interval", [10.0, 50.0, 200.0])
def test_the_depression_of_a_regular_train_settles_where_abbott_says(interval):
    passed, states = regular(STD(1, tau=300 * ms, U=0.2), interval, spikes=100)
    d = np.exp(-interval / 300)
    assert passed[0] == 1.0
    assert passed[-1] == pytest.approx((1 - d) / (1 - 0.8 * d), rel=2e-3)
    assert float(states["x"].min()) == pytest.approx(0.8 * float(passed[-1]), rel=2e-3)


def test_the_books_of_short_term_plasticity_balance_better_the_smaller_the_step():
    def missing(dt):
        model = STP(1, U=0.5, tau_d=20 * ms)
        released, states = train(model, np.arange(int(10 / dt)) % round(1 / dt) == 0, dt)
        x = np.concatenate([[1.0], states["x"][:, 0]])
        taken = 1 - (1 - x[:-1]) * np.exp(-dt / 20) - x[1:]
        return abs(released.sum() - taken.sum())

    assert missing(0.1) > 1e-3, "the reference releases more than it takes away"
    assert missing(0.1) / missing(0.025) == pytest.approx(4, rel=0.2)


def test_facilitation_falls_to_zero_at_rest_although_it_starts_at_u():
    _, states = train(STP(1, tau_f=10 * ms), np.zeros(4000), 0.1)
    assert states["u"][0, 0] == pytest.approx(0.15, rel=2e-2)
    assert states["u"][-1, 0] < 1e-6


def test_a_spike_between_zero_and_one_counts_in_proportion(clock):
    model = STD(3)
    model.init_state()
    out = model(np.array([0.0, 0.5, 1.0]))
    np.testing.assert_allclose(out, [0.0, 0.5, 1.0])
    np.testing.assert_allclose(model.x.value, [1.0, 1 - 0.035, 1 - 0.07], rtol=1e-6)


def test_short_term_plasticity_scales_the_spikes_of_another_synapse(clock):
    depression, filtered = STD(1, U=0.5), Expon(1)
    brainstate.nn.init_all_states(depression)
    depression.align_pre(filtered)
    filtered.init_state()
    peaks = []
    for _ in range(3):
        depression(1.0)
        peaks.append(float(filtered.g.value.to_decimal(mS)[0]))
    assert np.diff([0.0, *peaks]) == pytest.approx([1.0, 0.5, 0.25], abs=0.05)
