"""The synapse lab and the gallery as a user meets them."""

import pytest

from engine.synapse_experiment import kernels
from explorer.gallery import kinds
from explorer.presets import presets

pytestmark = pytest.mark.browser

SPIKES, CONDUCTANCE, POTENTIAL = "presynaptic", "Conductance", "Postsynaptic potential"


@pytest.fixture
def bench(visit):
    return visit(at="synapse")


def drawn(lab, title, role):
    return lab.look(f"reach.data('{title}', '{role}')")


def test_a_spike_train_is_answered_at_once(bench):
    assert max(drawn(bench, CONDUCTANCE, "population-0")["y"]) > 0
    assert bench.look(f"reach.inked('{POTENTIAL}', 'population-0')") > 200
    assert "ms run" in bench.text
    assert float(bench.numbers["amplitude"]) > 0


def test_the_tabs_lead_from_page_to_page(bench):
    bench.page.get_by_role("link", name="Neuron lab").click()
    bench.wait_ready()
    assert "tau" in bench.values
    bench.page.get_by_role("link", name="Models").click()
    bench.page.locator(".card").first.wait_for()
    bench.page.get_by_role("link", name="Synapse lab").click()
    bench.wait_ready()
    assert "g_max" in bench.values


def test_dragging_a_slider_changes_the_conductance_and_the_address(bench):
    before = max(drawn(bench, CONDUCTANCE, "population-0")["y"])
    box = bench.slider("g_max").bounding_box()
    bench.page.mouse.move(box["x"] + 10, box["y"] + box["height"] / 2)
    bench.page.mouse.down()
    for share in (0.3, 0.5, 0.7):
        bench.page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    bench.page.mouse.up()
    bench.wait_idle()
    assert max(drawn(bench, CONDUCTANCE, "population-0")["y"]) > 3 * before
    bench.wait("location.search.includes('g_max=')")


def test_a_second_synapse_joins_in_its_own_colour_and_survives_a_reload(bench):
    bench.row("B.synapse").locator("select").select_option(label="BioNMDA")
    bench.wait(f"reach.data('{CONDUCTANCE}', 'population-1').x.length > 100")
    bench.wait_idle()
    assert "B.g_max" in bench.values
    bench.wait(f"reach.inked('{CONDUCTANCE}', 'population-1') > 100")
    bench.wait("location.search.includes('B.synapse=BioNMDA')")
    bench.page.reload()
    bench.wait_ready()
    assert bench.values["B.synapse"] == "BioNMDA"


def test_short_term_plasticity_brings_its_plot_and_takes_it_away(bench):
    assert not bench.look("reach.titles().some(t => t.startsWith('Resources'))")
    bench.row("plasticity").locator("select").select_option(label="STP")
    bench.wait("reach.titles().some(t => t.startsWith('Resources'))")
    bench.wait("reach.inked('Resources', 'population-0') > 100")
    bench.row("plasticity").locator("select").select_option(label="none")
    bench.wait("reach.heights().length === 4")


def test_spikes_are_drawn_with_the_pointer_and_undone(bench):
    bench.row("train").locator("select").select_option(label="Drawn train")
    bench.wait("reach.titles().some(t => t.startsWith('0 presynaptic'))")
    bench.wait_idle()
    frame = bench.look("reach.frame('0 presynaptic')")
    for share in (0.2, 0.5):
        x, y = frame["x"] + share * frame["width"], frame["y"] + frame["height"] / 2
        bench.page.mouse.click(x, y)
        bench.wait_idle()
        bench.page.wait_for_timeout(400)  # Bokeh waits whether it becomes a double click
    bench.wait("reach.titles().some(t => t.startsWith('2 presynaptic'))")
    times = [float(t) for t in bench.values["train.times"].split()]
    assert times == pytest.approx([200, 500], abs=5)
    bench.page.keyboard.press("Control+z")
    bench.wait("reach.titles().some(t => t.startsWith('1 presynaptic'))")


