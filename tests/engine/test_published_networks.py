"""Published networks: their regime, and the rates that the literature gives."""

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats

from engine import networks, simulate
from engine.analysis import networks as analysis
from engine.base_experiment import read
from engine.connectivity import MacaqueCortex, macaque
from engine.networks import microcircuit

SETTLED = 200.0
EACH = pytest.mark.parametrize("kind", networks.catalogue().values(), ids=networks.catalogue())
TAKES_LONG = {
    "ChatteringGamma",
    "CorticalMicrocircuit",
    "InterneuronGamma",
    "MacaqueAreas",
    "RingAttractor",
}
EACH_RUN = pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, id=name, marks=[pytest.mark.slow] if name in TAKES_LONG else [])
        for name, kind in networks.catalogue().items()
    ],
)


def run(kind, scale, duration):
    recording = simulate(kind.experiment(scale).set("duration", duration))
    assert recording.problem == ""
    return recording


@EACH
def test_it_is_cited_and_can_be_written(kind):
    experiment = kind.experiment(min(kind.start_scale, 0.25))
    assert "doi:" in kind.reference
    assert re.search(r"\((19|20)\d\d\)", kind.reference)
    assert kind.title
    assert kind.summary()
    assert kind.phenomenon.endswith(".")
    assert 0.0 < kind.start_scale <= 1.0
    assert kind.state in ("", "SR", "SI", "AR", "AI")
    again = read(experiment.to_json())
    assert again.differences() == experiment.differences()
    assert again.base_specs.keys() == experiment.base_specs.keys()


@pytest.mark.parametrize("name", ["CobaNetwork", "CubaNetwork"])
def test_a_self_sustained_network_fires_irregularly_at_its_rate(name):
    kind = networks.catalogue()[name]
    recording = run(kind, 1.0, 1500.0)
    for rate in analysis.rates(recording, SETTLED).values():
        assert kind.rate[0] < rate < kind.rate[1]
    low, high = kind.irregularity
    assert low < analysis.irregularity(recording, SETTLED) < high


@EACH_RUN
def test_it_shows_its_state_at_the_scale_to_start_with(kind):
    recording = run(kind, kind.start_scale, 600.0)
    assert 100 <= recording.experiment.n <= 12_000
    found = analysis.state_of(recording, SETTLED)
    if kind.state:
        assert found.label == kind.state, found.reason
    low, high = kind.rate
    assert low < recording.rate < 1.3 * high


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [n for n, kind in networks.catalogue().items() if n.startswith("Brunel")]
)
def test_a_state_of_the_sparse_network_has_its_rate_and_regularity(name):
    kind = networks.catalogue()[name]
    recording = run(kind, 1.0, 1000.0)
    for rate in analysis.rates(recording, SETTLED).values():
        assert kind.rate[0] < rate < kind.rate[1]
    low, high = kind.irregularity
    assert low <= analysis.irregularity(recording, SETTLED) < high
    found = analysis.state_of(recording, SETTLED)
    assert found.label == kind.state, found.reason
    if kind.rhythm:
        frequencies, power = analysis.power_spectrum(recording, after=SETTLED)
        assert kind.rhythm[0] < frequencies[power.argmax()] < kind.rhythm[1]


# -- what each paper says --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["BrunelHakimNetwork", "PyramidalInterneuronGamma", "WangBuzsakiNetwork"]
)
def test_a_rhythm_has_its_frequency(name):
    kind = networks.catalogue()[name]
    recording = run(kind, kind.start_scale, 800.0)
    frequencies, power = analysis.power_spectrum(recording, after=SETTLED)
    low, high = kind.rhythm
    assert low < frequencies[power.argmax()] < high


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ChatteringGamma", "InterneuronGamma"])
def test_cells_of_a_third_kind_bring_a_gamma_rhythm(name):
    kind = networks.catalogue()[name]
    recording = run(kind, kind.start_scale, 1000.0)
    frequencies, power = analysis.power_spectrum(recording, after=SETTLED)
    assert kind.rhythm[0] < frequencies[power.argmax()] < kind.rhythm[1]


def test_a_rhythm_needs_inhibition_that_outlasts_excitation():
    asynchronous, ping = networks.FastSpikingAsynchronous, networks.PyramidalInterneuronGamma
    swings = [analysis.modulation(run(k, 0.1, 800.0), after=SETTLED) for k in (asynchronous, ping)]
    assert swings[1] > 2.0 * swings[0]


