"""Kept runs: nothing is ever lost, ghosts are sent once, and links carry them."""

import time
from queue import Empty

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine import HH, LIF, Experiment, simulate
from explorer import changes, links
from explorer.labs import NetworkLab, NeuronLab, SynapseLab
from explorer.shelf import MOST_GHOSTS, Shelf
from explorer.theme import KEPT, tokens
from explorer.views import DifferenceView, Ghost, VoltageView, Window
from explorer.views.difference import difference
from tests.explorer.bench import LIMIT, Driven
from tests.explorer.strategies import experiments

HOME = Experiment(LIF)
SMALL = HOME.update({"n": 3, "duration": 100.0, "stimulus.start": 5.0})


class Lab(Driven, NeuronLab):
    """A neuron lab that a test drives."""

    def shelf(self, type_, settle=True, **content):
        """Do what the shelf on the page does."""
        self.comparing.panel._handle_msg({"type": type_, **content})
        return self.settle() if settle else self

    def header_(self, type_, **content):
        self.header._handle_msg({"type": type_, **content})
        return self.settle()

    def say(self, type_):
        self.status._handle_msg({"type": type_})
        return self.settle()

    def wait_for_ghosts(self):
        """Run callbacks until every kept run has been simulated."""
        self.settle()
        end = time.monotonic() + LIMIT
        while time.monotonic() < end and any(
            run.on and run.recording is None and not run.problem for run in self.runs
        ):
            try:
                self.callbacks.get(timeout=0.05)()
            except Empty:
                continue
        return self

    @property
    def runs(self):
        return self.comparing.shelf.runs

    @property
    def said(self):
        return self.status.message.get("text", "")


class Still(NeuronLab):
    """A lab that never runs anything: what is tested is what it remembers."""

    def _request(self, experiment):
        self._asked = experiment

    def hesitation(self, experiment):
        return "this lab never runs anything"


@pytest.fixture
def lab():
    return Lab(SMALL).settle()


# -- nothing is lost

MOVES = st.one_of(
    st.tuples(st.just("set"), st.integers(1, 40)),
    st.tuples(st.sampled_from(["keep", "flip", "undo", "redo", "put_back", "reset", "preset"])),
    st.tuples(
        st.sampled_from(["go", "select", "remove", "rename", "show", "entry"]), st.integers(0, 9)
    ),
)


def everything(lab):
    """Every experiment that a user of the lab can come back to."""
    past, shelf = lab.state._history, lab.comparing.shelf
    moments = [moment.experiment for moment in (*past._moments, *past._left)]
    return [
        *moments,
        *(r.experiment for r in shelf.runs),
        *(r.experiment for _, r in shelf._removed),
    ]


def act(lab, gesture, kind, number=0):
    runs, comparing = lab.comparing.shelf.runs, lab.comparing
    id_ = runs[number % len(runs)].id if runs else ""
    match kind:
        case "set":
            lab.state.set("tau", float(number), gesture)
        case "undo" | "redo":
            lab.header._handle_msg({"type": kind})
        case "reset":
            lab.header._handle_msg({"type": "reset_all"})
        case "preset":
            lab.header._handle_msg({"type": "preset", "id": "steady"})
        case "entry":
            entries = lab.state.history
            lab.header._handle_msg({"type": "go", "id": entries[number % len(entries)].id})
        case "put_back":
            lab.status._handle_msg({"type": kind})
        case _:
            message = {"type": kind, "id": id_, "name": f"run {number}", "on": bool(number % 2)}
            comparing.panel._handle_msg(message)


@settings(max_examples=15, deadline=None)
@given(st.lists(MOVES, max_size=25))
@example([("set", 9), ("keep",), ("set", 20), ("flip",), ("set", 7), ("flip",), ("remove", 0)])
@example([("set", 9), ("undo",), ("set", 4), ("keep",), ("undo",), ("flip",), ("undo",), ("flip",)])
def test_whatever_is_done_every_experiment_can_be_had_back(moves):
    lab = Still(SMALL)
    shown, kept = [lab.experiment], []
    for gesture, move in enumerate(moves, start=1):
        act(lab, gesture, *move)
        shown.append(lab.experiment)
        kept += [run.experiment for run in lab.comparing.shelf.runs]
        there = everything(lab)
        assert all(experiment in there for experiment in (*shown, *kept)), move
        names = [run.name for run in lab.comparing.shelf.runs]
        assert len(lab.comparing.shelf.drawn) <= MOST_GHOSTS
        assert len({run.slot for run in lab.comparing.shelf.drawn}) == len(
            lab.comparing.shelf.drawn
        )
        assert all(names)


