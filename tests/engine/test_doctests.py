"""The examples in the engine's docstrings are run as they stand."""

import doctest
import importlib
import pkgutil

import pytest

import engine
from engine import LIF, Recording, simulate

NAMES = ["engine", *(m.name for m in pkgutil.walk_packages(engine.__path__, "engine."))]


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_a_module_run(name):
    result = doctest.testmod(importlib.import_module(name), raise_on_error=False)
    assert result.failed == 0


def test_the_examples_of_models_and_functions_are_among_those_that_run():
    found = {
        test.name
        for name in NAMES
        for test in doctest.DocTestFinder().find(importlib.import_module(name))
        if test.examples
    }
    for thing in (LIF, simulate, Recording):
        assert f"{thing.__module__}.{thing.__qualname__}" in found
