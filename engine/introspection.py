"""What a model that declares nothing about itself says all the same.

A neuron or synapse written in a notebook cell has an ordinary ``__init__`` and no declarations. Its
parameters stand in the signature, its states appear when it is built, and which input it takes
shows when a step is traced. `complete` finds these out once and writes them on the class as the
declarations that its author left out; from then on it is a model like any other.

Examples
--------
>>> import brainstate, jax.numpy as jnp, saiunit as u
>>> from engine import Neuron, introspection
>>> class _Integrator(Neuron):
...     '''A neuron that adds up its input.'''
...
...     __module__ = "__main__"  # as in a notebook
...
...     def __init__(self, in_size, V_th=1.0 * u.mV, **options):
...         super().__init__(in_size, **options)
...         self.V_th = V_th
...
...     def init_state(self, batch_size=None):
...         self.V = brainstate.HiddenState(jnp.zeros(self.varshape) * u.mV)
...
...     def get_spike(self):
...         return self.spk_fun((self.V.value - self.V_th) / self.V_th)
...
...     def update(self, x):
...         self.V.value = self.V.value * (1 - self.get_spike()) + x
...         return self.get_spike()
>>> introspection.complete(_Integrator)
>>> _Integrator.parameters()["V_th"].soft, _Integrator.input.unit_text
((-1.0, 3.0), 'mV')
"""

from __future__ import annotations

import contextlib
import inspect
import re
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import saiunit as u

from engine import boundary, specs
from engine.dynamics import Dynamics, Neuron
from engine.errors import ParameterError
from engine.specs import (
    FREE,
    NON_NEGATIVE,
    POSITIVE,
    ChoiceSpec,
    Declaration,
    InputSpec,
    ParameterSpec,
    StateSpec,
)

__all__ = ["complete", "is_foreign", "own_randomness", "start", "why_not"]

FEW = 7
"""Neurons that a model is tried out with: no usual number, so that shapes tell their origin."""
DT = 0.1 * u.ms
TRIED_STEPS = 500, 5000
"""How long each is tried: at first what fires soon is looked for."""
AMPLITUDES = 2.0 ** np.arange(-10, 18)
"""Inputs that are tried, in the unit of the input, to find one at which a neuron fires."""
THRESHOLDS = ("V_th", "v_th", "Vth", "vth", "V_thresh", "v_threshold", "theta", "threshold")
NOT_NUMBERS = ("in_size", "name", "spk_fun", "spk_reset")
POSITIVE_BY_NATURE = ("ms", "ohm", "uF", "mS", "Hz", "mM")
GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu "
    "nu xi rho sigma tau phi chi psi omega Delta"
)


@dataclass
class _Trial:
    """What was found out about a class by building it."""

    problem: str = ""
    parameters: dict[str, ParameterSpec] = field(default_factory=dict)
    states: dict[str, StateSpec] = field(default_factory=dict)
    potential: str = ""
    threshold: str = ""
    unit: Any = None  # of the input
    hidden: dict[str, Any] = field(default_factory=dict)  # declared, but no argument
    choices: dict[str, ChoiceSpec] = field(default_factory=dict)


_trials: weakref.WeakKeyDictionary[type, _Trial] = weakref.WeakKeyDictionary()
_completed: weakref.WeakSet[type] = weakref.WeakSet()
_lock = threading.RLock()


def is_foreign(cls: type) -> bool:
    """Whether a class comes from elsewhere than this package."""
    return cls.__module__.partition(".")[0] != "engine"


def why_not(cls: type[Dynamics]) -> str:
    """Say in a sentence why a class cannot be simulated as it stands; empty where it can."""
    return _trial(cls).problem if is_foreign(cls) else ""


def complete(cls: type[Dynamics]) -> None:
    """Write on a class the declarations that its author left out.

    Parameters
    ----------
    cls : type
        A neuron or a synapse. One of this package, or one that was completed, is left as it is;
        what a class declares itself is kept.

    Raises
    ------
    ParameterError
        The class cannot be simulated as it stands; the text is that of `why_not`.
    """
    if not is_foreign(cls) or cls in _completed:
        return
    with _lock:
        trial = _trial(cls)
        if trial.problem:
            raise ParameterError("model", trial.problem)
        found: dict[str, Any] = {**trial.hidden, **trial.choices}
        found |= trial.parameters | trial.states
        for name, value in found.items():
            _write(cls, name, value)
        if issubclass(cls, Neuron):
            cls.potential = trial.potential
            cls.has_threshold = bool(trial.threshold)
            if trial.threshold not in ("", "V_th", "threshold"):
                name = trial.threshold
                cls.threshold = property(lambda self: getattr(self, name))  # type: ignore[assignment]
            specs.forget_declarations()
            if cls.input is None:
                cls.input = _firing_input(cls, trial)
        specs.forget_declarations()
        _completed.add(cls)


