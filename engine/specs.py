r"""What a model declares about itself.

A parameter is declared once, on its class. Constructor argument, slider, unit, range, tooltip,
document, sweep axis, exported code and property test all follow from that one declaration.

Examples
--------
>>> import saiunit as u
>>> from engine.specs import POSITIVE, Component, ParameterSpec
>>> class Leak(Component):
...     tau = ParameterSpec(20.0 * u.ms, r"\tau", "time constant", soft=(1, 100), hard=POSITIVE)
>>> Leak.tau.unit_text
'ms'
>>> list(Leak.parameters())
['tau']
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import saiunit as u
from jax.core import Tracer

from engine import boundary
from engine.errors import ParameterError

__all__ = [
    "FREE",
    "NON_NEGATIVE",
    "NON_ZERO",
    "POSITIVE",
    "PROBABILITY",
    "ChoiceSpec",
    "Component",
    "FlagSpec",
    "InitialSpec",
    "InputSpec",
    "Interval",
    "ParameterSpec",
    "PointSpec",
    "SlotSpec",
    "StateSpec",
]


@dataclass(frozen=True)
class Interval:
    """The values that a parameter may take, as numbers in the unit of its declaration.

    Parameters
    ----------
    low, high : float
        The ends; infinite where there is none.
    open_low : bool
        Whether the lower end itself is excluded.
    open_zero : bool
        Whether zero is excluded.
    """

    low: float = float("-inf")
    high: float = float("inf")
    open_low: bool = False
    open_zero: bool = False

    def contains(self, value: float) -> bool:
        """Whether ``value`` lies inside."""
        above = value > self.low if self.open_low else value >= self.low
        return above and value <= self.high and not (self.open_zero and value == 0.0)

    def describe(self, unit: str = "") -> str:
        """Say the interval in words: ``"above 0 ms"``, ``"between 0 and 1"``."""
        unit = f" {unit}" if unit else ""
        if self.open_zero:
            return f"{replace(self, open_zero=False).describe(unit.strip())} but 0{unit}"
        below_limit = self.high != float("inf")
        if self.low == float("-inf"):
            return f"at most {self.high:g}{unit}" if below_limit else "any finite number"
        if below_limit:
            return f"between {self.low:g} and {self.high:g}{unit}"
        return f"above {self.low:g}{unit}" if self.open_low else f"at least {self.low:g}{unit}"


FREE = Interval()
NON_ZERO = Interval(open_zero=True)
POSITIVE = Interval(low=0.0, open_low=True)
NON_NEGATIVE = Interval(low=0.0)
PROBABILITY = Interval(low=0.0, high=1.0)


@dataclass(frozen=True, eq=False)
class Declaration:
    """Base of everything that a class declares about itself.

    A non-data descriptor: read on the class it gives the declaration, on an instance the value
    that the constructor stored.
    """

    name: str = field(default="", init=False)

    def __set_name__(self, owner: type, name: str) -> None:
        object.__setattr__(self, "name", name)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        if instance is None:
            return self
        raise AttributeError(f"{type(instance).__name__} has no value for '{self.name}' yet")

    def but(self, **changes: Any) -> Any:
        """Return a copy of this name with some fields changed.

        Assigned in the body of another class, it takes the name that it has there.
        """
        copy = replace(self, **changes)
        object.__setattr__(copy, "name", self.name)
        return copy

    def document(self) -> tuple[str, str]:
        """Say for a docstring of what kind it is and what it means."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it is documented")