@given(st.integers(2, 6))
def test_flipping_again_and_again_is_one_entry_of_the_history(times):
    lab = Still(SMALL)
    lab.comparing.keep()
    lab.state.set("tau", 20.0)
    entries, present = len(lab.state.history), lab.experiment
    for time_ in range(times):
        lab.comparing.flip()
        assert lab.experiment == (SMALL if time_ % 2 == 0 else present)
    assert len(lab.state.history) == entries + 1


def test_a_flip_back_leaves_what_was_changed_in_front_in_the_history():
    lab = Still(SMALL)
    lab.comparing.keep()
    lab.state.set("tau", 20.0)
    lab.comparing.flip()
    lab.state.set("tau", 30.0)
    lab.comparing.flip()
    assert lab.experiment["tau"] == 20.0
    labels = [entry.label for entry in lab.state.history]
    assert labels == ["tau 5 → 30 ms", "flip to LIF", "tau 5 → 20 ms", "start"]


def test_what_was_undone_before_another_change_is_listed_and_can_be_taken_up_again():
    lab = Still(SMALL)
    lab.state.set("tau", 20.0)
    lab.state.undo()
    lab.state.set("spk_reset", "hard")
    left = [entry for entry in lab.state.history if entry.place == "left"]
    assert [entry.label for entry in left] == ["tau 5 → 20 ms"]
    lab.state.go(left[0].id)
    assert lab.experiment == SMALL.set("tau", 20.0)
    assert lab.state.history[0].label == "back to tau 5 → 20 ms"


# -- words


@pytest.mark.parametrize(
    ("changed", "phrase", "name"),
    [
        ({"tau": 20.0}, "tau 5 → 20 ms", "tau 20 ms"),
        ({"spk_reset": "hard"}, "reset soft → hard", "hard reset"),
        ({"stimulus.amplitude": 3.0}, "stimulus amplitude 1.1 → 3 mA", "stimulus amplitude 3 mA"),
        ({"tau": 20.0, "spk_reset": "hard"}, "reset soft → hard", "hard reset, tau 20 ms"),
        ({"tau.spread": 0.2}, "tau spread – → 0.2", "tau spread 0.2"),
        ({"model": "HH"}, "model LIF → HH", "HH"),
        ({}, "", "LIF"),
    ],
)
def test_changes_are_said_with_old_and_new_value_and_unit(changed, phrase, name):
    after = HOME.update(changed)
    assert changes.phrase(HOME, after) == phrase
    assert changes.name_of(after, HOME) == name


@given(experiments(), experiments())
def test_what_is_listed_is_all_that_differs(one, other):
    found = changes.differences(one, other)
    assert all(len(set(d.values)) > 1 for d in found)
    for path in {*one, *other} - {d.path for d in found}:
        assert one[path] == other[path]
    assert changes.alike(one, one.update({}))
    assert changes.alike(one, other) is not bool(found)


# -- links

NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=30
)


@given(experiments(), st.lists(st.tuples(NAMES, experiments()), max_size=4))
@example(HOME, [("a~b %7E & = + # ? ü; 100%25", HOME.set("tau", 20.0))])
def test_kept_runs_come_back_from_a_link(experiment, kept):
    parts = [links.kept_part(name, links.to_query(e, HOME)) for name, e in kept]
    query = links.with_kept(links.to_query(experiment, HOME), parts)
    read = links.from_query(query, HOME)
    assert changes.alike(read.experiment, experiment)
    assert [name for name, _ in read.kept] == [name.strip() for name, _ in kept]
    assert all(changes.alike(a, b) for (_, a), (_, b) in zip(read.kept, kept, strict=True))


def test_a_link_with_kept_runs_can_be_read_by_people():
    part = links.kept_part("soft reset", links.to_query(HOME.set("tau", 20.0), HOME))
    assert links.with_kept("spk_reset=hard&v=1", [part]) == (
        "spk_reset=hard&keep=soft+reset~tau=20&v=1"
    )


