"""What the spikes of a network say, on rasters whose answer is known."""

import time

import numpy as np
import pytest
import saiunit as u
from scipy import ndimage

from engine import (
    COBA,
    CUBA,
    Expon,
    NetworkCell,
    NetworkExperiment,
    NetworkProjection,
    ParameterError,
    Population,
    ReceptorSite,
    networks,
    simulate,
)
from engine.analysis import networks as analysis
from engine.background import Background
from engine.recording import Recording

DT, DURATION = 0.1, 1000.0
SIZES = pytest.mark.parametrize("n", [200, 1000, 12_500])


def raster(times, neurons, n, duration=DURATION, problem=""):
    """A recording of a population without connections with the given spikes."""
    network = NetworkExperiment({"E": Population()}).update({"E.n": n, "duration": duration})
    steps = np.clip(np.round(np.asarray(times) / DT).astype(int), 0, network.n_steps - 1)
    order = np.argsort(steps, kind="stable")
    traces = {"V": np.zeros((network.n_steps, 1), np.float32)}
    spikes = steps[order], np.asarray(neurons)[order]
    return Recording(network, traces, {"V": u.mV}, *spikes, problem=problem)


def poisson(n, rate, rng, modulation=0.0, frequency=40.0, duration=DURATION):
    """Poisson neurons whose rates follow a sine together."""
    count = rng.poisson(n * rate * duration * 1e-3 * (1.0 + modulation))
    times = rng.uniform(0.0, duration, count)
    share = (1.0 + modulation * np.sin(2e-3 * np.pi * frequency * times)) / (1.0 + modulation)
    kept = rng.random(count) < share
    return raster(times[kept], rng.integers(0, n, kept.sum()), n, duration)


def clocks(n, rate, rng, together):
    """Neurons that tick at nearly the same rate, with the same phase or each with its own."""
    period = 1e3 / rate
    phase = rng.normal(0.0, 0.05 * period, n) if together else rng.uniform(0.0, period, n)
    own = period if together else period * (1.0 + 0.1 * rng.standard_normal(n))
    ticks = np.arange(int(2 * DURATION / period))[:, None] * own + phase
    inside = (ticks >= 0.0) & (ticks < DURATION)
    return raster(ticks[inside], np.nonzero(inside)[1], n)


# -- the state -------------------------------------------------------------------------------------


@SIZES
@pytest.mark.parametrize("rate", [2.0, 20.0])
def test_independent_poisson_neurons_are_asynchronous_and_irregular(n, rate):
    for seed in range(3):
        state = analysis.state_of(poisson(n, rate, np.random.default_rng(seed)))
        assert state.label == "AI", state.reason
        assert state.irregularity == pytest.approx(1.0, abs=0.15)


@SIZES
@pytest.mark.parametrize("frequency", [8.0, 40.0, 180.0])
def test_poisson_neurons_with_a_common_rhythm_are_synchronous(n, frequency):
    state = analysis.state_of(poisson(n, 20.0, np.random.default_rng(1), 1.0, frequency))
    assert state.label == "SI", state.reason
    assert state.modulation == pytest.approx(np.sqrt(0.5), rel=0.1)


@SIZES
@pytest.mark.parametrize("rate", [8.0, 100.0, 330.0])
def test_clocks_are_regular_whether_they_tick_together_or_not(n, rate):
    rng = np.random.default_rng(2)
    assert analysis.state_of(clocks(n, rate, rng, together=True)).label == "SR"
    assert analysis.state_of(clocks(n, rate, rng, together=False)).label == "AR"


@SIZES
def test_a_weak_common_rhythm_is_seen_but_does_not_make_a_network_synchronous(n):
    state = analysis.state_of(poisson(n, 30.0, np.random.default_rng(3), 0.6))
    assert state.label == "AI"
    assert state.modulation == pytest.approx(0.6 * np.sqrt(0.5), rel=0.2)


def test_silence_and_explosion_are_no_states_of_a_rhythm():
    assert analysis.state_of(raster([], np.zeros(0, int), 100)).label == "quiet"
    assert analysis.state_of(raster([3.0, 8.0], [1, 2], 100)).label == "quiet"
    state = analysis.state_of(raster([1.0], [0], 100, problem="the network fires at 600 Hz"))
    assert state.label == "exploded"
    assert "600 Hz" in state.reason