@dataclass(frozen=True, eq=False)
class ParameterSpec(Declaration):
    """A numeric parameter of a model.

    Parameters
    ----------
    default : Quantity or float
        Default value; its unit is the unit of every other number in the declaration.
    symbol : str
        LaTeX of the symbol, without dollar signs.
    meaning : str
        What it is, for a tooltip and the documentation.
    soft : (float, float)
        What a slider spans.
    hard : Interval
        What is accepted at all.
    scale : {'linear', 'log'}
        Spacing of the slider.
    time_constant : bool
        Whether the state relaxes with this time, so that ``dt`` has to resolve it.
    unit_text : str
        How the unit is written; found from ``default`` when empty.
    after : str
        Name of the argument that this one follows in the constructor, where inheritance alone
        would put it elsewhere.
    of_input : bool
        Whether it is in the input unit of the driven model; its numbers are then multiples of what
        that model declares.
    integer : bool
        Whether only whole numbers are accepted.
    group : {'dynamics', 'threshold'}
        Whether it says how the state evolves, or when the neuron spikes and what follows.
    structural : bool
        Whether it shapes the compiled program, so that a new value has to be compiled.
    any_unit : bool
        Whether a value may have another unit than the default, or none.
    between : str
        What it may differ between: neurons, or the connections of a projection.
    """

    default: Any
    symbol: str
    meaning: str
    soft: tuple[float, float]
    hard: Interval = FREE
    scale: Literal["linear", "log"] = "linear"
    time_constant: bool = False
    unit_text: str = ""
    after: str = ""
    of_input: bool = False
    integer: bool = False
    structural: bool = False
    group: Literal["dynamics", "threshold"] = "dynamics"
    any_unit: bool = False
    between: Literal["neurons", "connections"] = "neurons"

    def __post_init__(self) -> None:
        if not self.unit_text:
            object.__setattr__(self, "unit_text", boundary.unit_text(self.unit))

    @property
    def unit(self) -> u.Unit:
        """Unit of the default and of every number in the declaration."""
        return u.get_unit(self.default)

    @property
    def default_number(self) -> float:
        """The default as a number in ``unit``."""
        return float(u.get_mantissa(self.default))

    def number(self, value: Any, path: str | None = None) -> float:
        """Turn a given value into a checked number in ``unit``.

        Parameters
        ----------
        value : Quantity or float
            A quantity of the right dimension; a plain number only for a parameter without unit.
        path : str, optional
            The parameter path for the error text; the declaration's own name by default.

        Raises
        ------
        ParameterError
            Wrong unit, not a number, or outside ``hard``.
        """
        path = path or self.name
        number = boundary.to_number(value, self.unit, path, self.unit_text)
        return self.check(number, path)

    def check(self, number: float, path: str | None = None) -> float:
        """Return ``number`` if it is finite and inside ``hard``, else raise ParameterError."""
        path = path or self.name
        boundary.require_finite(number, path)
        if self.integer and number != int(number):
            raise ParameterError(path, f"{path} must be a whole number, got {number:g}")
        if not self.hard.contains(number):
            raise ParameterError(
                path,
                f"{path} must be {self.hard.describe(self.unit_text)}, got {number:g}"
                f"{' ' + self.unit_text if self.unit_text else ''}",
            )
        return number

    def quantity(self, number: Any) -> Any:
        """Attach the unit to a number or array, traced or not."""
        return boundary.attach(number, self.unit)

    def document(self) -> tuple[str, str]:
        """Say for a docstring its unit and default, its symbol, meaning and limits."""
        limits = "" if self.hard == FREE else f" ({self.hard.describe(self.unit_text)})"
        meaning = f":math:`{self.symbol}`: {self.meaning.rstrip('.')}{limits}."
        return f"{self._kind()}, default {self._default()}", meaning

    def _kind(self) -> str:
        return _quantity_of(self.unit_text)

    def _default(self) -> str:
        return f"{self.default_number:g} {self.unit_text}".rstrip()


@dataclass(frozen=True, eq=False)
class InitialSpec(ParameterSpec):
    """The start value of a state; the constructor also takes an initializer (a callable).

    A default that is an initializer, or None for what the model works out itself, has no unit of
    its own: it is then the one that ``unit_text`` writes. With ``any_unit`` the unit of the start
    value is the unit of the state.
    """

    @property
    def unit(self) -> u.Unit:
        """Unit of the default and of every number in the declaration."""
        written = self.default is None or callable(self.default)
        return boundary.UNITS[self.unit_text] if written else u.get_unit(self.default)

    def _kind(self) -> str:
        return f"{super()._kind()} or initializer"

    def _default(self) -> str:
        if self.default is None:
            return "the steady state"
        if not callable(self.default):
            return super()._default()
        given = vars(self.default).items()  # its own repr would compile something
        numbers = [f"{k}={boundary.show(v)}" for k, v in given if isinstance(v, u.Quantity)]
        return f"{type(self.default).__name__}({', '.join(numbers)})"


