"""Networks: against a plain simulation, as a value, and without a compilation for any number."""

import math
import tracemalloc
from collections import OrderedDict
from dataclasses import replace
from functools import partial

import jax
import numpy as np
import pytest
import saiunit as u
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from engine import (
    COBA,
    CUBA,
    DualExpon,
    Expon,
    MemoryBudgetError,
    NetworkCell,
    NetworkExperiment,
    NetworkProjection,
    ParameterError,
    Population,
    ReceptorSite,
    memory,
    network_circuit,
    populations,
    simulate,
    simulation,
)
from engine.analysis import networks as analysis
from engine.background import Background
from engine.base_experiment import NOTHING, read
from engine.connectivity import FromMatrix, OneToOne
from engine.connectivity import catalogue as connectivities

SITES = {
    "currents": ReceptorSite(Expon, CUBA),
    "conductances": ReceptorSite(Expon, COBA),
    "jumps": ReceptorSite(synapse=None),
}
WEIGHTS = {"currents": (30.0, -60.0), "conductances": (2.0, 12.0), "jumps": (1.0, -2.0)}


def network(kind="conductances", n=(40, 10), **values):
    """Two populations and four projections; a dot in a path is written as two underscores."""
    receptors = {"exc": SITES[kind], "inh": SITES[kind]}
    cells = Population(NetworkCell, receptors)
    names = {"E": "exc", "I": "inh"}
    links = {a + b: NetworkProjection(a, b, names[a]) for a in "EI" for b in "EI"}
    given = {"E.n": n[0], "I.n": n[1], "duration": 100.0, "seed": 1}
    for target in "EI":
        given |= {f"E{target}.weight": WEIGHTS[kind][0], f"I{target}.weight": WEIGHTS[kind][1]}
        given |= {f"{a}{target}.connectivity.p": 0.3 for a in "EI"}
        if kind == "conductances":
            given[f"{target}.inh.output.E"] = -80.0
    given |= {path.replace("__", "."): value for path, value in values.items()}
    return NetworkExperiment({"E": cells, "I": cells}, links).update(given)


# -- against a simulation in plain numpy ---------------------------------------------------------


class ByHand:
    """A projection in double precision: each connection with its weight and its delay."""

    def __init__(self, experiment, name):
        self.dt, projection = experiment["dt"], experiment.projections[name]
        graph = experiment.graphs[name]
        self.source, self.onto = projection.source, (projection.target, projection.receptor)
        self.sources, self.targets = graph.sources, graph.targets
        self.weights = experiment.weights(name)
        self.steps = np.rint(experiment.delays(name) / self.dt).astype(int)
        # where each connection has a delay of its own, a neuron releases when it fires
        self.before = 1 if f"{name}.delay.spread" in experiment else experiment.delay_steps(name)
        n_pre, self.n_post = experiment.ends(name)
        self.released = np.zeros((experiment.n_steps, n_pre))
        self.kind = experiment[f"{name}.plasticity"]
        self.p = {k: experiment[f"{name}.plasticity.{k}"] for k in PLASTIC[self.kind]}
        self.x, self.u = np.ones(n_pre), np.full(n_pre, self.p.get("U", 0.0))

    def arriving(self, step, fired):
        then = step - self.before
        spikes = fired[self.source][then].astype(float) if then >= 0 else np.zeros_like(self.x)
        self.released[step] = self.release(spikes)
        ago = step - (self.steps - self.before)
        given = np.where(ago >= 0, self.released[np.maximum(ago, 0), self.sources], 0.0)
        return np.bincount(self.targets, self.weights * given, self.n_post)

    def release(self, spikes):
        if self.kind == NOTHING:
            return spikes
        slow = self.p["tau_d" if self.kind == "STP" else "tau"]
        x = 1 - (1 - self.x) * np.exp(-self.dt / slow)
        if self.kind == "STD":
            self.x, found = x - self.p["U"] * self.x * spikes, x * spikes
            return found
        self.u = self.u * np.exp(-self.dt / self.p["tau_f"]) + self.p["U"] * (1 - self.u) * spikes
        self.x, found = x - self.u * self.x * spikes, self.u * x * spikes
        return found


PLASTIC = {NOTHING: (), "STP": ("U", "tau_f", "tau_d"), "STD": ("U", "tau")}


