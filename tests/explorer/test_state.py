"""The one state of a lab: what a user may do to it, and what it says."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import LIF, Experiment, LIFRef
from explorer import history, state
from explorer.state import LabState
from tests.explorer.strategies import same


class Clock:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def lab():
    return LabState(Experiment(LIF))


@pytest.fixture
def time_(lab):
    clock = Clock()
    lab._history = history.History(lab.experiment, clock)
    return clock


def conflicting(lab):
    lab.set("V_th", 10.0)
    lab.set("V_reset", 20.0)


@pytest.mark.parametrize(
    ("path", "given_", "kept"),
    [
        ("tau", 12.5, 12.5),
        ("tau", 12, 12.0),
        ("tau", "0.02 s", 20.0),
        ("tau", "12,5", 12.5),
        ("n", 7, 7.0),
        ("spk_reset", "hard", "hard"),
        ("stimulus", "Ramp", "Ramp"),
        ("noise", "None", "None"),
        ("spk_fun", "Sigmoid", "Sigmoid"),
        ("model", "LIFRef", "LIFRef"),
    ],
)
def test_set_takes_numbers_texts_and_choices(lab, path, given_, kept):
    lab.set(path, given_)
    assert lab.experiment[path] == kept
    assert lab.errors == {}


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        ("tau", "abc", "'abc' is not a number"),
        ("tau", "nan", "finite"),
        ("tau", float("nan"), "finite"),
        ("tau", float("inf"), "finite"),
        ("tau", "-5", "tau must be"),
        ("tau", "20 mV", "tau must be a time"),
        ("tau", "20 parsec", "not a known unit"),
        ("tau", None, "tau must be"),
        ("tau", True, "tau must be"),
        ("tau", [1.0, 2.0], "tau must be"),
        ("tau", {}, "tau must be"),
        ("n", 2.5, "whole number"),
        ("n", 0, "n must be"),
        ("n", 10**9, "n must be"),
        ("seed", -1, "seed must be"),
        ("spk_reset", "medium", "spk_reset must be one of"),
        ("spk_reset", 3, "spk_reset must be one of"),
        ("spk_reset", [], "spk_reset must be one of"),
        ("model", "Nope", "model must be one of"),
        ("taw", 5, "did you mean 'tau'"),
        ("seed.spread", 0.1, "seed"),
        ("", 1, "no parameter ''"),
    ],
)
def test_a_refused_value_leaves_the_experiment_and_says_why_at_its_path(lab, path, value, word):
    before = lab.experiment
    lab.set(path, value)
    assert lab.experiment is before
    assert list(lab.errors) == [path]
    assert word in lab.errors[path]
    assert not lab.can_undo
    assert lab.is_runnable
    lab.set("tau", 12.0)
    assert lab.errors == {}


json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.sampled_from([*Experiment(LIF), "tau.spread", "watched", "", "?"]), json)
def test_nothing_that_a_page_can_send_raises(path, value):
    lab = LabState(Experiment(LIF))
    lab.set(path, value)
    lab.reset(path)
    lab.spread(path, True)
    lab.spread(path, False)
    for name, spec in lab.experiment.specs.items():
        spec.check(lab.experiment[name], name)


def test_reset_gives_the_default_back(lab):
    lab.set("tau", 77.0)
    lab.set("spk_reset", "hard")
    lab.reset("tau")
    lab.reset("spk_reset")
    assert same(lab.experiment, Experiment(LIF))


def test_a_spread_is_switched_on_with_a_value_and_off_again(lab):
    lab.spread("tau", True)
    assert lab.experiment["tau.spread"] > 0
    lab.set("tau.spread", 0.5)
    lab.spread("tau", True)
    assert lab.experiment["tau.spread"] == 0.5
    lab.spread("tau", False)
    assert lab.experiment == Experiment(LIF)


@pytest.mark.parametrize("path", ["seed", "spk_fun.alpha", "spk_reset", "nothing", "tau.spread"])
def test_what_cannot_differ_between_neurons_says_so(lab, path):
    lab.spread(path, True)
    assert lab.experiment == Experiment(LIF)
    assert list(lab.errors) == [f"{path}.spread"]


def test_watch_shows_another_neuron_of_the_population(lab):
    lab.watch(99)
    assert lab.experiment.watched == (99,)
    lab.watch(100)
    assert lab.experiment.watched == (99,)
    assert "from 0 to 99, got 100" in lab.errors["watched"]
    lab.watch(-1)
    assert lab.experiment.watched == (99,)


def test_the_watched_neuron_stays_within_a_smaller_population(lab):
    lab.watch(99)
    lab.set("n", 10)
    assert lab.experiment.watched == (9,)
    assert lab.is_runnable


def test_values_that_do_not_fit_together_are_kept_as_a_draft(lab):
    conflicting(lab)
    assert (lab.experiment["V_th"], lab.experiment["V_reset"]) == (10.0, 20.0)
    assert not lab.is_runnable
    assert list(lab.errors) == ["V_reset"]
    assert "V_reset must be below V_th" in lab.errors["V_reset"]
    lab.set("V_th", 30.0)
    assert lab.is_runnable
    assert lab.errors == {}


def test_a_refused_text_does_not_hide_a_conflict(lab):
    conflicting(lab)
    lab.set("tau", "abc")
    assert set(lab.errors) == {"tau", "V_reset"}


def test_a_time_step_too_large_for_the_membrane_is_a_conflict_at_dt(lab):
    lab.set("tau", 1.0)
    lab.set("dt", 0.9)
    assert not lab.is_runnable
    assert "at most half" in lab.errors["dt"]
    lab.reset("dt")
    assert lab.is_runnable


def test_a_lab_that_starts_with_a_conflict_says_so():
    lab = LabState(Experiment(LIF).set("V_reset", 20.0).set("V_th", 10.0))
    assert not lab.is_runnable
    assert "V_reset" in lab.errors


def test_a_drag_is_undone_in_one_step(lab, time_):
    for tau in range(5, 30):
        lab.set("tau", float(tau))
        time_.now += 0.05
    time_.now += 5
    lab.set("V_th", 3.0)
    lab.undo()
    assert lab.experiment["tau"] == 29.0
    lab.undo()
    assert lab.experiment == Experiment(LIF)
    assert not lab.can_undo
    lab.redo()
    lab.redo()
    assert (lab.experiment["tau"], lab.experiment["V_th"]) == (29.0, 3.0)
    assert not lab.can_redo


def test_undo_takes_a_conflict_and_its_sentence_back(lab):
    conflicting(lab)
    lab.undo()
    assert lab.is_runnable
    assert lab.errors == {}
    lab.redo()
    assert not lab.is_runnable
    assert "V_reset" in lab.errors


def test_undo_takes_everything_back(lab):
    """Each kind of change, undone one by one, ends at the start."""
    lab.set("stimulus", "Ramp")
    lab.spread("tau", True)
    lab.watch(3)
    lab.set("model", "LIFRef")
    lab.replace(Experiment(LIF).set("tau", 3.0), "preset")
    lab.reset_all()
    steps = 0
    while lab.can_undo:
        lab.undo()
        steps += 1
    assert steps == 6
    assert lab.experiment == Experiment(LIF)


def test_reset_all_keeps_the_model(lab):
    lab.set("model", "LIFRef")
    lab.set("tau", 3.0)
    lab.watch(5)
    lab.reset_all()
    assert lab.experiment == Experiment(LIFRef)


def test_a_preset_is_in_force_until_something_changes(lab):
    preset = Experiment(LIFRef).set("tau", 3.0)
    lab.replace(preset, "preset")
    lab.preset = "fast"
    lab.set("tau", "abc")
    lab.set("tau", 3.0)
    assert lab.preset == "fast"
    lab.set("tau", 4.0)
    assert lab.preset == ""


def test_undo_leaves_a_preset(lab):
    lab.replace(Experiment(LIFRef), "preset")
    lab.preset = "fast"
    lab.undo()
    assert lab.experiment == Experiment(LIF)
    assert lab.preset == ""


def test_a_change_is_told_once(lab):
    told = []
    lab.param.watch(lambda *events: told.append([e.name for e in events]), ["experiment", "errors"])
    lab.set("tau", 12.0)
    assert len(told) == 1


def test_two_labs_do_not_share_their_sentences():
    one, other = LabState(Experiment(LIF)), LabState(Experiment(LIF))
    one.set("tau", "abc")
    assert other.errors == {}


@given(st.integers(1, 50), st.integers(0, 60))
def test_watching_never_leaves_the_population(n, neuron):
    lab = state.LabState(replace(Experiment(LIF).set("n", n), watched=(0,)))
    lab.watch(neuron)
    assert 0 <= lab.experiment.watched[0] < n
    assert ("watched" in lab.errors) == (neuron >= n)
