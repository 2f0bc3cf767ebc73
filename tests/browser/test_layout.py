"""Themes, sizes, and access without sight or mouse."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.page import RASTER, VOLTAGE

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
TABLET = {"width": 768, "height": 1024}
DESK = {"width": 1440, "height": 900}
SIZES = pytest.mark.parametrize("size", [PHONE, TABLET, DESK], ids=["phone", "tablet", "desk"])


def test_the_theme_changes_the_pixels_and_is_remembered(visit):
    lab = visit("n=10", color_scheme="light")
    light = lab.picture()
    inked = f"reach.inked('{VOLTAGE}', 'trace') > 200 && reach.inked('{RASTER}', 'raster') > 200"
    assert lab.look("document.documentElement.dataset.theme") == "light"
    lab.press("Switch to the dark theme")
    lab.wait(f"reach.digest('{VOLTAGE}') !== {light}")
    lab.wait(inked)
    lab.page.reload()
    lab.wait_ready()
    assert lab.look("document.documentElement.dataset.theme") == "dark"
    lab.wait(inked)
    dark = lab.picture()
    lab.press("Switch to the light theme")
    lab.wait(f"reach.digest('{VOLTAGE}') !== {dark}")
    lab.wait(inked)


def test_the_theme_follows_the_system_until_it_was_chosen(visit):
    lab = visit(color_scheme="dark")
    assert lab.look("document.documentElement.dataset.theme") == "dark"
    lab.page.emulate_media(color_scheme="light")
    lab.wait("document.documentElement.dataset.theme === 'light'")


@SIZES
@pytest.mark.parametrize("at", ["", "synapse", "network", "gallery"])
def test_nothing_has_to_be_scrolled_sideways(visit, size, at):
    lab = visit(viewport=size, at=at, ready=at != "gallery")
    if at == "gallery":
        lab.page.locator(".card").first.wait_for()
    width = lab.look("document.documentElement.scrollWidth")
    assert width <= size["width"]


def test_on_a_phone_the_plots_stay_above_the_controls(visit):
    lab = visit(viewport=PHONE)
    plots, rail = lab.page.locator("#plots"), lab.page.locator("#controls")
    assert (
        plots.bounding_box()["y"] + plots.bounding_box()["height"] <= rail.bounding_box()["y"] + 1
    )
    lab.row("seed").scroll_into_view_if_needed()
    assert lab.look("scrollY") > 200
    assert abs(plots.bounding_box()["y"]) < 1
    assert plots.bounding_box()["height"] < 0.6 * PHONE["height"]
    lab.type("seed", "3")
    assert lab.values["seed"] == 3


@pytest.mark.parametrize("size", [TABLET, DESK], ids=["tablet", "desk"])
def test_on_a_wider_screen_the_controls_stand_beside_the_plots(visit, size):
    lab = visit(viewport=size)
    plots = lab.page.locator("#plots").bounding_box()
    rail = lab.page.locator("#controls").bounding_box()
    assert rail["x"] + rail["width"] <= plots["x"] + 1
    assert plots["y"] + plots["height"] <= size["height"]
    assert plots["width"] > 400


@SIZES
def test_the_plots_are_large_enough_to_read(visit, size):
    lab = visit(viewport=size)
    heights = lab.look("reach.heights()")
    assert len(heights) >= 3
    assert min(heights) >= 25


THEMES = pytest.mark.parametrize("theme", ["light", "dark"])


@SIZES
@THEMES
def test_axe_finds_no_violation(visit, size, theme):
    lab = visit("tau=33", viewport=size, color_scheme=theme)
    lab.unfold()
    lab.type("V_th", "abc")
    lab.row("V_th").locator(".problem:not(:empty)").wait_for()
    no_violations(lab)


# the two themes, and the two layouts that differ most
LOOKS = pytest.mark.parametrize(
    ("size", "theme"),
    [(PHONE, "light"), (DESK, "light"), (DESK, "dark")],
    ids=["phone-light", "desk-light", "desk-dark"],
)


@LOOKS
def test_axe_finds_no_violation_in_the_synapse_lab(visit, size, theme):
    query = "plasticity=STP&B.synapse=BioNMDA&B.output=MgBlock&train=DrawnTrain&train.times=50,90"
    lab = visit(query, at="synapse", viewport=size, color_scheme=theme)
    lab.unfold()
    lab.box("train.times").fill("ten")
    lab.box("train.times").press("Enter")
    lab.row("train.times").locator(".problem:not(:empty)").wait_for()
    no_violations(lab)


@LOOKS
def test_axe_finds_no_violation_in_the_network_lab(visit, size, theme):
    lab = visit("E.n=80&I.n=20&duration=200", at="network", viewport=size, color_scheme=theme)
    lab.page.locator('.node[data-id="E"]').click()
    lab.wait("'E.tau' in reach.values()")
    lab.unfold()
    lab.type("E.tau", "abc")
    lab.row("E.tau").locator(".problem:not(:empty)").wait_for()
    no_violations(lab)


@LOOKS
def test_axe_finds_no_violation_in_the_gallery(visit, size, theme):
    lab = visit(at="gallery", viewport=size, color_scheme=theme, ready=False)
    lab.page.locator(".card.drawn").first.wait_for(timeout=60_000)
    lab.page.locator("details").first.locator("summary").click()
    no_violations(lab)


def no_violations(lab):
    results = Axe().run(lab.page)
    found = [
        (v["id"], v["help"], [n["target"] for n in v["nodes"]][:3])
        for v in results.response["violations"]
    ]
    assert found == []
    assert len(results.response["passes"]) > 15


def test_the_keyboard_reaches_the_controls_and_shows_where_it_is(lab):
    lab.page.keyboard.press("Tab")
    assert lab.look("document.activeElement.textContent") == "Skip to the controls"
    lab.page.keyboard.press("Enter")
    lab.page.keyboard.press("Tab")
    assert lab.look("reach.focused().closest('.rail') !== null")
    assert lab.look("getComputedStyle(reach.focused()).outlineStyle") != "none"


def test_a_control_says_what_it_is_when_it_is_focused(lab):
    lab.box("tau").press("Tab")
    lab.page.keyboard.press("Shift+Tab")
    tip = lab.row("tau").locator(".tip")
    tip.wait_for(state="visible")
    assert "Default" in tip.inner_text()
    lab.page.keyboard.press("Escape")
    tip.wait_for(state="hidden")