def start(model: Dynamics, rng: Any) -> None:
    """Create the states of a model, whose `init_state` may know nothing of random numbers."""
    accepted = inspect.signature(model.init_state).parameters.values()
    if any(p.name == "rng" or p.kind is p.VAR_KEYWORD for p in accepted):
        model.init_state(rng=rng)
    else:
        model.init_state()


@contextlib.contextmanager
def own_randomness(cls: type, key: Any) -> Iterator[None]:
    """Let a model draw from ``key`` what it draws from `brainstate.random`.

    Inside a compiled program the general source of randomness would be left with a number that
    exists in that program only.
    """
    if not (is_foreign(cls) or getattr(cls, "random", False)):
        yield
        return
    general = brainstate.random.DEFAULT
    with brainstate.StateTraceStack():  # else brainstate refuses that a key be traced
        with jax.ensure_compile_time_eval():  # its first key is made when it is asked for
            before = general.value
        general.value = key
        try:
            yield
        finally:
            general.value = before


def _write(cls: type, name: str, value: Any) -> None:
    setattr(cls, name, value)
    if isinstance(value, Declaration):
        value.__set_name__(cls, name)


# -- trying out ------------------------------------------------------------------------------------


def _trial(cls: type[Dynamics]) -> _Trial:
    with _lock:
        if cls not in _trials:
            _trials[cls] = trial = _Trial()
            try:
                _try_out(cls, trial)
            except _Unfit as unfit:
                trial.problem = str(unfit)
        return _trials[cls]


class _Unfit(Exception):
    """Why a class cannot be simulated, as a sentence."""


def _try_out(cls: type[Dynamics], trial: _Trial) -> None:
    arguments = inspect.signature(cls).parameters
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p.name for p in arguments.values() if p.default is p.empty and p.kind not in optional]
    if needed[1:]:
        names = ", ".join(needed[1:])
        raise _Unfit(f"{cls.__name__} cannot be built from in_size alone: {names} has no default")
    if "update" not in {n for c in cls.__mro__ if c not in Neuron.__mro__ for n in vars(c)}:
        raise _Unfit(f"{cls.__name__} does not say how it takes a step: it has no update()")
    model = _built(cls, "__init__", lambda: cls(FEW))
    _built(cls, "init_state", lambda: start(model, brainstate.random.RandomState(0)))
    trial.states = _states_of(cls, model)
    evolving = [n for n, s in {**cls.states(), **trial.states}.items() if not s.is_time_stamp]
    if not evolving:
        raise _Unfit(
            f"{cls.__name__} has no state: init_state() must create one, such as "
            "self.V = brainstate.HiddenState(...)"
        )
    trial.potential = "V" if "V" in evolving else evolving[0]
    takes_any = any(p.kind is p.VAR_KEYWORD for p in arguments.values())
    _find_parameters(cls, trial, arguments, model, takes_any)
    unit = u.get_unit(getattr(model, trial.potential).value)
    for name in THRESHOLDS:
        value = vars(model).get(name, getattr(cls, name, None))
        if not callable(value) and _is_value(value) and u.get_unit(value).dim == unit.dim:
            trial.threshold = name
            break
    if not trial.threshold and issubclass(cls, Neuron) and cls.threshold is not Neuron.threshold:
        trial.threshold = "threshold"  # a property of its own
    trial.unit = _accepted_unit(cls, trial, model)
    _leave_out_what_cannot_be_traced(cls, trial)
    if issubclass(cls, Neuron):
        _find_choices(cls, trial, arguments, takes_any)


def _built(cls: type, where: str, act: Callable[[], Any]) -> Any:
    """Run the user's own code, and say in a sentence where and how it fails."""
    try:
        with (
            brainstate.environ.context(dt=DT, i=0, t=0.0 * u.ms),
            brainstate.random.seed_context(0),  # to try a model out draws nothing from the user
        ):
            return act()
    except _Unfit:
        raise
    except Exception as error:
        text = (str(error).strip().splitlines() or [""])[0]
        raise _Unfit(
            f"{cls.__name__}.{where}() fails: {type(error).__name__}: {text}".rstrip(": ")
        ) from error