class SparseInhibition:
    """The theory of Brunel and Hakim (1999): density of potentials, and its small modulations.

    With a mean m and a variance v of the input, tau dP/dt = d/dV ((V - m) P) + v/2 d2P/dV2, P = 0
    at the threshold, and what leaves there comes back at the reset after the refractory period.
    Both are integrated from the threshold down, where no current may be left.
    """

    tau, refractory, reset, threshold, step = 20.0, 2.0, 10.0, 20.0, 4e-3
    connections, weight, delay, outside = 1000, 0.1, 2.0, 25.0

    def __init__(self, deviation):
        self.deviation = deviation
        self.V = np.arange(self.threshold, -12.0, -self.step)
        self.n_above = round((self.threshold - self.reset) / self.step)
        self.rate = optimize.brentq(lambda rate: self.steady(rate)[0] - rate, 1e-4, 0.05)

    def input(self, rate):
        drawn = self.connections * self.weight * self.tau * rate
        return self.outside - drawn, self.deviation**2 + self.weight * drawn

    def steady(self, rate):
        """Rate per ms that the input at ``rate`` brings, the density, and its factors per step."""
        mean, variance = self.input(rate)
        slope = 2.0 / variance * (mean - self.V + self.step / 2.0)
        decay = np.exp(-self.step * slope)
        gain = 2.0 / variance * (1.0 - decay) / slope
        P = np.zeros(len(self.V))
        for i in range(len(P) - 1):
            P[i + 1] = P[i] * decay[i] + gain[i] * self.tau * (i < self.n_above)
        found = 1.0 / (P.sum() * self.step + self.refractory)
        return found, P * found, decay, gain

    def response(self, growth):
        """Rate that follows modulations exp(growth t) of the mean, and of the variance."""
        _, P, decay, gain = self.steady(self.rate)
        mean, variance = self.input(self.rate)
        flows = self.tau * self.rate * (np.arange(len(P)) < self.n_above)
        slope = 2.0 / variance * ((mean - self.V) * P - flows)

        def left(flow, source):
            p, out = 0j, flow
            for i in range(len(P) - 1):
                if i == self.n_above:
                    flow -= out * np.exp(-growth * self.refractory)
                after = p * decay[i] - gain[i] * (source[i] - self.tau * flow)
                flow += self.step * growth * (p + after) / 2.0
                p = after
            return flow

        own = left(1.0 + 0j, np.zeros(len(P)))
        return -left(0j, P) / own, -left(0j, -slope / 2.0) / own

    def mode(self):
        """Growth of the rhythm per ms, and its frequency in Hz."""

        def equation(found):
            growth = found[0] + 2j * np.pi * found[1]
            to_mean, to_variance = self.response(growth)
            drawn = self.connections * self.weight * self.tau
            loop = np.exp(-growth * self.delay) * drawn * (self.weight * to_variance - to_mean)
            return [loop.real - 1.0, loop.imag]

        growth, frequency = optimize.root(equation, [0.02, 0.17], options={"xtol": 1e-4}).x
        return growth, 1e3 * frequency


@pytest.mark.slow
@pytest.mark.parametrize("deviation", [1.0, 3.0, 5.0])
def test_the_rate_of_an_inhibitory_network_is_that_of_its_theory(deviation):
    network = networks.BrunelHakimNetwork.at(deviation).set("duration", 1500.0)
    rate = analysis.rates(simulate(network), SETTLED)["I"]
    assert rate == pytest.approx(1e3 * SparseInhibition(deviation).rate, rel=0.06)


@pytest.mark.slow
def test_an_inhibitory_network_swings_at_the_frequency_of_its_theory_where_it_sets_in():
    growth, expected = SparseInhibition(3.0).mode()
    assert abs(growth) < 0.05
    recording = simulate(networks.BrunelHakimNetwork.at(3.0).set("duration", 3000.0))
    frequencies, power = analysis.power_spectrum(recording, after=SETTLED)
    near = (frequencies > 60.0) & (frequencies < 300.0)
    peak = np.average(frequencies[near], weights=power[near] ** 2)
    assert peak == pytest.approx(expected, rel=0.06)


