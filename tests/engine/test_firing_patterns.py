"""The firing pattern of a train: the name it gets, why, and what does not change the name."""

import numpy as np
import pytest
import saiunit as u
from hypothesis import assume, given
from hypothesis import strategies as st

from engine import LIF, Experiment, ParameterError, simulate
from engine.analysis.firing_patterns import (
    FASTER,
    LABELS,
    PAUSE,
    SLOWER,
    classify,
    classify_recording,
)

START = 50.0


def train(intervals, latency=5.0):
    """Give spike times from a latency and the intervals after it."""
    return START + latency + np.concatenate([[0.0], np.cumsum(intervals)])


def named(intervals, latency=None):
    """Classify a train that begins at once, and whose stimulus ends with its last spike."""
    times = train(intervals, 0.5 * min(intervals) if latency is None else latency)
    return classify(times, START, times[-1] + 0.1, times[-1] + 50.0)


LENGTHS = st.floats(1.0, 200.0)
COUNTS = st.integers(4, 40)


# ---------------------------------------------------------------- every label can be reached


@given(LENGTHS, COUNTS, st.integers(0, 2**32 - 1))
def test_a_clock_is_tonic_with_a_little_jitter_too(interval, count, seed):
    jitter = np.random.default_rng(seed).uniform(0.95, 1.05, count)
    pattern = named(interval * jitter, latency=interval)
    assert pattern.label == "tonic"
    assert pattern.rate == pytest.approx(1000.0 / interval, rel=0.06)
    assert pattern.latency == pytest.approx(interval)