def test_the_reason_names_the_two_numbers_that_decide():
    state = analysis.state_of(poisson(500, 20.0, np.random.default_rng(4), 1.0))
    assert f"{100 * state.modulation:.0f} %" in state.reason
    assert f"{state.irregularity:.2f}" in state.reason
    assert state.name == "synchronous irregular"


def test_a_state_leaves_out_the_start():
    rng = np.random.default_rng(5)
    calm = poisson(400, 20.0, rng)
    start = raster(
        np.concatenate(
            [np.repeat([5.0, 25.0, 45.0], 400), calm.spike_times[calm.spike_times > 60]]
        ),
        np.concatenate([np.tile(np.arange(400), 3), calm.spike_neurons[calm.spike_times > 60]]),
        400,
    )
    assert analysis.state_of(start).label == "SI"
    assert analysis.state_of(start, after=60.0).label == "AI"


@pytest.mark.parametrize(("n", "seconds"), [(1000, 0.02), (4000, 0.06)])
def test_a_state_is_found_fast_enough_to_follow_a_slider(n, seconds):
    recording = poisson(n, 20.0, np.random.default_rng(6))
    taken = []
    for _ in range(5):
        begin = time.perf_counter()
        analysis.state_of(recording)
        taken.append(time.perf_counter() - begin)
    assert min(taken) < seconds


# -- rhythm, synchrony, correlation ----------------------------------------------------------------


def test_the_spectrum_peaks_at_the_rhythm_and_is_flat_without_one():
    rng = np.random.default_rng(7)
    frequencies, power = analysis.power_spectrum(poisson(1000, 20.0, rng, 1.0, 60.0))
    assert abs(frequencies[power.argmax()] - 60.0) < 4.0
    _, power = analysis.power_spectrum(poisson(1000, 20.0, rng))
    assert np.mean(power) == pytest.approx(2.0 * 20.0 / 1000, rel=0.1)
    assert power.max() < 8.0 * power.mean()


def test_the_spectrum_is_that_of_the_population_asked_for():
    network = NetworkExperiment({"A": Population(), "B": Population()})
    network = network.update({"A.n": 50, "B.n": 50})
    steps = np.repeat(np.arange(0, 10_000, 250), 50)  # 40 Hz
    traces = {"V": np.zeros((10_000, 1), np.float32)}
    neurons = np.tile(np.arange(50), 40) + 50
    recording = Recording(network, traces, {"V": u.mV}, steps, neurons)
    assert not analysis.power_spectrum(recording, "A")[1].any()
    frequencies, power = analysis.power_spectrum(recording, "B")
    assert abs(frequencies[power.argmax()] % 40.0) < 3.0
    empty = analysis.power_spectrum(recording, "B", after=999.5)
    assert [len(part) for part in empty] == [0, 0]


def test_the_modulation_does_not_depend_on_the_number_of_neurons():
    found = [
        analysis.modulation(poisson(n, 20.0, np.random.default_rng(8), 0.8), bin=1.0)
        for n in (300, 3000, 12_500)
    ]
    assert found == pytest.approx([0.8 * np.sqrt(0.5)] * 3, rel=0.15)
    assert np.isnan(analysis.modulation(raster([], np.zeros(0, int), 10)))


def test_counts_correlate_as_much_as_they_share_spikes():
    rng = np.random.default_rng(9)
    n, shared = 60, 0.3
    common = np.sort(rng.uniform(0.0, 20_000.0, 400))
    times, neurons = [], []
    for neuron in range(n):
        mine = common[rng.random(400) < shared]
        times.append(np.concatenate([mine, rng.uniform(0.0, 20_000.0, round(400 * (1 - shared)))]))
        neurons.append(np.full(len(times[-1]), neuron))
    both = np.concatenate(times), np.concatenate(neurons)
    recording = raster(*both, n, 20_000.0)
    # spikes that are taken over with probability q are shared by two neurons with q squared
    assert analysis.correlation(recording) == pytest.approx(shared**2, abs=0.02)
    assert analysis.correlation(recording, most=20) == pytest.approx(shared**2, abs=0.03)
    assert abs(analysis.correlation(poisson(500, 20.0, rng))) < 0.01
    assert np.isnan(analysis.correlation(raster([5.0], [0], 10)))


