"""Every control, moved the ways a user moves it."""

import re

import pytest

from engine import LIF, Experiment, simulate
from tests.browser.page import RASTER, VOLTAGE

pytestmark = pytest.mark.browser

NOT_FOR_USERS = re.compile(
    r"Traceback|\b\w*Error\b|\bNaN\b|\bundefined\b|\[object|\bnull\b|\bNone\b|<class|\.py\b"
)


def sane(lab):
    """Nothing of the machine shows, and whatever is wrong is said in a sentence."""
    found = NOT_FOR_USERS.search(lab.text)
    assert found is None, lab.text[max(0, found.start() - 80) : found.end() + 80]
    for path, sentence in lab.errors.items():
        assert re.match(r"[\w.]+\b.* .*", sentence), (path, sentence)
    assert len(lab.trace()["x"]) > 1
    assert re.fullmatch(r"\d+\.\d", lab.numbers["rate"])


def test_a_drag_with_the_mouse_repaints_the_plots_before_it_ends(lab):
    slider = lab.slider("tau").bounding_box()
    y = slider["y"] + slider["height"] / 2
    at = lab.slider("tau").evaluate("n => (n.value - n.min) / (n.max - n.min)")
    x = slider["x"] + at * slider["width"]
    before, count = lab.picture(), lab.numbers["count"]
    lab.page.mouse.move(x, y)
    lab.page.mouse.down()
    seen = {before}
    for step in range(1, 9):
        lab.page.mouse.move(slider["x"] + slider["width"] * (0.1 + 0.1 * step), y)
        if step in (4, 8):  # while the button is still down
            lab.wait(f"![{','.join(map(str, seen))}].includes(reach.digest('{VOLTAGE}'))")
            seen.add(lab.look(f"reach.digest('{VOLTAGE}')"))
    lab.wait(f"reach.numbers().count !== '{count}'")
    assert lab.look("reach.ack()") > 1
    lab.page.mouse.up()
    lab.wait_idle()
    assert lab.values["tau"] > 20
    assert lab.errors == {}


