"""The stimulus is drawn with the pointer, its edges are dragged, and tables are loaded."""

import pytest

pytestmark = pytest.mark.browser

COMPILED = 45_000
"""Milliseconds for what waits for a new program on a busy machine."""

QUIET = "noise=None&n=2&duration=400"


def spot(lab, x, y):
    """A place on the plot of the input, as parts of its frame from the top left."""
    frame = lab.look("reach.frame('Input')")
    return frame["x"] + x * frame["width"], frame["y"] + y * frame["height"]


def test_an_input_drawn_with_the_mouse_drives_the_neuron_and_is_in_the_link(visit):
    lab = visit(QUIET)
    lab.press("Draw")
    lab.wait("reach.values()['stimulus.points'] !== undefined && reach.idle()", COMPILED)
    lab.page.keyboard.press("Escape")
    lab.press("Draw")
    before = lab.numbers["count"]
    lab.page.mouse.move(*spot(lab, 0.5, 0.6))
    lab.page.mouse.down()
    for step in range(1, 9):
        lab.page.mouse.move(*spot(lab, 0.5 + 0.04 * step, 0.6 - 0.05 * step))
    # while the button is still down
    lab.wait("reach.values()['stimulus.points'].split(', ').length > 6", COMPILED)
    lab.wait(f"reach.numbers().count !== '{before}'", COMPILED)
    lab.page.mouse.up()
    lab.wait(
        "/ 32[78][.\\d]*:/.test(reach.values()['stimulus.points'])", COMPILED
    )  # 0.82 of 400 ms
    lab.wait(
        "location.search.includes("
        "`stimulus.points=${reach.values()['stimulus.points'].replaceAll(', ', ',')}`)"
    )
    lab.wait_idle()
    drawn = lab.values["stimulus.points"]
    peak = max(float(point.split(":")[1]) for point in drawn.split(", "))
    assert peak > 1.5
    lab.page.reload()
    lab.wait_ready()
    assert lab.values["stimulus.points"] == drawn
    assert lab.errors == {}


def test_the_edge_of_a_step_is_dragged_and_undone_in_one_step(visit):
    lab = visit(QUIET)
    knob = lab.page.locator(".knob.x").first
    box = knob.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    lab.page.mouse.move(x, y)
    lab.page.mouse.down()
    for step in range(1, 6):
        lab.page.mouse.move(x + 20 * step, y)
    lab.wait("reach.values()['stimulus.start'] > 130")
    lab.page.mouse.up()
    lab.wait("reach.header().can_undo")
    assert lab.look("reach.ranges('Input')") == [0, 400]  # the plot was not panned
    lab.press("Undo")
    lab.wait("reach.values()['stimulus.start'] === 100")
    knob.focus()
    knob.press("ArrowRight")
    lab.wait("reach.values()['stimulus.start'] > 100")


def test_a_table_with_a_mistake_says_so_and_a_good_one_becomes_the_input(visit):
    lab = visit(QUIET)
    chooser = lab.page.locator(".tools input[type=file]")

    def load(text):
        table = {"name": "input.csv", "mimeType": "text/csv", "buffer": text.encode()}
        chooser.set_input_files(table)

    load("time (ms), current (mA)\n0, 0\n100, one\n")
    lab.page.get_by_text("Table, line 3: 'one' is not a number.").wait_for()
    load("time (s); current (uA)\n0; 0\n0,1; 1500\n0,3; 0\n")
    lab.value_is("stimulus.points", "0:0, 100:1.5, 300:0")
    lab.wait("reach.all('.knob.point').length === 3", COMPILED)  # once the axis reaches that far
    lab.page.locator(".knob.point").nth(1).press("Delete")
    lab.value_is("stimulus.points", "0:0, 300:0")