def _states_of(cls: type[Dynamics], model: Dynamics) -> dict[str, StateSpec]:
    found: dict[str, StateSpec] = {}
    for path, state in _all_states(model).items():
        if not isinstance(state, brainstate.ShortTermState):
            continue  # trainable weights, and what is written only at the start
        name = ".".join(map(str, path))
        if len(path) > 1:
            raise _Unfit(
                f"{cls.__name__} holds {name}, the state of another model; put the two into a "
                "network, because a neuron here has states of its own only"
            )
        if u.math.shape(state.value) != (FEW,):
            raise _Unfit(
                f"the state {name} of {cls.__name__} has shape {u.math.shape(state.value)} in a "
                f"population of {FEW}; create it in the shape of self.varshape"
            )
        if name not in cls.states():
            found[name] = StateSpec(
                u.get_unit(state.value),
                _symbol(name),
                _meaning(cls, name, "Attributes"),
                is_time_stamp=not isinstance(state, brainstate.HiddenState),
            )
    return found


def _all_states(model: Dynamics) -> dict[tuple[Any, ...], Any]:
    """States of a model and of the models that it holds, by their path."""
    found: Any = brainstate.nn.Module.states(model)
    return dict(found)


def _step(cls: type[Dynamics], n: int, unit: Any, values: dict[str, Any]) -> Callable[..., Any]:
    """Give the pure function of one step: states and input to states and output."""

    def step(states: dict[str, Any], x: Any, numbers: dict[str, Any], i: Any) -> Any:
        with (
            brainstate.environ.context(dt=DT, i=i, t=i * DT),
            own_randomness(cls, jax.random.fold_in(jax.random.PRNGKey(0), i)),
        ):
            given = {k: v.quantity(numbers[k]) for k, v in values.items()}
            model = cls(n, **given)
            start(model, brainstate.random.RandomState(0))
            kept = {k: getattr(model, k).value for k in states}
            if states:
                for name, value in states.items():
                    getattr(model, name).value = value
            out = model(boundary.attach(x, unit))
            after = {}
            for name, before in kept.items():
                unit_ = u.get_unit(before)
                after[name] = boundary.attach(
                    boundary.strip(getattr(model, name).value, unit_), unit_
                )
            return after, out

    return step


def _values_of(model: Dynamics, names: Any) -> dict[str, Any]:
    return {name: getattr(model, name).value for name in names}


def _accepted_unit(cls: type[Dynamics], trial: _Trial, model: Dynamics) -> Any:
    """Find the unit of the input: the first that a step takes."""
    declared = getattr(cls, "input", None)
    names = [*cls.states(), *trial.states]
    before = _values_of(model, names)
    x, first = jax.ShapeDtypeStruct((FEW,), jnp.float32), None
    units = [declared.unit] if declared is not None else _candidates(trial, model)
    _, _, *takes = [None, *inspect.signature(cls.update).parameters.values()]
    if not takes and issubclass(cls, Neuron):
        raise _Unfit(f"{cls.__name__}.update() takes no input; give it one, update(self, x)")
    for unit in units:
        try:
            with brainstate.environ.context(dt=DT):
                after, out = jax.eval_shape(
                    _step(cls, FEW, unit, {}), before, x, {}, jax.ShapeDtypeStruct((), jnp.int32)
                )
        except Exception as error:
            first = first or error
            continue
        for name in names:
            if u.math.shape(after[name]) != (FEW,):
                raise _Unfit(
                    f"a step of {cls.__name__} turns the shape of its state {name} from ({FEW},) "
                    f"into {u.math.shape(after[name])}"
                )
        if issubclass(cls, Neuron) and u.math.shape(out) != (FEW,):
            raise _Unfit(
                f"{cls.__name__}.update() must return one spike for each neuron, shape ({FEW},), "
                f"got {'nothing' if out is None else f'shape {u.math.shape(out)}'}"
            )
        return unit

    def again() -> None:
        raise first  # type: ignore[misc]

    return _built(cls, "update", again)


def _candidates(trial: _Trial, model: Dynamics) -> list[Any]:
    """Units that an input may have, the likeliest first."""
    potential = u.get_unit(getattr(model, trial.potential).value)
    wanted = []
    for spec in trial.parameters.values():
        if spec.unit.dim == u.ohm.dim:
            wanted.append(potential / spec.unit)
        elif spec.unit.dim == u.ufarad.dim:
            wanted.append(potential * spec.unit / u.ms)
        elif spec.unit.dim == u.siemens.dim:
            wanted.append(potential * spec.unit)
    wanted = [x for x in wanted if boundary.unit_text(x) in boundary.UNITS]
    wanted += [potential, u.mA, potential / u.ms, u.UNITLESS]
    found: list[Any] = []
    for unit in wanted:
        if all(unit.dim != other.dim for other in found):
            found.append(boundary.UNITS.get(boundary.unit_text(unit), unit))
    return found


