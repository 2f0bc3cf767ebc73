"""The network lab as a user meets it."""

import pytest

pytestmark = pytest.mark.browser

SPIKES, POTENTIAL = "Spikes", "Membrane potential"
SMALL = "E.n=80&I.n=20&EE.connectivity.p=0.3&IE.connectivity.p=0.3&duration=300"


@pytest.fixture
def bench(visit):
    return visit(SMALL, at="network")


def node(lab, name):
    return lab.page.locator(f'.node[data-id="{name}"]')


def nodes(lab):
    return lab.look("reach.all('.node').map(n => n.dataset.id)")


def test_a_network_fires_in_the_colours_of_its_populations(visit):
    lab = visit(at="network")
    assert lab.numbers["state"] == "AI"
    assert nodes(lab) == ["E", "I"]
    for role in ("population-0", "population-1"):
        assert lab.look(f"reach.inked('{POTENTIAL}', '{role}')") > 100
        assert lab.look(f"reach.inked('{SPIKES}', '{role}')") > 20
    assert lab.header["preset"] == "CobaNetwork"
    assert lab.query == ""


def test_dragging_a_weight_changes_the_spikes_and_the_address(bench):
    before = float(bench.numbers["rate E"])
    box = bench.slider("EE.weight").bounding_box()
    bench.page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + box["height"] / 2)
    bench.page.mouse.down()
    for share in (0.5, 0.3, 0.1):
        bench.page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    bench.page.mouse.up()
    bench.wait_idle()
    assert float(bench.numbers["rate E"]) != before
    bench.wait("location.search.includes('EE.weight=-')")


def test_what_is_selected_in_the_graph_has_its_controls_below_it(bench):
    node(bench, "E").click()
    bench.wait("'E.tau' in reach.values()")
    bench.type("E.tau", "10")
    assert bench.values["E.tau"] == 10.0
    bench.page.locator('.edge[data-id="IE"]').first.focus()
    bench.page.keyboard.press("Enter")
    bench.wait("'IE.connectivity.p' in reach.values()")
    bench.row("IE.weight").get_by_role("button", name="spread of weight").click()
    bench.wait("'IE.weight.spread' in reach.values()")
    bench.wait_idle()
    assert bench.errors == {}


def test_a_population_is_added_connected_undone_and_survives_a_reload(bench):
    node(bench, "I").click()
    bench.page.get_by_text("Population", exact=True).first.click()
    bench.wait("reach.all('.node').length === 3")
    bench.wait_idle()
    bench.wait("location.search.includes('I2:exc,inh')")
    bench.page.reload()
    bench.wait_ready()
    assert nodes(bench) == ["E", "I", "I2"]
    assert bench.values["duration"] == 300.0
    node(bench, "E").click()
    node(bench, "E").press("Delete")
    bench.wait("reach.all('.node').length === 2")
    bench.page.keyboard.press("Control+z")
    bench.wait("reach.all('.node').length === 3")


def test_a_published_network_is_one_choice_away_and_has_a_short_link(bench):
    bench.pick("Preset", "Brunel SR: synchronous regular")
    bench.wait("location.search === '?from=BrunelSynchronousRegular'", timeout=30_000)
    bench.wait("reach.idle() && reach.numbers().state === 'SR'", timeout=60_000)
    assert float(bench.numbers["rate E"]) > 150


def test_the_insight_column_shows_the_connections(bench):
    bench.page.get_by_label("figure", exact=True).select_option(label="Connections")
    labels = "[...Bokeh.documents[0].all_models].filter(m => m.type === 'Figure' && m.visible)"
    bench.wait(f"{labels}.some(f => f.below[0].axis_label === 'to')")
    assert not bench.look(f"{labels}.some(f => f.below[0].axis_label === 'frequency (Hz)')")


def test_a_long_run_waits_for_a_word_shows_its_progress_and_can_be_cancelled(bench):
    bench.type("duration", "120000")
    bench.page.get_by_role("button", name="Run", exact=True).click()
    bench.page.get_by_role("progressbar").wait_for()
    bench.press("Cancel")
    bench.page.get_by_text("The run was stopped").wait_for()
    bench.type("duration", "300")
    bench.wait("reach.idle()")
    assert bench.page.get_by_role("progressbar").count() == 0
