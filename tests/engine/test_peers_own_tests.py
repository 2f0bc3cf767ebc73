"""The reference's own unit tests, run on our models in the place of its.

They are found in the installed package and loaded with its names led to `engine`; nothing of them
is copied here. What does not hold for us stands in `SKIPPED`, each with its reason.
"""

import contextlib
import importlib
import importlib.util
import inspect
import sys
import types
import unittest
import warnings
from pathlib import Path
from unittest import mock

import brainpy
import brainpy.state
import brainstate
import pytest
import saiunit as u

import engine

PATHS = sorted(
    {
        path
        for known in (brainpy.state.LIF.update, brainpy.state.Neuron.get_spike)
        for path in Path(known.__code__.co_filename).parent.glob("*_test.py")
    }
)
OURS = (
    "exponential",
    "hh",
    "inputs",
    "izhikevich",
    "lif",
    "readout",
    "reduced",
    "stp",
    "synapse",
    "synouts",
    "synaptic_projection",
    "delay",
    "_base",
    "_mixin",
)
"""Test files, without their ending, that are about the classes of this hierarchy."""
SLOW = ("hh_test", "inputs_test", "lif_test")
"""Files that take half a minute together."""

MODULE = "asks for the name of the reference's module"
PRIVATE = "tests a class that is private to the reference"
SKIPPED = {
    "delay_test::TestInputDelaySeam": PRIVATE,
    "_base_test::TestNeuronBaseClass::test_neuron_module_attribute": MODULE,
    "_base_test::TestSynapseBaseClass::test_synapse_module_attribute": MODULE,
    "_mixin_test::TestModuleExports": MODULE,
    "inputs_test::TestPoissonEncoder::test_construction": MODULE,
    "inputs_test::TestPoissonInputFunction::test_target_must_be_state": (
        "expects an AssertionError; a ParameterError here"
    ),
    "inputs_test::TestPoissonSpike::test_construction": MODULE,
    "inputs_test::TestSpikeTimeConstruction::test_module_attribute": MODULE,
    "inputs_test::TestSpikeTimeRounding::test_rounding_property": (
        "expects numpy's floor itself; ours allows for the rounding of a quotient"
    ),
}
"""File::class::test, or the beginning of it -> why it does not hold for us. Left out as a whole are
the files about the reference's own machinery."""

INSIDE = {
    "_spk_dtype": property(lambda source: brainstate.environ.dftype()),
    "_scalar_weight": property(lambda source: u.math.ndim(source.weights) == 0),
}
"""How the reference calls, inside of its SpikeTime, what ours has under other names."""


class _Ours(types.ModuleType):
    """A module whose names are those of `engine`."""

    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        where = (engine, engine.dynamics, engine.boundary)
        return next((vars(m)[name] for m in where if name in vars(m)), _not_ours(name))


def _not_ours(name):
    def build(*args, **kwargs):
        raise NotImplementedError(f"engine has no {name}")

    return type(name, (), {"__new__": staticmethod(build)})


def _load(path):
    """Import a test file with the reference's modules replaced."""
    shim = _Ours("brainpy.state")
    package = types.ModuleType("brainpy")
    vars(package).update(vars(brainpy), state=shim)
    names = ["brainpy.state", "brainpy_state", "brainpy_state._brainpy"]
    names += [f"{n}.{p.stem.removesuffix('_test')}" for n in names for p in PATHS]
    replaced = dict.fromkeys(names, shim) | {"brainpy": package}
    spec = importlib.util.spec_from_file_location(f"peer_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    with mock.patch.dict(sys.modules, replaced):
        spec.loader.exec_module(module)
    return module


def _tests():
    """Every test of the files, by a name that `SKIPPED` can hold."""
    for path in PATHS:
        if path.stem.removesuffix("_test") not in OURS:
            continue
        module = _load(path)
        for name, thing in vars(module).items():
            if getattr(thing, "__module__", "") != module.__name__:
                continue
            if inspect.isfunction(thing) and name.startswith("test"):
                yield f"{path.stem}::{name}", thing
            elif inspect.isclass(thing):
                is_case = issubclass(thing, unittest.TestCase)
                if is_case or name.startswith("Test"):
                    for method in filter(lambda m: m.startswith("test"), dir(thing)):
                        run = thing(method).debug if is_case else getattr(thing(), method)
                        yield f"{path.stem}::{name}::{method}", run


@contextlib.contextmanager
def _spelled_as_theirs():
    """Let what a test asks of a SpikeTime be found under the name that it asks for."""
    with mock.patch.multiple(engine.SpikeTime, create=True, **INSIDE):
        yield


def _forget_settings():
    """Take back what a test has set for the whole process, such as a time step."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        brainstate.environ.reset()


TESTS = dict(_tests())
_forget_settings()


def test_there_are_tests_of_the_reference_to_run():
    assert len(TESTS) > 200
    assert all(any(test.startswith(key) for test in TESTS) for key in SKIPPED)


@pytest.mark.usefixtures("own_classes")
@pytest.mark.parametrize(
    "name",
    [pytest.param(t, marks=[pytest.mark.slow] if t.startswith(SLOW) else []) for t in TESTS],
)
def test_the_reference_would_pass_its_own_test_with_our_models(name):
    reason = next((text for key, text in SKIPPED.items() if name.startswith(key)), "")
    if reason:
        pytest.skip(reason)
    try:
        with brainstate.random.seed_context(0), _spelled_as_theirs():
            TESTS[name]()
    finally:
        _forget_settings()