def by_hand(experiment, kind, start):
    """Simulate with dense matrices in double precision; return a table of spikes."""
    dt, sizes, steps = experiment["dt"], experiment.sizes, experiment.n_steps
    links = [ByHand(experiment, name) for name in experiment.projections]
    V = {name: start[experiment.ranges[name]].astype(float) for name in sizes}
    fired = {name: np.zeros((steps, n), bool) for name, n in sizes.items()}
    g = {(name, r): np.zeros(n) for name, n in sizes.items() for r in ("exc", "inh")}
    for step in range(steps):
        arriving = {place: np.zeros_like(value) for place, value in g.items()}
        for link in links:
            arriving[link.onto] += link.arriving(step, fired)
        for name in sizes:
            p = {path: experiment[f"{name}.{path}"] for path in ("tau", "R", "V_rest", "V_th")}
            last = fired[name][max(0, step - 1)] if step else np.zeros(sizes[name], bool)
            V[name] = np.where(last, experiment[f"{name}.V_reset"], V[name])
            quiet_steps = int(np.ceil(experiment[f"{name}.tau_ref"] / dt - 1e-4))
            quiet = fired[name][max(0, step - quiet_steps + 1) : step].any(axis=0)
            current, conductance = np.full(sizes[name], experiment[f"{name}.stimulus.amplitude"]), 0
            for receptor in ("exc", "inh"):
                if kind == "jumps":
                    continue
                at = name, receptor
                decay = np.exp(-dt / experiment[f"{name}.{receptor}.tau"])
                g[at] = g[at] * decay + arriving[at]
                if kind == "currents":
                    current = current + g[at]
                else:
                    current = current + g[at] * experiment[f"{name}.{receptor}.output.E"]
                    conductance = conductance + g[at]
            leak = 1 + p["R"] * conductance * 1e-3
            target = (p["V_rest"] + p["R"] * current * 1e-3) / leak
            new = target + (V[name] - target) * np.exp(-dt / p["tau"] * leak)
            if kind == "jumps":
                new = new + arriving[name, "exc"] + arriving[name, "inh"]
            V[name] = np.where(quiet | (last & (quiet_steps > 1)), V[name], new)
            fired[name][step] = (V[name] >= p["V_th"]) & ~quiet
    return np.concatenate([fired[name] for name in sizes], axis=1)


def raster(recording):
    table = np.zeros((recording.n_steps, recording.experiment.n), bool)
    table[recording.spike_steps, recording.spike_neurons] = True
    return table


@pytest.mark.parametrize(
    ("kind", "delays"),
    [
        ("currents", (1.5, 1.5)),
        ("conductances", (0.1, 0.1)),
        ("jumps", (0.3, 2.0)),
        pytest.param("conductances", (0.3, 2.0), marks=pytest.mark.slow),
        pytest.param("currents", (0.1, 0.1), marks=pytest.mark.slow),
        pytest.param("jumps", (0.1, 0.1), marks=pytest.mark.slow),
    ],
)
def test_it_does_what_dense_matrices_in_double_precision_do(kind, delays):
    apart = {f"{a}{b}.delay": delays["EI".index(a)] for a in "EI" for b in "EI"}
    experiment = network(kind).update(apart | {"duration": 60.0})
    experiment = replace(experiment, watched=tuple(range(experiment.n)))
    recording = simulate(experiment)
    start = simulate(experiment.set("duration", 0.1).set("E.tau", 1e6).set("I.tau", 1e6))
    expected = by_hand(experiment, kind, start.traces["V"][0])
    found = raster(recording)
    assert expected.sum() > 100
    # single precision may move a spike by a step, after which a network goes its own way
    first = 300
    differing = (found[:first] != expected[:first]).sum()
    assert differing <= 0.02 * expected[:first].sum()
    assert found.sum() == pytest.approx(expected.sum(), rel=0.1)
    assert len(experiment.structure.bundles) == len(set(delays))


