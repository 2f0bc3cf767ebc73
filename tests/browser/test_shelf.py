"""Kept runs on the page: two traces and a table, a flip by a key, a shelf that is remembered."""

import pytest

from tests.browser.test_layout import no_violations

pytestmark = pytest.mark.browser

GHOST = "reach.data('Membrane potential', 'kept-0')"
SUM = "reach.data('Membrane potential', 'trace').y.reduce((a, b) => a + b)"
"""A number that tells one drawn trace from another."""


def names(lab):
    return lab.look("reach.all('.run .name').map(field => field.value)")


def test_soft_and_hard_reset_are_compared_in_one_click(visit):
    lab = visit("V_reset=-1")
    before, trace = lab.look(SUM), lab.trace()
    lab.press("Compare soft and hard reset")
    lab.wait(f"{SUM} !== {before}", timeout=30_000)  # another reset may have to be compiled
    assert lab.look(GHOST) == trace
    lab.wait("reach.find('.shelf tbody tr').textContent === 'resethardsoft'")
    lab.wait("reach.inked('Membrane potential', 'kept-0') > 50")
    assert names(lab) == ["soft reset"]
    lab.wait("location.search.includes('keep=soft+reset')")
    no_violations(lab)


def test_a_key_flips_to_the_kept_run_and_back(visit):
    lab = visit()
    kept = lab.look(SUM)
    lab.slider("tau").focus()
    lab.page.keyboard.press("k")
    lab.page.locator(".run").wait_for()
    lab.type("tau", "20")
    lab.wait(f"{SUM} !== {kept}")
    present = lab.look(SUM)
    lab.slider("tau").focus()
    lab.page.keyboard.press("x")
    lab.wait(f"{SUM} === {kept} && reach.find('.run').classList.contains('front')")
    lab.value_is("tau", 5)
    lab.page.keyboard.press("x")
    lab.wait(f"{SUM} === {present} && !reach.find('.run').classList.contains('front')")
    lab.value_is("tau", 20)
    lab.press("History")
    lab.page.get_by_role("button", name="flip to LIF").wait_for()
    no_violations(lab)


def test_a_shelf_is_found_again_and_where_one_left_off_is_offered(visit):
    lab = visit("tau=20")
    lab.press("Keep this run")
    name = lab.page.get_by_label("Name of kept run tau 20 ms")
    name.fill("slow <b>one</b>")
    name.press("Enter")
    lab.page.get_by_role("button", name="Show slow <b>one</b> in the plots").click()
    lab.type("tau", "9")
    lab.wait("localStorage['spikescope.shelf.neuron']?.includes('slow')")
    lab.wait('localStorage[\'spikescope.last.neuron\'] === \'{"version":1,"query":"tau=9&v=1"}\'')
    lab.open()
    lab.wait_ready()
    lab.wait("reach.all('.run').length === 1")
    assert names(lab) == ["slow <b>one</b>"]
    assert lab.values["tau"] == 5
    lab.page.get_by_text("Continue where you left off (tau 9 ms)").wait_for()
    lab.press("Continue")
    lab.value_is("tau", 9)
    lab.wait("location.search === '?tau=9&v=1'")
    lab.look("localStorage.setItem('spikescope.shelf.neuron', '{\"version\": 1, \"runs\": [3')")
    lab.page.reload()
    lab.wait_ready()
    assert lab.values["tau"] == 9
    assert names(lab) == []
