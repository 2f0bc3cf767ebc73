"""What all tests share: the processor, a fixed set of random examples, and the browser."""

import contextlib
import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

os.environ["JAX_PLATFORMS"] = "cpu"  # before anything imports jax

# A run of the suite is the same every time: a failure can be looked into.
settings.register_profile(
    "fixed",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("fixed")

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


@pytest.fixture(scope="session")
def _compiled_programs():
    """Names of what XLA has compiled in this process, as it goes on."""
    import jax

    names = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda name, seconds, **_: names.append(name) if "backend_compile" in name else None
    )
    return names


@pytest.fixture
def compilations(_compiled_programs):
    """Count what XLA compiles inside ``with compilations() as names``."""

    @contextlib.contextmanager
    def count():
        before, names = len(_compiled_programs), []
        yield names
        names += _compiled_programs[before:]

    return count


@pytest.fixture
def own_classes():
    """Take the models that a test writes itself out of the catalogue again."""
    from engine import Neuron, Synapse
    from engine.specs import subclasses

    def known():
        return {*subclasses(Neuron), *subclasses(Synapse)}

    before = known()
    yield
    for cls in known() - before:
        cls.__name__ = f"_{cls.__name__}"