@dataclass(frozen=True, eq=False)
class PointSpec(ParameterSpec):
    """A point of a curve over time, of which an experiment holds a row: its value is declared.

    Parameters
    ----------
    row : tuple of (float, float)
        The points where none were given: time in ms and value.
    """

    row: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, eq=False)
class InputSpec(Declaration):
    """The input that a model takes: unit, symbol, and an amplitude at which it fires."""

    default: Any
    soft: tuple[float, float]
    symbol: str = "I"
    meaning: str = "input current"
    unit_text: str = ""

    def __post_init__(self) -> None:
        if not self.unit_text:
            object.__setattr__(self, "unit_text", boundary.unit_text(self.unit))

    def __get__(self, instance: object, owner: type | None = None) -> InputSpec:
        return self

    @property
    def unit(self) -> u.Unit:
        """Unit of the input."""
        return u.get_unit(self.default)

    def document(self) -> tuple[str, str]:
        """Say for a docstring its unit, meaning, and where the model fires."""
        drive = f"{float(u.get_mantissa(self.default)):g} {self.unit_text}".rstrip()
        return _quantity_of(self.unit_text), (
            f":math:`{self.symbol}`: {self.meaning}; the default experiment gives {drive}."
        )


@dataclass(frozen=True, eq=False)
class StateSpec(Declaration):
    """A variable that evolves: it drives the recording menu and the axis labels.

    Parameters
    ----------
    unit : Unit
        Unit of the state.
    symbol, meaning : str
        LaTeX and words.
    start : Quantity, float or str, optional
        Start value, or the name of the argument that gives it; by default what the model's
        ``<name>_initializer`` gives.
    is_time_stamp : bool
        Whether it marks when something happened rather than evolves: kept as a short-term state.
    """

    unit: Any
    symbol: str
    meaning: str
    start: Any = None
    is_time_stamp: bool = False
    unit_text: str = ""

    def __post_init__(self) -> None:
        if not self.unit_text:
            object.__setattr__(self, "unit_text", boundary.unit_text(self.unit))

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        if instance is None:
            return self
        raise AttributeError(
            f"{type(instance).__name__} has no state '{self.name}' yet: call init_state() first"
        )

    def document(self) -> tuple[str, str]:
        """Say for a docstring its unit and meaning."""
        return _quantity_of(self.unit_text), f":math:`{self.symbol}`: {self.meaning}."


@dataclass(frozen=True, eq=False)
class ChoiceSpec(Declaration):
    """A choice among a few words, such as the reset mode; it selects the program that runs.

    Parameters
    ----------
    default : str
        One of ``options``.
    options : tuple of str
        The words.
    meaning : str
        What is chosen.
    hints : tuple of str
        What each option means.
    has_effect : bool
        Whether it changes anything in this model; a choice that does not is not offered.
    label : str
        What the choice is called; its name where empty.
    """

    default: str
    options: tuple[str, ...]
    meaning: str
    hints: tuple[str, ...] = ()
    has_effect: bool = True
    label: str = ""

    def check(self, value: Any, path: str | None = None) -> str:
        """Return ``value`` if it is one of the options, else raise ParameterError."""
        path = path or self.name
        if value not in self.options:
            raise ParameterError(
                path, f"{path} must be one of {', '.join(map(repr, self.options))}, got {value!r}"
            )
        return value

    def document(self) -> tuple[str, str]:
        """Say for a docstring the words to choose from and what they mean."""
        kind = f"{{{', '.join(map(repr, self.options))}}}, default {self.default!r}"
        hints = [f"{o!r}: {h}" for o, h in zip(self.options, self.hints, strict=False)]
        return kind, _sentence("; ".join([self.meaning, *hints]))


@dataclass(frozen=True, eq=False)
class FlagSpec(Declaration):
    """A yes or no of the constructor that is no part of an experiment."""

    default: bool
    meaning: str

    def check(self, value: Any, path: str | None = None) -> bool:
        """Return ``value`` if it is a yes or a no, else raise ParameterError."""
        path = path or self.name
        if not isinstance(value, bool | np.bool_):
            raise ParameterError(path, f"{path} must be True or False, got {value!r}")
        return bool(value)

    def document(self) -> tuple[str, str]:
        """Say for a docstring what it switches."""
        return f"bool, default {self.default}", _sentence(self.meaning)


