"""The hierarchy that every model stands on: `Dynamics`, `Neuron`, `Synapse`, and two mixins."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import brainstate
import braintools
import jax
import jax.numpy as jnp
import numpy as np
import saiunit as u
from jax.core import Tracer

from engine import boundary, surrogates
from engine.documents import document
from engine.errors import ParameterError
from engine.integrators import INTEGRATORS
from engine.pending import PendingInput, compiling, is_compiling
from engine.specs import (
    ChoiceSpec,
    Component,
    InitialSpec,
    InputSpec,
    ParameterSpec,
    SlotSpec,
    StateSpec,
)

__all__ = [
    "AlignPost",
    "BindCondData",
    "Dynamics",
    "Neuron",
    "Synapse",
    "description",
    "initial_value",
    "population_shape",
    "require_same_shape",
    "time_step",
]


_births = itertools.count()


class _States:
    """``Cls.states()`` gives the declared states, ``instance.states()`` those that it holds."""

    def __get__(self, instance: Any, owner: type[Component]) -> Callable[..., Any]:
        if instance is None:
            return super(Dynamics, owner).states  # type: ignore[arg-type]
        return partial(brainstate.nn.Module.states, instance)


class Dynamics(Component, brainstate.nn.Dynamics):
    """Anything with a state that evolves in time and takes inputs.

    A model collects its inputs in two named groups. *Current inputs* flow into its equation during
    a step; *delta inputs* jump a state directly after it. A plain value is used up by the step that
    reads it, a callable stays and is evaluated in every step.

    Parameters
    ----------
    in_size : int or tuple of int
        Shape of the population, without batch; `varshape` afterwards.
    name : str, optional
        Name of the instance.

    Raises
    ------
    ParameterError
        ``in_size`` is not one or more positive whole numbers.

    Notes
    -----
    *Deviations* from the reference implementation: a state is never enlarged by broadcasting, an
    input of another shape is refused (`no-broadcasting`); an input without a unit is taken in the
    unit that the model declares (`plain-inputs`); what cannot be used is refused where it is given
    (`checked-arguments`); a reset keeps the batch (`reset-keeps-batch`); labels are compared as a
    whole (`whole-labels`).
    """

    __module__ = "engine"
    _leading: ClassVar[tuple[str, ...]] = ("in_size",)
    _trailing: ClassVar[tuple[str, ...]] = ("name",)

    _born: ClassVar[int] = next(_births)
    """Which class was made how late: of two with the same name the newer one counts."""

    if TYPE_CHECKING:
        varshape: tuple[int, ...]  # brainstate says less
    else:
        states = _States()

    equation: ClassVar[str] = ""
    """LaTeX of the model's equations."""
    functions: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Symbols of `equation` that are functions of the state, each with its LaTeX."""
    integrator: ClassVar[str] = "exponential_euler"
    """Which of `engine.integrators.INTEGRATORS` is stable for the model, by its key."""
    delta_state: ClassVar[str] = ""
    """Name of the state that delta inputs jump; where empty, ``V`` or else the first state."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # brainstate's metaclass would hide the arguments from help() and from editors
        signature = inspect.signature(cls.__init__)
        cls._born = next(_births)
        cls.__signature__ = signature.replace(parameters=[*signature.parameters.values()][1:])
        document(cls)

    def _construct(self, in_size: Any, name: str | None = None) -> None:
        brainstate.nn.Dynamics.__init__(
            self, population_shape(in_size, f"{type(self).__name__}.in_size"), name=name
        )
        self._current_inputs: dict[str, Any] | None = None
        self._delta_inputs: dict[str, Any] | None = None
        self._input_labels: dict[str, str] = {}
        self._traced_in: dict[str, Any] = {}

    def _bind(self, name: str, value: Any) -> None:
        spec, path = type(self).declarations().get(name), f"{type(self).__name__}.{name}"
        is_parameter = isinstance(spec, ParameterSpec) and not isinstance(spec, InitialSpec)
        if is_parameter and callable(value):
            value = value(self.varshape)
        super()._bind(name, value)
        shape = u.math.shape(getattr(self, name)) if is_parameter else ()
        if not _fits(shape, self.varshape):
            raise ParameterError(
                path,
                f"{path} must be a single value or fit the population {self.varshape}, "
                f"got shape {shape}",
            )

    # -- states ---------------------------------------------------------------------------------

    def init_state(self, batch_size: int | None = None, *, rng: Any = None, **_: Any) -> None:
        """Create every declared state at its start value.

        Parameters
        ----------
        batch_size : int, optional
            Length of a leading batch axis; none by default.
        rng : brainstate.random.RandomState, optional
            Source of randomness for random initializers.
        """
        for name, spec in type(self).states().items():
            kind = brainstate.ShortTermState if spec.is_time_stamp else brainstate.HiddenState
            setattr(self, name, kind(self._start(spec, batch_size, rng)))
        for registry in (self._current_inputs or {}, self._delta_inputs or {}):
            for inp in registry.values():
                if isinstance(inp, PendingInput):
                    inp.init_state(batch_size)
        self.use_up_inputs()

    def reset_state(self, batch_size: int | None = None, *, rng: Any = None, **_: Any) -> None:
        """Write the start value back into every state; the batch is kept unless one is given."""
        for name, spec in type(self).states().items():
            state = getattr(self, name)
            shape = u.math.shape(state.value)
            if batch_size is None and len(shape) > len(self.varshape):
                batch_size = shape[0]
            state.value = self._start(spec, batch_size, rng)
        self.use_up_inputs()

    def _start(self, spec: StateSpec, batch_size: int | None, rng: Any) -> Any:
        shape, name = self._state_shape(batch_size), f"{spec.name}_initializer"
        if isinstance(spec.start, str):
            name = spec.start
        elif spec.start is not None:
            return initial_value(spec.start, shape, rng)
        path, declared = f"{type(self).__name__}.{name}", type(self).parameters().get(name)
        value = initial_value(getattr(self, name), shape, rng, path)
        any_unit = isinstance(declared, InitialSpec) and declared.any_unit
        if not any_unit and u.get_unit(value).dim != spec.unit.dim:
            word = boundary.dimension_word(spec.unit)
            unit = boundary.unit_text(u.get_unit(value))
            got = f"one in {unit}" if unit else "a plain number"
            raise ParameterError(path, f"{path} must be {word}, got {got}")
        return value

    def _state_shape(self, batch_size: int | None) -> tuple[int, ...]:
        return self.varshape if batch_size is None else (batch_size, *self.varshape)

    def use_up_inputs(self) -> None:
        """Drop the plain inputs of the step that is over; callables stay registered.

        An output stage stays too, but lets go of the conductance that was bound for the step; what
        a projection delivers is forgotten.
        """
        for registry in (self._current_inputs or {}, self._delta_inputs or {}):
            for key in [k for k, v in registry.items() if not callable(v)]:
                del registry[key]
            for inp in registry.values():
                if isinstance(inp, BindCondData):
                    inp.unbind_cond()
                elif isinstance(inp, PendingInput):
                    inp.use_up()

    @property
    def jumping(self) -> Any:
        """Value of the state that delta inputs jump."""
        kept = {k: v for k, v in vars(self).items() if isinstance(v, brainstate.ShortTermState)}
        for name in (self.delta_state, "V", *type(self).states(), *kept):
            if name in kept:
                return kept[name].value
        model = type(self).__name__
        raise ParameterError(
            model, f"{model} has no state yet that an input could jump: call init_state() first"
        )

    # -- time -----------------------------------------------------------------------------------

    @property
    def dt(self) -> Any:
        """The time step, from the environment."""
        return time_step(type(self).__name__)

    @property
    def t(self) -> Any:
        """The time at the start of the step, from the environment (``t``, or ``i * dt``)."""
        t = brainstate.environ.get("t", None)
        if t is None:
            step = brainstate.environ.get("i", None)
            if step is None:
                raise ParameterError(
                    "t",
                    f"{type(self).__name__} needs to know the time: run each step inside "
                    "brainstate.environ.context(i=i, t=i * dt), or use engine.simulate()",
                )
            t = step * self.dt
        return t

    def is_within(self, elapsed: Any, duration: Any) -> Any:
        """Whether less time has elapsed than ``duration``, a part of a step counting as a step.

        Both are compared as numbers of steps: in single precision the difference of two times is
        not exact, and the duration is to be the same however late in the run it begins.
        """
        steps = u.math.ceil(boundary.strip(duration / self.dt, u.UNITLESS) - 1e-4)
        return elapsed < (steps - 0.5) * self.dt

    def integrate(self, drift: Callable[[Any], Any], y: Any) -> Any:
        """Advance ``y`` by one step of ``drift`` with the model's integrator."""
        return INTEGRATORS[self.integrator](drift, y, self.dt)

    # -- inputs ---------------------------------------------------------------------------------

    @property
    def current_inputs(self) -> dict[str, Any] | None:
        """Inputs that flow into the equation, by key; None as long as there was none."""
        return self._current_inputs

    @property
    def delta_inputs(self) -> dict[str, Any] | None:
        """Inputs that jump a state, by key; None as long as there was none."""
        return self._delta_inputs

    def add_current_input(self, key: str, inp: Any, label: str | None = None) -> None:
        """Register an input of the equation.

        In a compiled loop a plain value has to come before the step that reads it, in the same pass
        of the loop; what projections deliver is carried from one pass into the next.

        Parameters
        ----------
        key : str
            Name of the input, unique within the model and ``label``.
        inp : Quantity, array or callable
            A value for the next step, or a callable of the model's state for all steps.
        label : str, optional
            Group of the input; a sum can be restricted to a group.

        Raises
        ------
        ValueError
            The key stands for another input already, or for one of a compiled loop that ended.
        """
        if self._current_inputs is None:
            self._current_inputs = {}
        self._register(self._current_inputs, "current", key, inp, label)

    def add_delta_input(self, key: str, inp: Any, label: str | None = None) -> None:
        """Register a jump of a state (not a rate: it is added as it stands, once).

        Parameters and errors are those of `add_current_input`.
        """
        if self._delta_inputs is None:
            self._delta_inputs = {}
        self._register(self._delta_inputs, "delta", key, inp, label)

    def _register(
        self, registry: dict[str, Any], kind: str, key: str, inp: Any, label: str | None
    ) -> None:
        stored = _stored_key(key, label)
        if stored in registry:
            self._require_alive(kind, stored)
        if stored in registry and registry[stored] is not inp:
            raise ValueError(
                f"{type(self).__name__} has a {kind} input '{stored}' already; "
                "use another key, or let a step read the first one"
            )
        registry[stored] = inp
        self._traced_in[stored] = None if callable(inp) else compiling(inp)
        if label is not None:
            self._input_labels[stored] = label

    def _require_alive(self, kind: str, stored: str) -> None:
        """Refuse a value of a compiled loop that has ended; nobody knows what it would be."""
        loop = self._traced_in.get(stored)
        if loop is not None and not is_compiling(loop):
            model = type(self).__name__
            raise ValueError(
                f"the {kind} input '{stored}' of {model} is left over from a compiled loop that "
                f"has ended: in a loop, register inputs before the step of {model}; "
                "init_state() forgets this one"
            )

    def get_input(self, key: str, label: str | None = None) -> Any:
        """Return the input registered under ``key`` (and ``label``), current inputs first.

        Raises
        ------
        ValueError
            There is none.
        """
        stored = _stored_key(key, label)
        for registry in (self._current_inputs, self._delta_inputs):
            if registry and stored in registry:
                return registry[stored]
        raise ValueError(f"{type(self).__name__} has no input '{stored}'")

    def sum_current_inputs(
        self, init: Any, *args: Any, label: str | None = None, pop: bool = True, **kwargs: Any
    ) -> Any:
        """Add up the current inputs.

        Parameters
        ----------
        init : Quantity or array
            Start of the sum.
        *args, **kwargs
            Given to every input that is callable, usually the membrane potential.
        label : str, optional
            Take the inputs of this group only.
        pop : bool
            Whether plain values are used up.

        Returns
        -------
        Quantity or array
            ``init`` plus the inputs.

        Raises
        ------
        ValueError
            An input could not be evaluated or added; the text names its key.
        """
        return self._sum(self._current_inputs, "current", init, args, kwargs, label, pop)

    def sum_delta_inputs(
        self, init: Any, *args: Any, label: str | None = None, pop: bool = True, **kwargs: Any
    ) -> Any:
        """Add up the delta inputs; see `sum_current_inputs`."""
        return self._sum(self._delta_inputs, "delta", init, args, kwargs, label, pop)

    def _sum(
        self,
        registry: dict[str, Any] | None,
        kind: str,
        init: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        label: str | None,
        pop: bool,
    ) -> Any:
        for key in list(registry or ()):
            if label is not None and self._input_labels.get(key) != label:
                continue
            inp = registry[key]  # type: ignore[index]
            self._require_alive(kind, key)
            try:
                value = inp(*args, **kwargs) if callable(inp) else inp
                init = init + value
            except Exception as error:
                raise ValueError(
                    f"the {kind} input '{key}' of {type(self).__name__} cannot be added: {error}"
                ) from error
            if pop and isinstance(inp, PendingInput):
                inp.use_up()
            elif pop and not callable(inp):
                del registry[key]  # type: ignore[index]
        return init

    def accept(self, x: Any, unit: u.Unit, like: Any, name: str = "x") -> Any:
        """Check what was handed to `update`, and give a plain number its unit.

        Parameters
        ----------
        x : Quantity, array or None
            What came; None stands for no input.
        unit : Unit
            The declared input unit, taken for a plain number.
        like : Quantity or array
            The state that the input drives: the input must not enlarge it.
        name : str
            Name of the argument of `update`.

        Raises
        ------
        ParameterError
            Another dimension, or a shape that does not fit the state.
        """
        path = f"{type(self).__name__}.{name}"
        if x is None:
            return boundary.attach(0.0, unit)
        given = u.get_unit(x)
        if given.dim != unit.dim:
            if not given.is_unitless:
                raise ParameterError(
                    path,
                    f"{_input_words(path)} must be {boundary.dimension_word(unit)}, got one in "
                    f"{boundary.unit_text(given)}{_stage_hint(given)}",
                )
            x = boundary.attach(u.get_mantissa(x), unit)
        _require_fit(path, u.math.shape(x), u.math.shape(like))
        return x

    # -- composition ----------------------------------------------------------------------------

    def align_pre(self, dyn: Any) -> Any:
        """Let another Dynamics run right after this one, on this one's output.

        Parameters
        ----------
        dyn : Dynamics or ParamDescriber
            An instance; or a description made by ``Cls.desc(...)``, built once however often it
            is given (``in_size`` is this model's `varshape` unless described).

        Returns
        -------
        Dynamics
            The instance that runs.

        Raises
        ------
        TypeError
            Neither of the two, or a description of something that is not a Dynamics.
        """
        if isinstance(dyn, brainstate.nn.Dynamics):
            key = f"instance {id(dyn)}"
            if not self.has_after_update(key):
                self.add_after_update(key, dyn)
            return dyn
        if isinstance(dyn, brainstate.mixin.ParamDescriber):
            if not issubclass(dyn.cls, brainstate.nn.Dynamics):
                raise TypeError(
                    f"align_pre of {type(self).__name__} got a description of {dyn.cls.__name__}, "
                    "which is not a Dynamics; describe a synapse, e.g. Expon.desc()"
                )
            key = f"description {description(dyn)}"
            if not self.has_after_update(key):
                sized = dyn.args or "in_size" in dyn.kwargs
                self.add_after_update(key, dyn() if sized else dyn(in_size=self.varshape))
            return self.get_after_update(key)
        raise TypeError(
            f"align_pre of {type(self).__name__} takes a Dynamics or a description of one such as "
            f"Expon.desc(), got {type(dyn).__name__}"
        )


