"""Undo and redo."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import LIF, Experiment
from explorer import history
from explorer.history import History

START = Experiment(LIF)


class Clock:
    """Seconds that pass when told."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def time_():
    return Clock()


@pytest.fixture
def past(time_):
    return History(START, time_)


def at(tau):
    return START.set("tau", tau)


def test_nothing_can_be_undone_at_the_start(past):
    assert not past.can_undo
    assert not past.can_redo
    assert past.undo() is START
    assert past.redo() is START


def test_a_drag_is_one_entry(past, time_):
    for tau in range(5, 40):
        past.record(at(tau), "tau")
        time_.now += 0.1
    assert past.undo() == START
    assert not past.can_undo
    assert past.redo() == at(39)


def test_a_gesture_is_one_entry_however_slow_and_the_next_another(past, time_):
    for tau in range(5, 10):
        past.record(at(tau), "tau", gesture=1)
        time_.now += 3 * history.PAUSE
    past.record(at(20), "tau", gesture=2)
    past.record(at(21), "tau")  # from the keyboard, at once
    assert past.undo() == at(20)
    assert past.undo() == at(9)
    assert past.undo() == START


def test_a_pause_starts_a_new_entry(past, time_):
    past.record(at(5), "tau")
    time_.now += history.PAUSE + 0.01
    past.record(at(6), "tau")
    assert past.undo() == at(5)
    assert past.undo() == START


def test_another_control_starts_a_new_entry(past):
    past.record(at(5), "tau")
    past.record(at(5).set("V_th", 2.0), "V_th")
    past.record(at(6).set("V_th", 2.0), "tau")
    assert past.undo() == at(5).set("V_th", 2.0)
    assert past.undo() == at(5)


def test_a_change_after_undo_forgets_what_was_undone(past, time_):
    past.record(at(5), "tau")
    past.undo()
    past.record(at(6), "tau")
    assert not past.can_redo
    assert past.undo() == START


def test_a_drag_right_after_undo_is_an_entry_of_its_own(past):
    past.record(at(5), "tau")
    past.record(at(6).set("V_th", 2.0), "V_th")
    past.undo()
    past.record(at(7), "tau")
    assert past.undo() == at(5)


def test_what_changes_nothing_is_no_entry(past):
    past.record(at(5), "tau")
    past.undo()
    past.record(START, "tau")
    assert past.can_redo
    assert not past.can_undo


def test_the_past_has_an_end(past, time_):
    for tau in range(1, history.LONGEST + 50):
        past.record(at(tau), f"path {tau}")
    steps = 0
    while past.can_undo:
        past.undo()
        steps += 1
    assert steps == history.LONGEST


@given(st.lists(st.sampled_from(["undo", "redo", "change", "wait"]), max_size=40))
def test_undo_and_redo_are_each_other_s_inverse(moves):
    time_ = Clock()
    past = History(START, time_)
    number, shown = 0, START
    for move in moves:
        match move:
            case "change":
                number += 1
                shown = at(10 + number)
                past.record(shown, "tau")
            case "wait":
                time_.now += 10
            case "undo" if past.can_undo:
                there = past.undo()
                assert past.redo() == shown
                assert past.undo() == there
                shown = there
            case "redo" if past.can_redo:
                there = past.redo()
                assert past.undo() == shown
                assert past.redo() == there
                shown = there
