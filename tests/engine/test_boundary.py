"""Where text and quantities become numbers: units, spellings, and the sentences of errors."""

import math

import numpy as np
import pytest
import saiunit as u
from hypothesis import assume, example, given
from hypothesis import strategies as st

from engine import boundary
from engine.boundary import UNITS, dimension_word, parse_quantity, to_number, unit_text
from engine.errors import ParameterError

NUMBERS = st.floats(-(2.0**80), 2.0**80, width=32)
WRITTEN = st.sampled_from([text for text in UNITS if text])
PAIRS = [
    (a, b) for a in UNITS for b in UNITS if a and b and UNITS[a].dim == UNITS[b].dim and a != b
]


# ---------------------------------------------------------------- reading what was typed


@given(NUMBERS, WRITTEN, st.sampled_from(["", " ", "  "]))
def test_a_number_with_its_unit_is_read_as_it_was_written(number, text, space):
    space = space or " " * text[0].isdigit()  # "51/ms" is 51 per ms
    assert parse_quantity(f"{number!r}{space}{text}", UNITS[text], "x") == number


@given(NUMBERS)
def test_a_number_without_a_unit_is_in_the_declared_one(number):
    assert parse_quantity(repr(number), u.ms, "tau") == number


@given(NUMBERS, st.sampled_from(PAIRS))
def test_a_unit_of_the_same_dimension_is_converted(number, pair):
    given_text, wanted = pair
    read = parse_quantity(f"{number!r} {given_text}", UNITS[wanted], "x")
    expected = u.Quantity(number, unit=UNITS[given_text]).to_decimal(UNITS[wanted])
    assert read == pytest.approx(float(expected), rel=1e-6)


@given(NUMBERS, st.sampled_from(PAIRS))
def test_conversion_there_and_back_gives_the_number(number, pair):
    a, b = pair
    there = parse_quantity(f"{number!r} {a}", UNITS[b], "x")
    assume(math.isfinite(there))
    assert parse_quantity(f"{there!r} {b}", UNITS[a], "x") == pytest.approx(number, rel=1e-12)


@given(st.floats(0, 1e6, allow_nan=False))
def test_a_typographic_minus_and_a_decimal_comma_are_understood(number):
    typed = f"{number:.6f}"
    assert parse_quantity(f"\u2212{typed.replace('.', ',')} mV", u.mV, "V") == -float(typed)


@pytest.mark.parametrize("micro", ["\u00b5", "\u03bc", "u"])
def test_both_micro_signs_are_read(micro):
    assert parse_quantity(f"500 {micro}s", u.ms, "tau") == pytest.approx(0.5)
    assert parse_quantity(f"500{micro}A", u.mA, "I") == pytest.approx(0.5)


@pytest.mark.parametrize("ohm", ["\u03a9", "\u2126", "ohm"])
def test_both_ohm_signs_are_read(ohm):
    assert parse_quantity(f"2 k{ohm}", u.ohm, "R") == pytest.approx(2000.0)


@pytest.mark.parametrize("typed", ["0.2 1/ms", "0.2/ms", "0.2 /ms", "0.2 kHz", "200 Hz"])
def test_a_rate_is_read_in_every_usual_spelling(typed):
    assert parse_quantity(typed, u.kHz, "a") == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("typed", "number"),
    [("+5", 5.0), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("1E-3 s", 1.0), (" 7  ms ", 7.0)],
)
def test_usual_spellings_of_a_number_are_read(typed, number):
    assert parse_quantity(typed, u.ms, "tau") == pytest.approx(number)


@given(st.text(max_size=20))
@example("1e999")
@example("--5")
@example("5 5")
@example("\u0665")
def test_any_text_gives_a_finite_number_or_a_sentence(text):
    try:
        assert math.isfinite(parse_quantity(text, u.ms, "tau"))
    except ParameterError as error:
        assert error.path == "tau"  # noqa: PT017
        assert str(error).startswith("tau")  # noqa: PT017