class Neuron(Dynamics):
    r"""A neuron that spikes: the base of every neuron model.

    The spike :math:`s` of a membrane potential is 0 or 1, with the pseudo-derivative of a surrogate
    gradient. The reset of a spike takes place at the beginning of the next step, so that the
    recorded potential shows the value that crossed the threshold:

    .. math::
        V \leftarrow V - (V_{th} - V_{reset})\,s \quad\text{(soft)}, \qquad
        V \leftarrow V - (\operatorname{sg}(V) - V_{reset})\,s \quad\text{(hard)}

    with the stop-gradient sg. The soft reset keeps what the potential had above the threshold, the
    hard reset lands on :math:`V_{reset}`; in both the spike stays differentiable.

    Parameters
    ----------
    in_size : int or tuple of int
        Shape of the population.
    spk_fun : callable
        Surrogate gradient: maps a dimensionless distance from the threshold to 0 or 1.
    spk_reset : {'soft', 'hard'}
        Reset mode.
    name : str, optional
        Name of the instance.

    Raises
    ------
    ParameterError
        Another ``spk_reset`` (it is a ValueError as well).
    """

    _trailing: ClassVar[tuple[str, ...]] = ("spk_fun", "spk_reset", "ref_var", "name")

    spk_fun = SlotSpec(
        lambda: surrogates.InvSquareGrad(), "surrogate", "pseudo-derivative of the spike"
    )
    spk_reset = ChoiceSpec(
        "soft",
        ("soft", "hard"),
        "what a spike does to the membrane potential",
        hints=("subtract the threshold, keep the rest", "set to the reset potential"),
        label="reset",
    )

    input: ClassVar[InputSpec | None] = None
    """The input of `update`, where the model declares it."""
    largest_dt: ClassVar[Any] = None
    """The largest time step that the model's spikes stand, a quantity; None: no limit known."""
    draws_spike: ClassVar[bool] = True
    """Whether a plot may draw the spike, which the potential itself does not show."""
    potential: ClassVar[str] = "V"
    """The state that a plot of the neuron shows, and that `threshold` is compared with."""
    has_threshold: ClassVar[bool] = True
    """Whether there is a threshold to be shown with it."""
    random: ClassVar[bool] = False
    """Whether a step draws from `brainstate.random`."""
    binary: ClassVar[bool] = False
    """Whether it has two states in place of a potential: its targets in a network see its state
    ``on`` in every step instead of its spikes, and ``V`` is what arrives in the step."""

    if TYPE_CHECKING:
        V_th: Any  # not of every neuron

    @property
    def threshold(self) -> Any:
        """Membrane potential at which the neuron spikes now."""
        own = vars(self)
        return own["threshold"] if "threshold" in own else self.V_th  # noqa: SIM401

    @threshold.setter
    def threshold(self, value: Any) -> None:
        vars(self)["threshold"] = value  # a user's own neuron may call its threshold so

    def get_spike(self, *args: Any, **kwargs: Any) -> Any:
        """Spikes of the present state, or of the state given: abstract here.

        Raises
        ------
        NotImplementedError
            The model does not say what its spike is.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define get_spike()")


class Synapse(Dynamics):
    """A temporal filter of presynaptic activity: the base of every synapse model.

    Parameters
    ----------
    in_size : int or tuple of int
        Number, or shape, of the synapses.
    name : str, optional
        Name of the instance.
    """

    _leading: ClassVar[tuple[str, ...]] = ("in_size", "name")
    _trailing: ClassVar[tuple[str, ...]] = ()


class AlignPost(brainstate.mixin.Mixin):
    """A synapse that lives on the postsynaptic side and takes the sum of all arrivals."""

    def align_post_input_add(self, *args: Any, **kwargs: Any) -> None:
        """Add summed arrivals to the synaptic variable: abstract here.

        Raises
        ------
        NotImplementedError
            The class does not say how.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define align_post_input_add()")