@dataclass(frozen=True, eq=False)
class SlotSpec(Declaration):
    """A place for another component, such as the surrogate gradient of the spike."""

    default: Callable[[], Any]
    family: str
    meaning: str

    def check(self, value: Any, path: str | None = None) -> Any:
        """Return ``value`` if it can be called, else raise ParameterError."""
        path = path or self.name
        if callable(value) and not isinstance(value, type):
            return value
        got = repr(value)
        if isinstance(value, type):
            got = f"the class {value.__name__}; write {value.__name__}()"
        example = type(self.default()).__name__
        raise ParameterError(path, f"{path} must be a {self.family} such as {example}(), got {got}")

    def document(self) -> tuple[str, str]:
        """Say for a docstring what belongs here."""
        kind = f"{self.family}, default {type(self.default()).__name__}"
        return kind, _sentence(self.meaning)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def _quantity_of(unit: str) -> str:
    return f"Quantity[{unit}]" if unit else "float"


class Component:
    """Anything that declares parameters: models, stimuli, surrogate gradients.

    A class that declares and does not write its own ``__init__`` gets one, with its declarations as
    arguments, in their order.
    """

    _leading: ClassVar[tuple[str, ...]] = ()
    """Arguments of the constructor before the declared ones."""
    _trailing: ClassVar[tuple[str, ...]] = ()
    """Arguments of the constructor that come last."""
    is_listed: ClassVar[bool] = True
    """Whether the catalogue offers the class; not so for what only serves another's lab."""
    below: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Pairs of parameters of which the first must stay below the second."""

    if TYPE_CHECKING:

        def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            return
        inherited = next(init for c in cls.__mro__[1:] if (init := vars(c).get("__init__")))
        if "_construct" in vars(cls) or getattr(inherited, "_generated", False):
            cls.__init__ = _make_init(cls)  # type: ignore[method-assign]

    @classmethod
    def declarations(cls) -> Mapping[str, Declaration]:
        """Everything declared on this class and its parents, parents first."""
        return _declarations(cls)

    @classmethod
    def parameters(cls) -> Mapping[str, ParameterSpec]:
        """Numeric parameters in the order of the constructor."""
        return _of_kind(cls, ParameterSpec)

    @classmethod
    def states(cls) -> Mapping[str, StateSpec]:
        """Variables that evolve."""
        return _of_kind(cls, StateSpec)

    @classmethod
    def choices(cls) -> Mapping[str, ChoiceSpec]:
        """Choices among words."""
        return _of_kind(cls, ChoiceSpec)

    @classmethod
    def slots(cls) -> Mapping[str, SlotSpec]:
        """Places for other components."""
        return _of_kind(cls, SlotSpec)

    @classmethod
    def arguments(cls) -> dict[str, Declaration]:
        """Give the declared arguments of the constructor, in its order."""
        declared = cls.declarations()
        return {name: declared[name] for name in _argument_order(cls)}

    @classmethod
    def inputs(cls) -> list[InputSpec]:
        """Give what the component takes in every step, where it is declared."""
        return [v for v in cls.declarations().values() if isinstance(v, InputSpec)]

    def _construct(self) -> None:
        """Do what the constructor has to do before the declared arguments are stored."""

    def _bind(self, name: str, value: Any) -> None:
        """Check an argument against its declaration and store it as an attribute."""
        spec = type(self).declarations().get(name)  # none where a subclass has replaced it
        if isinstance(spec, InitialSpec) and (callable(value) or value is spec.default is None):
            pass
        elif isinstance(spec, ParameterSpec):
            if spec.any_unit and not isinstance(value, str):
                spec = spec.but(default=boundary.attach(0.0, u.get_unit(value)), unit_text="")
            value = boundary.check_parameter(value, spec, f"{type(self).__name__}.{name}")
        elif isinstance(spec, ChoiceSpec | FlagSpec | SlotSpec):
            value = spec.check(value, f"{type(self).__name__}.{name}")
        setattr(self, name, value)

    def _check_order(self) -> None:
        """Check the pairs in `below` as far as their values are known."""
        for low, high in self.below:
            values = getattr(self, low), getattr(self, high)
            if any(callable(v) or isinstance(u.get_mantissa(v), Tracer) for v in values):
                continue
            if not np.all(u.get_mantissa(values[0] < values[1])):
                model = type(self).__name__
                raise wrong_order(f"{model}.{low}", values[0], f"{model}.{high}", values[1])


@cache
def _declarations(cls: type[Component]) -> Mapping[str, Declaration]:
    found: dict[str, Declaration] = {}
    for owner in reversed(cls.__mro__):
        for name, value in vars(owner).items():
            if isinstance(value, Declaration):
                found[name] = value
            else:
                found.pop(name, None)
    return MappingProxyType(found)


@cache
def _of_kind(cls: type[Component], kind: type) -> Mapping[str, Any]:
    found = {k: v for k, v in _declarations(cls).items() if isinstance(v, kind)}
    ordered = {name: found.pop(name) for name in _argument_order(cls) if name in found}
    return MappingProxyType(ordered | found)


def forget_declarations() -> None:
    """Read all declarations again, because some were added to a class after it was made."""
    _declarations.cache_clear()
    _of_kind.cache_clear()


def subclasses(base: type) -> Iterator[type]:
    """Walk all subclasses of ``base``, parents before children, each once."""
    seen: set[type] = set()
    waiting = list(base.__subclasses__())
    while waiting:
        cls = waiting.pop(0)
        if cls not in seen:
            seen.add(cls)
            yield cls
            waiting += cls.__subclasses__()


def wrong_order(low: str, low_value: Any, high: str, high_value: Any) -> ParameterError:
    """Build the error for a pair of parameters of which the first must be below the second."""
    return ParameterError(
        low,
        f"{low} must be below {high}, "
        f"got {boundary.show(low_value)} and {boundary.show(high_value)}",
    )


def unknown_name(kind: str, name: str, known: Iterable[str], where: str) -> ParameterError:
    """Build the error for a name that does not exist, with the nearest one that does."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"
    return ParameterError(name, f"no {kind} '{name}' in {where}; {hint}")


