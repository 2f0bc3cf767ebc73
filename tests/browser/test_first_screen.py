"""What a user meets first."""

import re

import pytest

from tests.browser.page import RASTER, VOLTAGE

pytestmark = pytest.mark.browser


def test_something_is_spiking(lab):
    trace = lab.trace()
    assert len(trace["x"]) > 100
    assert max(trace["y"]) > min(trace["y"])
    assert len(lab.look(f"reach.data('{VOLTAGE}', 'spike')")["x"]) > 3
    assert int(lab.numbers["count"].replace(",", "")) > 100


def test_the_plots_are_painted_in_the_colours_of_what_they_show(visit):
    lab = visit("n=10")  # few enough spikes to be strokes
    assert lab.look(f"reach.inked('{VOLTAGE}', 'trace')") > 200
    assert lab.look(f"reach.inked('{VOLTAGE}', 'spike')") > 50
    assert lab.look(f"reach.inked('{RASTER}', 'raster')") > 200


def test_there_is_one_heading_and_one_title(lab):
    assert lab.page.get_by_role("heading", level=1).count() == 1
    assert lab.page.get_by_role("heading", level=1).inner_text() == "Spikescope"
    assert "Spikescope" in lab.page.title()


def test_the_landmarks_are_named(lab):
    for role, name in (("main", "Plots"), ("complementary", "Controls")):
        assert lab.page.get_by_role(role, name=name).count() == 1


def test_the_first_controls_are_in_sight_without_scrolling(lab):
    for path in ("tau", "V_th", "stimulus.amplitude"):
        lab.row(path).scroll_into_view_if_needed()
    lab.page.reload()
    lab.wait_ready()
    in_sight = [
        path
        for path in ("tau", "R", "V_rest", "V_th", "V_reset")
        if lab.row(path).bounding_box()["y"] < lab.page.viewport_size["height"]
    ]
    assert len(in_sight) >= 3


def test_every_control_is_labelled_and_has_a_reset(lab):
    for row in lab.look("reach.rows()"):
        box = lab.row(row["path"])
        assert box.count() == 1, row["path"]
        assert box.locator("button.dot").get_attribute("aria-label").startswith("reset ")
        fields = box.locator("input, select, [role=radiogroup]")
        for i in range(fields.count()):
            assert fields.nth(i).get_attribute("aria-label"), row["path"]


def test_the_status_line_says_what_ran(lab):
    shown = lab.text
    assert re.search(r"\d+(\.\d+)? ms run", shown)
    assert "10,000 steps of 0.1 ms" in shown
    assert "Connected" in shown


def test_a_page_that_is_opened_twice_has_two_states(visit):
    one, other = visit(), visit()
    one.type("tau", "33")
    assert one.values["tau"] == 33
    assert other.values["tau"] != 33


def test_a_run_that_ends_while_its_page_is_loading_is_shown(visit):
    """What changed between the page's request and its arrival was lost once."""
    for n in range(31, 37):  # each has to be compiled
        lab = visit(f"n={n}&duration=200")
        assert lab.numbers["neurons"] == str(n)
        assert len(lab.trace()["x"]) > 100