def test_bad_parts_of_kept_runs_become_sentences():
    read = links.from_query("tau=9&keep=odd~taw=3~tau=8&keep=~~&" + "keep=a&" * 9, HOME)
    assert read.experiment["tau"] == 9.0
    assert len(read.kept) == links.MOST_KEPT
    assert read.kept[0][0] == "odd"
    assert read.kept[0][1]["tau"] == 8.0
    assert "11 kept runs" in read.complaints[0]
    assert "Kept run 'odd'" in read.complaints[1]


def test_a_link_stays_short_enough_to_be_read():
    parts = [links.kept_part("x" * 9000, "tau=3") for _ in range(5)]
    query = links.with_kept("tau=3&v=1", parts)
    assert len(query) <= links.LONGEST_QUERY
    assert len(links.from_query(query, HOME).kept) == 3


# -- the lab


def ghost_of(lab, role="kept-0", part="potential"):
    view = next(view for view in lab.views if isinstance(view, VoltageView))
    return view._ghost_sources[part, role].data


def test_soft_and_hard_reset_are_compared_in_one_click(lab):
    assert lab.comparing.panel.compare == "Compare soft and hard reset"
    before = lab.views[1]._potential.data["y"]
    lab.shelf("compare")
    assert lab.recording.experiment["spk_reset"] == "hard"
    assert [run.name for run in lab.runs] == ["soft reset"]
    assert np.array_equal(ghost_of(lab)["y"], before)
    table = lab.comparing.panel.table
    assert [c["name"] for c in table["columns"]] == ["now", "soft reset"]
    assert table["rows"][0] == {
        "name": "reset",
        "unit": "",
        "title": "spk_reset",
        "cells": ["hard", "soft"],
    }
    shown = {row["name"]: row["cells"] for row in table["numbers"]}
    assert shown["Mean rate"][0] == f"{lab.recording.rate:.1f}"
    assert shown["Mean rate"][1] == f"{lab.runs[0].recording.rate:.1f}"
    assert lab.header.query == "spk_reset=hard&keep=soft+reset&v=1"


def test_steps_of_a_slider_do_not_send_the_ghosts_again(lab):
    lab.shelf("keep")
    lab.send("set", "tau", value=20.0)
    sent = []
    for view in lab.views:
        for source in view._ghost_sources.values():
            source.on_change("data", lambda attr, old, new: sent.append(attr))
    assert lab.views[1]._ghost_sources
    before = [id(s.data["y"]) for v in lab.views for s in v._ghost_sources.values()]
    for tau in (21.0, 5.0, 40.0):
        lab.send("set", "tau", value=tau)
    assert sent == []
    assert before == [id(s.data["y"]) for v in lab.views for s in v._ghost_sources.values()]


def test_a_zoom_thins_the_ghosts_anew(lab):
    lab.shelf("keep")
    lab.window.range.update(start=20.0, end=30.0)
    lab.redraw()
    assert 19.0 < ghost_of(lab)["x"][0] < ghost_of(lab)["x"][-1] < 31.0


def test_a_run_kept_before_it_was_done_gets_its_recording(lab):
    lab.send("set", "tau", settle=False, value=10.0)
    lab.shelf("keep", settle=False)
    assert lab.runs[0].recording is None
    lab.settle()
    assert lab.runs[0].recording is lab.recording


def test_a_flip_shows_both_recordings_without_a_run(lab):
    lab.shelf("keep")
    lab.send("set", "tau", value=20.0)
    kept, present = lab.runs[0].recording, lab.recording
    lab.shelf("flip")
    assert lab.recording.traces is kept.traces
    assert lab.comparing.panel.flipped == lab.runs[0].id
    assert np.array_equal(
        ghost_of(lab, "ghost")["y"], lab.views[1]._ghosts[-1].recording.traces["V"][:, 0]
    )
    lab.shelf("flip")
    assert lab.recording.traces is present.traces
    assert lab.comparing.panel.flipped == ""
    assert len(ghost_of(lab, "ghost")["y"]) == 0


def test_ghosts_of_a_link_are_simulated_once_beside_the_present_run():
    lab = Lab(SMALL, query="keep=slow~tau=20&keep=odd~V_reset=20").wait_for_ghosts()
    slow, odd = lab.runs
    assert slow.recording.experiment == SMALL.set("tau", 20.0)
    assert slow.numbers[0]["value"] == f"{slow.recording.rate:.1f}"
    assert np.array_equal(ghost_of(lab)["y"], slow.recording.traces["V"][:, 0])
    assert "V_reset must be below V_th" in odd.problem
    started = lab.comparing.runner.started
    lab.send("set", "tau", value=9.0)
    assert lab.comparing.runner.started == started == 1


