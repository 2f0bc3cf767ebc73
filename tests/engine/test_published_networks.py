"""Published networks: their regime, and the rates that the literature gives."""

import pytest

from engine import networks, simulate
from engine.analysis import networks as analysis
from engine.base_experiment import read

SETTLED = 200.0
EACH = pytest.mark.parametrize("kind", networks.catalogue().values(), ids=networks.catalogue())


def run(kind, scale, duration):
    recording = simulate(kind.experiment(scale).set("duration", duration))
    assert recording.problem == ""
    return recording


@EACH
def test_it_is_cited_and_can_be_written(kind):
    experiment = kind.experiment(0.05)
    assert "doi:" in kind.reference
    assert "(2007)" in kind.reference or "(2000)" in kind.reference
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


def test_a_smaller_network_with_as_many_connections_each_is_asynchronous_too():
    kind = networks.BrunelAsynchronous
    recording = run(kind, 0.12, 400.0)
    low, high = kind.rate
    assert low < analysis.rates(recording, 100.0)["E"] < 1.3 * high


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
    synchrony = analysis.synchrony(recording, SETTLED)
    assert (synchrony > 1000.0) == (name == "BrunelSynchronousRegular")
