"""Every preset runs, fires, can be sent as a link, and shows what its source says."""

from importlib import resources
from itertools import groupby

import numpy as np
import pytest

from engine import LIF, Experiment, simulate
from engine.analysis.firing_patterns import classify_recording
from explorer import presets as package
from explorer.links import from_query, to_query
from explorer.presets import presets
from tests.explorer.strategies import same

PRESETS = presets()
HOME = Experiment(LIF)


def test_there_are_at_least_six():
    assert len(PRESETS) >= 6


def test_no_two_have_the_same_name():
    labs = {lab: presets(lab) for lab in ("neuron", "synapse")}
    for found in labs.values():
        assert len({preset.label for preset in found.values()}) == len(found)
    files = [f for f in resources.files(package).iterdir() if f.name.endswith(".json")]
    assert len(files) == sum(map(len, labs.values()))


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


def test_presets_of_a_group_follow_each_other_in_the_menu():
    groups = [group for group, _ in groupby(preset.option["group"] for preset in PRESETS.values())]
    assert len(groups) == len(set(groups)) == 3
    assert all(groups)


# ---------------------------------------------------------------- published firing patterns

NAUD, IZHIKEVICH = "AdEx firing patterns (Naud et al. 2008)", "Izhikevich's neurons (2003)"

PATTERNS = {
    # table 1 of Naud et al. (2008): C, g_L, E_L, V_T, delta_T, a, tau_w, b, V_r, I
    "tonic-spiking": "tonic",
    "adapting": "adapting",
    "initial-burst": "initial burst",
    "regular-bursting": "bursting",
    "delayed-accelerating": "delayed accelerating",
    "delayed-bursting": "delayed bursting",
    "transient-spiking": "transient",
    "irregular-spiking": "irregular",
    # figure 2 of Izhikevich (2003)
    "regular-spiking": "adapting",
    "intrinsically-bursting": "initial burst",
    "chattering": "bursting",
    "fast-spiking": "tonic",
    "low-threshold-spiking": "adapting",
    "thalamo-cortical": "tonic",
    "thalamo-cortical-rebound": "rebound",
    "resonator": "persistent",
}
PUBLISHED = {
    "tonic-spiking": (200, 10, -70, -50, 2, 2, 30, 0, -58, 500),
    "adapting": (200, 12, -70, -50, 2, 2, 300, 60, -58, 500),
    "initial-burst": (130, 18, -58, -50, 2, 4, 150, 120, -50, 400),
    "regular-bursting": (200, 10, -58, -50, 2, 2, 120, 100, -46, 210),
    "delayed-accelerating": (200, 12, -70, -50, 2, -10, 300, 0, -58, 300),
    "delayed-bursting": (100, 10, -65, -50, 2, -10, 90, 30, -47, 110),
    "transient-spiking": (100, 10, -65, -50, 2, 10, 90, 100, -47, 180),
    "irregular-spiking": (100, 12, -60, -50, 2, -11, 130, 30, -48, 160),
}


def test_every_preset_of_the_two_papers_has_its_pattern():
    assert {n for n, p in PRESETS.items() if p.group in (NAUD, IZHIKEVICH)} == set(PATTERNS)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_numbers_are_those_of_the_paper_divided_by_the_leak(name):
    C, g_L, E_L, V_T, delta_T, a, tau_w, b, V_r, I = PUBLISHED[name]
    expected = {"tau": C / g_L, "V_rest": E_L, "V_T": V_T, "delta_T": delta_T, "a": a / g_L}
    expected |= {"tau_w": tau_w, "b": b / g_L, "V_reset": V_r, "stimulus.amplitude": I / g_L}
    experiment = PRESETS[name].experiment
    assert {p: experiment[p] for p in expected} == pytest.approx(expected, abs=1e-4)
    assert experiment["R"] == 1.0
    assert "divided by g_L" in PRESETS[name].hint


@pytest.mark.parametrize("halved", [1, 2])
@pytest.mark.parametrize("name", PATTERNS)
def test_a_preset_shows_the_pattern_that_its_paper_names(name, halved):
    experiment = PRESETS[name].experiment
    run = simulate(experiment.set("dt", experiment["dt"] / halved))
    pattern = classify_recording(run)
    assert pattern.label == PATTERNS[name], pattern.reason


def rate_of(name, **changed):
    return classify_recording(simulate(PRESETS[name].experiment.update(changed))).rate


def test_the_fast_spiking_cell_is_faster_than_the_regular_and_the_low_threshold_one():
    assert rate_of("fast-spiking") > 100.0 > rate_of("low-threshold-spiking")
    assert rate_of("low-threshold-spiking") > 2 * rate_of("regular-spiking")


def test_the_relay_cell_is_held_down_to_minus_87_mV_before_its_rebound():
    V = simulate(PRESETS["thalamo-cortical-rebound"].experiment).traces["V"]
    assert V.min() == pytest.approx(-87.0, abs=1.0)


def test_the_resonator_swings_before_its_pulse():
    V = simulate(PRESETS["resonator"].experiment).traces["V"][:2000, 0]
    turns = np.flatnonzero(np.diff(np.sign(np.diff(V))))
    assert len(turns) >= 6
    assert V.max() < -55.0


@pytest.mark.parametrize(
    ("name", "changed", "label"),
    [
        ("adapting", {"b": 0}, "tonic"),
        ("initial-burst", {"V_reset": -58}, "adapting"),
        ("delayed-accelerating", {"a": 0}, "tonic"),
        ("transient-spiking", {"a": 0}, "tonic"),
        ("irregular-spiking", {"V_reset": -49}, "adapting"),
        ("irregular-spiking", {"V_reset": -47}, "bursting"),
        ("intrinsically-bursting", {"c": -65}, "adapting"),
        ("fast-spiking", {"a": 0.02}, "adapting"),
        ("resonator", {"stimulus.baseline": 0}, "rebound"),
    ],
)
def test_the_slider_that_a_hint_names_changes_the_pattern(name, changed, label):
    run = simulate(PRESETS[name].experiment.update(changed))
    assert classify_recording(run).label == label


def test_the_slider_that_a_hint_names_changes_the_rate_or_the_burst():
    assert rate_of("tonic-spiking", b=3) < 0.9 * rate_of("tonic-spiking")
    assert rate_of("regular-spiking", d=2) > 1.5 * rate_of("regular-spiking")
    shorter, as_it_is, longer = (
        longest_burst("chattering", d=4),
        longest_burst("chattering"),
        longest_burst("regular-bursting", V_reset=-44),
    )
    assert shorter < as_it_is
    assert longer > longest_burst("regular-bursting")
    assert longest_burst("delayed-bursting", V_reset=-46) > longest_burst("delayed-bursting")


def longest_burst(name, **changed):
    """Give the most spikes that follow each other within 12 ms, after the first 100 ms."""
    times = simulate(PRESETS[name].experiment.update(changed)).spike_times
    within = np.diff(times[times > 150.0]) < 12.0
    return 1 + max(sum(run) for close, run in groupby(within) if close)