def test_typed_spike_times_are_taken_or_refused_in_place(bench):
    bench.row("train").locator("select").select_option(label="Drawn train")
    bench.box("train.times").wait_for()
    bench.box("train.times").fill("40 80 0.2 s")
    bench.box("train.times").press("Enter")
    bench.wait("reach.titles().some(t => t.startsWith('3 presynaptic'))")
    bench.box("train.times").fill("soon")
    bench.box("train.times").press("Enter")
    bench.row("train.times").locator(".problem:not(:empty)").wait_for()
    assert "soon" in bench.errors["train.times"]
    assert bench.box("train.times").input_value() == "soon"


def test_every_synapse_can_be_picked_and_every_preset_taken(bench):
    shipped = [name for name, cls in kernels().items() if cls.__module__ == "engine"]
    for name in [*shipped, "AMPA"]:
        bench.pick("Model", name)
        bench.wait(f"reach.header().model === '{name}'", timeout=30_000)
        bench.wait_idle()
        assert bench.errors == {}
    for preset in presets("synapse").values():
        bench.pick("Preset", preset.label)
        bench.wait(f"reach.header().preset === '{preset.id}'", timeout=30_000)
        bench.wait_idle()
        assert bench.errors == {}
        assert max(drawn(bench, CONDUCTANCE, "population-0")["y"]) > 0


def test_the_plots_of_the_synapse_lab_can_be_read_on_a_phone(visit):
    query = "plasticity=STP&B.synapse=BioNMDA"
    lab = visit(query, at="synapse", viewport={"width": 390, "height": 844})
    heights = lab.look("reach.heights()")
    assert len(heights) == 4
    assert min(heights) >= 20


# -- the gallery -------------------------------------------------------------------------------


@pytest.fixture
def gallery(visit):
    lab = visit(at="gallery", ready=False)
    lab.page.locator(".card.drawn").first.wait_for(timeout=60_000)
    return lab


def test_the_gallery_shows_every_model_with_equation_symbols_and_source(gallery):
    found = [(kind.id, *entry) for kind in kinds() for entry in kind.models().items()]
    shipped = [entry for entry in found if entry[2].__module__.startswith("engine")]
    cards = gallery.page.locator(".card")
    titles = [getattr(cls, "title", name) for _, name, cls in shipped]
    assert cards.locator("h3").all_inner_texts() == titles
    for index, (kind, *_) in enumerate(shipped):
        card = cards.nth(index)
        assert (card.locator(".equation math").count() >= 1) is (kind != "network")
        assert card.locator("tr").count() >= 1
        assert card.locator(".source").count() >= 1
    symbols = cards.first.locator("details")
    assert not symbols.locator("table").is_visible()
    symbols.locator("summary").click()
    assert symbols.locator("table").is_visible()


def test_thumbnails_are_drawn_as_their_cards_come_into_sight(gallery):
    last = gallery.page.locator(".card").last
    assert last.locator("path").count() == 0
    last.scroll_into_view_if_needed()
    last.locator("path").first.wait_for(state="attached", timeout=60_000)


def test_a_search_leaves_what_fits(gallery):
    gallery.page.get_by_label("Search models").fill("bursting izhikevich")
    status = gallery.page.locator(".found")
    gallery.page.get_by_label("Search models").fill("hodgkin")
    names = [n for n in gallery.page.locator(".card:not([hidden]) h3").all_inner_texts() if n]
    assert "HH" in names
    assert "LIF" not in names
    assert status.inner_text() == f"{len(names)} model{'s' if len(names) != 1 else ''}"
    gallery.page.get_by_label("Search models").press("Escape")
    assert gallery.page.locator(".card:not([hidden])").count() > 30


def test_one_click_opens_the_model_in_its_lab(gallery):
    gallery.page.get_by_role("link", name="Open Izhikevich in its lab").click()
    gallery.wait_ready()
    assert gallery.header["model"] == "Izhikevich"
    gallery.page.go_back()
    gallery.page.get_by_role("link", name="Open STD in its lab").click()
    gallery.wait_ready()
    assert gallery.values["plasticity"] == "STD"
    assert gallery.errors == {}