@given(LENGTHS, st.integers(8, 40), st.floats(1.05, 1.5))
def test_intervals_that_grow_step_by_step_are_adaptation(first, count, growth):
    gaps = first * np.minimum(growth ** np.arange(count), 10.0)
    assume(gaps[-(count // 4) :].mean() > 1.05 * SLOWER * first)
    pattern = named(gaps)
    assert pattern.label == "adapting"
    assert pattern.adaptation > SLOWER
    assert f"{first:.3g} ms" in pattern.reason


@given(LENGTHS, st.integers(8, 40), st.floats(0.85, 0.97))
def test_intervals_that_shrink_step_by_step_are_acceleration(first, count, shrinking):
    gaps = first * np.maximum(shrinking ** np.arange(count), 0.2)
    assume(first > 1.05 * FASTER * gaps[-(count // 4) :].mean())
    assert named(gaps, latency=0.5 * gaps.mean()).label == "accelerating"
    assert named(gaps, latency=2.5 * gaps.mean()).label == "delayed accelerating"


@given(LENGTHS, st.integers(2, 8), st.integers(3, 12), st.floats(1.1 * PAUSE, 30.0), st.booleans())
def test_groups_of_spikes_are_bursting(within, spikes, bursts, factor, late):
    gaps = np.tile([within] * (spikes - 1) + [factor * within], bursts)
    latency = 2.5 * gaps.mean() if late else 0.5 * within
    assert named(gaps, latency).label == ("delayed bursting" if late else "bursting")


@given(LENGTHS, st.integers(3, 8), COUNTS, st.floats(1.1 * PAUSE, 30.0))
def test_one_group_of_spikes_and_then_single_ones_are_an_initial_burst(
    within, spikes, singles, factor
):
    gaps = np.r_[[within] * (spikes - 1), [factor * within] * singles]
    assert named(gaps).label == "initial burst"


@given(LENGTHS, COUNTS, st.floats(1.1 * PAUSE, 30.0))
def test_two_spikes_do_not_make_an_initial_burst(within, singles, factor):
    gaps = np.r_[[within], [factor * within] * singles]
    assert named(gaps).label == "adapting"


@given(LENGTHS, st.integers(60, 120), st.integers(0, 2**32 - 1))
def test_a_poisson_train_is_irregular(mean, count, seed):
    gaps = np.random.default_rng(seed).exponential(mean, count)
    label = named(gaps).label.removeprefix("delayed ")
    assert label == "irregular"


@given(LENGTHS, st.floats(2.1, 20.0), COUNTS)
def test_a_clock_that_lets_wait_is_delayed(interval, factor, count):
    assert named([interval] * count, latency=1.01 * factor * interval).label == "delayed tonic"


@given(LENGTHS, st.integers(1, 10), st.floats(1.1, 10.0))
def test_spikes_followed_by_long_silence_are_transient(interval, count, silence):
    times = train([interval] * (count - 1), latency=interval)
    rest = max(silence * (times[-1] - START), silence * PAUSE * interval)
    assert classify(times, START, times[-1] + rest).label == "transient"
    # the same spikes under a stimulus that ends with them
    assert count == 1 or classify(times, START, times[-1] + 1.0).label == "tonic"


@given(st.lists(st.floats(0.1, 100.0), min_size=1, max_size=20))
def test_spikes_after_the_stimulus_only_are_a_rebound_while_they_end(after):
    times = 100.0 + np.cumsum(after)
    end = times[-1] + 2.5 * max(after)
    assert classify(times, 50.0, 100.0, end).label == "rebound"


@given(st.integers(3, 20), st.booleans())
def test_spikes_that_go_on_to_the_end_of_the_recording_are_persistent(count, during):
    times = 100.0 + 10.0 * np.arange(count) + 0.5
    given_ = np.r_[[60.0], times] if during else times
    assert classify(given_, 50.0, 100.0, times[-1] + 5.0).label == "persistent"


def test_no_spike_is_silence_and_spikes_before_the_stimulus_are_its_own():
    assert classify([], 0, 100).label == "silent"
    assert np.isnan(classify([], 0, 100).latency)
    assert classify([1, 2], 10, 100).label == "spontaneous"
    assert classify([1], 10, 100).label == "silent"


def test_a_single_late_spike_is_delayed():
    pattern = classify([90.0], 0, 100)
    assert (pattern.label, pattern.delayed) == ("delayed tonic", True)
    assert np.isnan(pattern.rate)


# ---------------------------------------------------------------- what must hold for any train

TRAINS = st.lists(st.floats(0.0, 500.0), max_size=40)


@given(TRAINS)
def test_any_train_gets_one_of_the_labels_and_a_reason(times):
    pattern = classify(times, 100.0, 300.0, 500.0)
    assert pattern.label in LABELS
    assert pattern.reason


@given(TRAINS, st.sampled_from([0.125, 0.5, 2.0, 8.0]))
def test_a_label_does_not_depend_on_the_unit_of_time(times, stretch):
    one = classify(np.round(times, 1), 100.0, 300.0, 500.0)
    other = classify(
        stretch * np.round(times, 1), 100.0 * stretch, 300.0 * stretch, 500.0 * stretch
    )
    assert one.label == other.label


@given(TRAINS, st.randoms())
def test_the_order_of_the_spikes_does_not_matter(times, random):
    mixed = random.sample(times, len(times))
    one, other = (classify(t, 100.0, 300.0, 500.0) for t in (times, mixed))
    assert repr(one) == repr(other)  # NaN equals NaN when it is written


@given(LENGTHS, COUNTS)
def test_quantities_and_numbers_of_milliseconds_are_the_same(interval, count):
    times = train([interval] * count)
    stop = times[-1] + 1
    plain = classify(times, START, stop)
    assert classify(times * u.ms, START * u.ms, stop * u.ms) == plain
    assert classify(times / 1e3 * u.second, START, stop).label == plain.label


# ---------------------------------------------------------------- recordings and refusals


@pytest.mark.parametrize("stimulus", ["Constant", "Step"])
def test_a_recording_knows_when_its_stimulus_was_on(stimulus):
    experiment = Experiment(LIF).update({"stimulus": stimulus, "noise": "None", "n": 2})
    assert classify_recording(simulate(experiment), neuron=1).label == "tonic"
    silent = experiment.set("stimulus.amplitude", 0.5)
    assert classify_recording(simulate(silent)).label == "silent"


def test_a_stimulus_that_changes_all_the_time_has_no_pattern():
    with pytest.raises(ParameterError, match="not from Sine"):
        classify_recording(simulate(LIF, stimulus="Sine", n=1, duration=20 * u.ms))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([1.0], 5.0, 5.0), "stop must be after start"),
        (([1.0], 5.0, 10.0, 8.0), "not after end"),
        (([float("nan")], 0.0, 10.0), "times must be finite"),
        (([1.0] * u.mV, 0.0, 10.0), "times must be times, got a potential"),
        (([1.0], 0.0 * u.mV, 10.0), "start must be a time, got 0 mV"),
        (([1.0], 0.0, float("inf")), "stop must be a finite number"),
    ],
)
def test_what_is_no_train_under_a_stimulus_is_refused(arguments, sentence):
    with pytest.raises(ParameterError, match=sentence):
        classify(*arguments)