class BindCondData(brainstate.mixin.Mixin):
    """An output stage that is handed a conductance before it is asked for a current."""

    _conductance: Any

    def bind_cond(self, conductance: Any) -> None:
        """Hold ``conductance`` for the next evaluation."""
        self._conductance = conductance

    def unbind_cond(self) -> None:
        """Let go of the conductance."""
        self._conductance = None


def time_step(model: str) -> Any:
    """Return the time step of the environment, which ``model`` needs.

    Raises
    ------
    ParameterError
        There is none, or it is not a time.
    """
    dt = brainstate.environ.get("dt", None)
    if dt is None:
        raise ParameterError(
            "dt",
            f"{model} has no time step: run it inside "
            "brainstate.environ.context(dt=0.1 * u.ms), or use engine.simulate()",
        )
    if u.get_unit(dt).dim != u.ms.dim:
        boundary.to_number(dt, u.ms, "dt")
    return dt


def initial_value(start: Any, shape: tuple[int, ...], rng: Any = None, path: str = "start") -> Any:
    """Evaluate a start value: broadcast to ``shape``, or an initializer called with it."""
    if callable(start):
        random = rng is not None and isinstance(start, braintools.init.Initialization)
        start = start(shape, rng=rng) if random else start(shape)
    try:
        if start is None:
            raise TypeError("there is no start value")
        value = u.math.asarray(start, dtype=brainstate.environ.dftype())
    except (TypeError, ValueError):
        raise ParameterError(path, f"{path} must give numbers, got {start!r}") from None
    mantissa = u.get_mantissa(value)
    if not isinstance(mantissa, Tracer) and not np.isfinite(mantissa).all():
        raise ParameterError(path, f"{path} must give finite numbers, got NaN or infinity")
    if not _fits(u.math.shape(value), shape):
        got = u.math.shape(value)
        raise ParameterError(path, f"{path} must fit the shape {shape}, got shape {got}")
    return u.math.broadcast_to(value, shape)


