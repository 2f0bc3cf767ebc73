"""Laws of the stimuli, over everything in the catalogue, and what each kind does."""

import copy
import doctest
import inspect
import itertools
import pickle
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from engine import inputs
from engine.errors import ParameterError
from engine.inputs import (
    Chirp,
    Constant,
    ExponentialChirp,
    OUNoise,
    PulseTrain,
    Ramp,
    ShotNoise,
    Sine,
    Step,
    Stimulus,
    bind,
    by_name,
    catalogue,
)
from engine.specs import InputSpec, ParameterSpec

CATALOGUE = catalogue()
ALL = pytest.mark.parametrize("cls", CATALOGUE.values(), ids=CATALOGUE.keys())
DRIVE = InputSpec(default=2.0 * u.mA, soft=(-1.0, 5.0))
TIMES = np.arange(200) * 0.5


# ---------------------------------------------------------------- the catalogue


def test_the_stimuli_of_the_explorer_are_in_the_catalogue():
    expected = ["Constant", "Step", "Ramp", "PulseTrain", "Sine", "Chirp", "OUNoise", "ShotNoise"]
    assert list(CATALOGUE)[:8] == expected
    assert {"DrawnWaveform", "DrawnSteps", "ExponentialChirp"} <= set(CATALOGUE)


def test_a_new_subclass_is_found_unless_it_is_private():
    fresh = type("FreshStimulus", (Stimulus,), {"__doc__": "A new one."})
    hidden = type("_HiddenStimulus", (Stimulus,), {})
    assert catalogue()["FreshStimulus"] is fresh
    assert hidden not in catalogue().values()
    fresh.__name__ = "_Fresh"  # other tests shall not meet it
    assert "_Fresh" not in catalogue()


@ALL
def test_a_stimulus_is_found_by_its_name(cls):
    assert by_name(cls.__name__) is cls


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ParameterError, match=r"no stimulus 'Puls'.*did you mean 'PulseTrain'"):
        by_name("Puls")


@ALL
def test_what_a_stimulus_says_about_itself_is_complete(cls):
    assert cls.summary.endswith(".")
    assert cls.formula.count("{") == cls.formula.count("}")
    assert any(spec.of_input for spec in cls.parameters().values())
    for name, spec in cls.parameters().items():
        assert spec.meaning.endswith(".")
        assert re.search(rf"(?<![A-Za-z\\]){re.escape(spec.symbol)}(?![A-Za-z])", cls.formula)
        assert re.search(rf"^(.*\b)?{name}\b.* : ", inspect.getdoc(cls), re.MULTILINE)
        if not spec.of_input:
            assert spec.soft[0] <= spec.default_number <= spec.soft[1]
            assert spec.hard.contains(spec.soft[0])


@ALL
def test_a_formula_becomes_mathml(cls):
    latex2mathml = pytest.importorskip("latex2mathml.converter")
    assert latex2mathml.convert(cls.formula).startswith("<math")


# ---------------------------------------------------------------- binding to a model


@ALL
def test_a_bound_amplitude_has_the_unit_of_the_model_and_a_slider_that_holds_its_default(cls):
    for name, spec in cls.parameters().items():
        bound = bind(spec, DRIVE)
        assert bound.name == name
        assert bound.meaning == spec.meaning
        assert not bound.of_input
        if not spec.of_input:
            assert bound is spec
            continue
        assert bound.unit_text == "mA"
        assert bound.default_number == pytest.approx(2.0 * spec.default)
        assert bound.soft[0] <= bound.default_number <= bound.soft[1]
        assert bound.soft[1] >= 5.0 * spec.soft[1]
        assert bound.hard.contains(bound.soft[0])
        assert bind(bound, DRIVE) is bound


def test_an_amplitude_spans_what_the_model_declares_and_a_standard_deviation_starts_at_zero():
    assert bind(Step.amplitude, DRIVE).soft == (-1.0, 5.0)
    assert bind(OUNoise.sigma, DRIVE).soft == (0.0, 5.0)
    assert bind(Sine.amplitude, DRIVE).soft == (0.0, 5.0)


def test_a_soft_range_is_widened_to_hold_the_default():
    assert bind(Step.baseline, InputSpec(default=2.0 * u.mA, soft=(1.0, 5.0))).soft == (0.0, 5.0)


def test_a_model_without_units_binds_plain_numbers():
    bound = bind(Step.amplitude, InputSpec(default=0.5, soft=(0.0, 1.0)))
    assert (bound.default, bound.unit_text) == (0.5, "")


