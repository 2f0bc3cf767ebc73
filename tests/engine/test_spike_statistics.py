"""Statistics of spikes against an established library, closed forms, and the plainest code."""

import warnings
from itertools import pairwise

import neo
import numpy as np
import pytest
import quantities as pq
from elephant import conversion, spike_train_correlation, statistics
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analysis import correlograms, intervals, spike_trains, variability
from engine.errors import NotEnoughSpikes, ParameterError

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:elephant")  # not ours

SECOND = 1000.0
GRID = st.integers(0, 7999).map(lambda k: k / 8)
SPIKES = st.lists(st.tuples(GRID, st.integers(0, 4)), min_size=3, max_size=60, unique=True)
RELATIVE = [
    spike_trains.cv,
    intervals.cv2,
    intervals.lv,
    intervals.adaptation_index,
]
"""What depends on the ratio of intervals only."""


def split(spikes):
    return np.array([t for t, _ in spikes]), np.array([i for _, i in spikes])


def trains(make, neurons=20, length=100_000.0, seed=3):
    """Make spikes of independent neurons with intervals drawn by ``make(rng, number)``."""
    rng = np.random.default_rng(seed)
    times, ids = [], []
    for neuron in range(neurons):
        train = np.cumsum(make(rng, 12_000))
        assert train[-1] > length
        train = train[train < length]
        times.append(train)
        ids.append(np.full(train.size, neuron))
    return np.concatenate(times), np.concatenate(ids), length


@pytest.fixture(scope="module")
def poisson():
    """Independent Poisson neurons of 50 Hz."""
    return trains(lambda rng, number: rng.exponential(20.0, number))


@pytest.fixture(scope="module")
def gamma():
    """Independent neurons of 50 Hz whose intervals have a gamma distribution of order four."""
    return trains(lambda rng, number: rng.gamma(4.0, 5.0, number))


def measured(measure, times, ids):
    """Give a number, or the word that there are not enough spikes."""
    try:
        value = measure(times, ids)
    except NotEnoughSpikes:
        return None
    return None if np.isnan(value) else value


# ---------------------------------------------------------------- against Elephant


def neo_train(times, stop=SECOND):
    return neo.SpikeTrain(np.sort(times) * pq.ms, t_stop=stop * pq.ms)


def by_train(times, ids, least=1):
    found = [np.sort(times[ids == i]) for i in np.unique(ids)]
    return [train for train in found if train.size >= least]