@pytest.mark.parametrize(
    ("typed", "unit", "sentence"),
    [
        ("10 mV", u.ms, "x must be a time, got 10 mV; write 20 ms"),
        ("abc", u.ms, "x: 'abc' is not a number; write e.g. 20 ms"),
        ("", u.ms, "x: '' is not a number; write e.g. 20 ms"),
        ("5 parsec", u.ms, "x: 'parsec' is not a known unit; write it in ms"),
        ("5 parsec", u.UNITLESS, "x: 'parsec' is not a known unit; it has no unit"),
        ("5 ms", u.UNITLESS, "x must be a plain number, got 5 ms; write 20"),
        ("nan", u.ms, "x must be a finite number, got nan"),
        ("-inf", u.ms, "x must be a finite number, got -inf"),
        ("1e999", u.ms, "x must be a finite number, got inf"),
        ("5 nA", u.mV, "x must be a potential, got 5 nA; write 20 mV"),
    ],
)
def test_what_cannot_be_read_is_answered_with_what_to_write(typed, unit, sentence):
    with pytest.raises(ParameterError) as error:
        parse_quantity(typed, unit, "x")
    assert str(error.value) == sentence


# ---------------------------------------------------------------- quantities to numbers


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (10 * u.mV, "LIF.tau must be a time, got 10 mV"),
        (20, "LIF.tau must be a time, got the plain number 20; write 20 * u.ms"),
        (2.5, "LIF.tau must be a time, got the plain number 2.5; write 2.5 * u.ms"),
        (True, "LIF.tau must be a time, got True"),
        (None, "LIF.tau must be a time, got None"),
        ("20 ms", "LIF.tau must be a time, got '20 ms'"),
        ({}, "LIF.tau must be a time, got a dict"),
        (np.ones(3) * u.ms, "LIF.tau must be a single number, got an array"),
    ],
)
def test_what_is_no_time_is_refused_in_a_sentence(value, sentence):
    with pytest.raises(ParameterError) as error:
        to_number(value, u.ms, "LIF.tau")
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    "value", [20 * u.ms, 0.02 * u.second, np.float32(20) * u.ms, np.array([20.0]) * u.ms]
)
def test_a_time_becomes_a_number_in_the_declared_unit(value):
    number = to_number(value, u.ms, "tau")
    assert type(number) is float
    assert number == pytest.approx(20.0)


@pytest.mark.parametrize("text", [t for t in UNITS if t != "1/ms"])
def test_a_unit_is_written_as_it_is_read(text):
    assert unit_text(UNITS[text]) == text


def test_equal_units_are_written_alike():
    assert unit_text(u.ms**-1) == unit_text(u.kHz)
    assert unit_text(u.volt * u.siemens) == "A"


@pytest.mark.parametrize(
    ("unit", "word"),
    [
        (u.second, "a time"),
        (u.volt, "a potential"),
        (u.nA, "a current"),
        (u.Mohm, "a resistance"),
        (u.nS, "a conductance"),
        (u.UNITLESS, "a plain number"),
        (u.mV**-1, "a quantity in 1/mV"),
    ],
)
def test_a_dimension_has_a_word_whatever_the_scale(unit, word):
    assert dimension_word(unit) == word


@given(NUMBERS, WRITTEN)
def test_stripping_undoes_attaching(number, text):
    unit = UNITS[text]
    assert boundary.strip(boundary.attach(number, unit), unit) == number


def test_a_plain_value_has_nothing_to_strip_and_no_unit_to_attach():
    assert boundary.strip(3.0, u.ms) == 3.0
    assert boundary.attach(3.0, u.UNITLESS) == 3.0


@pytest.mark.parametrize(
    ("value", "text"), [(10 * u.mV, "10 mV"), (0.5, "0.5"), (np.ones(3) * u.mV, "an array mV")]
)
def test_a_value_is_shown_as_a_user_writes_it(value, text):
    assert boundary.show(value) == text


@pytest.mark.parametrize("text", ["1,000 ms", "12,500", "-1,000"])
def test_a_comma_that_may_part_thousands_is_refused(text):
    with pytest.raises(ParameterError, match="read in two ways"):
        parse_quantity(text, u.ms, "duration")


@pytest.mark.parametrize(("text", "value"), [("0,125 ms", 0.125), ("1,5", 1.5), ("1,0001", 1.0001)])
def test_a_decimal_comma_is_read(text, value):
    assert parse_quantity(text, u.ms, "dt") == pytest.approx(value)


@pytest.mark.parametrize("text", ["1e38", "-1e39"])
def test_what_single_precision_cannot_hold_is_refused(text):
    with pytest.raises(ParameterError, match="must be at most"):
        parse_quantity(text, u.UNITLESS, "V_rest")