@ALL
def test_what_is_not_given_is_the_default_of_the_model(cls):
    numbers = cls().numbers(DRIVE)
    assert list(numbers) == list(cls.parameters()) == list(inspect.signature(cls).parameters)
    for name, spec in cls.parameters().items():
        held = getattr(cls(), name)
        if spec.of_input:
            assert held is None
            assert inspect.signature(cls).parameters[name].default is None
            assert numbers[name] == pytest.approx(2.0 * spec.default)
        else:
            assert numbers[name] == spec.default_number


def test_numbers_are_in_the_unit_of_the_input_ms_and_hz():
    stimulus = PulseTrain(500.0 * u.uA, 0.1, frequency=0.02 * u.kHz, width=0.004 * u.second)
    numbers = stimulus.numbers(DRIVE)
    expected = {"amplitude": 0.5, "baseline": 0.1, "frequency": 20.0, "width": 4.0, "start": 50.0}
    assert numbers == pytest.approx(expected | {"count": 1000.0})


def test_one_value_per_neuron_is_kept():
    numbers = Step(amplitude=[1000.0, 2000.0] * u.uA).numbers(DRIVE)
    np.testing.assert_allclose(numbers["amplitude"], [1.0, 2.0], rtol=1e-6)


def test_positional_arguments_keep_their_place():
    step = Step(1.0 * u.mA, 0.5 * u.mA, 10.0 * u.ms, 20.0 * u.ms)
    expected = {"amplitude": 1.0, "baseline": 0.5, "start": 10.0, "stop": 20.0}
    assert step.numbers(DRIVE) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Step(start=10), "Step.start must be a time, got the plain number 10"),
        (lambda: Step(start=10 * u.mV), "Step.start must be a time, got 10 mV"),
        (
            lambda: Step(start=500 * u.ms, stop=400 * u.ms),
            "Step.start must be below Step.stop, got 500 ms and 400 ms",
        ),
        (lambda: Ramp(start=5 * u.ms, stop=5 * u.ms), "Ramp.start must be below Ramp.stop"),
        (
            lambda: Step(start=np.array([1.0, 500.0]) * u.ms, stop=400 * u.ms),
            "Step.start must be below Step.stop",
        ),
        (lambda: Step(amplitude=abs), "Step.amplitude must be a number or a quantity"),
        (lambda: Step(amplitude="big"), "Step.amplitude must be"),
        (lambda: Step(amplitude=np.nan * u.mA), "Step.amplitude must be a finite number"),
        (lambda: Step(ampltude=1.0), "no parameter 'ampltude' in Step; did you mean 'amplitude'?"),
        (lambda: OUNoise(sigma=-1 * u.nA), "OUNoise.sigma must be at least 0 nA, got -1 nA"),
        (lambda: OUNoise(sigma=-1.0), "OUNoise.sigma must be at least 0, got -1"),
        (lambda: OUNoise(tau=0 * u.ms), "OUNoise.tau must be above 0 ms"),
        (lambda: PulseTrain(count=0), "PulseTrain.count must be at least 1"),
        (lambda: PulseTrain(frequency=0 * u.Hz), "PulseTrain.frequency must be above 0 Hz"),
        (
            lambda: Step(amplitude=1 * u.mV).numbers(DRIVE),
            "stimulus.amplitude must be a current, got 1 mV",
        ),
        (
            lambda: Step(1 * u.mA, 1 * u.mV).values([0.0], 0.1),
            "stimulus.baseline must be a current, got 1 mV",
        ),
    ],
)
def test_a_bad_parameter_is_refused_where_it_is_given(make, sentence):
    with pytest.raises(ParameterError, match=re.escape(sentence)):
        make()


def test_an_amplitude_that_is_given_as_its_default_number_is_not_taken_for_absent():
    assert Step(amplitude=1.0).numbers(DRIVE)["amplitude"] == 1.0
    assert Step().numbers(DRIVE)["amplitude"] == 2.0


# ---------------------------------------------------------------- every stimulus


@ALL
def test_values_are_finite_float32_of_shape_time_by_neuron_in_terms_of_the_default_drive(cls):
    values = cls().values(TIMES, 0.5, n=3)
    assert values.shape == (200, 3)
    assert values.dtype == np.float32
    assert np.isfinite(values).all()
    scaled = cls(**{n: 3.0 * s.default for n, s in cls.parameters().items() if s.of_input})
    np.testing.assert_allclose(scaled.values(TIMES, 0.5, n=3), 3.0 * values, rtol=1e-5, atol=1e-6)


