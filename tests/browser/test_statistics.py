"""The figure of the insight column: chosen, followed by the run, explained."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.browser

FIGURE = "[...Bokeh.documents[0].all_models].filter(m => m.type === 'Figure' && m.visible)"
NUMBERS = "reach.all('.figure-numbers .number').map(n => n.dataset.id + n.innerText).join()"


def choose(lab, label, axis):
    lab.page.get_by_label("figure", exact=True).select_option(label=label)
    lab.wait(f"{FIGURE}.some(f => f.below[0].axis_label === '{axis}')", timeout=30_000)


def test_a_statistic_is_chosen_and_follows_the_slider(visit):
    lab = visit("n=20")
    assert lab.look(NUMBERS) == ""
    choose(lab, "Intervals", "interval (ms)")
    lab.wait("reach.all('.figure-numbers .number').length === 4")
    before = lab.look(NUMBERS)
    lab.slider("tau").focus()
    lab.page.keyboard.press("PageUp")
    lab.wait(f"{NUMBERS} !== {before!r}")
    lab.wait_idle()
    choose(lab, "Power spectrum", "frequency (Hz)")
    lab.wait(f"{NUMBERS}.startsWith('peak')")
    choose(lab, "Surrogate and its slope", "distance to the threshold")
    lab.wait(f"{NUMBERS} === ''")


@pytest.mark.parametrize(
    ("size", "theme"),
    [({"width": 390, "height": 844}, "light"), ({"width": 1440, "height": 900}, "dark")],
    ids=["phone-light", "desk-dark"],
)
def test_how_it_is_computed_opens_by_the_keyboard_and_axe_finds_no_violation(visit, size, theme):
    lab = visit("n=20", viewport=size, color_scheme=theme)
    choose(lab, "Synchrony", "lag (ms)")
    how = lab.page.get_by_text("How is this computed?")
    how.focus()
    lab.page.keyboard.press("Enter")
    lab.page.locator(".method math").first.wait_for()
    headings = lab.page.locator(".method h3").all_inner_texts()
    assert headings == ["Cross-correlogram", "χ", "ISI-distance"]
    width = lab.look("document.documentElement.scrollWidth")
    assert width <= size["width"]
    found = Axe().run(lab.page)
    assert found.violations_count == 0, found.generate_report()
