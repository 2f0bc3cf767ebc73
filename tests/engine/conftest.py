"""What the engine's tests share: the clock."""

import brainstate
import pytest
import saiunit as u


@pytest.fixture
def clock():
    """A time step of 0.1 ms for the length of the test."""
    with brainstate.environ.context(dt=0.1 * u.ms):
        yield 0.1 * u.ms