ALL = tuple(a + b for a in "EI" for b in "EI")
DIFFERENT = {
    "weights": {f"{name}.weight.spread": 0.6 for name in ALL},
    "weights of one": {"EE.weight.spread": 0.6},
    "delays": {f"{name}.delay": 1.2 for name in ALL} | {f"{n}.delay.spread": 0.5 for n in ALL},
    "facilitation": {"EE.plasticity": "STP", "EE.delay": 0.7, "EE.weight": 90.0},
    "depression": {"EE.plasticity": "STD", "IE.plasticity": "STD", "IE.plasticity.U": 0.3},
    "all": {
        "EE.plasticity": "STP",
        "EE.weight": 90.0,
        "EE.delay": 2.0,
        "EE.delay.spread": 0.4,
        "EE.weight.spread": 0.3,
        "IE.delay.spread": 0.9,
        "II.weight.spread": 1.0,
    },
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_what_differs_between_connections_does_what_it_does_in_double_precision(what):
    experiment = network("currents").update(DIFFERENT[what] | {"duration": 60.0})
    recording = simulate(experiment)
    at_rest = simulate(
        replace(experiment, watched=tuple(range(experiment.n))).update(
            {"duration": 0.1, "E.tau": 1e6, "I.tau": 1e6}
        )
    )
    expected = by_hand(experiment, "currents", at_rest.traces["V"][0])
    found = raster(recording)
    assert expected[:300].sum() > 80
    assert (found[:300] != expected[:300]).sum() <= 0.02 * expected[:300].sum()
    assert found.sum() == pytest.approx(expected.sum(), rel=0.1)
    again = simulate(experiment)
    np.testing.assert_array_equal(again.spike_steps, recording.spike_steps)
    np.testing.assert_array_equal(again.traces["V"], recording.traces["V"])
    plain = network("currents").set("duration", 60.0)
    assert not np.array_equal(simulate(plain).spike_steps, recording.spike_steps)


def given_by_a_matrix(spread=False):
    experiment = network("currents")
    rng = np.random.default_rng(5)
    matrix = (rng.random((40, 10)) < 0.4) * rng.uniform(-0.5, 2.0, (40, 10))
    link = NetworkProjection("E", "I", "exc", FromMatrix(matrix))
    experiment = experiment.with_projection("EI", link).update({"EI.weight": 60.0, "EI.delay": 0.5})
    return experiment.set("EI.weight.spread", 0.4) if spread else experiment, matrix


@pytest.mark.parametrize("spread", [False, True])
def test_a_matrix_says_who_connects_and_how_strongly(spread):
    experiment, matrix = given_by_a_matrix(spread)
    np.testing.assert_array_equal(experiment.graphs["EI"].dense(), matrix != 0)
    relative = experiment.weights("EI") / 60.0 / matrix[matrix != 0]
    np.testing.assert_allclose(relative, 1.0, rtol=10.0 if spread else 1e-6)
    assert (relative > 0).all()
    experiment = experiment.set("duration", 60.0)
    recording = simulate(experiment)
    start = simulate(
        replace(experiment, watched=tuple(range(50))).update(
            {"duration": 0.1, "E.tau": 1e6, "I.tau": 1e6}
        )
    )
    expected = by_hand(experiment, "currents", start.traces["V"][0])
    found = raster(recording)
    assert (found[:300] != expected[:300]).sum() <= 0.02 * expected[:300].sum()


def test_a_network_with_a_matrix_is_a_value_like_any_other():
    experiment, matrix = given_by_a_matrix()
    again = read(experiment.to_json())
    assert again == experiment
    assert hash(again) == hash(experiment)
    assert again.runs_like(experiment)
    assert again["EI.connectivity"] == "FromMatrix"
    np.testing.assert_array_equal(again.weights("EI"), experiment.weights("EI"))
    assert experiment.fresh()["EI.connectivity"] == "FixedProbability"
    chosen = experiment.set("EI.connectivity", "OneToOne").set("EI.connectivity", "FromMatrix")
    assert chosen.graphs["EI"] is experiment.graphs["EI"]  # it was kept meanwhile
    assert "FromMatrix" not in experiment.choice_specs["EE.connectivity"].options
    link = NetworkProjection("E", "I", "exc", FromMatrix(matrix * 2))
    stronger = experiment.with_projection("EI", link)
    assert stronger["EI.weight"] == 60.0
    assert not stronger.runs_like(experiment)
    assert stronger.structure == experiment.structure  # another matrix does not compile
    assert not np.array_equal(simulate(stronger).spike_steps, simulate(experiment).spike_steps)


def test_a_matrix_that_does_not_fit_is_refused_in_a_sentence():
    experiment, _ = given_by_a_matrix()
    (problem,) = experiment.set("I.n", 11).problems()
    assert problem.path == "EI.connectivity"
    assert "of 40 sources and 10 targets, but the populations have 40 and 11" in str(problem)
    with pytest.raises(ParameterError, match=r"EE.connectivity needs a matrix"):
        experiment.with_projection("EE", NetworkProjection("E", "E", "exc", FromMatrix))


def test_weights_and_delays_spread_around_what_the_projection_says():
    experiment = network("currents", n=(300, 80)).update(
        {"IE.weight.spread": 0.8, "IE.delay": 3.0, "IE.delay.spread": 0.5}
    )
    weights, delays = experiment.weights("IE"), experiment.delays("IE")
    n = len(experiment.graphs["IE"].targets)
    assert weights.shape == delays.shape == (n,)
    assert (weights < 0).all()
    assert weights.mean() == pytest.approx(-60.0, rel=4 * 0.8 / np.sqrt(n))
    assert weights.std() == pytest.approx(48.0, rel=0.15)
    np.testing.assert_allclose(delays / 0.1, np.rint(delays / 0.1), atol=1e-9)
    assert delays.min() >= 0.1
    assert delays.mean() == pytest.approx(3.0, rel=4 * 0.5 / np.sqrt(n))
    assert delays.std() == pytest.approx(1.5, rel=0.1)
    assert np.corrcoef(weights, delays)[0, 1] == pytest.approx(0.0, abs=5 / np.sqrt(n))
    steeper = experiment.set("IE.weight.spread", 1.2).weights("IE")
    assert (np.argsort(steeper) == np.argsort(weights)).all()  # the same draw, stretched
    other = experiment.set("seed", 2).weights("IE")
    assert other[:50].tolist() != weights[:50].tolist()
    short = experiment.update({"IE.delay": 0.1, "IE.delay.spread": 2.0})
    assert short.delays("IE").min() == pytest.approx(0.1)
    assert (experiment.weights("EE") == 30.0).all()
    assert (experiment.delays("EE") == 0.1).all()


def test_a_connection_delivers_its_own_weight_after_its_own_delay():
    cell = Population(NetworkCell, {"exc": SITES["currents"]})
    links = {"AB": NetworkProjection("A", "B", "exc")}
    values = {"A.n": 1, "B.n": 6, "AB.connectivity": "AllToAll", "B.stimulus.amplitude": 0.0}
    values |= {"AB.weight": 4.0, "AB.weight.spread": 0.5, "duration": 40.0}
    values |= {"AB.delay": 2.0, "AB.delay.spread": 0.6}
    pair = replace(
        NetworkExperiment({"A": cell, "B": cell}, links).update(values), watched=(1, 2, 3, 4, 5, 6)
    )
    recording = simulate(pair)
    sent = recording.spike_steps[recording.spike_neurons == 0]
    g = recording.traces["exc"]
    for target in range(6):
        came = np.flatnonzero(np.diff(g[:, target]) > 0) + 1
        expected = sent + round(pair.delays("AB")[target] / 0.1)
        np.testing.assert_array_equal(came, expected[: len(came)])
        assert g[came[0], target] == pytest.approx(pair.weights("AB")[target], rel=1e-5)
    assert len(set(pair.delays("AB"))) > 3


def test_a_spike_arrives_after_its_delay_and_with_its_weight():
    cell = Population(NetworkCell, {"exc": SITES["currents"]})
    pair = NetworkExperiment(
        {"A": cell, "B": cell}, {"AB": NetworkProjection("A", "B", "exc")}
    ).update({"A.n": 1, "B.n": 3, "AB.connectivity": "AllToAll", "B.stimulus.amplitude": 0.0})
    for delay in (0.1, 1.0, 7.3):
        values = {"AB.delay": delay, "AB.weight": 4.0, "duration": 100.0}
        recording = simulate(replace(pair.update(values), watched=(0, 2)))
        sent = recording.spike_steps[recording.spike_neurons == 0]
        g = recording.traces["exc"][:, 1]
        came = np.flatnonzero(np.diff(g) > 0) + 1
        np.testing.assert_array_equal(came[: len(sent)], sent[: len(came)] + round(delay / 0.1))
        assert len(sent) > 2
        assert g[came[0]] == pytest.approx(4.0, rel=1e-5)
        assert g[came[0] + 50] == pytest.approx(4.0 * np.exp(-5.0 / 8.0), rel=1e-4)


def test_a_run_in_small_pieces_is_the_whole_run(monkeypatch):
    experiment = network("conductances").set("EE.delay", 3.0)
    whole = simulate(experiment)
    monkeypatch.setattr(simulation, "_programs", OrderedDict())
    monkeypatch.setattr(memory, "LONGEST_CHUNK", 64)
    pieces = simulate(experiment)
    assert len(whole.spike_steps) > 50
    np.testing.assert_array_equal(pieces.spike_steps, whole.spike_steps)
    np.testing.assert_array_equal(pieces.traces["V"], whole.traces["V"])


@pytest.mark.parametrize("mean", [0.001, 0.1, 2.0, 8.0])
def test_the_background_is_poisson(mean):
    bits = np.random.default_rng(0).integers(0, 2**32, 400_000, dtype=np.uint32)
    counts = np.asarray(Background.count(Background.chances(mean), bits))
    n = len(bits)
    assert abs(counts.mean() - mean) < 5 * np.sqrt(mean / n)
    spread = mean + 2 * mean**2  # the variance of a squared deviation
    assert abs(counts.var() - mean) < 5 * np.sqrt(spread / n)
    for k in range(5):
        p = stats.poisson.pmf(k, mean)
        assert abs((counts == k).mean() - p) < 5 * np.sqrt(p * (1 - p) / n) + 1e-6


def test_the_rate_of_a_background_is_the_rate_that_arrives():
    cell = Population(NetworkCell, {"psp": SITES["jumps"]}, background=Background)
    values = {"E.n": 200, "E.stimulus.amplitude": 0.0, "E.V_th": 1e6, "E.V_reset": -60.0}
    values |= {"E.background.rate": 2000.0, "E.background.weight": 0.1, "E.start": "AtRest"}
    experiment = NetworkExperiment({"E": cell}).update(values)
    V = simulate(replace(experiment, watched=tuple(range(200)))).traces["V"][2000:]
    # Campbell: mean of w nu tau, and half of w^2 nu tau as variance, around rest
    assert V.mean() + 60.0 == pytest.approx(0.1 * 2.0 * 20.0, rel=0.02)
    assert V.var() == pytest.approx(0.1**2 * 2.0 * 20.0 / 2.0, rel=0.05)


QUICK = ("ALIF", "FitzHughNagumo", "Izhikevich", "HH")
"""One model of each unit of the input; the others are as many compilations again."""


# -- every model -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
        for name in populations.neurons()
    ],
)
def test_every_neuron_of_the_catalogue_is_driven_by_another(model):
    cell = Population(populations.neurons()[model], {"exc": SITES["currents"]})
    driver = Population(NetworkCell, {"exc": SITES["currents"]})
    experiment = NetworkExperiment(
        {"D": driver, "E": cell}, {"DE": NetworkProjection("D", "E", "exc")}
    ).update({"D.n": 20, "E.n": 5, "D.stimulus.amplitude": 400.0, "duration": 60.0})
    experiment = replace(experiment, watched=(20, 24))
    with_input, without = simulate(experiment), simulate(experiment.set("DE.weight", 0.0))
    assert with_input.problem == without.problem == ""
    name = "E.V" if "E.V" in with_input.traces else "V"  # where it is not in mV
    assert np.isfinite(with_input.traces[name]).all()
    assert not np.array_equal(with_input.traces[name], without.traces[name])
    assert read(experiment.to_json()).runs_like(experiment)