def test_the_difference_is_now_less_kept(lab):
    view = lab.views[-1]
    assert isinstance(view, DifferenceView)
    assert not view.figure.visible
    lab.shelf("keep")
    lab.shelf("difference", on=True)
    lab.send("set", "tau", value=20.0)
    assert view.figure.visible
    gap = lab.recording.traces["V"][:, 0] - lab.runs[0].recording.traces["V"][:, 0]
    assert np.array_equal(view._ghost_sources["difference", "kept-0"].data["y"], gap)
    lab.shelf("difference", on=False)
    assert not view.figure.visible


def test_the_difference_of_runs_with_different_steps_is_interpolated():
    kept = simulate(SMALL.set("noise", "None"))
    finer = simulate(SMALL.set("noise", "None").set("dt", 0.05))
    times, gap = difference(finer, kept)
    assert times[-1] <= (kept.n_steps - 1) * kept.dt
    assert np.abs(gap).max() < np.ptp(kept.traces["V"])
    assert np.allclose(difference(kept, kept)[1], 0.0)


def test_potentials_of_different_units_are_not_drawn_over_each_other(lab):
    lab.shelf("keep")
    lab.header_("model", value="FitzHughNagumo")
    assert len(ghost_of(lab)["y"]) == 0
    lab.header_("model", value="LIF")
    assert len(ghost_of(lab)["y"]) > 0


@pytest.mark.parametrize(
    "replaced", [("preset", {"id": "steady"}), ("model", {"value": "LIFRef"}), ("reset_all", {})]
)
def test_what_replaces_work_says_so_and_one_click_brings_all_back(lab, replaced):
    lab.send("set", "tau", value=20.0)
    before = lab.experiment
    lab.header_(replaced[0], **replaced[1])
    assert "replaced" in lab.said
    assert lab.status.message["action"] == {"type": "undo", "label": "Undo this"}
    lab.say("undo")
    assert lab.experiment == before
    assert lab.status.message == {}


def test_a_default_or_an_untouched_preset_is_replaced_without_a_word():
    lab = Lab(HOME).settle()
    lab.header_("preset", id="steady")
    assert lab.status.message == {}
    lab.header_("preset", id="chattering")
    assert lab.status.message == {}


def test_an_offer_to_undo_ends_with_the_next_change(lab):
    lab.send("set", "tau", value=20.0)
    lab.header_("reset_all")
    assert lab.status.message["action"]["type"] == "undo"
    lab.state.watch(2)
    lab.settle()
    assert lab.status.message == {}


def test_a_shelf_that_is_found_leaves_what_is_said_about_the_link():
    lab = Lab(SMALL, query="tau=banana").settle()
    lab.shelf("found", runs=[RUN], last="")
    assert "banana" in lab.said


def test_a_removed_run_is_put_back_by_one_click(lab):
    lab.shelf("keep")
    run = lab.runs[0]
    lab.shelf("remove", id=run.id)
    assert lab.runs == ()
    assert len(ghost_of(lab)["y"]) == 0
    assert lab.status.message["action"]["type"] == "put_back"
    lab.say("put_back")
    assert lab.runs == (run,)
    assert len(ghost_of(lab)["y"]) > 0


def test_the_history_is_sent_only_while_it_is_in_sight(lab):
    lab.send("set", "tau", value=20.0)
    assert lab.header.history == []
    lab.header_("history", open=True)
    assert lab.header.history == [
        {"id": 1, "label": "tau 5 → 20 ms", "place": "now"},
        {"id": 0, "label": "start", "place": "past"},
    ]
    lab.header_("go", id=0)
    assert lab.recording.experiment == SMALL
    assert [entry["place"] for entry in lab.header.history] == ["future", "now"]
    lab.header_("history", open=False)
    assert lab.header.history == []


# -- what the browser remembers

RUN = {"id": "0123abcd", "name": "slow", "query": "tau=20&v=1"}


def test_a_remembered_shelf_comes_back_and_is_not_drawn(lab):
    lab.shelf("found", runs=[RUN], last="")
    assert [(r.id, r.name, r.on, r.experiment["tau"]) for r in lab.runs] == [
        ("0123abcd", "slow", False, 20.0)
    ]
    lab.shelf("show", id="0123abcd", on=True)
    lab.wait_for_ghosts()
    assert lab.runs[0].recording is not None


