"""Published networks: their regime, and the rates that the literature gives."""

import re

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


@EACH
def test_it_shows_its_state_at_the_scale_to_start_with(kind):
    recording = run(kind, kind.start_scale, 600.0)
    assert 200 <= recording.experiment.n <= 6000
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
