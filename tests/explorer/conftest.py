"""What the explorer's tests share: a fixed set of random examples, and a count of compilations."""

import contextlib

import jax
import pytest
from hypothesis import HealthCheck, settings

# A run of the suite is the same every time: a failure can be looked into.
settings.register_profile(
    "explorer",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("explorer")

_compilations = []
jax.monitoring.register_event_duration_secs_listener(
    lambda name, seconds, **_: _compilations.append(name) if "backend_compile" in name else None
)


@pytest.fixture
def compilations():
    """Count what XLA compiles inside ``with compilations() as names``."""

    @contextlib.contextmanager
    def count():
        before, names = len(_compilations), []
        yield names
        names += _compilations[before:]

    return count
