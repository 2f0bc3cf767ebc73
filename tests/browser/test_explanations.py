"""Explanations in place: the equation lives with the rail, and every plot says what it is."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.browser

LIT = "reach.all('.lit').map(n => n.dataset.path)"
EQUATION = "reach.find('.equation').textContent"


def test_rows_symbols_numbers_and_words_of_the_plots_belong_together(visit):
    lab = visit("n=5&noise=NoNoise&V_rest=-0.5")
    # a row lights its symbols, and a symbol its row
    symbols = lab.look(EQUATION)
    lab.slider("tau").focus()
    lab.wait(f"{LIT}.join() === 'tau'")
    lab.box("R").focus()
    lab.wait(f"{LIT}.join() === 'R'")
    lab.page.locator("#plots").focus()
    lab.wait(f"{LIT}.length === 0")
    lab.page.locator('.equation [data-path="V_rest"]').hover()
    lab.wait(f"{LIT}.join() === 'V_rest,V_rest'")
    # numbers in place of the symbols follow the thumb, and a source is told to screen readers too
    lab.page.get_by_role("button", name="with numbers").click()
    assert "−0.5mV" in lab.look(EQUATION).replace(" ", "")
    lab.type("V_rest", "-0.25")
    lab.wait(f"{EQUATION}.includes('−0.25')")
    tip = "reach.find('.row[data-path=V_rest] .tip')"
    assert "Gerstner" in lab.look(f"{tip}.textContent")
    described = "reach.find('.row[data-path=V_rest] input').getAttribute('aria-describedby')"
    assert lab.look(f"{described} === {tip}.id")
    lab.page.get_by_role("button", name="with numbers").click()
    assert lab.look(EQUATION) == symbols
    # every plot in sight says what it is, by the keyboard
    helps = lab.page.locator(".plot-help:visible")
    lab.wait("document.querySelectorAll('.plot-help:not([hidden])').length === 4")
    for index in range(4):
        box = helps.nth(index).bounding_box()
        assert min(box["width"], box["height"]) >= 24
    helps.nth(2).focus()
    lab.page.keyboard.press("Enter")
    words = lab.page.locator(".plot-words:popover-open")
    words.wait_for()
    assert "Every spike of every neuron" in words.inner_text()
    found = Axe().run(lab.page)
    assert found.violations_count == 0, found.generate_report()
    lab.page.keyboard.press("Escape")
    lab.wait("!document.querySelector('.plot-words:popover-open')")
    assert lab.look("document.activeElement.className") == "plot-help"
    assert not lab.look("document.querySelector('.cursor-line[data-held]')")