@pytest.mark.slow
def test_the_theory_says_when_an_inhibitory_network_swings():
    swings = {}
    for deviation in (1.0, 5.0):
        network = networks.BrunelHakimNetwork.at(deviation).set("duration", 1000.0)
        swings[deviation] = analysis.modulation(simulate(network), after=SETTLED)
    assert SparseInhibition(1.0).mode()[0] > 0.1
    assert swings[1.0] > analysis.SYNCHRONOUS
    assert SparseInhibition(5.0).mode()[0] < -0.1
    assert swings[5.0] < 0.5 * analysis.SYNCHRONOUS


@pytest.mark.slow
def test_inhibition_oscillates_much_faster_than_its_neurons_fire():
    kind = networks.BrunelHakimNetwork
    recording = run(kind, 1.0, 1000.0)
    frequencies, power = analysis.power_spectrum(recording, after=SETTLED)
    assert kind.rate[0] < recording.rate < kind.rate[1]
    assert frequencies[power.argmax()] > 20.0 * recording.rate
    assert analysis.state_of(recording, SETTLED).label == "SI"


def test_interneurons_that_differ_lose_their_rhythm():
    """Wang and Buzsáki, figure 7: synchrony needs currents that are alike."""
    found = []
    for spread in (0.0, 0.03, 0.2):
        network = networks.WangBuzsakiNetwork.at(spread).set("duration", 700.0)
        found.append(analysis.modulation(simulate(network), after=300.0))
    assert found[0] > found[1] > 2.0 * found[2]


BALANCED = np.array([[1.0, -2.0], [1.0, -1.8]])
"""Strengths of the balanced network by target and source, excitatory first."""


def balanced_theory(outside, connections):
    """Activities, and how they differ between cells: van Vreeswijk and Sompolinsky 1998, section 4.

    The input of a cell is normal, with the variance of the activities, of which a part does not
    change with time: m = H(-u / sqrt(alpha)), q = <H(-(u + sqrt(beta) x) / sqrt(alpha - beta))^2>.
    """
    m, step = outside * np.array([0.3, 0.6]), 0.3 / np.sqrt(connections)

    def left(m):
        mean = np.sqrt(connections) * (np.array([1.0, 0.8]) * outside + BALANCED @ m)
        return np.array([1.0, 0.7]) - mean, BALANCED**2 @ m

    for _ in range(int(40.0 / step)):
        missing, variance = left(m)
        m = m + step * (stats.norm.sf(missing / np.sqrt(variance)) - m)
    missing, variance = left(m)
    x, weights = np.polynomial.hermite_e.hermegauss(101)
    q = m**1.3
    for _ in range(100):
        frozen = (BALANCED**2 @ q)[:, None]
        share = stats.norm.sf(
            (missing[:, None] + np.sqrt(frozen) * x) / np.sqrt(variance[:, None] - frozen)
        )
        q = share**2 @ weights / weights.sum()
    return m, np.sqrt(q - m**2) / m


@pytest.fixture(scope="module")
def balanced():
    """Activity of every cell in two halves of a run, by the activity outside."""
    found = {}
    for outside in (0.1, 0.2, 0.3):
        network = networks.BalancedNetwork.at(outside).set("duration", 1000.0)
        recording = simulate(network)
        for name in "EI":
            times, cells = analysis.spikes_of(recording, name)
            found[outside, name] = [
                np.bincount(cells[(times >= first) & (times < first + 400.0)], minlength=4000)
                * network[f"{name}.tau"]
                / 400.0
                for first in (200.0, 600.0)
            ]
    return found


@pytest.mark.parametrize("outside", [0.1, 0.2, 0.3])
def test_the_activities_of_a_balanced_network_are_those_of_its_theory(balanced, outside):
    expected, widths = balanced_theory(outside, 400)
    for name, activity, width in zip("EI", expected, widths, strict=True):
        early, late = balanced[outside, name]
        found = (early + late).mean() / 2.0
        assert found == pytest.approx(activity, rel=0.15)
        # what is common to both halves is not chance: cells differ by about their mean
        between = np.sqrt(np.mean(early * late) - early.mean() * late.mean()) / found
        assert between == pytest.approx(width, rel=0.15)


def test_the_activities_of_a_balanced_network_are_linear_in_the_one_outside(balanced):
    """As the balance equation has it: with the paper's strengths both grow by what is added."""
    for name in "EI":
        activity = [np.mean(balanced[outside, name]) for outside in (0.1, 0.2, 0.3)]
        assert np.diff(activity) == pytest.approx([0.1, 0.1], rel=0.12)


