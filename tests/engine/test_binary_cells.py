"""Cells that are on or off: what they send, what they get, and when they look at it."""

import numpy as np
import pytest

from engine import (
    CUBA,
    BinaryCell,
    Expon,
    NetworkCell,
    NetworkExperiment,
    NetworkProjection,
    ParameterError,
    Population,
    ReceptorSite,
    simulate,
)
from engine.analysis import networks as analysis
from engine.base_experiment import read
from engine.connectivity import FixedProbability, OneToOne

JUMP = {"in": ReceptorSite(synapse=None)}
CELLS = Population(BinaryCell, JUMP)


def watching(projections, n=40, copies=True, **values):
    """A network whose cells are all watched; each cell of ``A`` has a copy that only sees it."""
    populations = {"A": CELLS} | ({"copy": CELLS} if copies else {})
    links = dict(projections) | (
        {"look": NetworkProjection("A", "copy", "in", OneToOne)} if copies else {}
    )
    given = {f"{name}.n": n for name in populations} | {"duration": 120.0, "A.tau": 3.0}
    given |= {"look.weight": 1.0, "copy.stimulus.amplitude": 0.0} if copies else {}
    given |= {f"{name}.weight": w for name, w in values.pop("weights", {}).items()}
    network = NetworkExperiment(populations, links, watched=tuple(range(n * len(populations))))
    return network.update(given | {k.replace("__", "."): v for k, v in values.items()})


RECURRENT = {"AA": NetworkProjection("A", "A", "in", FixedProbability)}
N = 40
DELAYED = {
    "weights": {"AA": -0.4},
    "AA__connectivity.p": 0.5,
    "A__stimulus.amplitude": 3.0,
    "AA__delay": 10.0,
}


def test_a_target_sees_a_cell_from_the_look_that_finds_it_on_to_the_one_that_does_not():
    recording = simulate(watching(RECURRENT, **DELAYED))
    on = recording.traces["V"][1:, N:]  # the copies, a delay of one step later
    V = recording.traces["V"][:-1, :N]
    assert set(np.unique(on)) == {0.0, 1.0}
    looked = np.zeros_like(on, bool)
    mine = (recording.spike_neurons < N) & (recording.spike_steps < len(on))
    looked[recording.spike_steps[mine], recording.spike_neurons[mine]] = True
    assert (V[looked] >= 1.0).all()
    assert (on[looked] == 1.0).all()
    before = np.vstack([np.zeros(N), on[:-1]])
    assert looked[(on == 1.0) & (before == 0.0)].all()
    went_off = (on == 0.0) & (before == 1.0)
    assert went_off.sum() > 50
    assert (V[went_off] < 1.0).all()


@pytest.mark.parametrize(
    "values",
    [
        {"AA__weight.spread": 0.5},
        {"AA__delay.spread": 0.5, "AA__weight.spread": 0.3},
    ],
    ids=str,
)
def test_the_input_is_the_sum_of_the_weights_of_all_that_are_on(values):
    network = watching(RECURRENT, **DELAYED, **values)
    recording = simulate(network)
    on = recording.traces["V"][1:, N:]
    graph = network.graphs["AA"]
    expected = np.full((len(on) + 400, N), 3.0)
    steps = np.rint(network.delays("AA") / recording.dt).astype(int)
    for source, target, weight, delay in zip(
        graph.sources, graph.targets, network.weights("AA"), steps, strict=True
    ):
        expected[delay : delay + len(on), target] += weight * on[:, source]
    np.testing.assert_allclose(recording.traces["V"][: len(on), :N], expected[: len(on)], atol=1e-4)


def test_it_looks_at_its_input_at_independent_random_times():
    network = watching({}, n=200, copies=False, A__stimulus__amplitude=2.0, duration=2000.0)
    recording = simulate(network.set("A.tau", 10.0))
    assert recording.rate == pytest.approx(100.0, rel=0.02)
    assert analysis.irregularity(recording) == pytest.approx(1.0, abs=0.05)
    assert abs(analysis.correlation(recording)) < 0.01
    assert simulate(network.set("seed", 1)).spike_steps[:50].tolist() != (
        simulate(network).spike_steps[:50].tolist()
    )


def test_the_same_seed_gives_the_same_looks_and_no_number_compiles(compilations):
    network = watching(RECURRENT, **DELAYED)
    first = simulate(network)
    with compilations() as compiled:
        again = simulate(network)
        simulate(network.update({"A.tau": 5.0, "A.V_th": 0.5, "AA.weight": -0.3, "seed": 0}))
    assert compiled == []
    np.testing.assert_array_equal(first.spike_steps, again.spike_steps)
    assert read(network.to_json()).runs_like(network)


def test_it_holds_the_current_of_a_synapse_up_while_it_is_on():
    """A weight in every step, into an exponential current: the sum of the geometric series."""
    cell = Population(NetworkCell, {"exc": ReceptorSite(Expon, CUBA)})
    network = NetworkExperiment(
        {"A": CELLS, "E": cell}, {"AE": NetworkProjection("A", "E", "exc", OneToOne)}, watched=(1,)
    ).update({"A.n": 1, "E.n": 1, "A.stimulus.amplitude": 2.0, "A.tau": 5.0, "AE.weight": 3.0})
    recording = simulate(network.update({"E.exc.tau": 5.0, "duration": 200.0}))
    assert recording.traces["exc"][-1, 0] == pytest.approx(3.0 / (1.0 - np.exp(-0.02)), rel=1e-3)


def test_its_balance_is_all_that_arrives():
    network = watching(RECURRENT, copies=False, **DELAYED)
    found = analysis.balance(simulate(network))
    assert found.excitatory == pytest.approx(np.full(len(found.times), 3.0), abs=1e-5)
    assert found.inhibitory.min() < 0.0


def test_what_follows_spikes_is_refused_in_a_sentence():
    network = watching(RECURRENT, **DELAYED).set("AA.plasticity", "STP")
    with pytest.raises(ParameterError, match="whether they are on"):
        simulate(network)
    cell = Population(NetworkCell, JUMP)
    network = NetworkExperiment(
        {"A": CELLS, "E": cell}, {"AE": NetworkProjection("A", "E", "in")}, watched=(100,)
    )
    with pytest.raises(ParameterError, match="switched off"):
        analysis.balance(simulate(network.set("duration", 20.0)))