# -- numbers that do not compile ---------------------------------------------------------------


def test_no_number_compiles_and_each_changes_the_run():
    experiment = network("conductances").set("E.background", "Background")
    experiment = experiment.set("E.start", "NormalStart")
    experiment = experiment.update({"EE.plasticity": "STP", "EI.plasticity": "STD"})
    experiment = experiment.update({"EI.weight.spread": 0.5, "IE.delay.spread": 0.5})
    experiment = experiment.update({"IE.delay": 2.0, "EE.weight": 6.0})
    before = simulate(experiment)
    program = simulation.compile_simulation(experiment.structure)
    known = len(simulation._programs)
    for path, spec in experiment.specs.items():
        if spec.structural or path in ("duration", "dt") or ".connectivity." in path:
            continue
        value = experiment[path] * 1.03 + (1.0 if experiment[path] == 0 else 0.0)
        value = round(value + 0.6) if spec.integer else value
        if path.endswith(".delay") and path != "IE.delay":
            continue  # those that have the same delay travel together
        changed = experiment.set(path, value)
        assert changed.structure == experiment.structure, path
        after = simulate(changed)
        differs = any(
            not np.array_equal(before.traces[n], after.traces[n]) for n in before.traces
        ) or not np.array_equal(before.spike_steps, after.spike_steps)
        assert differs, path
    assert len(simulation._programs) == known
    assert (program.init._cache_size(), program.advance._cache_size()) == (1, 1)