def test_many_connections_bring_the_theory_to_the_balance_equation():
    for connections, tolerance in ((400, 0.35), (10_000, 0.1), (90_000, 0.04)):
        assert balanced_theory(0.2, connections)[0] == pytest.approx([0.2, 0.2], rel=tolerance)


def test_a_balanced_network_cancels_what_it_gets():
    network = networks.BalancedNetwork.at(scale=0.25).set("duration", 400.0)
    network = replace(network, watched=tuple(range(40)))
    found = analysis.balance(simulate(network), after=SETTLED)
    late = slice(round(SETTLED / network["dt"]), None)
    excitation, inhibition = found.excitatory[late].mean(), -found.inhibitory[late].mean()
    assert excitation > network["E.stimulus.amplitude"] >= network["E.V_th"]
    assert inhibition == pytest.approx(excitation, rel=0.25)


def last_packet(spikes, width):
    """Spikes of the last group, and their spread in ms, when the packet should come."""
    recording = simulate(networks.SynfireChain.at(spikes, width))
    sent, _ = analysis.spikes_of(recording, "packet")
    assert len(sent) == spikes
    assert sent.std() == pytest.approx(width, rel=0.3)
    times, neurons = analysis.spikes_of(recording, "chain")
    mine = times[(neurons >= 900) & (times > 50.0) & (times < 62.0)]
    near = mine[np.abs(mine - np.median(mine)) < 3.0] if len(mine) else mine
    return len(near), near.std() if len(near) else np.inf


@pytest.mark.parametrize(("spikes", "width"), [(80, 1.0), (80, 2.0)])
def test_a_strong_and_sharp_packet_reaches_the_end_of_the_chain(spikes, width):
    count, spread = last_packet(spikes, width)
    assert count >= 90
    assert spread < 0.8


@pytest.mark.parametrize(("spikes", "width"), [(40, 1.0), (80, 4.0)])
def test_a_weak_or_broad_packet_dies_on_the_way(spikes, width):
    assert last_packet(spikes, width)[0] < 20


def test_a_chain_without_a_packet_only_shows_its_background():
    network = networks.SynfireChain.experiment().update(
        {"packet.stimulus.amplitude": 0.0, "duration": 500.0}
    )
    assert 1.0 < analysis.rates(simulate(network), 50.0)["chain"] < 4.0


@pytest.mark.slow
def test_each_layer_of_the_microcircuit_has_its_rate():
    recording = run(networks.CorticalMicrocircuit, 0.1, 1000.0)
    published = dict(zip(microcircuit.SIZES, microcircuit.RATES, strict=True))
    for name, rate in analysis.rates(recording, SETTLED).items():
        assert rate == pytest.approx(published[name], rel=0.3), name


def test_weights_and_delays_of_the_microcircuit_differ_as_in_its_paper():
    network = networks.CorticalMicrocircuit.experiment(0.02)
    for name, projection in network.projections.items():
        weights, delays = network.weights(name), network.delays(name)
        if len(weights) < 2000:
            continue
        inhibits = projection.source.endswith("I")
        assert weights.std() / abs(weights.mean()) == pytest.approx(0.1, rel=0.1)
        assert delays.mean() == pytest.approx(0.75 if inhibits else 1.5, rel=0.05)
        assert delays.std() / delays.mean() == pytest.approx(0.5, rel=0.12)
        assert delays.min() >= network["dt"]
    strong = network["L4E_L23E.weight"] / network["L23E_L23E.weight"]
    assert strong == pytest.approx(2.0)
    assert network["L4I_L23E.weight"] / network["L23E_L23E.weight"] == pytest.approx(-4.0)


def test_the_microcircuit_has_the_connections_of_its_table():
    """About 0.3 billion at full scale, and some thousand onto each neuron."""
    network = networks.CorticalMicrocircuit.experiment(1.0)
    degrees = {name: 0.0 for name in microcircuit.SIZES}
    for name, projection in network.projections.items():
        p = network[f"{name}.connectivity.p"]
        degrees[projection.target] += p * microcircuit.SIZES[projection.source]
    total = sum(degrees[name] * size for name, size in microcircuit.SIZES.items())
    assert total == pytest.approx(2.99e8, rel=0.02)
    assert network.n == 77_169


