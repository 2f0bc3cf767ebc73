"""The header by itself: presets under their headings, from the keyboard too."""

import panel as pn
import pytest

from explorer.components import HeaderBar
from explorer.presets import presets
from explorer.server import free_port

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def bar():
    """A header with every preset, and the messages that it sent."""
    heard = []
    header = HeaderBar(presets=[{"id": "plain", "label": "Plain", "hint": "No group."}])
    header.presets += [preset.option for preset in presets().values()]
    header._handle_msg = heard.append
    header.heard = heard
    port = free_port(7300)
    server = pn.serve({"/": header}, port=port, show=False, threaded=True)
    yield header, f"http://localhost:{port}/"
    server.stop()


@pytest.fixture
def menu(bar, browser):
    """The menu of presets, on a small screen."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(bar[1])
    yield page.get_by_label("Preset", exact=True)
    page.close()


def test_presets_stand_under_the_headings_of_their_groups(menu):
    found = menu.evaluate(
        "s => [...s.querySelectorAll('optgroup')].map("
        "g => [g.label, [...g.children].map(o => o.textContent)])"
    )
    groups = {}
    for preset in presets().values():
        groups.setdefault(preset.group, []).append(preset.label)
    assert [tuple(entry) for entry in found] == list(groups.items())
    alone = menu.evaluate("s => [...s.children].filter(o => o.tagName === 'OPTION').length")
    assert alone == 2, "no preset, and the one without a group"


def test_a_preset_in_a_group_is_taken_by_its_label_and_from_the_keyboard(bar, menu):
    heard = bar[0].heard
    menu.select_option(label="Chattering (CH)")
    menu.page.wait_for_timeout(300)
    assert heard[-1] == {"type": "preset", "id": "chattering"}
    menu.focus()
    menu.page.keyboard.press("ArrowDown")
    menu.page.keyboard.press("Enter")
    menu.page.wait_for_timeout(300)
    assert heard[-1] == {"type": "preset", "id": "fast-spiking"}


def test_the_menu_stays_on_a_small_screen(menu):
    box = menu.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["height"] >= 44
