"""Spike-train statistics against closed forms and against the plainest possible code."""

import doctest
import time
import warnings
from itertools import pairwise

import numpy as np
import pytest
import saiunit as u
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analysis import spike_trains
from engine.analysis.spike_trains import cv, isi, mean_rate, population_rate, spike_count
from engine.errors import ParameterError

SPIKES = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 5)), max_size=60)


def by_neuron(times, ids):
    return {i: sorted(t for t, j in zip(times, ids, strict=True) if j == i) for i in set(ids)}


def split(spikes):
    return np.array([t / 8 for t, _ in spikes]), np.array([i for _, i in spikes], dtype=int)


# ---------------------------------------------------------------- against plain loops


@given(SPIKES)
@settings(max_examples=100, deadline=None)
def test_counts_are_those_of_a_loop(spikes):
    _, ids = split(spikes)
    assert spike_count(ids, 7).tolist() == [list(ids).count(i) for i in range(7)]


@given(SPIKES)
@settings(max_examples=100, deadline=None)
def test_intervals_are_those_of_a_loop_in_any_order_of_spikes(spikes):
    times, ids = split(spikes)
    intervals, owners = isi(times, ids)
    trains = by_neuron(times.tolist(), ids.tolist())
    expected = [(i, b - a) for i in sorted(trains) for a, b in pairwise(trains[i])]
    assert list(zip(owners.tolist(), intervals.tolist(), strict=True)) == expected


@given(SPIKES)
@settings(max_examples=100, deadline=None)
def test_the_coefficient_of_variation_is_that_of_a_loop(spikes):
    times, ids = split(spikes)
    values = []
    for train in by_neuron(times.tolist(), ids.tolist()).values():
        gaps = np.diff(train)
        if len(gaps) >= 2 and gaps.mean() > 0:
            values.append(gaps.std() / gaps.mean())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        seen = cv(times, ids)
    expected = np.mean(values) if values else np.nan
    np.testing.assert_allclose(seen, expected, rtol=1e-9, atol=1e-12)


@given(SPIKES, st.integers(1, 400))
@settings(max_examples=100, deadline=None)
def test_the_population_rate_is_that_of_a_loop(spikes, eighths):
    times, _ = split(spikes)
    width, duration = eighths / 8, 400.0
    centres, rate = population_rate(times, 6, duration, width)
    edges = [k * width for k in range(len(centres))] + [duration]
    expected = [1000.0 * sum(a <= t < b for t in times) / (6 * (b - a)) for a, b in pairwise(edges)]
    np.testing.assert_allclose(rate, expected, rtol=1e-9)
    np.testing.assert_allclose(centres, [(a + b) / 2 for a, b in pairwise(edges)])


@given(SPIKES, st.integers(1, 400))
@settings(max_examples=100, deadline=None)
def test_the_population_rate_integrates_to_the_mean_rate(spikes, eighths):
    times, ids = split(spikes)
    inside = times < 400.0
    centres, rate = population_rate(times, 6, 400.0, eighths / 8)
    left = np.arange(len(centres)) * eighths / 8
    widths = 2 * (centres - left)
    assert (rate * widths).sum() / 400.0 == pytest.approx(mean_rate(ids[inside], 6, 400.0))


# ---------------------------------------------------------------- closed forms


def test_the_mean_rate_counts_silent_neurons():
    assert mean_rate(np.array([0, 0, 3]), n=5, duration=200.0) == pytest.approx(3.0)


def test_a_clock_has_no_irregularity():
    times = np.tile(np.arange(1, 50) * 20.0, 3)
    assert cv(times, np.repeat([0, 1, 2], 49)) == pytest.approx(0.0, abs=1e-12)


def test_a_poisson_process_has_a_coefficient_of_variation_of_one():
    rng = np.random.default_rng(5)
    times = np.cumsum(rng.exponential(10.0, (20, 2000)), axis=1)
    assert cv(times.ravel(), np.repeat(np.arange(20), 2000)) == pytest.approx(1.0, abs=0.02)


def test_the_irregularity_of_a_gamma_process_falls_with_its_order():
    rng = np.random.default_rng(6)
    times = np.cumsum(rng.gamma(4.0, 2.5, (20, 2000)), axis=1)
    assert cv(times.ravel(), np.repeat(np.arange(20), 2000)) == pytest.approx(0.5, abs=0.02)


def test_neurons_of_fewer_than_three_spikes_do_not_count():
    times, ids = np.array([0.0, 10.0, 30.0, 0.0, 7.0, 5.0]), np.array([0, 0, 0, 1, 1, 2])
    assert cv(times, ids) == pytest.approx(5.0 / 15.0)