def test_delays_that_move_together_compile_nothing():
    delays = {f"{a}{b}.delay": 3.4 for a in "EI" for b in "EI"}
    slow = network().update(delays)
    near = network().update(dict.fromkeys(delays, 3.9))
    assert slow.structure == near.structure
    assert not np.array_equal(simulate(slow).spike_steps, simulate(near).spike_steps)


def test_a_small_change_of_the_connections_and_another_seed_compile_nothing():
    experiment = network(n=(400, 100))
    for changed in (
        *(experiment.set("seed", seed) for seed in range(2, 6)),
        experiment.set("EE.connectivity.p", 0.301),
    ):
        assert changed.structure == experiment.structure
        assert changed.graphs["EE"].targets.tolist() != experiment.graphs["EE"].targets.tolist()
    assert simulate(experiment.set("seed", 2)).spike_count != simulate(experiment).spike_count


# -- as a value ----------------------------------------------------------------------------------


def test_every_choice_can_be_made_written_and_read():
    start = network("conductances", n=(30, 30))
    for path, spec in start.choice_specs.items():
        for option in spec.options:
            chosen = start.set(path, option)
            assert chosen[path] == option
            again = read(chosen.to_json())
            assert again.structure == chosen.structure
            assert again.differences() == chosen.differences()
            assert hash(again.fresh()) == hash(start.fresh())