def _leave_out_what_cannot_be_traced(cls: type[Dynamics], trial: _Trial) -> None:
    """Keep as parameters what a compiled program can take as a number."""

    def works(values: dict[str, ParameterSpec]) -> bool:
        numbers = {name: jax.ShapeDtypeStruct((), jnp.float32) for name in values}
        x, i = jax.ShapeDtypeStruct((FEW,), jnp.float32), jax.ShapeDtypeStruct((), jnp.int32)
        try:
            with brainstate.environ.context(dt=DT):
                jax.eval_shape(_step(cls, FEW, trial.unit, values), {}, x, numbers, i)
        except Exception:
            return False
        return True

    if not works(trial.parameters):
        trial.parameters = {n: s for n, s in trial.parameters.items() if works({n: s})}


# -- declarations ----------------------------------------------------------------------------------


def _find_parameters(
    cls: type[Dynamics], trial: _Trial, arguments: Any, model: Dynamics, takes_any: bool
) -> None:
    declared = cls.parameters()
    defaults = {
        name: p.default
        for name, p in arguments.items()
        if name not in NOT_NUMBERS and _is_single_number(p.default)
    }
    scales = _scales(defaults)
    for name, default in defaults.items():
        if name in declared:
            spec = declared[name]
            if u.get_unit(default).dim == spec.unit.dim and name in arguments:
                number = boundary.to_number(default, spec.unit, name)
                if number != spec.default_number:
                    soft = (min(spec.soft[0], number), max(spec.soft[1], number))
                    changed = spec.but(default=spec.quantity(number), soft=soft)
                    trial.parameters[name] = changed
        else:
            trial.parameters[name] = _parameter(cls, name, default, scales)
    for name in declared:
        if name not in arguments and not takes_any:
            trial.hidden[name] = getattr(model, name)


def _parameter(cls: type, name: str, default: Any, scales: dict[Any, float]) -> ParameterSpec:
    unit = u.get_unit(default)
    number = float(np.asarray(u.get_mantissa(default)).item())
    natural = any(boundary.UNITS[t].dim == unit.dim for t in POSITIVE_BY_NATURE)
    scale = scales.get(unit.dim, 0.0) or 1.0
    hard, spacing = FREE, "linear"
    if unit.dim == u.mV.dim:
        soft = (number - 2 * scale, number + 2 * scale)
    elif number > 0:
        soft = (number / 5, number * 5)
        if natural:
            hard, spacing = POSITIVE, "log"
    elif number == 0 and natural:
        soft, hard = (0.0, 5 * scale), NON_NEGATIVE
    else:
        scale = abs(number) or scale
        soft = (number - 2 * scale, number + 2 * scale)
    low = name.lower()
    of_threshold = low in (t.lower() for t in THRESHOLDS) or "reset" in low or "ref" in low
    return ParameterSpec(
        boundary.attach(number, unit),
        _symbol(name),
        _meaning(cls, name, "Parameters"),
        soft=soft,
        hard=hard,
        scale=spacing,  # type: ignore[arg-type]
        time_constant=low.startswith("tau") and "ref" not in low and number > 0,
        group="threshold" if of_threshold else "dynamics",
    )


def _scales(defaults: dict[str, Any]) -> dict[Any, float]:
    """Size of what has a dimension: of potentials how far they lie apart, else the largest."""
    by_dim: dict[Any, list[float]] = {}
    for value in defaults.values():
        number = float(np.asarray(u.get_mantissa(value)).item())
        by_dim.setdefault(u.get_unit(value).dim, []).append(number)
    found = {}
    for dim, numbers in by_dim.items():
        apart = max(numbers) - min(numbers)
        largest = max(map(abs, numbers))
        found[dim] = apart or (largest if dim != u.mV.dim or largest < 20 else 10.0)
    return found


def _find_choices(cls: type[Neuron], trial: _Trial, arguments: Any, takes_any: bool) -> None:
    """Keep the reset mode where the constructor takes it and the step heeds it."""
    for name, spec in cls.choices().items():
        if name not in arguments and not takes_any:
            trial.hidden[name] = spec.default
            continue
        default = arguments[name].default if name in arguments else spec.default
        steps = {str(_traced(cls, trial, {name: option})) for option in spec.options}
        if default not in spec.options:
            default = spec.default
        if len(steps) == 1 or default != spec.default:
            trial.choices[name] = spec.but(default=default, has_effect=len(steps) > 1)