def test_neurons_beyond_sixteen_bits_are_kept_apart():
    times, ids = np.array([1.0, 2.0, 4.0, 8.0]), np.array([1, 65537, 1, 65537])
    intervals, owners = isi(times, ids)
    assert intervals.tolist() == [3.0, 6.0]
    assert owners.tolist() == [1, 65537]


def test_no_spikes_at_all_is_an_answer():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert spike_count([], 3).tolist() == [0, 0, 0]
        assert mean_rate([], 3, 100.0) == 0.0
        assert isi([], [])[0].size == 0
        assert np.isnan(cv([], []))
        assert np.isnan(cv([1.0, 1.0, 1.0], [0, 0, 0]))
        assert population_rate([], 3, 10.0, 5.0)[1].tolist() == [0.0, 0.0]


# ---------------------------------------------------------------- units and the float32 grid


def test_quantities_of_any_time_unit_are_taken():
    times, ids = np.array([1.0, 4.0, 9.0]), np.array([0, 0, 0])
    second = times * 1e-3 * u.second
    np.testing.assert_allclose(isi(second, ids)[0], isi(times, ids)[0], rtol=1e-5)
    assert cv(second, ids) == pytest.approx(cv(times, ids), rel=1e-5)
    assert mean_rate(ids, 1, 0.5 * u.second) == mean_rate(ids, 1, 500.0)
    seen = population_rate(times * u.ms, 1, 0.01 * u.second, 5000.0 * u.us)[1]
    np.testing.assert_allclose(seen, population_rate(times, 1, 10.0, 5.0)[1], rtol=1e-5)


@given(
    dt=st.sampled_from([0.01, 0.05, 0.1, 0.2, 0.3, 0.7]),
    per_bin=st.integers(1, 50),
    bins=st.integers(1, 1000),
)
@settings(max_examples=150, deadline=None)
def test_a_spike_on_the_edge_of_a_bin_opens_it_whatever_dt(dt, per_bin, bins):
    k = np.arange(bins) * per_bin
    times = k.astype(np.float32) * np.float32(dt)
    width = per_bin * dt
    rate = population_rate(times, 1, bins * width, width)[1]
    assert len(rate) == bins
    np.testing.assert_allclose(rate * width / 1000.0, np.ones(bins), rtol=1e-6)


def test_the_last_bin_may_be_shorter_and_is_not_diluted():
    centres, rate = population_rate(np.array([10.0]), 1, 11.0, 5.0)
    assert centres.tolist() == [2.5, 7.5, 10.5]
    assert rate.tolist() == [0.0, 0.0, 1000.0]


def test_spikes_outside_of_the_run_are_not_counted():
    assert population_rate(np.array([-0.5, 10.0, 99.0]), 1, 10.0, 5.0)[1].tolist() == [0.0, 0.0]


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: spike_count([0, 7], 3), "ids must be between 0 and 2, got 0 to 7"),
        (lambda: spike_count([0, -1], 3), "ids must be between 0 and 2, got -1 to 0"),
        (lambda: spike_count([0.5], 3), "ids must be integers"),
        (lambda: spike_count([0], 0), "n must be a count of at least 1, got 0"),
        (lambda: mean_rate([0], 2.0, 10.0), "n must be a count"),
        (lambda: mean_rate([0], 1, 0.0), "duration must be above 0 ms, got 0 ms"),
        (lambda: mean_rate([0], 1, 5 * u.mV), "duration must be a time, got 5 mV"),
        (lambda: isi([1.0, 2.0], [0]), "ids must name one neuron per spike, got 1 for 2 times"),
        (lambda: isi([1.0] * u.mV, [0]), "times must be times, got a potential"),
        (lambda: population_rate([1.0], 1, 10.0, -1.0), "bin must be above 0 ms, got -1 ms"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_a_sentence(call, sentence):
    with pytest.raises(ParameterError, match=sentence):
        call()


@pytest.mark.bench
@pytest.mark.parametrize("measure", ["spike_count", "isi", "cv", "population_rate"])
def test_twenty_thousand_spikes_take_less_than_a_millisecond(measure):
    rng = np.random.default_rng(0)
    times, ids = np.sort(rng.uniform(0, 1000, 20_000)), rng.integers(0, 400, 20_000)
    arguments = {
        "spike_count": (ids, 400),
        "isi": (times, ids),
        "cv": (times, ids),
        "population_rate": (times, 400, 1000.0, 1.0),
    }[measure]
    best = np.inf
    for _ in range(20):
        begin = time.perf_counter()
        getattr(spike_trains, measure)(*arguments)
        best = min(best, time.perf_counter() - begin)
    assert best < 1e-3


def test_the_examples_in_the_docstrings_run():
    result = doctest.testmod(spike_trains)
    assert result.attempted > 3
    assert result.failed == 0