def population_shape(size: Any, path: str) -> tuple[int, ...]:
    """Give the shape of a population from what a user writes: a whole number, or several."""
    sizes = tuple(size) if isinstance(size, list | tuple) else (size,)
    whole = all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in sizes)
    if not sizes or not whole or min(sizes) < 1:
        raise ParameterError(
            path, f"{path} must be a positive whole number or a tuple of such, got {size!r}"
        )
    return tuple(int(n) for n in sizes)


def require_same_shape(model: str, name: str, before: Any, after: Any) -> None:
    """Refuse a step that would enlarge a state by broadcasting."""
    old, new = u.math.shape(before), u.math.shape(after)
    if old != new:
        raise ParameterError(
            f"{model}.{name}",
            f"an input of {model} has a shape that would turn its state {name} from {old} into "
            f"{new}; give inputs in the shape of the population",
        )


def _fits(given: tuple[int, ...], state: tuple[int, ...]) -> bool:
    try:
        return jnp.broadcast_shapes(given, state) == state
    except ValueError:
        return False


def _require_fit(path: str, given: tuple[int, ...], state: tuple[int, ...]) -> None:
    if not _fits(given, state):
        batch = len(given) > len(state)
        hint = f"; for a batch call init_state({given[0]})" if batch else ""
        raise ParameterError(
            path,
            f"{_input_words(path)} has shape {given}, its state has shape {state}{hint}",
        )