@pytest.mark.slow
@pytest.mark.parametrize("kind", connectivities())
def test_every_connectivity_runs_and_is_seen_by_the_spikes(kind):
    base = network("currents", n=(30, 30)).update({"EI.weight": 60.0, "duration": 50.0})
    linked = simulate(base.set("EI.connectivity", kind))
    apart = simulate(base.update({"EI.connectivity": kind, "EI.weight": 0.0}))
    assert linked.problem == ""
    own = linked.experiment.ranges["I"]
    counts = [np.isin(r.spike_neurons, own).sum() for r in (linked, apart)]
    assert counts[0] > counts[1]


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_numbers_are_written_and_read(data):
    start = network()
    paths = data.draw(st.lists(st.sampled_from(sorted(start.base_specs)), unique=True))
    values = {}
    for path in paths:
        spec = start.specs[path]
        number = data.draw(st.floats(*spec.soft))
        values[path] = round(number) if spec.integer else number
    changed = start.update(values)
    again = read(changed.to_json())
    assert all(again[path] == changed[path] for path in changed)


def test_a_synapse_with_a_rise_time_serves_a_receptor_too():
    experiment = network("currents").set("E.exc", "DualExpon")
    assert experiment.populations["E"].receptors[0][1].synapse is DualExpon
    recording = simulate(experiment.update({"E.exc.tau_rise": "2 ms", "duration": 50.0}))
    assert recording.problem == ""
    assert recording.spike_count > 0


def test_a_recording_says_which_population_a_spike_is_of():
    experiment = network(n=(30, 20)).set("I.stimulus.amplitude", 0.0)
    recording = simulate(experiment.update({"EI.weight": 0.0, "II.weight": 0.0}))
    assert experiment.ranges == {"E": range(30), "I": range(30, 50)}
    times, neurons = analysis.spikes_of(recording, "E")
    assert len(times) == recording.spike_count > 0
    assert neurons.max() < 30
    assert analysis.rates(recording)["I"] == 0.0
    assert analysis.rates(recording)["E"] == pytest.approx(len(times) / 30 / 0.1)
    assert recording.problem == ""


# -- what is wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "path", "text"),
    [
        ({"EE.delay": 0.05}, "EE.delay", "EE.delay must be at least one time step, dt = 0.1 ms"),
        ({"EE.delay": 1e6}, "EE.delay", "at most 16,384 time steps, got 10,000,000; choose a sh"),
        ({"dt": 0.5}, "EE.delay", "choose a longer delay or a smaller dt"),
        (
            {"EE.delay": 500.0, "EE.delay.spread": 1.0},
            "EE.delay.spread",
            "at most 16,384 time steps, got .* for the longest of its connections; choose a sho",
        ),
        ({"E.n": 20_000, "duration": 1e5, "EE.connectivity.p": 0.001}, "E.n", "a shorter duration"),
        (
            {"EE.connectivity": "FixedInDegree", "EE.connectivity.degree": 40},
            "EE.connectivity.degree",
            "at most 39, as there are no more sources, got 40",
        ),
        ({"EI.connectivity": "OneToOne"}, "EI.connectivity", "the same size, got 40 and 10"),
        (
            {"E.background": "Background", "E.background.rate": 90_000},
            "E.background.rate",
            "must be at most 80000 Hz, 8 spikes in a step, got 90000 Hz",
        ),
        ({"E.n": 1_000_000, "I.n": 1_000_000}, "E.n", "connections, which need .* GB, more than"),
        ({"E.V_th": -70.0}, "E.V_reset", "E.V_reset must be below E.V_th"),
    ],
)
def test_what_does_not_go_together_is_said_in_a_sentence(change, path, text):
    experiment = network().update(change)
    found = {problem.path: problem for problem in experiment.problems()}
    assert path in found
    with pytest.raises(ParameterError, match=text):
        raise found[path]
    with pytest.raises(ParameterError):
        simulate(experiment)


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("E.n", 0, "E.n must be between 1 and"),
        ("EE.connectivity.p", 1.2, "EE.connectivity.p must be between 0 and 1, got 1.2"),
        ("EE.weight", 3 * u.mV, "EE.weight must be a conductance, got 3 mV"),
        ("EE.wght", 3.0, "did you mean 'EE.weight'"),
        ("E.exc", "AMPA", "E.exc must be one of"),
    ],
)
def test_what_a_path_does_not_take_is_refused(path, value, text):
    with pytest.raises(ParameterError, match=text):
        network().set(path, value)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda c: NetworkExperiment({}), "at least one population"),
        (
            lambda c: NetworkExperiment({"Exc": c}, {"EE": NetworkProjection("Ecx", "Exc", "exc")}),
            "EE: no population 'Ecx' in the network; did you mean 'Exc'?",
        ),
        (
            lambda c: NetworkExperiment({"E": c}, {"EE": NetworkProjection("E", "E", "ext")}),
            "EE: no receptor 'ext' in E; did you mean 'exc'?",
        ),
        (
            lambda c: NetworkExperiment({"E": c}, {"E": NetworkProjection("E", "E", "exc")}),
            "both a pop",
        ),
        (lambda c: NetworkExperiment({"a.b": c}), "'a.b' cannot be a name in a network"),
        (lambda c: NetworkExperiment({"dt": c}), "no name of a setting such as dt"),
        (
            lambda c: NetworkExperiment({"E": replace(c, receptors={"tau": SITES["jumps"]})}),
            "E.tau",
        ),
        (lambda c: NetworkExperiment({"E": replace(c, receptors={})}), "at least one receptor"),
    ],
)
def test_what_is_no_network_is_refused(make, text):
    with pytest.raises(ParameterError, match=text):
        make(Population())