@ALL
def test_traced_numbers_move_without_compiling_again(cls):
    traces = []

    @jax.jit
    def first(p, t):
        traces.append(1)
        xi = jnp.ones(cls.shape(2)) if cls.stochastic else None
        return cls.sample(p, t, jnp.float32(0.1), cls.begin(p, 2, xi), xi)[0] + jnp.zeros(2)

    p = {name: jnp.float32(value) for name, value in cls().numbers(DRIVE).items()}
    moved = {name: value * 1.5 + 0.25 for name, value in p.items()}
    times = np.arange(0.0, 600.0, 7.0, dtype=np.float32)
    before, after = ([first(numbers, t) for t in times] for numbers in (p, moved))
    assert len(traces) == 1
    assert not np.array_equal(before, after)


@ALL
def test_the_carry_keeps_its_structure(cls):
    p = {name: jnp.float32(value) for name, value in cls().numbers(DRIVE).items()}
    xi = jnp.ones(cls.shape(4), jnp.float32) if cls.stochastic else None
    carry = cls.begin(p, 4, xi)
    later = cls.sample(p, jnp.float32(1.0), jnp.float32(0.1), carry, xi)[1]
    assert jax.tree.map(jnp.shape, carry) == jax.tree.map(jnp.shape, later)
    assert bool(jax.tree.leaves(carry)) is cls.stochastic


@ALL
def test_pickled_and_copied_stimuli_give_the_same_values(cls):
    first = cls(**{n: 1.5 * u.mA for n, s in cls.parameters().items() if s.of_input})
    for other in (pickle.loads(pickle.dumps(first)), copy.copy(first), copy.deepcopy(first)):
        assert type(other) is cls
        np.testing.assert_array_equal(other.values(TIMES, 0.5, n=2), first.values(TIMES, 0.5, n=2))


@ALL
def test_per_neuron_parameters_reach_their_neuron(cls):
    name = next(n for n, s in cls.parameters().items() if s.of_input)
    both = cls(**{name: np.array([1.0, 2.5]) * u.mA}).values(TIMES, 0.5, n=2)
    for column, value in enumerate([1.0, 2.5]):
        alone = cls(**{name: value * u.mA}).values(TIMES, 0.5, n=2)
        np.testing.assert_allclose(both[:, column], alone[:, column], rtol=1e-6)


def test_values_take_quantities_and_parameters_that_replace_those_of_the_constructor():
    step = Step(amplitude=1000.0 * u.uA, start=10.0 * u.ms, stop=20.0 * u.ms)
    plain = step.values(TIMES, 0.5)
    np.testing.assert_array_equal(step.values(TIMES * 1e-3 * u.second, 500.0 * u.us), plain)
    assert plain.max() == 1000.0
    assert step.values(TIMES, 0.5, amplitude=3.0 * u.mA).max() == 3.0
    assert step.amplitude == 1000.0 * u.uA


def test_a_stimulus_without_a_time_course_says_so():
    with pytest.raises(NotImplementedError, match="must write sample"):
        type("_Empty", (Stimulus,), {}).sample({}, 0.0, 0.1, (), None)


def test_a_subclass_of_a_stimulus_keeps_undecided_amplitudes():
    class _Late(Step):
        """A late step."""

        delay = ParameterSpec(1.0 * u.ms, "d", "A delay.", soft=(0, 10))

    assert _Late().amplitude is None
    assert _Late(delay=2.0 * u.ms).numbers(DRIVE)["delay"] == 2.0


# ---------------------------------------------------------------- edges in float32

STEPS = st.integers(0, 1_000_000)
GRID = st.sampled_from([0.01, 0.02, 0.025, 0.05, 0.1, 0.125, 0.2, 0.25, 0.3, 0.5, 0.7, 1.0]) | (
    st.floats(0.005, 2.0).map(lambda x: round(x, 4))
)


@jax.jit
def step_at(p, k, dt):
    return Step.sample(p, k.astype(jnp.float32) * dt, dt, (), None)[0]


@jax.jit
def pulse_at(p, k, dt):
    return PulseTrain.sample(p, k.astype(jnp.float32) * dt, dt, (), None)[0]


def single(**numbers):
    return {name: jnp.float32(value) for name, value in numbers.items()}


