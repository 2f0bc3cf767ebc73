"""The documentation of public classes: by hand what only a person knows, the rest as declared."""

import doctest
import inspect
import itertools
import re

import pytest
import saiunit as u

import engine
from engine import LIF, ExpIF, ExpIFRef, LIFRef, Neuron, catalog
from engine.documents import WIDTH, document, sections
from engine.specs import POSITIVE, FlagSpec, InitialSpec, ParameterSpec, SlotSpec

PUBLIC = {n: getattr(engine, n) for n in engine.__all__ if inspect.isclass(getattr(engine, n))}
MODELS = catalog.neurons() | catalog.synapses() | catalog.plasticity() | catalog.outputs()
EACH = pytest.mark.parametrize("cls", PUBLIC.values(), ids=PUBLIC)
EACH_MODEL = pytest.mark.parametrize("cls", MODELS.values(), ids=MODELS)


def entry(body, name):
    """Give the entry of a name in a section: its kind, and its meaning on one line."""
    found = re.search(rf"^{name} : (.*)\n((?:    .*\n?)+)", body, re.MULTILINE)
    assert found, name
    return found[1], " ".join(found[2].split())


@EACH
def test_a_public_class_begins_with_a_sentence(cls):
    first = inspect.getdoc(cls).splitlines()[0]
    assert first[0].isupper()
    assert first.endswith(".")
    assert len(first) < WIDTH


def test_every_model_is_public():
    assert set(MODELS.values()) <= set(PUBLIC.values())


@EACH_MODEL
def test_a_model_shows_its_equation_and_a_reference(cls):
    head, found = sections(cls.__doc__)
    assert ".. math::" in head
    assert re.search(r"\(\d{4}\)", found["References"])
    assert re.search(r"doi:10\.\d{4,}/\S+", found["References"])


@EACH_MODEL
def test_a_model_shows_an_example_of_its_own(cls):
    found = sections(cls.__doc__)[1]
    assert doctest.DocTestParser().get_examples(found["Examples"])
    assert cls.__name__ in found["Examples"]
    assert list(found)[-1] == "Examples"


@EACH_MODEL
def test_no_two_models_share_an_example(cls):
    mine = sections(cls.__doc__)[1]["Examples"].replace(cls.__name__, "")
    for other in MODELS.values():
        if other is not cls:
            theirs = sections(other.__doc__)[1]["Examples"].replace(other.__name__, "")
            assert theirs != mine, other


@EACH_MODEL
def test_every_argument_of_the_constructor_is_shown_in_its_order(cls):
    body = sections(cls.__doc__)[1]["Parameters"]
    shown = re.findall(r"^(\w+) : ", body, re.MULTILINE)
    assert shown == list(inspect.signature(cls).parameters)


@EACH_MODEL
def test_what_is_shown_of_a_parameter_is_what_is_declared(cls):
    body = sections(cls.__doc__)[1]["Parameters"]
    for name, spec in cls.arguments().items():
        kind, meaning = entry(body, name)
        assert spec.meaning.rstrip(".").lower() in meaning.lower(), name
        if isinstance(spec, ParameterSpec):
            assert f":math:`{spec.symbol}`" in meaning
            assert kind.startswith(f"Quantity[{spec.unit_text}]" if spec.unit_text else "float")
            if not isinstance(spec, InitialSpec):
                assert f"default {spec.default_number:g}" in kind
            assert ("above 0" in meaning) == (spec.hard == POSITIVE)
        elif isinstance(spec, SlotSpec):
            assert type(spec.default()).__name__ in kind
        elif isinstance(spec, FlagSpec):
            assert str(spec.default) in kind
        else:
            assert all(repr(option) in kind for option in spec.options)


@EACH_MODEL
def test_every_state_and_the_input_are_shown_with_their_unit(cls):
    found = sections(cls.__doc__)[1]
    shown = re.findall(r"^(\w+) : ", found.get("States", ""), re.MULTILINE)
    assert shown == list(cls.states())
    for name, spec in cls.states().items():
        kind, meaning = entry(found["States"], name)
        assert kind == (f"Quantity[{spec.unit_text}]" if spec.unit_text else "float")
        assert spec.meaning in meaning
    if issubclass(cls, Neuron):
        kind, meaning = entry(found["Input"], "x")
        assert kind == (f"Quantity[{cls.input.unit_text}]" if cls.input.unit_text else "float")
        assert cls.input.meaning in meaning


@EACH_MODEL
def test_no_line_is_too_long_and_no_section_comes_twice(cls):
    lines = cls.__doc__.splitlines()
    assert max(map(len, lines)) <= WIDTH
    titles = [a for a, b in itertools.pairwise(lines) if b and set(b) == {"-"}]
    assert len(titles) == len(set(titles)) > 3


def test_the_order_of_two_potentials_is_among_what_is_refused():
    assert "``V_reset`` that is not below ``V_th``" in " ".join(LIF.__doc__.split())


@EACH_MODEL
def test_help_shows_it(cls):
    assert inspect.getdoc(cls) == cls.__doc__.rstrip()


# ---------------------------------------------------------------- classes of others


def test_a_subclass_shows_what_it_declares_itself():
    class _Slow(LIF):
        """A slow neuron."""

        tau = LIF.tau.but(default=80.0 * u.ms, meaning="a long time")
        extra = ParameterSpec(2.0, "k", "another number", soft=(0, 3))

    found = sections(_Slow.__doc__)[1]
    assert entry(found["Parameters"], "tau") == (
        "Quantity[ms], default 80 ms",
        r":math:`\tau`: a long time (above 0 ms).",
    )
    assert entry(found["Parameters"], "extra") == ("float, default 2", ":math:`k`: another number.")
    assert "default 5 ms" in sections(LIF.__doc__)[1]["Parameters"]


def test_a_class_that_takes_over_a_docstring_does_not_show_it_twice():
    class _Copied(LIF):
        __doc__ = LIF.__doc__
        tau = LIF.tau.but(default=80.0 * u.ms)

    assert _Copied.__doc__.count("Parameters\n---") == 1
    assert "default 80 ms" in _Copied.__doc__
    before = _Copied.__doc__
    document(_Copied)
    assert _Copied.__doc__ == before


def test_a_class_without_a_docstring_has_none_of_its_own():
    class _Silent(LIF):
        pass

    assert vars(_Silent)["__doc__"] is None
    assert inspect.getdoc(_Silent) == inspect.getdoc(LIF)


def test_what_is_written_by_hand_is_kept():
    class _Written(LIF):
        """A neuron.

        Parameters
        ----------
        in_size : int
            By hand.
        """

    assert sections(_Written.__doc__)[1]["Parameters"] == "in_size : int\n    By hand."


def test_a_refractory_model_has_the_reference_of_its_plain_one():
    plain, refractory = (sections(m.__doc__)[1]["References"] for m in (ExpIF, ExpIFRef))
    assert refractory == f"Those of `ExpIF`:\n\n{plain}"
    assert "Those of `LIF`" in sections(LIFRef.__doc__)[1]["References"]
