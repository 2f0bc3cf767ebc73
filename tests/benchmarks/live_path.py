"""From a slider's event to painted pixels, in a real browser on a real server."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.benchmarks.report import Figure, percentile
from tests.serving import CHROMIUM_FLAGS, served

SCRIPT = Path(__file__).with_name("live.js")
WARM_STEPS, STEPS, DRAG_SECONDS = 40, 120, 10


NETWORK_STEPS = 60


def figures() -> list[Figure]:
    """Measure the neuron lab and the network lab at 1440 x 900 with all their plots."""
    chromium = os.environ.get("SPIKESCOPE_CHROMIUM") or shutil.which("chromium")
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        try:
            neuron = _opened(browser, address, "tau", "Membrane potential")
            found = [*_steps(neuron), *_drag(neuron)]
            neuron.close()
            network = _opened(browser, f"{address}network", "EE.weight", "Spikes")
            return [*found, *_network_steps(network)]
        finally:
            browser.close()


def _opened(browser: Browser, address: str, slider: str, plot: str) -> Page:
    """Open a lab; the slider is to be moved, and the plot to answer."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.add_init_script(path=SCRIPT)
    page.goto(address)
    page.wait_for_function(f"live.ready('{slider}')", timeout=60_000)
    page.wait_for_function(f"live.shows('{plot} of')", timeout=60_000)  # named by its first run
    page.wait_for_timeout(3000)
    page.evaluate(f"live.hook('{plot}')")
    return page


def _network_steps(page: Page) -> list[Figure]:
    """Move a weight of the network of 1,000 neurons around its published value."""
    painted = []
    for k in range(NETWORK_STEPS):
        step = page.evaluate(f"live.step({4.0 + 0.4 * (k % 10)})")
        painted.append(step["ms"])
    ours = percentile(painted[NETWORK_STEPS // 4 :], 0.95)
    what = "network of 1,000 neurons x 1 s: slider event to painted raster, p95"
    return [Figure(what, f"{ours:.0f} ms", "<= 250 ms", ours <= 250)]


def _steps(page: Page) -> list[Figure]:
    for k in range(WARM_STEPS):
        page.evaluate(f"live.step({0.9 + 0.005 * k})")
    empty, painted, sizes = [], [], []
    for k in range(STEPS):
        empty.append(page.evaluate("live.empty()"))
        step = page.evaluate(f"live.step({0.6 + 0.8 * k / STEPS})")
        painted.append(step["ms"])
        sizes.append(step["bytes"])
    ours, theirs = percentile(painted, 0.95), percentile(empty, 0.95)
    return [
        Figure(
            "slider event to painted page, p95 / p95 of an empty round trip",
            f"{ours / theirs:.2f} ({ours:.0f} / {theirs:.0f} ms)",
            "<= 2.5",
            ours <= 2.5 * theirs,
        ),
        Figure("slider event to painted page, p95", f"{ours:.0f} ms", "<= 60 ms", ours <= 60),
        Figure(
            "bytes a slider step", f"{max(sizes) / 1e3:.0f} kB", "<= 150 kB", max(sizes) <= 150e3
        ),
    ]


def _drag(page: Page) -> list[Figure]:
    drag = page.evaluate(f"live.drag(60, {DRAG_SECONDS}, 0.6, 1.4)")
    return [
        Figure(
            f"painted frames a second, drag at 60 Hz for {DRAG_SECONDS} s",
            f"{drag['fps']:.1f}",
            ">= 20",
            drag["fps"] >= 20,
        ),
        Figure(
            "last value on the screen after release",
            f"{drag['settle']:.0f} ms",
            "<= 150 ms",
            drag["settle"] <= 150,
        ),
        Figure(
            "messages unacknowledged at once, at most",
            f"{drag['outstanding']}",
            "1",
            drag["outstanding"] <= 1,
        ),
    ]