def test_copies_of_a_neuron_correlate_by_one():
    train = np.arange(50) * 20.0 + 1.0
    copies = raster(np.tile(train, 5), np.repeat(np.arange(5), 50), 5)
    assert analysis.correlation(copies) == pytest.approx(1.0)


def test_the_local_irregularity_of_few_spikes_has_no_bias():
    # three spikes a neuron: the ordinary coefficient of variation would be a half
    rng = np.random.default_rng(10)
    times = np.cumsum(rng.exponential(30.0, (3000, 3)), axis=1)
    kept = times[:, 2] < DURATION
    recording = raster(times[kept].ravel(), np.repeat(np.arange(kept.sum()), 3), kept.sum())
    assert analysis.local_irregularity(recording) == pytest.approx(1.0, abs=0.05)
    assert analysis.irregularity(recording) == pytest.approx(0.5, abs=0.05)


# -- balance ---------------------------------------------------------------------------------------


def small_network(output=COBA, **values):
    receptors = {"exc": ReceptorSite(Expon, output), "inh": ReceptorSite(Expon, output)}
    cells = Population(NetworkCell, receptors)
    links = {
        a + b: NetworkProjection(a, b, {"E": "exc", "I": "inh"}[a]) for a in "EI" for b in "EI"
    }
    given = {"E.n": 80, "I.n": 20, "duration": 200.0}
    for name in "EI":
        given |= {f"{name}.stimulus.amplitude": 200.0, f"I{name}.weight": 6.0}
    if output is COBA:
        given |= {"E.inh.output.E": -80.0, "I.inh.output.E": -80.0}
    given |= {path.replace("__", "."): value for path, value in values.items()}
    return NetworkExperiment({"E": cells, "I": cells}, links, watched=(0, 90)).update(given)


