"""The line through all plots: what it reads is what was simulated."""

import pytest

from tests.browser.page import VOLTAGE

pytestmark = pytest.mark.browser

SPIKES = (
    "[...new Set(Array.from(reach.data('Membrane potential', 'spike').x).filter(Number.isFinite))]"
)


def readings(lab):
    return lab.page.locator(".cursor-reading:visible").all_inner_texts()


def test_the_pointer_reads_every_plot_at_its_time_and_a_click_holds_the_line_at_a_spike(visit):
    lab = visit("n=5&noise=None")
    box = lab.look(f"reach.frame('{VOLTAGE}')")
    lab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    lab.wait("document.querySelectorAll('.cursor-line:not([hidden])').length === 4")
    words = "\n".join(readings(lab))
    for unit in (" ms", " mA", " mV", " Hz"):
        assert unit in words
    spike = lab.look(SPIKES)[3]
    lab.page.mouse.click(box["x"] + box["width"] * spike / 1000 + 1, box["y"] + box["height"] * 0.6)
    lab.wait("document.querySelector('.cursor-line')?.hasAttribute('data-held')")
    lab.page.mouse.move(5, 400)
    assert f"{spike:.4g} ms" in readings(lab)[0]
    assert "after the last" in readings(lab)[1]


def test_the_keys_go_from_spike_to_spike_and_say_what_is_there(visit):
    lab = visit("n=5&noise=None")
    spikes = lab.look(SPIKES)
    lab.page.locator("#plots").focus()
    spoken = lab.page.locator(".cursor-spoken")
    for each in spikes[:3]:
        lab.page.keyboard.press(".")
        assert spoken.inner_text().startswith(f"{each:.4g} ms; spike")
    lab.page.keyboard.press(",")
    assert spoken.inner_text().startswith(f"{spikes[1]:.4g} ms; spike, ")
    assert "Membrane potential of neuron 0" in spoken.inner_text()
    lab.page.keyboard.press("Escape")
    lab.wait("document.querySelectorAll('.cursor-line:not([hidden])').length === 0")


def test_the_line_keeps_its_time_while_a_slider_moves_what_it_reads(visit):
    lab = visit("n=5&noise=None&stimulus.amplitude=0.5")
    box = lab.look(f"reach.frame('{VOLTAGE}')")
    lab.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    lab.wait("document.querySelector('.cursor-line')?.hasAttribute('data-held')")
    before = readings(lab)
    lab.type("V_rest", "0.2")
    lab.wait(f"!document.querySelectorAll('.cursor-reading')[1].innerText.includes({before[1]!r})")
    assert readings(lab)[0] == before[0]
