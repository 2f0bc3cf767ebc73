"""Every preset runs, fires, and can be sent as a link."""

from importlib import resources

import pytest

from engine import LIF, Experiment, simulate
from explorer import presets as package
from explorer.links import from_query, to_query
from explorer.presets import presets
from tests.explorer.strategies import same

PRESETS = presets()
HOME = Experiment(LIF)


def test_there_are_at_least_six():
    assert len(PRESETS) >= 6


def test_no_two_have_the_same_name():
    assert len({preset.label for preset in PRESETS.values()}) == len(PRESETS)
    files = [f for f in resources.files(package).iterdir() if f.name.endswith(".json")]
    assert len(files) == len(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_says_what_to_look_at(name):
    preset = PRESETS[name]
    assert preset.id == name
    assert 3 <= len(preset.label) <= 40
    assert preset.hint.endswith((".", "?"))
    assert len(preset.hint) > 20


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_runs_and_fires(name):
    recording = simulate(PRESETS[name].experiment)
    assert recording.problem == ""
    assert recording.spike_count > 0
    assert 0.5 < recording.rate < 500


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_round_trips_through_a_link(name):
    experiment = PRESETS[name].experiment
    link = from_query(to_query(experiment, HOME), HOME)
    assert same(link.experiment, experiment)
    assert link.complaints == ()


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_round_trips_through_its_file(name):
    experiment = PRESETS[name].experiment
    assert same(Experiment.from_json(experiment.to_json()), experiment)