def test_balance_is_the_current_of_the_receptors_at_the_recorded_potential():
    recording = simulate(small_network())
    found = analysis.balance(recording, after=20.0)
    V, exc, inh = (recording.traces[name].astype(float) for name in ("V", "exc", "inh"))
    np.testing.assert_allclose(found.excitatory, (exc * (0.0 - V)).mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(found.inhibitory, (inh * (-80.0 - V)).mean(axis=1), rtol=1e-4)
    assert found.unit == "pA"
    late = slice(200, None)
    expected = -found.inhibitory[late].mean() / found.excitatory[late].mean()
    assert found.ratio == pytest.approx(expected)
    assert -1.0 <= found.correlation <= 1.0


def test_balance_of_currents_takes_them_as_they_are():
    network = small_network(CUBA, IE__weight=-40.0, II__weight=-40.0)
    found = analysis.balance(simulate(network))
    assert found.excitatory.min() >= 0.0
    assert found.inhibitory.max() <= 0.0
    assert found.inhibitory.min() < 0.0


def test_balance_of_jumps_is_the_weights_that_arrive():
    cells = Population(NetworkCell, {"psp": ReceptorSite(synapse=None)}, background=Background)
    links = {a + b: NetworkProjection(a, b, "psp") for a in "EI" for b in "EI"}
    network = NetworkExperiment({"E": cells, "I": cells}, links, watched=(3,)).update(
        {
            "duration": 100.0,
            "EE.weight": 0.7,
            "IE.weight": -2.0,
            "IE.delay": 1.3,
            "E.background.rate": 2000.0,
            "E.background.weight": 0.5,
        }
    )
    recording = simulate(network)
    found = analysis.balance(recording)
    assert found.unit == "mV/ms"
    for name, delay, given, constant in (
        ("EE", 1, found.excitatory, 1.0),
        ("IE", 13, found.inhibitory, 0.0),
    ):
        senders = network.graphs[name].dense()[:, 3]
        first = network.ranges[name[0]].start
        arrived = sum(
            senders[neuron - first]
            for step, neuron in zip(recording.spike_steps, recording.spike_neurons, strict=True)
            if neuron in network.ranges[name[0]] and step + delay < recording.n_steps
        )
        assert arrived > 20
        total = (given - constant).sum() * recording.dt
        # what is smoothed at the ends of the run is counted a little more or less
        assert total == pytest.approx(arrived * network[f"{name}.weight"], rel=0.1)


@pytest.mark.parametrize(
    "values",
    [
        {"ET.weight.spread": 0.6, "IT.weight.spread": 0.3},
        {"ET.plasticity": "STP", "ET.plasticity.tau_d": 40.0, "ET.delay": 3.0},
        {
            "ET.plasticity": "STD",
            "IT.plasticity": "STD",
            "ET.plasticity.U": 0.4,
            "ET.delay.spread": 0.5,
            "ET.weight.spread": 0.5,
            "IT.delay.spread": 0.2,
        },
    ],
    ids=["weights", "facilitation", "depression, delays and weights"],
)
def test_balance_of_jumps_is_what_moved_the_potential(values):
    """A cell without a leak and without a threshold adds up all that arrives."""
    jump = {"psp": ReceptorSite(synapse=None)}
    cells = Population(NetworkCell, jump)
    links = {"ET": NetworkProjection("E", "T", "psp"), "IT": NetworkProjection("I", "T", "psp")}
    network = NetworkExperiment({"E": cells, "I": cells, "T": cells}, links, watched=(62, 63))
    given = {"E.n": 40, "I.n": 20, "T.n": 5, "duration": 150.0, "T.tau": 1e9, "T.V_th": 1e6}
    given |= {"E.stimulus.amplitude": 300.0, "I.stimulus.amplitude": 350.0, "E.tau_ref": 2.0}
    given |= {
        "T.start": "AtRest",
        "T.stimulus.amplitude": 0.0,
        "ET.weight": 0.7,
        "IT.weight": -1.5,
        "IT.delay": 2.0,
    }
    given |= {"ET.delay": 4.0, "ET.connectivity.p": 0.5, "IT.connectivity.p": 0.5}
    recording = simulate(network.update(given | values))
    found = analysis.balance(recording)
    V = recording.traces["V"].astype(float).mean(axis=1)
    moved = np.diff(V, prepend=V[0]) / recording.dt
    assert np.count_nonzero(moved) > 50
    smooth = ndimage.uniform_filter1d(moved, round(analysis.SMOOTHING / recording.dt))
    total = found.excitatory + found.inhibitory
    np.testing.assert_allclose(total, smooth, atol=1e-3 * np.abs(total).max())


def test_balance_needs_what_arrives():
    network = NetworkExperiment({"E": Population(NetworkCell, {"psp": ReceptorSite(None)})})
    with pytest.raises(ParameterError, match="nothing is connected"):
        analysis.balance(simulate(network.update({"duration": 5.0, "E.n": 3})))


def test_a_self_sustained_network_is_balanced():
    network = networks.CobaNetwork.experiment(0.3).set("duration", 500.0)
    found = analysis.balance(simulate(network), after=100.0)
    assert found.ratio == pytest.approx(1.0, abs=0.25)


# -- connections -----------------------------------------------------------------------------------


def test_the_image_of_connections_counts_them_by_group_and_sign():
    network = small_network()
    sources = {"E": range(0, 80), "I": range(80, 100)}
    dense = np.zeros((100, 100), int)
    for name, projection in network.projections.items():
        rows, columns = sources[projection.source], sources[projection.target]
        block = np.s_[rows.start : rows.stop, columns.start : columns.stop]
        dense[block] += network.graphs[name].dense() * (1 if projection.source == "E" else -1)
    np.testing.assert_array_equal(analysis.connectivity_image(network, 1000), dense)
    tens = dense.reshape(10, 10, 10, 10).sum(axis=(1, 3))
    np.testing.assert_array_equal(analysis.connectivity_image(network, 10), tens)


def test_an_excitatory_weight_below_zero_inhibits():
    network = small_network(EE__weight=-1.0)
    image = analysis.connectivity_image(network, 10)
    assert (image[:8, :8] <= 0).all()
    assert image[:8, :8].min() < 0


def test_the_degrees_are_those_of_the_projections_onto_a_population():
    network = small_network()
    found = analysis.in_degrees(network, "I")
    assert list(found) == ["EI", "II"]
    np.testing.assert_array_equal(found["EI"], network.graphs["EI"].dense().sum(axis=0))