def place_and_sharpness(recording, first, last):
    """Where on the ring the spikes are, from -0.5 to 0.5, and how close to each other: 0 to 1."""
    times, neurons = analysis.spikes_of(recording, "E")
    here = neurons[(times >= first) & (times < last)] / recording.experiment.sizes["E"]
    mean = np.mean(np.exp(2j * np.pi * here)) if len(here) else 0.0
    return np.angle(mean) / (2.0 * np.pi), abs(mean)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_a_bump_stays_where_the_cue_has_put_it(seed):
    recording = simulate(networks.RingAttractor.experiment().set("seed", seed))
    assert place_and_sharpness(recording, 0.0, 300.0)[1] < 0.3
    for first in (700.0, 1200.0, 1700.0):
        place, sharpness = place_and_sharpness(recording, first, first + 300.0)
        assert abs(place) < 0.08
        assert sharpness > 0.9


@pytest.mark.slow
def test_a_ring_without_a_cue_stays_quiet():
    network = networks.RingAttractor.experiment().set("cue.stimulus.amplitude", 0.0)
    recording = simulate(network.set("duration", 1000.0))
    assert analysis.rates(recording, 100.0)["E"] < 2.0
    assert place_and_sharpness(recording, 100.0, 1000.0)[1] < 0.3


@pytest.mark.slow
def test_a_volley_travels_only_with_strong_balanced_amplification():
    """Joglekar and others, figure 6: how many areas it reaches, over three runs."""
    kind, reached, before = networks.MacaqueAreas, {}, {}
    for name in ("strong", "weak"):
        counts, rates = [], []
        for seed in range(3):
            network = kind.at(*getattr(kind, name), scale=0.2)
            recording = simulate(network.update({"duration": 400.0, "seed": seed}))
            assert recording.problem == ""
            times, cells = analysis.spikes_of(recording, "E")
            areas = len(macaque.AREAS)
            here = cells * areas // recording.experiment.sizes["E"]
            spikes = np.zeros((areas, 80))
            np.add.at(spikes, (here, (times / 5.0).astype(int)), 1.0)
            rate = spikes * areas / recording.experiment.sizes["E"] * 200.0
            counts.append((rate[1:, 60:].max(axis=1) > 40.0).sum())
            rates.append(rate[:, 20:60].mean())
        reached[name], before[name] = sum(counts), np.mean(rates)
    assert before["strong"] == pytest.approx(before["weak"], rel=0.5)
    assert before["strong"] < 2.0
    assert reached["strong"] >= 8
    assert reached["weak"] <= 2


def test_the_areas_of_the_macaque_are_those_of_the_table():
    assert len(macaque.AREAS) == 29
    assert list(macaque.HIERARCHY.values()) == sorted(macaque.HIERARCHY.values())
    assert sum(map(len, macaque.FRACTIONS.values())) == 302
    for target, sources in macaque.FRACTIONS.items():
        assert target not in sources
        assert 0.1 < sum(sources.values()) < 1.0
    assert macaque.FRACTIONS["V1"]["V2"] == pytest.approx(0.732)
    assert macaque.distance("V1", "V2") == macaque.distance("V2", "V1") == 9.3


def test_populations_divided_into_areas_are_connected_as_these_are():
    rule = MacaqueCortex(p=0.5, gradient=4.0, nearest=8.0, farthest=20.0)
    graph = rule.draw(290, 58, seed=1)
    source, target = graph.sources // 10, graph.targets // 2
    pairs = set(zip(source.tolist(), target.tolist(), strict=True))
    for a, s in enumerate(macaque.AREAS):
        for b, t in enumerate(macaque.AREAS):
            near = a != b and 8.0 <= macaque.distance(s, t) < 20.0
            assert ((a, b) in pairs) == (near and s in macaque.FRACTIONS[t])
    assert graph.factors is not None
    one = (source == 1) & (target == 2)  # V2 to V4
    expected = macaque.FRACTIONS["V4"]["V2"] * (1.0 + 4.0 * macaque.HIERARCHY["V4"])
    np.testing.assert_allclose(graph.factors[one], expected, rtol=1e-6)
    assert len(graph.targets) == pytest.approx(rule.expected(290, 58), rel=0.1)
    within = MacaqueCortex(p=1.0, gradient=0.0, farthest=1.0).draw(58, 29)
    np.testing.assert_array_equal(within.dense(), np.repeat(np.eye(29, dtype=int), 2, axis=0))
    assert rule.draw(5, 7).n_pre == 5  # most areas have no neuron