@given(dt=GRID, first=STEPS, length=STEPS)
@settings(max_examples=200, deadline=None)
def test_a_step_switches_exactly_at_its_grid_points_whatever_dt(dt, first, length):
    assume(length >= 4)
    last = first + length
    p = single(amplitude=1.7, baseline=0.3, start=first * dt, stop=last * dt)
    k = np.array([first - 1, first, first + 1, last - 1, last, last + 1], np.int32)
    low, high = np.float32(0.3), np.float32(1.7)
    seen = step_at(p, k, np.float32(dt))
    assert seen.tolist() == [low, high, high, high, low, low]


@given(
    dt=GRID,
    onset=st.integers(0, 100_000),
    period=st.integers(2, 2000),
    share=st.floats(0.0, 1.0),
    pulse=st.integers(0, 150),
    data=st.data(),
)
@settings(max_examples=200, deadline=None)
def test_pulses_switch_exactly_at_their_grid_points_whatever_dt(
    dt, onset, period, share, pulse, data
):
    width = min(max(1, round(share * period)), period - 1)
    count = data.draw(st.integers(pulse + 1, 200))
    p = single(
        amplitude=1.0,
        baseline=0.0,
        frequency=1000.0 / (period * dt),
        width=width * dt,
        start=onset * dt,
        count=count,
    )
    up = onset + pulse * period
    k = np.array([up - 1, up, up + width - 1, up + width, up + period - 1], np.int32)
    assert pulse_at(p, k, np.float32(dt)).tolist() == [0, 1, 1, 0, 1 if width == period else 0]
    after = onset + count * period
    assert pulse_at(p, np.array([after] * 5, np.int32), np.float32(dt)).tolist() == [0] * 5


LEVEL = st.integers(-50_000, 50_000).map(lambda k: float(np.float32(k / 1000)))


