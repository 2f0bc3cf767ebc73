"""Links, history, presets, models: what a user can come back to."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from engine import LIF, Experiment, catalog
from explorer.labs import NeuronLab
from explorer.links import to_query
from explorer.presets import presets

pytestmark = pytest.mark.browser

HOME = Experiment(LIF)


# -- the address


def test_the_default_has_an_empty_address(lab):
    assert lab.query == ""


def test_changed_values_appear_in_the_address_and_a_reload_restores_them(lab):
    lab.type("tau", "33.5")
    lab.row("spk_reset").get_by_role("radio", name="hard").click()
    lab.value_is("spk_reset", "hard")
    lab.wait("location.search.includes('tau=33.5') && location.search.includes('spk_reset=hard')")
    values, numbers, query = lab.values, lab.numbers, lab.query
    lab.page.reload()
    lab.wait_ready()
    assert lab.values == values
    assert lab.numbers == numbers
    assert lab.query == query


def test_a_link_with_everything_in_it_is_opened_as_it_was(visit):
    experiment = HOME.update(
        {"stimulus": "Sine", "noise": "None", "spk_fun": "Sigmoid", "n": 7, "tau.spread": 0.3}
    )
    experiment = replace(experiment.set("tau", 1 / 3 + 10), watched=(5,))
    lab = visit(to_query(experiment, HOME))
    values = lab.values
    for path in experiment:
        assert values[path] == experiment[path], path
    assert lab.look("reach.titles().some(t => t.includes('neuron 5'))")


def test_a_broken_link_shows_the_default_and_says_what_was_left_out(visit):
    lab = visit("model=Nope&tau=banana&foo=1&V_th=1e999")
    assert lab.values == visit().values
    said = lab.page.locator(".message[role=status]").inner_text()
    for word in ("Nope", "banana", "foo", "V_th"):
        assert word in said
    assert lab.look("reach.data('Membrane potential', 'trace')")["x"]


def test_a_link_whose_values_do_not_fit_together_shows_a_plot_and_says_so(visit):
    lab = visit("V_reset=20&V_th=10")
    assert "must be below" in lab.row("V_reset").locator(".problem").inner_text()
    lab.type("V_reset", "-1")
    lab.wait("Object.keys(reach.errors()).length === 0")


def test_a_link_cannot_bring_markup_into_the_page(visit):
    lab = visit('tau=<img src=x onerror="window.hacked=1">&<b>bold</b>=1&model=</script><script>')
    assert lab.look("window.hacked") is None
    assert lab.look("reach.all('img, b').length") == 0


def test_a_copied_link_says_what_is_on_the_screen(visit):
    lab = visit(permissions=["clipboard-read", "clipboard-write"])
    lab.type("tau", "21")
    lab.press("Copy link")
    lab.page.get_by_text("Link copied").wait_for()
    assert lab.look("navigator.clipboard.readText()").endswith("?tau=21&v=1")


# -- undo and redo


def test_undo_and_redo_by_button(lab):
    first = lab.values["tau"]
    assert lab.header["can_undo"] is False
    lab.type("tau", "33")
    lab.wait("reach.header().can_undo")
    lab.press("Undo")
    lab.value_is("tau", first)
    assert float(lab.box("tau").input_value()) == first
    assert lab.header["can_undo"] is False
    lab.press("Redo")
    lab.value_is("tau", 33)
    assert float(lab.box("tau").input_value()) == 33


def test_undo_and_redo_by_keyboard(lab):
    first = lab.values["tau"]
    lab.type("tau", "33")
    lab.slider("V_th").focus()
    lab.wait("reach.header().can_undo")
    lab.page.keyboard.press("Control+z")
    lab.value_is("tau", first)
    lab.page.keyboard.press("Control+Shift+z")
    lab.value_is("tau", 33)
    lab.page.keyboard.press("Control+z")
    lab.value_is("tau", first)
    lab.page.keyboard.press("Control+y")
    lab.value_is("tau", 33)


def test_a_drag_is_undone_in_one_step(lab):
    first = lab.values["tau"]
    box = lab.slider("tau").bounding_box()
    y = box["y"] + box["height"] / 2
    lab.page.mouse.move(box["x"] + 0.2 * box["width"], y)
    lab.page.mouse.down()
    for step in range(20):
        lab.page.mouse.move(box["x"] + (0.2 + 0.02 * step) * box["width"], y)
        if step == 10:
            lab.page.wait_for_timeout(1000)  # a hand may rest
    lab.page.mouse.up()
    lab.wait_idle()
    lab.wait(f"reach.values().tau !== {first} && reach.header().can_undo")
    lab.press("Undo")
    lab.value_is("tau", first)
    assert lab.header["can_undo"] is False


def test_a_slider_that_was_undone_goes_on_from_where_it_is(lab):
    """Widgets that hold a throttled value went stale here once."""
    lab.type("tau", "33")
    lab.wait("reach.header().can_undo")
    lab.press("Undo")
    lab.wait("reach.values().tau !== 33")
    lab.wait_idle()
    first = lab.values["tau"]
    lab.slider("tau").focus()
    lab.page.keyboard.press("ArrowRight")
    lab.wait(f"reach.values().tau > {first}")
    assert lab.values["tau"] < first * 1.2


# -- presets and models


def test_the_plots_show_the_whole_of_a_run_that_is_shorter_or_longer_than_the_last(lab):
    for preset in ("Steady firing", "Locked to a rhythm"):  # 300 ms, then 1000 ms
        lab.pick("Preset", preset)
        duration = next(p for p in presets().values() if p.label == preset).experiment["duration"]
        lab.wait(f"String(reach.ranges('Membrane')) === '0,{duration:g}'", timeout=30_000)


def test_every_preset_can_be_taken_and_is_named(lab):
    for preset in presets().values():
        lab.pick("Preset", preset.label)
        lab.wait(f"reach.header().preset === '{preset.id}'", timeout=30_000)
        lab.wait_idle()
        wanted = {path: preset.experiment[path] for path in preset.experiment}
        lab.wait(
            "Object.entries(" + json.dumps(wanted) + ").every(([path, value]) => "
            "value === reach.values()[path] || Math.abs(value - reach.values()[path]) < 1e-6)"
        )
        assert lab.header["model"] == preset.experiment.model.__name__
        assert int(lab.numbers["count"].replace(",", "")) > 0, preset.id
        assert lab.errors == {}
    lab.type("duration", "333")
    lab.wait("reach.header().preset === ''")


def test_every_model_can_be_picked_and_the_first_one_again(lab):
    first = lab.values
    shipped = [name for name, cls in catalog.neurons().items() if cls.__module__ == "engine"]
    names = [name for name in shipped if name != "LIF"]
    for before, name in pairwise(["LIF", *names, "LIF"]):
        equation = lab.look("reach.find('.equation').textContent")
        lab.pick("Model", name)
        lab.wait(f"reach.header().model === '{name}'", timeout=30_000)
        lab.wait_idle()
        groups = NeuronLab.groups(Experiment(catalog.neuron(name)))
        wanted = [control["path"] for group in groups for control in group["controls"]]
        assert [row["path"] for row in lab.look("reach.rows()")] == wanted
        assert int(lab.numbers["count"].replace(",", "")) > 0, name
        differs = catalog.neuron(name).equation != catalog.neuron(before).equation
        assert (lab.look("reach.find('.equation').textContent") != equation) is differs
        assert lab.errors == {}
    assert lab.values == first
    lab.wait("location.search === ''")


def test_values_that_mean_the_same_are_kept_when_the_model_changes(lab):
    lab.type("stimulus.amplitude", "2.5")
    lab.pick("Model", "LIFRef")
    lab.wait("reach.header().model === 'LIFRef'")
    lab.wait_idle()
    assert lab.values["stimulus.amplitude"] == 2.5