def test_a_storm_of_300_moves_never_queues_and_ends_at_the_last_value(lab):
    lab.look(
        """new Promise((done) => {
            const slider = reach.find('[data-path="tau"] input[type=range]');
            const [low, high] = [Number(slider.min), Number(slider.max)];
            let moved = 0;
            const timer = setInterval(() => {
              moved += 1;
              const share = 0.5 - 0.5 * Math.cos(moved / 9);
              slider.value = low + (moved < 300 ? share : 0.37) * (high - low);
              slider.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
              if (moved === 300) { clearInterval(timer); done(); }
            }, 10);
        })"""
    )
    wanted = float(lab.box("tau").input_value())
    lab.value_is("tau", wanted)
    traffic = lab.look("reach.traffic()")
    assert traffic["sent"] > 10, traffic
    assert traffic["sent"] < 300, "every move was sent"
    assert traffic["most"] == 1, traffic
    assert traffic["unacknowledged"] == 0, traffic
    expected = simulate(Experiment(LIF).set("tau", wanted))
    assert lab.numbers["rate"] == f"{expected.rate:.1f}"
    assert lab.numbers["count"] == f"{expected.spike_count:,}"
    trace = lab.trace()
    step = round(trace["x"][len(trace["x"]) // 2] / 0.1)
    drawn = trace["y"][len(trace["x"]) // 2]
    assert drawn == pytest.approx(float(expected.traces["V"][step, 0]), rel=1e-4)


def test_every_slider_answers_to_the_keyboard(lab):
    for row in lab.look("reach.rows()"):
        if row["kind"] != "number":
            continue
        path = row["path"]
        lab.unfold()
        before = lab.values[path]
        slider = lab.slider(path)
        slider.focus()
        for key in ("ArrowRight", "End", "Home"):
            if key == "End" and path == "duration":
                continue  # five seconds of a thousand neurons would only be slow
            lab.page.keyboard.press(key)
            lab.wait_idle()
            sane(lab)
            value = lab.values[path]
            if key == "End":
                assert value == pytest.approx(row["soft"][1], rel=1e-6), path
            elif key == "Home":
                assert value == pytest.approx(row["soft"][0], rel=1e-6), path
            elif before < row["soft"][1]:
                assert value > before, path
        if lab.values[path] != row["default"]:  # else there is nothing to reset, and no button
            lab.row(path).locator("button.dot").click()
            lab.wait_idle()
        assert lab.values[path] == row["default"], path
        assert lab.errors == {}, path
    assert lab.header["query"] == ""


def test_every_number_can_be_typed(lab):
    for row in lab.look("reach.rows()"):
        if row["kind"] != "number":
            continue
        low, high = row["soft"]
        value = low + 0.3 * (high - low)
        value = round(value) if row["integer"] else float(f"{value:.3g}")
        lab.unfold()
        lab.type(row["path"], f"{value:g}")
        assert lab.values[row["path"]] == pytest.approx(value, rel=1e-5), row["path"]
        sane(lab)
        lab.row(row["path"]).locator("button.dot").click()
        lab.wait_idle()


def test_every_option_can_be_chosen_and_the_default_comes_back(lab):
    for row in lab.look("reach.rows()"):
        if row["kind"] != "choice":
            continue
        path, field = row["path"], lab.row(row["path"])
        default = next(o for o in row["options"] if o["value"] == row["default"])
        for option in [*row["options"], default]:
            if row["style"] == "segmented":
                field.get_by_role("radio", name=option["label"], exact=True).click()
            else:
                field.locator("select").select_option(label=option["label"])
            lab.value_is(path, option["value"])
            lab.wait(f"reach.values()['{path}'] === {option['value']!r}")
            assert lab.errors == {}, option
            sane(lab)
    assert lab.header["query"] == ""


def test_every_spread_can_be_switched_on_and_off(lab):
    able = [row["path"] for row in lab.look("reach.rows()") if row.get("spread")]
    assert "tau" in able
    for path in able:
        toggle = lab.row(path).locator("button.spread")
        toggle.click()
        lab.wait(f"reach.rows().some(r => r.path === '{path}.spread')")
        lab.wait_idle()
        assert lab.values[f"{path}.spread"] > 0
        assert toggle.get_attribute("aria-pressed") == "true"
        sane(lab)
        toggle.click()
        lab.wait(f"!reach.rows().some(r => r.path === '{path}.spread')")
        lab.wait_idle()
    assert lab.header["query"] == ""


@pytest.mark.parametrize("text", ["abc", "nan", "-5", "20 mV", "1e999"])
def test_a_bad_value_is_answered_at_its_row_and_the_last_plot_stays(lab, text):
    before, picture = lab.trace(), lab.picture()
    lab.type("tau", text)
    problem = lab.row("tau").locator(".problem")
    problem.wait_for(state="visible")
    assert "tau" in problem.inner_text()
    assert lab.box("tau").input_value() == text
    assert lab.box("tau").get_attribute("aria-invalid") == "true"
    assert lab.trace() == before
    assert lab.picture() == picture
    sane(lab)
    lab.box("tau").press("Escape")
    lab.wait("!('tau' in reach.errors())")
    assert problem.inner_text() == ""
    assert float(lab.box("tau").input_value()) == lab.values["tau"]


def test_a_good_value_after_a_bad_one_clears_the_sentence(lab):
    lab.type("tau", "abc")
    lab.row("tau").locator(".problem:not(:empty)").wait_for()
    lab.type("tau", "0.012 s")
    lab.value_is("tau", 12)
    assert lab.errors == {}
    assert lab.row("tau").locator(".problem").inner_text() == ""
    assert float(lab.box("tau").input_value()) == 12


def test_values_that_do_not_fit_together_say_so_until_they_do(lab):
    before = lab.trace()
    lab.type("V_reset", "20")
    lab.row("V_reset").locator(".problem:not(:empty)").wait_for()
    assert "must be below V_th" in lab.row("V_reset").locator(".problem").inner_text()
    assert lab.trace() == before
    lab.type("V_th", "30")
    lab.wait("Object.keys(reach.errors()).length === 0")
    lab.wait_idle()
    assert lab.row("V_reset").locator(".problem").inner_text() == ""
    assert lab.values["V_reset"] == 20
    assert lab.trace() != before


def test_a_time_step_that_is_too_large_is_refused_with_a_way_out(lab):
    before = lab.trace()
    lab.type("dt", "50")
    lab.row("dt").locator(".problem:not(:empty)").wait_for()
    assert "choose dt =" in lab.row("dt").locator(".problem").inner_text()
    assert lab.trace() == before


def test_a_population_too_large_for_the_memory_is_refused_with_a_way_out(lab):
    before = lab.trace()
    lab.type("n", "1000000")
    lab.row("n").locator(".problem:not(:empty)").wait_for()
    assert "choose fewer" in lab.row("n").locator(".problem").inner_text()
    assert lab.trace() == before
    lab.type("n", "10")
    lab.value_is("n", 10)
    assert lab.errors == {}


def test_reset_all_brings_every_default_back(lab):
    default = lab.values
    lab.type("tau", "33")
    lab.type("n", "10")
    lab.row("tau").locator("button.spread").click()
    lab.row("stimulus").locator("select").select_option(label="Ramp")
    lab.value_is("stimulus", "Ramp")
    assert lab.values != default
    lab.press("Reset all controls")
    lab.wait("reach.values().stimulus === 'Step'")
    lab.wait_idle()
    assert lab.values == default


def test_a_neuron_that_is_pointed_at_is_watched(visit):
    lab = visit("n=10")
    frame = lab.look(f"reach.frame('{RASTER}')")
    lab.page.mouse.click(frame["x"] + frame["width"] / 2, frame["y"] + 2)
    lab.wait("reach.titles().some(t => t.includes('neuron 9'))")
    lab.wait("location.search.includes('watched=9')")