COSTS = {
    "plain": {},
    "weights": {f"{name}.weight.spread": 0.5 for name in ALL},
    "delays": {f"{name}.delay": 1.5 for name in ALL} | {f"{n}.delay.spread": 0.5 for n in ALL},
    "both": {"EE.weight.spread": 0.5, "EE.delay": 3.0, "EE.delay.spread": 0.5},
    "plastic": {"EE.plasticity": "STP", "duration": 1000.0},
    "in-degree": {f"{name}.connectivity": "FixedInDegree" for name in ALL},
}


@pytest.mark.parametrize("what", COSTS)
def test_the_cost_is_known_before_anything_is_drawn(what):
    sparse = {f"{name}.connectivity.p": 0.05 for name in ALL}
    experiment = network("conductances", n=(1600, 400)).update(sparse).update(COSTS[what])
    cost = experiment.cost(rate=20.0)
    assert "graphs" not in vars(experiment)  # nothing was
    drawn = {name: len(graph.targets) for name, graph in experiment.graphs.items()}
    for name, count in drawn.items():
        assert cost.connections[name] == pytest.approx(count, rel=0.1)
    assert cost.n_connections == sum(cost.connections.values())
    assert (cost.n, cost.updates) == (2000, 2000 * experiment.n_steps)
    assert cost.events == pytest.approx(cost.n_connections * 20.0 * experiment["duration"] / 1e3)
    structure = experiment.structure
    tables = structure.circuit.tables(experiment)
    numbers, key = np.zeros(len(structure.paths), np.float32), np.zeros(2, np.uint32)
    start = partial(simulation._init, structure.circuit, structure.paths)
    carry = jax.eval_shape(start, numbers, key)
    moving = [*carry["rings"].values(), carry["past"], *tables.values()]
    taken = sum(math.prod(array.shape) * array.dtype.itemsize for array in moving)
    assert taken / 2 < cost.table_bytes < taken * 2
    assert structure.circuit.fixed_bytes() == taken
    assert memory.estimate(experiment) >= taken
    assert str(cost).startswith("2,000 neurons, about ")


@pytest.mark.parametrize("spread", [(), ("weight",), ("weight", "delay")])
def test_drawing_takes_about_the_memory_that_was_foretold(spread):
    given = {f"{name}.connectivity.p": 0.02 for name in ALL}
    given |= {f"{name}.{what}.spread": 0.5 for name in ALL for what in spread}
    experiment = network(n=(3200, 800), seed=len(spread) + 7).update(given)
    cost = experiment.cost()
    tracemalloc.start()
    try:
        experiment.structure.circuit.tables(experiment)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak / 2 < cost.graph_bytes + cost.table_bytes < peak * 2


