"""What the engine's tests share: the clock, a compile counter, and fixed random examples."""

import contextlib

import brainstate
import jax
import pytest
import saiunit as u
from hypothesis import HealthCheck, settings

# A run of the suite is the same every time: a failure can be looked into.
settings.register_profile(
    "engine",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("engine")  # the same as that of the other folders

_compilations = []
jax.monitoring.register_event_duration_secs_listener(
    lambda name, seconds, **_: _compilations.append(name) if "backend_compile" in name else None
)


@pytest.fixture
def clock():
    """A time step of 0.1 ms for the length of the test."""
    with brainstate.environ.context(dt=0.1 * u.ms):
        yield 0.1 * u.ms


@pytest.fixture
def compilations():
    """Count what XLA compiles inside ``with compilations() as names``."""

    @contextlib.contextmanager
    def count():
        before, names = len(_compilations), []
        yield names
        names += _compilations[before:]

    return count
