"""What all tests share: the processor, a fixed set of random examples, and the browser."""

import contextlib
import os
import shutil
from pathlib import Path

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

ONE_OF_EACH_KIND = {"LIF", "AdExIFRef", "HH", "Izhikevich", "CobaLIF"}
"""Neuron models with which the tests below are always run; with the others only where all are."""

SAMPLED = {
    "test_every_control_changes_the_plots_and_is_acknowledged",
    "test_gradients_through_100_steps_agree_with_the_reference",
    "test_it_stays_finite_and_plausible_wherever_the_sliders_stand",
    "test_what_is_written_is_read_again",
    "test_what_is_set_is_read_again_and_without_undoes_it",
    "test_a_slider_at_either_of_its_ends_makes_no_neuron_run_away",
    "test_each_state_has_its_declared_unit_and_shape",
    "test_a_gradient_passes_through_every_surrogate",
}
"""Tests that would take a minute or more with every model."""

HERE = Path(__file__).parent
UNKNOWN = pytest.StashKey()


@pytest.hookimpl(tryfirst=True)  # before -k and -m leave tests out
def pytest_collection_modifyitems(config, items):
    """Mark as slow what is one model too many for every run of the tests."""
    narrowed = config.getoption("ignore", None) or config.getoption("lf", None)
    asked = {(config.invocation_params.dir / path).resolve() for path in config.args}
    if not narrowed and asked & {HERE, HERE.parent}:
        named = {getattr(i, "originalname", "") for i in items if hasattr(i, "callspec")}
        config.stash[UNKNOWN] = frozenset(SAMPLED - named)
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec is None or item.originalname not in SAMPLED:
            continue
        named = {str(getattr(v, "__name__", v)) for v in callspec.params.values()}
        if not named & ONE_OF_EACH_KIND:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def unknown_sampled(request):
    """Names of `SAMPLED` that are those of no test, where all tests were collected."""
    return request.config.stash.get(UNKNOWN, frozenset())


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