def _input_words(path: str) -> str:
    model, _, name = path.partition(".")
    return f"the input of {model}" if name == "x" else f"{name} of {model}"


def _stage_hint(given: u.Unit) -> str:
    if given.dim == u.siemens.dim:
        return "; put an output stage (CUBA or COBA) between the synapse and the neuron"
    return ""


def _stored_key(key: str, label: str | None) -> str:
    return key if label is None else f"{label} // {key}"


def description(dyn: Any) -> str:
    """Identify a describer by value: long arrays are compared in full."""

    def text(value: Any) -> str:
        if isinstance(value, u.Quantity):
            mantissa = np.asarray(u.get_mantissa(value))
            unit = u.get_unit(value)
            return f"{(mantissa.astype(float) * unit.magnitude).tobytes().hex()} {unit.dim}"
        if isinstance(value, np.ndarray | jax.Array):
            return np.asarray(value).tobytes().hex()
        return (
            repr(value) if isinstance(value, str | int | float | tuple | bool) else str(id(value))
        )

    arguments = [text(a) for a in dyn.args]
    arguments += [f"{k}={text(v)}" for k, v in sorted(dyn.kwargs.items())]
    return f"{dyn.cls.__module__}.{dyn.cls.__qualname__}({', '.join(arguments)})"