@given(dt=GRID, first=st.integers(0, 5000), length=st.integers(1, 5000), low=LEVEL, high=LEVEL)
@settings(max_examples=60, deadline=None)
def test_a_ramp_meets_both_ends_exactly_and_never_leaves_them(dt, first, length, low, high):
    p = single(initial=low, final=high, start=first * dt, stop=(first + length) * dt)
    k = np.arange(first - 2, first + length + 3, max(1, length // 7))
    k = np.r_[k, first - 2, first, first + length + 1].astype(np.int32)
    t = k.astype(np.float32) * np.float32(dt)
    seen = np.asarray(Ramp.sample(p, t, np.float32(dt), (), None)[0])
    share = np.clip((k - first) / length, 0, 1)
    rounding = 4 * np.finfo(np.float32).eps * max(abs(low), abs(high))
    time_error = (5e-3 / length + 1e-4) * abs(high - low)
    np.testing.assert_allclose(seen, low + (high - low) * share, atol=rounding + time_error)
    assert seen[-3] == low
    assert seen[-1] == high


# ---------------------------------------------------------------- what each kind does


def test_a_constant_is_constant():
    assert np.unique(Constant(2.5).values(TIMES, 0.5, n=2)).tolist() == [2.5]


def test_a_step_lasts_from_start_to_stop():
    values = Step(2.0, -1.0, 10.0 * u.ms, 30.0 * u.ms).values(TIMES, 0.5)[:, 0]
    np.testing.assert_array_equal(values, np.where((TIMES >= 10) & (TIMES < 30), 2.0, -1.0))


def test_a_ramp_whose_ends_a_slider_brought_together_stays_finite():
    p = single(initial=0.0, final=1.0, start=5.0, stop=5.0)
    t = np.float32([4.0, 5.0, 6.0])
    assert Ramp.sample(p, t, np.float32(0.5), (), None)[0].tolist() == [0.0, 0.0, 1.0]


def test_pulses_come_at_their_frequency_and_end_after_their_count():
    train = PulseTrain(
        1.0, 0.0, frequency=100.0 * u.Hz, width=3.0 * u.ms, start=5.0 * u.ms, count=4
    )
    values = train.values(TIMES, 0.5)[:, 0]
    expected = [any(5 + 10 * k <= t < 8 + 10 * k for k in range(4)) for t in TIMES]
    np.testing.assert_array_equal(values, expected)


def test_pulses_wider_than_their_period_merge_and_the_last_one_lasts():
    train = PulseTrain(
        1.0, 0.0, frequency=100.0 * u.Hz, width=25.0 * u.ms, start=5.0 * u.ms, count=2
    )
    np.testing.assert_array_equal(train.values(TIMES, 0.5)[:, 0], (TIMES >= 5.0) & (TIMES < 40.0))


def test_a_fraction_of_a_pulse_is_not_given():
    def train(count):
        return PulseTrain(frequency=100.0 * u.Hz, width=3.0 * u.ms, count=count).values(TIMES, 0.5)

    np.testing.assert_array_equal(train(2.9), train(2))
    assert train(3).sum() > train(2.9).sum()


def test_a_sine_is_a_sine_even_after_a_long_time():
    p = single(offset=0.5, amplitude=2.0, frequency=50.0, phase=0.7)
    t = np.float32(100_000) + np.arange(64, dtype=np.float32)
    seen = Sine.sample(p, t, np.float32(0.1), (), None)[0]
    exact = 0.5 + 2.0 * np.sin(2 * np.pi * 50.0 * t.astype(float) / 1000.0 + 0.7)
    np.testing.assert_allclose(seen, exact, atol=5e-3)


@pytest.mark.parametrize("kind", [Chirp, ExponentialChirp])
def test_a_chirp_has_its_frequency_at_every_moment_and_nothing_outside_of_the_sweep(kind):
    chirp = kind(0.5, 2.0, 2.0 * u.Hz, 60.0 * u.Hz, 100.0 * u.ms, 1100.0 * u.ms)
    times = np.arange(24_000) * 0.05
    s = np.clip((times - 100.0) / 1000.0, 0.0, 1.0)  # the sweep takes a second
    linear = 2.0 * s + 58.0 * s**2 / 2.0
    swings = linear if kind is Chirp else 2.0 * (30.0**s - 1.0) / np.log(30.0)
    inside = (times >= 100.0) & (times < 1100.0)
    exact = np.where(inside, 0.5 + 2.0 * np.sin(2 * np.pi * swings), 0.5)
    values = chirp.values(times, 0.05)[:, 0]
    np.testing.assert_allclose(values[1:], exact[1:], atol=2e-3)
    crossings = times[1:][(values[1:] > 0.5) & (values[:-1] <= 0.5) & inside[1:]]
    f = 1000.0 / np.diff(crossings)
    middle = (crossings[1:] + crossings[:-1]) / 2000.0 - 0.1
    wanted = 2.0 + 58.0 * middle if kind is Chirp else 2.0 * 30.0**middle
    np.testing.assert_allclose(f[5:], wanted[5:], rtol=0.03)


def test_a_chirp_from_a_frequency_to_itself_is_a_sine():
    p = {"start": 0.0 * u.ms, "stop": 1000.0 * u.ms}
    times = np.arange(1000.0)
    sine = Sine(1.0, 0.5, 7.0 * u.Hz).values(times, 1.0)
    for kind in (Chirp, ExponentialChirp):
        chirp = kind(1.0, 0.5, 7.0 * u.Hz, 7.0 * u.Hz, **p).values(times, 1.0)
        np.testing.assert_allclose(chirp, sine, atol=1e-4)


@pytest.mark.parametrize(("rate", "dt"), [(30.0, 0.1), (800.0, 0.5), (20_000.0, 1.0)])
def test_shot_noise_has_the_mean_and_variance_of_campbell_s_theorem(rate, dt):
    n, steps, tau = 2000, 200, 5.0
    x = ShotNoise(
        w_E=0.5, w_I=0.0, rate_E=rate * u.Hz, rate_I=rate * u.Hz, tau_E=tau * u.ms
    ).values(np.arange(steps) * dt, dt, n=n, seed=2)
    mean, variance = 0.5 * rate * tau / 1e3, 0.25 * rate * tau / 2e3
    for part in (x[0], x[-1]) if rate > 500 else (x[-1],):  # few spikes: no normal start
        assert part.mean() == pytest.approx(mean, abs=5 * np.sqrt(variance / n))
        assert part.var() == pytest.approx(variance, rel=0.15 if rate > 500 else 0.4)
    lag = np.cov(x[:-1].ravel(), x[1:].ravel())
    assert lag[0, 1] / lag[0, 0] == pytest.approx(np.exp(-dt / tau), abs=0.02)


def test_shot_noise_inhibits_with_draws_of_its_own():
    times = np.arange(2000) * 0.5
    both = {"rate_E": 400.0 * u.Hz, "rate_I": 400.0 * u.Hz, "tau_I": 3.0 * u.ms}
    up, down = (
        ShotNoise(w_E=e, w_I=i, **both).values(times, 0.5)[:, 0] for e, i in ((1, 0), (0, 1))
    )
    assert up.min() >= 0.0
    assert down.max() <= 0.0
    assert abs(np.corrcoef(up, down)[0, 1]) < 0.25
    np.testing.assert_allclose(
        ShotNoise(w_E=1, w_I=1, **both).values(times, 0.5)[:, 0], up + down, atol=1e-5
    )


@given(mean=st.floats(0.0, 40.0), xi=st.floats(-4.0, 4.0))
def test_the_number_of_spikes_is_the_quantile_of_the_poisson_distribution(mean, xi):
    level = stats.norm.cdf(xi)
    found = float(inputs._poisson(jnp.float32(mean), jnp.float32([xi]))[0])
    exact = stats.poisson.ppf(level, mean)
    near = stats.poisson.ppf([level - 1e-5, level + 1e-5], mean)  # single precision at a step
    slack = 0 if mean < 3.9 else 1
    assert min(near[0], exact) - slack <= found <= max(near[1], exact) + slack


def test_a_higher_rate_adds_spikes_to_those_that_were_there():
    xi = np.random.default_rng(1).standard_normal(2000).astype(np.float32)
    counts = [np.asarray(inputs._poisson(jnp.float32(m), xi)) for m in (0.05, 0.1, 1.0, 5.0)]
    assert all((a <= b).all() for a, b in itertools.pairwise(counts))
    assert inputs._poisson(jnp.float32(0.0), np.float32([9.0])).tolist() == [0.0]


@pytest.mark.parametrize("dt", [0.1, 1.0, 20.0])
def test_noise_has_its_mean_standard_deviation_and_correlation_at_every_step_size(dt):
    n, steps, tau = 4000, 40, 5.0
    times = np.arange(steps) * dt
    x = OUNoise(mean=1.0, sigma=0.4, tau=tau * u.ms).values(times, dt, n=n, seed=3)
    for moment in (0, steps - 1):  # stationary from the first value on
        assert x[moment].mean() == pytest.approx(1.0, abs=4 * 0.4 / np.sqrt(n))
        assert x[moment].std() == pytest.approx(0.4, rel=4 / np.sqrt(2 * n))
    lag = np.mean((x[1:] - 1.0) * (x[:-1] - 1.0)) / 0.4**2
    assert lag == pytest.approx(np.exp(-dt / tau), abs=0.03)


def test_noise_follows_its_exact_recurrence():
    p = single(mean=1.0, sigma=0.5, tau=5.0)
    xi0, xi = np.float32([0.3, -1.2]), np.float32([0.8, 0.1])
    value, carry = OUNoise.sample(p, 0.0, np.float32(0.1), OUNoise.begin(p, 2, xi0), xi)
    following, _ = OUNoise.sample(p, 0.1, np.float32(0.1), carry, xi)
    decay = np.exp(-0.1 / 5.0)
    np.testing.assert_allclose(value, 1.0 + 0.5 * xi0, rtol=1e-6)
    expected = 1.0 + (value - 1.0) * decay + 0.5 * np.sqrt(1 - decay**2) * xi
    np.testing.assert_allclose(following, expected, rtol=1e-6)


def test_noise_keeps_its_spread_when_the_step_is_a_millionth_of_its_memory():
    p = single(mean=0.0, sigma=1.0, tau=1e5)
    xi = np.ones(1, np.float32)
    _, carry = OUNoise.sample(p, 0.0, np.float32(0.01), np.zeros(1, np.float32), xi)
    np.testing.assert_allclose(carry, np.sqrt(2 * 0.01 / 1e5), rtol=1e-4)


def test_noise_depends_on_its_seed_alone_and_differs_between_neurons():
    noise = OUNoise()
    first = noise.values(TIMES, 0.5, n=2, seed=1)
    np.testing.assert_array_equal(first, noise.values(TIMES, 0.5, n=2, seed=1))
    assert not np.allclose(first, noise.values(TIMES, 0.5, n=2, seed=2))
    assert not np.allclose(first[:, 0], first[:, 1])


def test_noise_needs_a_draw_to_start():
    with pytest.raises(ValueError, match="pass xi0"):
        OUNoise.begin(single(mean=0.0, sigma=1.0, tau=5.0), 2)


def test_the_examples_in_the_docstrings_run():
    result = doctest.testmod(inputs)
    assert result.attempted > 8
    assert result.failed == 0