@pytest.mark.parametrize("name", ["cv2", "lv"])
@given(SPIKES)
def test_local_variation_is_that_of_elephant(name, spikes):
    times, ids = split(spikes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = [getattr(statistics, name)(np.diff(t)) for t in by_train(times, ids, 3)]
    ours = measured(getattr(intervals, name), times, ids)
    assert ours == (pytest.approx(np.mean(theirs)) if theirs else None)


@settings(max_examples=30)
@given(SPIKES, st.sampled_from([62.5, 125.0, 250.0]))
def test_the_fano_factor_is_that_of_elephant_with_the_unbiased_variance(spikes, window):
    times, ids = split(spikes)
    windows = int(SECOND / window)
    cuts = np.arange(windows + 1) * window
    theirs = []
    for train in by_train(times, ids):
        parts = [neo_train(train[(train >= a) & (train < b)]) for a, b in pairwise(cuts)]
        theirs.append(statistics.fanofactor(parts) * windows / (windows - 1))
    assert variability.fano_factor(times, ids, SECOND, window) == pytest.approx(np.mean(theirs))


@settings(max_examples=50)
@given(SPIKES)
def test_the_cross_correlogram_counts_the_pairs_that_elephant_counts(spikes):
    times, ids = split(spikes)
    ids = ids % 2
    if np.unique(ids).size < 2:
        return
    bin, reach = 5.0, 50.0
    lags, rate = correlograms.cross_correlogram(times, ids, 2, SECOND, bin, reach)
    pairs = rate * times.size * bin / 1e3 * (SECOND - np.abs(lags)) / SECOND
    one, other = by_train(times, ids)
    binned = [conversion.BinnedSpikeTrain(neo_train(t), bin_size=bin * pq.ms) for t in (one, other)]
    theirs, _ = spike_train_correlation.cross_correlation_histogram(*binned, window=[-10, 10])
    theirs = np.asarray(theirs).ravel()
    np.testing.assert_allclose(pairs, theirs + theirs[::-1], atol=1e-6)


@given(SPIKES)
def test_the_psth_of_one_event_is_the_time_histogram_of_elephant(spikes):
    times, _ = split(spikes)
    _, rate = correlograms.psth(times, 5, [100.0], 0.0, 500.0, 12.5)
    part = neo.SpikeTrain(
        np.sort(times[(times >= 100.0) & (times < 600.0)]) * pq.ms,
        t_start=100.0 * pq.ms,
        t_stop=600.0 * pq.ms,
    )
    theirs = statistics.time_histogram([part], bin_size=12.5 * pq.ms, output="counts")
    np.testing.assert_allclose(rate * 5 * 12.5 / 1e3, np.asarray(theirs).ravel())


def test_the_distance_of_intervals_is_that_of_pyspike():
    """Numbers that PySpike 0.9.0 gives, which is too slow to install for this alone."""
    found = [
        [14.4, 31.2, 51.2, 94.9, 95.0],
        [2.8, 33.0, 40.9, 42.3, 53.8, 55.0, 75.4, 78.8, 82.8],
        [13.4, 30.3, 45.3],
        [20.3, 26.2, 28.0, 40.3, 48.5, 75.0, 98.1],
    ]
    times = np.concatenate(found)
    ids = np.repeat(np.arange(4), [len(train) for train in found])
    assert variability.isi_distance(times, ids, 100.0) == pytest.approx(0.43955941000953763)
    first = ids < 2
    two = variability.isi_distance(times[first], ids[first], 100.0)
    assert two == pytest.approx(0.5602817625071321)


# ---------------------------------------------------------------- closed forms


@pytest.mark.parametrize("measure", [spike_trains.cv, intervals.cv2, intervals.lv])
def test_a_poisson_process_has_a_variation_of_one_and_a_clock_none(measure, poisson):
    times, ids, _ = poisson
    assert measure(times, ids) == pytest.approx(1.0, abs=0.02)
    assert measure(np.arange(50) * 20.0, np.zeros(50, int)) == pytest.approx(0.0, abs=1e-12)


def test_a_gamma_process_has_its_known_variation(gamma):
    times, ids, length = gamma
    assert spike_trains.cv(times, ids) == pytest.approx(1.0 / np.sqrt(4.0), abs=0.01)
    assert intervals.lv(times, ids) == pytest.approx(3.0 / (2.0 * 4.0 + 1.0), abs=0.01)
    # a long window counts intervals that are independent
    assert variability.fano_factor(times, ids, length, 1000.0) == pytest.approx(0.25, abs=0.03)


def test_a_poisson_process_has_a_fano_factor_of_one_in_every_window(poisson):
    times, ids, length = poisson
    for window in (10.0, 100.0, 1000.0):
        assert variability.fano_factor(times, ids, length, window) == pytest.approx(1.0, abs=0.06)


def test_the_fano_factor_has_no_bias_from_few_windows(poisson):
    times, ids, _ = poisson
    ids = ids + 20 * (times // 1000.0).astype(int)  # 2,000 neurons of a second each
    assert variability.fano_factor(times % 1000.0, ids, 1000.0, 500.0) == pytest.approx(1, abs=0.08)


def test_the_spectrum_of_a_poisson_process_is_flat_at_its_rate(poisson):
    times, ids, length = poisson
    frequencies, power = correlograms.power_spectrum(times, ids, length)
    low = power[frequencies < 250.0]
    assert low.mean() == pytest.approx(50.0, rel=0.02)
    assert low.std() < 0.05 * low.mean()


def test_the_spectrum_of_a_gamma_process_begins_at_rate_times_squared_cv(gamma):
    times, ids, length = gamma
    frequencies, power = correlograms.power_spectrum(times, ids, length)
    assert power[frequencies < 6.0].mean() == pytest.approx(50.0 / 4.0, rel=0.1)
    assert power[(frequencies > 200.0) & (frequencies < 300.0)].mean() == pytest.approx(
        50, rel=0.05
    )


def test_a_clock_has_a_line_at_its_rate_in_the_spectrum():
    times = np.arange(0.0, 10_000.0, 25.0)
    frequencies, power = correlograms.power_spectrum(times, np.zeros(times.size, int), 10_000.0)
    near = power[np.abs(frequencies - 40.0) < 3.0].max()
    assert near > 100.0 * np.median(power)


def test_the_autocorrelogram_of_a_poisson_process_is_its_rate(poisson):
    times, ids, length = poisson
    lags, rate = correlograms.autocorrelogram(times, ids, length, 2.0, 60.0)
    assert lags[0] == -60.0
    assert lags[-1] == 60.0
    np.testing.assert_allclose(rate, 50.0, rtol=0.06)


def test_lags_near_the_length_of_the_run_are_not_lost(poisson):
    times, ids, _ = poisson
    ids = ids + 20 * (times // 1000.0).astype(int)
    _, rate = correlograms.autocorrelogram(times % 1000.0, ids, 1000.0, 100.0, 800.0)
    np.testing.assert_allclose(rate, 50.0, rtol=0.06)


def test_independent_neurons_have_a_flat_cross_correlogram_and_shared_spikes_a_peak(poisson):
    times, ids, length = poisson
    lags, rate = correlograms.cross_correlogram(times, ids, 20, length, 2.0, 60.0)
    np.testing.assert_allclose(rate, 50.0, rtol=0.06)
    both = np.r_[times, times], np.r_[ids, ids + 20]
    _, rate = correlograms.cross_correlogram(*both, 40, length, 2.0, 60.0)
    assert lags[rate.argmax()] == 0.0
    assert rate.max() > 1.2 * 50.0


def test_independent_neurons_have_a_synchrony_of_one_over_the_root_of_their_number(poisson):
    times, ids, length = poisson
    assert variability.chi(times, ids, 20, length) == pytest.approx(1 / np.sqrt(20), rel=0.03)
    same = np.tile(times[ids == 0], 5), np.repeat(np.arange(5), np.sum(ids == 0))
    assert variability.chi(*same, 5, length) == pytest.approx(1.0)
    # a silent neuron takes no part in what is variable, but counts as one that does nothing
    assert variability.chi(*same, 10, length) == pytest.approx(np.sqrt(0.5))


def test_poisson_processes_of_the_same_rate_are_half_apart(poisson):
    times, ids, _ = poisson
    some = times < 20_000.0
    assert variability.isi_distance(times[some], ids[some], 20_000.0) == pytest.approx(
        0.5, abs=0.01
    )


def test_the_vector_strength_of_one_phase_is_one_and_of_no_phase_nearly_none(poisson):
    assert correlograms.vector_strength(np.arange(9) * 20.0 + 3.0, 20.0) == pytest.approx(1.0)
    assert correlograms.vector_strength(poisson[0], 20.0) < 0.02


def test_the_rate_around_an_event_is_found_in_its_bin():
    events = np.arange(10) * 100.0 + 50.0
    times = np.r_[events + 7.0, events - 3.0]
    edges, rate = correlograms.psth(times, 2, events, -10.0, 10.0, 1.0)
    expected = np.zeros(20)
    expected[[7, 17]] = 500.0  # one spike in a bin of a millisecond, for two neurons
    assert edges[0] == -10.0
    np.testing.assert_allclose(rate, expected)


# ---------------------------------------------------------------- properties


@pytest.mark.parametrize("measure", RELATIVE)
@given(SPIKES, st.floats(-500.0, 500.0), st.floats(0.1, 10.0))
def test_shifting_and_stretching_time_changes_no_relative_measure(measure, spikes, shift, scale):
    times, ids = split(spikes)
    before = measured(measure, times, ids)
    after = measured(measure, times * scale + shift, ids)
    assert after == (None if before is None else pytest.approx(before, rel=1e-6, abs=1e-8))


@given(SPIKES)
def test_running_backwards_turns_adaptation_around(spikes):
    times, ids = split(spikes)
    before = measured(intervals.adaptation_index, times, ids)
    after = measured(intervals.adaptation_index, -times, ids)
    assert after == (None if before is None else pytest.approx(-before, abs=1e-12))


@given(SPIKES, st.none() | st.sampled_from([0.125, 1.0, 30.0]))
def test_every_interval_is_in_one_bin_of_the_histogram(spikes, bin):
    times, ids = split(spikes)
    gaps, _ = spike_trains.isi(times, ids)
    if not gaps.size:
        return
    edges, counts = intervals.isi_histogram(times, ids, bin)
    assert counts.sum() == gaps.size
    assert edges.size == counts.size + 1
    np.testing.assert_array_equal(counts, np.histogram(gaps, edges)[0])


@given(SPIKES)
def test_a_correlogram_is_symmetric_and_that_of_a_loop(spikes):
    times, ids = split(spikes)
    pairs = [(a - b) for a, i in spikes for b, j in spikes if i == j and a != b]
    if not pairs:
        return
    lags, rate = correlograms.autocorrelogram(times, ids, SECOND, 5.0, 40.0)
    np.testing.assert_array_equal(rate, rate[::-1])
    np.testing.assert_array_equal(lags, -lags[::-1])
    where = np.floor(np.abs(pairs) / 5.0 + 0.5) * np.sign(pairs) * 5.0
    where[np.abs(pairs) < 2.5] = 0.0
    loop = np.array([np.sum(where == lag) for lag in lags])
    counts = rate * times.size * 5.0 / 1e3 * (SECOND - np.abs(lags)) / SECOND
    np.testing.assert_allclose(counts, loop, atol=1e-6)


@given(SPIKES)
def test_synchrony_and_distance_stay_between_none_and_all(spikes):
    times, ids = split(spikes)
    for measure in (
        lambda t, i: variability.chi(t, i, 5, SECOND),
        lambda t, i: variability.isi_distance(t, i, SECOND),
    ):
        found = measured(measure, times, ids)
        assert found is None or 0.0 <= found <= 1.0 + 1e-9


@given(SPIKES)
def test_the_order_of_spikes_does_not_matter(spikes):
    times, ids = split(spikes)
    mixed = np.random.default_rng(0).permutation(times.size)
    for measure in (
        *RELATIVE,
        lambda t, i: variability.fano_factor(t, i, SECOND),
        lambda t, i: variability.isi_distance(t, i, SECOND),
        lambda t, i: correlograms.autocorrelogram(t, i, SECOND)[1].sum(),
    ):
        assert measured(measure, times[mixed], ids[mixed]) == measured(measure, times, ids)


def test_times_on_the_grid_of_single_precision_fall_into_the_bins_they_open():
    times = (np.arange(200) * np.float32(0.3)).astype(np.float32)
    ids = np.zeros(200, int)
    _, counts = intervals.isi_histogram(times, ids, 0.3)
    assert counts.tolist() == [0, 199]
    lags, rate = correlograms.autocorrelogram(times, ids, 60.0, 0.3, 3.0)
    assert np.all(rate[lags != 0.0] > 3000.0)


# ---------------------------------------------------------------- bursts


def burst_train(number, within=4.0, pause=90.0, size=5, noise=0.0):
    rng = np.random.default_rng(1)
    gaps = np.tile(np.r_[np.full(size - 1, within), pause], number)
    return np.cumsum(gaps * (1.0 + noise * rng.uniform(-1, 1, gaps.size)))


def test_bursts_are_found_where_they_are():
    found = intervals.bursts(burst_train(12, noise=0.3))
    assert len(found.sizes) == 12
    assert 6.0 < found.threshold < 70.0
    assert set(found.sizes[1:-1]) == {5}
    np.testing.assert_allclose((found.ends - found.starts)[1:-1].mean(), 16.0, rtol=0.2)
    assert found.share == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("neuron", range(20))
def test_a_poisson_process_has_hardly_any_bursts(poisson, gamma, neuron):
    for (times, ids, _), most in ((poisson, 0.1), (gamma, 0.0)):
        train = times[(ids == neuron) & (times < 2_000.0)]
        assert intervals.bursts(train).share <= most


def test_a_clock_has_no_bursts_and_no_threshold():
    found = intervals.bursts(np.arange(40) * 10.0)
    assert np.isnan(found.threshold)
    assert found.sizes.size == 0
    assert found.share == 0.0


def test_one_long_pause_makes_no_bursts():
    times = np.cumsum(np.r_[np.full(12, 10.0), 300.0, np.full(12, 10.0)])
    assert intervals.bursts(times).sizes.size == 0


def test_many_neurons_and_bins_are_counted_as_few_are(monkeypatch, poisson):
    times, ids, length = poisson
    before = variability.fano_factor(times, ids, length), variability.chi(times, ids, 20, length)
    monkeypatch.setattr(variability, "MANY", -(10**12))
    after = variability.fano_factor(times, ids, length), variability.chi(times, ids, 20, length)
    assert after == pytest.approx(before)


def test_doublets_are_no_bursts():
    assert intervals.bursts(burst_train(12, size=2)).sizes.size == 0


@given(st.lists(st.integers(0, 4000), min_size=4, max_size=80, unique=True))
def test_bursts_do_not_overlap_and_hold_their_spikes(spikes):
    times = np.array(spikes) / 8
    found = intervals.bursts(times)
    assert np.all(found.starts < found.ends)
    assert np.all(found.ends[:-1] < found.starts[1:])
    assert np.all(found.sizes >= 3)
    ordered = np.sort(times)
    for start, end, size in zip(found.starts, found.ends, found.sizes, strict=True):
        inside = ordered[(ordered >= start) & (ordered <= end)]
        assert inside.size == size
        assert np.diff(inside).max() < found.threshold


# ---------------------------------------------------------------- too few spikes, and errors


STATISTICS = {
    "histogram of intervals": (lambda t, i: intervals.isi_histogram(t, i), 2),
    "CV2": (intervals.cv2, 3),
    "LV": (intervals.lv, 3),
    "adaptation": (intervals.adaptation_index, 3),
    "bursts": (lambda t, i: intervals.bursts(t), 4),
    "autocorrelogram": (lambda t, i: correlograms.autocorrelogram(t, i, SECOND), 2),
    "cross-correlogram": (lambda t, i: correlograms.cross_correlogram(t, i, 2, SECOND), 99),
    "psth": (lambda t, i: correlograms.psth(t, 1, [0.0], 0.0, 100.0), 1),
    "vector strength": (lambda t, i: correlograms.vector_strength(t, 20.0), 2),
    "spectrum": (lambda t, i: correlograms.power_spectrum(t, i, SECOND), 2),
    "Fano factor": (lambda t, i: variability.fano_factor(t, i, SECOND), 1),
    "chi": (lambda t, i: variability.chi(t, i, 2, SECOND), 1),
    "distance": (lambda t, i: variability.isi_distance(t, i, SECOND), 99),
}


@pytest.mark.parametrize("name", STATISTICS)
@pytest.mark.parametrize("number", range(5))
def test_too_few_spikes_of_one_neuron_are_said_in_a_sentence(name, number):
    measure, least = STATISTICS[name]
    times, ids = np.array([10.0, 25.0, 45.0, 70.0])[:number], np.zeros(number, int)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if number < least:
            with pytest.raises(NotEnoughSpikes, match=r"not enough spikes: .* needs .*"):
                measure(times, ids)
        else:
            assert measure(times, ids) is not None


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: intervals.isi_histogram([1, 2], [0, 0], 0.0), "bin must be above 0 ms, got 0 ms"),
        (lambda: intervals.cv2([1.0, 2.0], [0]), "ids must name one neuron per spike"),
        (
            lambda: correlograms.autocorrelogram([1], [0], 50.0),
            "reach must be shorter than the run",
        ),
        (lambda: correlograms.autocorrelogram([1], [0], 50.0, -1.0, 5.0), "bin must be above 0 ms"),
        (lambda: correlograms.psth([1], 1, [], 0.0, 10.0), "events must hold at least one time"),
        (lambda: correlograms.psth([1], 1, [0.0], 10.0, 0.0), "bin must be above 0 ms and within"),
        (lambda: correlograms.vector_strength([1, 2], 0.0), "period must be above 0 ms"),
        (
            lambda: correlograms.power_spectrum([1, 2], [0, 0], 2.0),
            "duration must be at least 8 ms",
        ),
        (
            lambda: variability.fano_factor([1], [0], 100.0, 60.0),
            "window must be above 0 ms and fit",
        ),
        (lambda: variability.chi([1], [0], 1, 100.0), "at least two neurons, got 1"),
        (lambda: variability.isi_distance([1], [0], 0.0), "duration must be above 0 ms"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_a_sentence(call, sentence):
    with pytest.raises(ParameterError, match=sentence):
        call()
