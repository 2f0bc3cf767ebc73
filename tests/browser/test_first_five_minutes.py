"""A stranger's first five minutes, with nothing but what is in sight: no help text is opened.

"Make the neuron fire at 20 Hz, compare soft and hard reset, send the link."
"""

import pytest

from tests.browser.page import VOLTAGE

pytestmark = pytest.mark.browser

WANTED = 20.0
NEAR = 2.0
"""How close to 20 Hz is good enough, in Hz."""


def rate(lab):
    lab.wait_idle()
    return float(lab.numbers["rate"])


def test_fire_at_20_hz_compare_the_resets_and_send_the_link(visit):
    lab = visit(permissions=["clipboard-read", "clipboard-write"])

    drive = lab.page.get_by_role("slider", name="drive between start and stop", exact=True)
    drive.focus()
    for _ in range(30):
        if abs(rate(lab) - WANTED) <= NEAR:
            break
        drive.press("ArrowUp" if rate(lab) < WANTED else "ArrowDown")
    assert abs(rate(lab) - WANTED) <= NEAR

    lab.press("Compare soft and hard reset")
    lab.page.get_by_role("row", name="reset hard soft").wait_for(timeout=30_000)
    lab.wait(f"reach.inked('{VOLTAGE}', 'kept-0') > 20")

    lab.press("Copy link")
    lab.page.get_by_text("Link copied").wait_for()
    link = lab.look("navigator.clipboard.readText()")

    friend = visit(link.partition("?")[2])
    friend.page.get_by_role("row", name="reset hard soft").wait_for()
    assert friend.values == lab.values
    friend.wait(f"reach.numbers().rate === {lab.numbers['rate']!r}")
    friend.wait(f"reach.inked('{VOLTAGE}', 'kept-0') > 20")