def test_a_remembered_run_that_the_link_brings_too_is_one_run_and_drawn():
    lab = Lab(SMALL, query="keep=slow~tau=20").wait_for_ghosts()
    lab.shelf("found", runs=[RUN], last="")
    assert [(run.id, run.on) for run in lab.runs] == [("0123abcd", True)]


def test_where_the_user_left_off_is_offered_and_never_taken_by_itself(lab):
    lab.shelf("found", runs=[], last="tau=20&keep=soft+reset&v=1")
    assert lab.experiment == SMALL
    assert lab.said == "Continue where you left off (tau 20 ms, beside 1 kept)."
    lab.say("continue").wait_for_ghosts()
    assert lab.experiment["tau"] == 20.0
    assert [run.name for run in lab.runs] == ["soft reset"]
    lab.header_("undo")
    assert lab.experiment == SMALL


def test_nothing_is_offered_to_someone_who_has_begun(lab):
    lab.send("set", "tau", value=9.0)
    lab.shelf("found", runs=[], last="tau=20")
    assert lab.status.message == {}


@pytest.mark.parametrize(
    ("runs", "last"),
    [
        (None, None),
        ("rubbish", 3),
        ([1, None, [], {}, {"id": 3}], {}),
        ([{"id": "../..", "name": "<b>", "query": "tau=banana&x=%ff"}] * 3, "&&==%00"),
        ([RUN] * 200, "tau=banana"),
        ([{"id": f"{i:08x}", "name": "x" * 500, "query": f"tau={i + 1}"} for i in range(200)], ""),
    ],
)
def test_rubbish_in_the_storage_does_no_harm(lab, runs, last):
    lab.shelf("found", runs=runs, last=last)
    assert lab.experiment == SMALL
    lab.send("set", "tau", value=9.0)
    assert lab.recording.experiment["tau"] == 9.0


# -- colours


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_ghost_has_a_colour_of_its_own_that_can_be_seen(mode):
    colours = tokens(mode)
    assert len(set(KEPT[mode])) == len(KEPT[mode]) == MOST_GHOSTS
    assert not set(KEPT[mode]) & {colours["trace"], colours["threshold"]}
    for colour in KEPT[mode]:
        lighter, darker = sorted((_luminance(colour), _luminance(colours["screen"])))[::-1]
        assert (lighter + 0.05) / (darker + 0.05) >= 3.0, colour


def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def test_a_shelf_gives_each_drawn_run_its_own_colour_and_holds_six():
    shelf = Shelf()
    for number in range(8):
        shelf.keep(HOME.set("tau", 3.0 + number), "run", "")
    assert [run.on for run in shelf.runs] == [True] * 6 + [False] * 2
    assert [run.name for run in shelf.runs][:3] == ["run", "run (2)", "run (3)"]
    shelf.show(shelf.runs[1].id, False)
    shelf.show(shelf.runs[7].id, True)
    assert sorted(run.slot for run in shelf.drawn) == list(range(6))


def test_a_ghost_of_a_neuron_that_makes_its_own_spikes_is_drawn():
    recording = simulate(Experiment(HH).update({"n": 1, "duration": 60.0}))
    view = VoltageView(Window(60.0))
    view.update(recording)
    view.ghosts([Ghost("kept-0", recording)])
    assert len(view._ghost_sources["potential", "kept-0"].data["x"]) > 100


# -- the other labs


@pytest.mark.parametrize("lab_class", [SynapseLab, NetworkLab])
def test_every_lab_keeps_draws_and_tells_runs_apart(lab_class):
    class Driven_(Driven, lab_class):
        pass

    lab = Driven_().settle()
    lab.comparing.panel._handle_msg({"type": "keep"})
    lab.send("set", "duration", value=300.0)
    assert lab.comparing.panel.table["rows"][0]["cells"][0] == "300"
    drawn = [len(s.data["x"]) for v in lab.views for s in v._ghost_sources.values()]
    assert sum(drawn) > 100
    read = links.from_query(lab.header.query, lab.home, lab.named())
    assert changes.alike(read.kept[0][1], lab.home)
    lab.comparing.panel._handle_msg({"type": "flip"})
    lab.settle()
    assert lab.recording.traces is lab.comparing.shelf.runs[0].recording.traces