def _traced(cls: type[Neuron], trial: _Trial, choices: dict[str, str]) -> Any:
    def step(x: Any) -> Any:
        with (
            brainstate.environ.context(dt=DT, i=0, t=0.0 * u.ms),
            own_randomness(cls, jax.random.PRNGKey(0)),
        ):
            model = cls(FEW, **choices)
            start(model, brainstate.random.RandomState(0))
            names = {**cls.states(), **trial.states}
            for k in names:
                state = getattr(model, k)
                unit = u.get_unit(state.value)
                state.value = boundary.attach(x + boundary.strip(state.value, unit), unit)
            out = model(boundary.attach(x, trial.unit))
            return out, _values_of(model, names)

    try:
        return jax.make_jaxpr(step)(jnp.zeros(FEW))
    except Exception as error:
        return repr(error)


def _firing_input(cls: type[Neuron], trial: _Trial) -> InputSpec:
    """Find an input at which the neuron fires: double until it does, then look more closely."""
    unit = trial.unit
    coarse, fires_at = AMPLITUDES, _firing(cls, trial)
    for steps in TRIED_STEPS:
        fires = coarse[fires_at(coarse, steps)]
        if fires.size:
            break
    symbol = "I" if unit.dim == u.mA.dim else "x"
    if not fires.size:
        most = f"{coarse[-1]:g} {boundary.unit_text(unit)}".rstrip()
        return InputSpec(
            boundary.attach(1.0, unit),
            soft=(0.0, 5.0),
            symbol=symbol,
            meaning=f"input; no constant one up to {most} was found to make it fire",
        )
    fine = np.linspace(fires[0] / 2, fires[0], len(coarse))
    least = fine[fires_at(fine, steps)]
    amplitude = float(f"{1.2 * (least[0] if least.size else fires[0]):.2g}")
    return InputSpec(
        boundary.attach(amplitude, unit),
        soft=(0.0, float(f"{5 * amplitude:.3g}")),
        symbol=symbol,
        meaning="input current" if unit.dim == u.mA.dim else "input",
    )


def _firing(cls: type[Neuron], trial: _Trial) -> Callable[[np.ndarray, int], np.ndarray]:
    """Give the test whether the neuron fires more than once, for several inputs at a time."""
    n = len(AMPLITUDES)
    step = _step(cls, n, trial.unit, {})

    @jax.jit
    def count(x: Any, steps: Any) -> Any:
        with (
            brainstate.environ.context(dt=DT, i=0, t=0.0 * u.ms),
            own_randomness(cls, jax.random.PRNGKey(1)),
        ):
            model = cls(n)
            start(model, brainstate.random.RandomState(0))
            states = _values_of(model, {**cls.states(), **trial.states})

        def body(i: Any, both: Any) -> Any:
            states, spikes = step(both[0], x, {}, i)
            return states, both[1] + (spikes > 0)

        return jax.lax.fori_loop(0, steps, body, (states, jnp.zeros(n, jnp.int32)))[1]

    return lambda x, steps: np.asarray(count(jnp.asarray(x, jnp.float32), steps)) > 1


def _is_value(value: Any) -> bool:
    return isinstance(value, u.Quantity | int | float | np.ndarray | np.number | jax.Array)


def _is_single_number(value: Any) -> bool:
    if isinstance(value, bool) or not _is_value(value) or np.size(u.get_mantissa(value)) != 1:
        return False
    mantissa = np.asarray(u.get_mantissa(value))
    return mantissa.dtype.kind in "fiu" and bool(np.isfinite(mantissa).all())


def _symbol(name: str) -> str:
    """Write a name as LaTeX: ``tau_m`` is a tau with an m at its foot."""
    stem, _, foot = name.partition("_")
    if not stem:
        return rf"\mathrm{{{name.replace('_', ' ').strip()}}}"
    head = (
        rf"\{stem}" if stem in GREEK.split() else stem if len(stem) == 1 else rf"\mathrm{{{stem}}}"
    )
    return rf"{head}_{{\mathrm{{{foot.replace('_', ' ')}}}}}" if foot else head


def _meaning(cls: type, name: str, section: str) -> str:
    """Give what the docstring says about a name, or the name in words."""
    lines = (inspect.getdoc(cls) or "").splitlines()
    for number, line in enumerate(lines[:-1]):
        if re.match(rf"{re.escape(name)}\s*(:|$)", line) and lines[number + 1].startswith("    "):
            return lines[number + 1].strip().rstrip(".")
    return name.replace("_", " ")