def _argument_order(cls: type[Component]) -> list[str]:
    declared = {
        k: v
        for k, v in cls.declarations().items()
        if isinstance(v, ParameterSpec | ChoiceSpec | FlagSpec | SlotSpec)
    }
    order = [k for k in declared if k not in cls._trailing]
    order += [k for k in cls._trailing if k in declared]
    for name, spec in declared.items():
        after = getattr(spec, "after", "")
        if after:
            order.remove(name)
            order.insert(order.index(after) + 1, name)
    return order


def _default_of(spec: Declaration) -> Any:
    if isinstance(spec, SlotSpec):
        return spec.default()
    return spec.default  # type: ignore[attr-defined]


def _make_init(cls: type[Component]) -> Callable[..., None]:
    """Write the constructor that follows from the declarations of ``cls``."""
    declared = cls.declarations()
    order = _argument_order(cls)
    defaults = {"name": None} | {n: _default_of(declared[n]) for n in order}
    names = [*order, "name"] if "name" in cls._trailing else order
    names = ["name", *order] if "name" in cls._leading else names
    required = [n for n in cls._leading if n != "name"]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature(
        [inspect.Parameter(n, kind) for n in ("self", *required)]
        + [inspect.Parameter(n, kind, default=defaults[n]) for n in names]
    )

    def __init__(self: Component, *args: Any, **kwargs: Any) -> None:
        for given in kwargs:
            if given not in signature.parameters:
                raise unknown_name("parameter", given, order, cls.__name__)
        try:
            bound = signature.bind(self, *args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{cls.__name__}: {error}") from None
        bound.apply_defaults()
        framework = {n: bound.arguments[n] for n in ("name", *required) if n in bound.arguments}
        self._construct(**framework)
        for argument in order:
            self._bind(argument, bound.arguments[argument])
        self._check_order()

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    __init__._generated = True  # type: ignore[attr-defined]
    __init__.__qualname__ = f"{cls.__qualname__}.__init__"
    return __init__
