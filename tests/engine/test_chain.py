"""Chains: each group to the next, whatever the sizes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ParameterError
from engine.connectivity import Chain


@given(st.integers(1, 12), st.integers(0, 60))
def test_every_neuron_reaches_all_of_the_next_group_and_nobody_else(groups, more):
    n = groups + more
    group = np.arange(n) * groups // n
    found = Chain(groups=groups).draw(n, n, recurrent=True).dense()
    np.testing.assert_array_equal(found, group[:, None] + 1 == group)


@given(st.integers(1, 8), st.integers(1, 30), st.integers(1, 40))
def test_another_population_reaches_the_first_group(groups, n_pre, more):
    n_post = groups + more
    group = np.arange(n_post) * groups // n_post
    found = Chain(groups=groups).draw(n_pre, n_post).dense()
    np.testing.assert_array_equal(found, np.broadcast_to(group == 0, (n_pre, n_post)))


def test_more_groups_than_neurons_are_refused():
    with pytest.raises(ParameterError, match=r"groups must be at most 5"):
        Chain(groups=6).draw(5, 5, recurrent=True)
