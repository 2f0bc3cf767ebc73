"""The stimulus editor without a browser: where its handles stand, and what its messages do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import LIF, Experiment, inputs
from engine.experiment import POINTS
from explorer import links
from explorer.labs import NeuronLab
from explorer.views.stimulus import handles_of, moved
from tests.explorer.bench import Driven

SMALL = Experiment(LIF).update({"n": 2, "duration": 300.0, "noise": "None"})
DRAGGED = [name for name, kind in inputs.catalogue().items() if kind.handles]


class Lab(Driven, NeuronLab):
    """A neuron lab that a test drives."""

    def edit(self, kind, *, gesture=0, done=False, **content):
        seq = self.drawing.editor.ack + 1
        self.drawing.on_message(
            {"type": kind, "gesture": gesture, "done": done, "seq": seq, **content}
        )
        self.settle()
        assert self.drawing.editor.ack == seq


@pytest.fixture
def lab():
    return Lab(SMALL).settle()


# ---------------------------------------------------------------- handles


def test_every_stimulus_with_edges_can_be_taken_hold_of():
    assert {"Constant", "Step", "Ramp", "PulseTrain", "Chirp"} <= set(DRAGGED)


@pytest.mark.parametrize("name", DRAGGED)
def test_handles_stand_on_the_course_and_say_what_they_move(name):
    experiment = SMALL.set("stimulus", name)
    kind, handles = experiment.stimulus, handles_of(experiment)
    low, high = (
        inputs.bind(kind.parameters()["amplitude"], LIF.input).soft
        if ("amplitude" in kind.parameters())
        else LIF.input.soft
    )
    assert len({h["id"] for h in handles}) == len(kind.handles)
    for handle in handles:
        assert handle["moves"] in ("x", "y", "xy")
        assert handle["label"]
        assert handle["x"] >= 0
        assert min(low, 0) <= handle["y"] <= high


@pytest.mark.parametrize("name", DRAGGED)
@given(x=st.floats(0, 2000), y=st.floats(-5, 5), data=st.data())
def test_a_dragged_handle_goes_where_it_is_dragged_and_never_out_of_order(name, x, y, data):
    before = SMALL.set("stimulus", name)
    index = data.draw(st.integers(0, len(before.stimulus.handles) - 1))
    after = before.update(moved(before, index, x, y))
    assert not [p for p in after.problems() if p.path.startswith("stimulus")]
    handle = handles_of(after)[index]
    if "y" in handle["moves"]:
        assert handle["y"] == pytest.approx(y, abs=1e-9)
    own = before.stimulus.handles[index]
    free = (
        100.0 < x < before["stimulus.stop"] - 1
        if own.x in ("start", "stop") and ("stimulus.stop" in before.specs)
        else x > 60.0
    )
    if "x" in handle["moves"] and free and own.x != "stop":
        assert handle["x"] == pytest.approx(x, abs=1e-6)


def test_the_handle_of_a_width_is_counted_from_the_start():
    train = SMALL.set("stimulus", "PulseTrain")
    index = [h.x for h in train.stimulus.handles].index("width")
    assert moved(train, index, 57.0, 0.0) == {"stimulus.width": 7.0}
    assert moved(train, index, 10.0, 0.0)["stimulus.width"] == pytest.approx(train["dt"])


# ---------------------------------------------------------------- messages


def test_a_drag_writes_the_paths_of_the_sliders_and_is_one_step_to_undo(lab):
    for x in (120.0, 140.0, 150.0):
        lab.edit("handle", id="0", x=x, y=9.9, gesture=5)
    lab.edit("handle", id="0", x=150.0, y=9.9, gesture=5, done=True)
    assert lab.experiment.values["stimulus.start"] == 150.0
    assert links.from_query(lab.header.query, lab.home).experiment == lab.experiment
    assert lab.drawing.editor.handles[0]["x"] == 150.0
    lab._on_header({"type": "undo"})
    lab.settle()
    assert lab.experiment == SMALL


def test_to_draw_keeps_what_there_was(lab):
    before = lab.recording.traces["input"].copy()
    lab.drawing.on_message({"type": "draw", "on": True})
    lab.settle()
    assert lab.drawing.editor.course == "lines"
    assert lab.drawing.editor.points == [list(p) for p in lab.experiment[POINTS]]
    assert lab.recording.traces["input"] == pytest.approx(before, abs=1e-6)


def test_a_stroke_is_simulated_linked_and_one_step_to_undo(lab):
    lab.drawing.on_message({"type": "draw", "on": True})
    lab.settle()
    start = lab.experiment
    for value in (1.0, 2.0, 3.0):
        lab.edit("points", points=[[0, 0], [100, value], [200, 0]], gesture=9)
    lab.edit("points", points=[[0, 0], [100, 3.0], [200, 0]], gesture=9, done=True)
    assert lab.recording.traces["input"][1000, 0] == pytest.approx(3.0, abs=1e-6)
    assert "stimulus.points=0:0,100:3,200:0" in lab.header.query
    read = links.from_query(lab.header.query, lab.home)
    assert (read.experiment, read.complaints) == (lab.experiment, ())
    lab._on_header({"type": "undo"})
    lab.settle()
    assert lab.experiment == start
    lab._on_header({"type": "undo"})
    assert lab.settle().experiment == SMALL


def test_the_axis_holds_still_until_the_pointer_lets_go(lab):
    lab.drawing.on_message({"type": "draw", "on": True})
    lab.settle()
    axis = lab.drawing.view.figure.y_range
    before = (axis.start, axis.end)
    lab.edit("points", points=[[0, 0], [100, 50.0]], gesture=3)
    assert (axis.start, axis.end) == before
    lab.edit("points", points=[[0, 0], [100, 50.0]], gesture=3, done=True)
    assert axis.end >= 50.0


def test_there_is_room_to_draw_while_drawing(lab):
    axis = lab.drawing.view.figure.y_range
    before = axis.end
    lab.drawing.on_message({"type": "draw", "on": True})
    lab.settle()
    assert axis.end >= LIF.input.soft[1] > before
    lab.drawing.on_message({"type": "draw", "on": False})
    assert axis.end < LIF.input.soft[1]


def test_a_message_that_comes_too_late_changes_nothing(lab):
    lab.edit("points", points=[[0, 5.0]], done=True)  # a step is in force by now
    assert lab.experiment == SMALL


def test_too_many_points_are_refused_in_place(lab):
    lab.drawing.on_message({"type": "draw", "on": True})
    lab.settle()
    lab.edit("points", points=[[k, 0] for k in range(1001)], done=True)
    assert "at most 1,000 points" in lab.rail.errors[POINTS]


# ---------------------------------------------------------------- tables

GOOD = "t [s]; I [uA]\n0; 0\n0,1; 500\n0,2; 0\n"


def test_a_good_table_becomes_the_stimulus(lab):
    lab.drawing.on_message({"type": "table", "text": GOOD})
    lab.settle()
    assert lab.experiment["stimulus"] == "DrawnWaveform"
    assert lab.experiment[POINTS] == ((0.0, 0.0), (100.0, 0.5), (200.0, 0.0))
    assert lab.status.message == {}
    lab._on_header({"type": "undo"})
    assert lab.settle().experiment == SMALL


def test_a_bad_table_keeps_everything_and_says_which_line_is_wrong(lab):
    lab.drawing.on_message({"type": "table", "text": "time (ms), I (nA)\n0, 0\n5, x\n"})
    lab.settle()
    assert lab.experiment == SMALL
    assert lab.status.message["text"] == "Table, line 3: 'x' is not a number."


def test_a_table_pasted_into_the_row_is_read_too(lab):
    lab.drawing.on_message({"type": "draw", "on": True})
    lab.settle()
    lab.send("text", POINTS, text=GOOD)
    assert lab.experiment[POINTS][1] == (100.0, 0.5)
    lab.send("text", POINTS, text="0:0, 50:1 mA")
    assert lab.rail.values[POINTS] == "0:0, 50:1"
    seq = lab.send("text", POINTS, text="a, b\n1, 2\n")
    assert "table, line 1" in lab.rail.errors[POINTS]
    assert lab.rail.ack == seq


def test_what_was_left_out_of_a_table_is_said(lab):
    rows = "".join(f"{k / 10}, {(k * 7919) % 101}\n" for k in range(5000))
    lab.drawing.on_message({"type": "table", "text": f"time (ms), current (nA)\n{rows}"})
    lab.settle()
    assert len(lab.experiment[POINTS]) == 1000
    assert "from 5,000 rows to 1,000 points" in lab.status.message["text"]
    assert "until 499.9 ms and the run until 300 ms" in lab.status.message["text"]
