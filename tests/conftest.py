"""What all tests share: the processor they run on, and the browser."""

import os
import shutil

import pytest

os.environ["JAX_PLATFORMS"] = "cpu"  # before anything imports jax

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def pytest_runtest_setup(item):
    """Leave out browser tests where that was asked for, but not in continuous integration."""
    if item.get_closest_marker("browser") is None or os.environ.get("SPIKESCOPE_NO_BROWSER") != "1":
        return
    if os.environ.get("CI") == "true":
        pytest.fail("SPIKESCOPE_NO_BROWSER=1 must not be set where CI=true", pytrace=False)
    pytest.skip("SPIKESCOPE_NO_BROWSER=1 leaves out the tests that drive a browser")


@pytest.fixture(scope="session")
def chromium_path():
    """Path of the Chromium that the browser tests drive: SPIKESCOPE_CHROMIUM, or found on PATH."""
    given = os.environ.get("SPIKESCOPE_CHROMIUM")
    found = shutil.which(given) if given else next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.fail(
            f"there is no browser at SPIKESCOPE_CHROMIUM={given}"
            if given
            else "no Chromium on PATH; set SPIKESCOPE_CHROMIUM to one, "
            "or SPIKESCOPE_NO_BROWSER=1 to leave these tests out",
            pytrace=False,
        )
    return found