def test_too_many_connections_are_refused_before_any_is_drawn(monkeypatch):
    monkeypatch.setenv(memory.BUDGET_VARIABLE, "1")
    with pytest.raises(MemoryBudgetError, match=r"E\.n|connections"):
        _ = network(n=(2000, 500)).structure


def test_a_network_that_explodes_is_stopped_with_a_sentence():
    experiment = network("jumps", n=(200, 50)).update(
        {"E.tau_ref": 0.0, "I.tau_ref": 0.0, "EE.weight": 20.0, "EI.weight": 20.0, "dt": 0.05}
        | {"IE.weight": 0.0, "II.weight": 0.0, "duration": 2000.0}
    )
    recording = simulate(experiment)
    assert "was stopped; choose weaker excitation" in recording.problem
    assert recording.n_steps < experiment.n_steps
    assert recording.spike_steps.max() < recording.n_steps


def exploding(n=(800, 200), **values):
    return network("jumps", n=n).update(
        {"E.tau_ref": 0.0, "I.tau_ref": 0.0, "EE.weight": 5.0, "EI.weight": 5.0}
        | {"IE.weight": 0.0, "II.weight": 0.0, "duration": 2000.0}
        | values
    )


def test_an_explosion_is_stopped_within_its_chunk_and_what_came_before_is_kept():
    experiment = exploding()
    recording = simulate(experiment)
    assert "was stopped" in recording.problem
    assert 0 < recording.n_steps < 500 < memory.chunk_steps(experiment.structure)
    assert recording.n_steps == len(recording.traces["V"])
    until = experiment.set("duration", recording.n_steps * 0.1)
    short = simulate(until)
    np.testing.assert_array_equal(short.spike_steps, recording.spike_steps)
    np.testing.assert_array_equal(short.spike_neurons, recording.spike_neurons)
    np.testing.assert_array_equal(short.traces["V"], recording.traces["V"])


@pytest.mark.parametrize("values", [{}, {"EE.delay.spread": 0.5}, {"EE.plasticity": "STD"}])
def test_no_spike_is_kept_back_of_a_network_that_goes_on(monkeypatch, values):
    busy = {"EE.weight": 0.2, "EI.weight": 0.2, "E.stimulus.amplitude": 3000.0, "EE.delay": 7.0}
    busy |= {"E.tau_ref": 2.5, "I.tau_ref": 2.5, "duration": 300.0}
    experiment = exploding((200, 50), **busy).update(values)
    recording = simulate(experiment)
    assert recording.problem == ""
    assert recording.rate > 200.0
    monkeypatch.setattr(simulation, "_programs", OrderedDict())
    monkeypatch.setattr(network_circuit, "LARGEST_RATE", 1e9)
    without = simulate(experiment)
    np.testing.assert_array_equal(without.spike_steps, recording.spike_steps)


def test_a_place_may_be_left_without_a_background():
    experiment = network()
    assert experiment["E.background"] == NOTHING
    assert "E.background.rate" not in experiment.specs


def test_a_jumping_cell_takes_inhibition_and_excitation_while_it_is_refractory():
    """A spike at 1 ms; what comes 2 ms later moves one kind of cell and is lost on the other."""
    jump = {"psp": ReceptorSite(synapse=None)}
    found = {}
    for name, weight in (("NetworkCell", -3.0), ("JumpingCell", -3.0), ("JumpingCell", 30.0)):
        cells = Population(populations.neurons()[name], jump)
        experiment = NetworkExperiment(
            {"A": Population(NetworkCell, jump), "B": cells},
            {"AB": NetworkProjection("A", "B", "psp", OneToOne)},
            watched=(1,),
        ).update({"A.n": 1, "B.n": 1, "duration": 8.0, "B.tau_ref": 5.0, "AB.weight": weight})
        stimuli = {"A.start": "AtRest", "B.start": "AtRest", "A.tau_ref": 50.0, "AB.delay": 2.0}
        stimuli |= {"A.stimulus.amplitude": 2000.0, "B.stimulus.amplitude": 2000.0}
        recording = simulate(experiment.update(stimuli))
        own = recording.spike_steps[recording.spike_neurons == 1]
        quiet = recording.traces["V"][own[0] + 25 : own[0] + 45, 0]
        found[name, weight] = quiet, own
    np.testing.assert_allclose(found["NetworkCell", -3.0][0], -60.0)
    np.testing.assert_allclose(found["JumpingCell", -3.0][0], -63.0, atol=1e-4)
    quiet, own = found["JumpingCell", 30.0]
    assert (quiet < -50.0).all()
    assert (quiet > -50.1).all()
    assert own[1] - own[0] == pytest.approx(51, abs=1)
