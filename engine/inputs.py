r"""Stimuli: what drives a neuron, as a function of time.

A stimulus does not know the neuron it will drive. Its amplitudes are therefore declared as
*multiples* of the driven model's default drive and get their unit when they are bound to the input
of a model; times are in ms and frequencies in Hz whatever the model.

Inside a compiled loop a stimulus is two pure functions over plain ``float32`` numbers:
``begin(p, n, xi0) -> carry`` and ``sample(p, t, dt, carry, xi) -> (value, carry)``.

Examples
--------
>>> import numpy as np
>>> import saiunit as u
>>> from engine.inputs import Step
>>> step = Step(amplitude=1.5 * u.mA, start=0.2 * u.ms, stop=0.4 * u.ms)
>>> step.values(np.arange(5) * 0.1 * u.ms, dt=0.1 * u.ms)[:, 0].tolist()
[0.0, 0.0, 1.5, 1.5, 0.0]
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import saiunit as u

from engine import boundary
from engine.errors import ParameterError
from engine.specs import (
    NON_NEGATIVE,
    POSITIVE,
    ChoiceSpec,
    Component,
    InputSpec,
    Interval,
    ParameterSpec,
    subclasses,
    unknown_name,
)

__all__ = [
    "Chirp",
    "Constant",
    "Draws",
    "ExponentialChirp",
    "Handle",
    "OUNoise",
    "PulseTrain",
    "Ramp",
    "ShotNoise",
    "Sine",
    "Step",
    "Stimulus",
    "bind",
    "by_name",
    "catalogue",
]

Numbers = dict[str, Any]
"""Parameter name -> number (scalar or one per neuron), in the input's unit, ms and Hz."""


def bind(spec: ParameterSpec, input_spec: InputSpec) -> ParameterSpec:
    """Give a stimulus' parameter the unit and the range of the model that it drives.

    Parameters
    ----------
    spec : ParameterSpec
        Declared with ``of_input=True``: its default is a multiple of the model's default drive, its
        soft range multiples of the two ends of the model's soft input range. Any other declaration
        is returned as it is.
    input_spec : InputSpec
        The input of the model.

    Returns
    -------
    bound : ParameterSpec
        Same name, symbol and meaning, in the model's input unit. The soft range is widened where
        it would not hold the default.

    Examples
    --------
    >>> import saiunit as u
    >>> from engine.specs import InputSpec
    >>> bound = bind(Step.amplitude, InputSpec(default=2.0 * u.mA, soft=(-1.0, 5.0)))
    >>> bound.default_number, bound.soft, bound.unit_text
    (2.0, (-1.0, 5.0), 'mA')
    """
    if not spec.of_input:
        return spec
    default = spec.default_number * float(u.get_mantissa(input_spec.default))
    low, high = (float(m * end) for m, end in zip(spec.soft, input_spec.soft, strict=True))
    return spec.but(
        default=boundary.attach(default, input_spec.unit),
        soft=(min(low, default), max(high, default)),
        unit_text=input_spec.unit_text,
        of_input=False,
    )


@dataclass(frozen=True)
class Handle:
    """A point of a time course that can be dragged, and the parameters that it moves.

    Attributes
    ----------
    x, y : str
        Names of the parameters that are its time and its value. Where there is only one of them it
        is dragged along one axis, and stands in the middle of the edge or of the level.
    since : str
        Parameter that the time is counted from, as the width of a pulse is from its start.
    at : str
        Parameter at whose value an edge is shown, where the course has no corners.
    """

    x: str = ""
    y: str = ""
    since: str = ""
    at: str = ""


class Stimulus(Component):
    """A time course that drives a neuron.

    To add one, derive from this class, declare the parameters and write ``sample``; it is then in
    the catalogue, unless its name starts with an underscore.

    Amplitudes are given as a quantity (checked against the model later), as a plain number (taken
    in the model's input unit) or not at all (the model's default drive). Any parameter may hold one
    value per neuron.

    Attributes
    ----------
    stochastic : bool
        Whether ``sample`` needs fresh standard-normal draws per neuron and step.
    draws : int
        How many of them; several come as an array of shape (draws, n).
    drawn : bool
        Whether the time course comes from points that the experiment holds; ``sample`` is given its
        value in place of a random draw.
    handles : tuple of Handle
        Where the time course can be taken hold of.
    formula : str
        LaTeX of the time course.
    summary : str
        What it is, in a sentence: the first line of the class' docstring.
    """

    stochastic: ClassVar[bool] = False
    draws: ClassVar[int] = 1
    drawn: ClassVar[bool] = False
    handles: ClassVar[tuple[Handle, ...]] = ()
    formula: ClassVar[str] = ""
    summary: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.summary = inspect.cleandoc(vars(cls).get("__doc__") or "").partition("\n")[0]
        if getattr(vars(cls).get("__init__"), "_generated", False):
            cls.__init__ = _undecided(cls, cls.__init__)  # type: ignore[method-assign]

    def _construct(self) -> None:
        """Do nothing: there is no framework state, but subclasses get a generated constructor."""

    def _bind(self, name: str, value: Any) -> None:
        path = f"{type(self).__name__}.{name}"
        if callable(value) and not isinstance(value, u.Quantity):
            raise ParameterError(path, f"{path} must be a number or a quantity, got a function")
        spec = type(self).declarations()[name]
        if not (isinstance(spec, ParameterSpec) and spec.of_input):
            super()._bind(name, value)
            return
        if value is not None:  # its unit is only known with the model; all the rest is checked now
            if isinstance(value, list | tuple):
                value = u.math.asarray(value)
            unit = u.get_unit(value) if isinstance(value, u.Quantity) else u.UNITLESS
            value = boundary.check_parameter(value, _in_unit(spec, unit), path)
        setattr(self, name, value)

    @classmethod
    def begin(cls, p: Numbers, n: int, xi0: Any = None) -> Any:
        """Give what is carried from step to step, before the first one.

        Parameters
        ----------
        p : dict of str to array
            Parameters as numbers in the input's unit, ms and Hz.
        n : int
            Number of neurons.
        xi0 : jax.Array, shape (n,) or (draws, n), optional
            Standard-normal draws; required by a stochastic stimulus.

        Returns
        -------
        carry : pytree
            ``()`` for a deterministic stimulus.
        """
        return ()

    @classmethod
    def sample(cls, p: Numbers, t: Any, dt: Any, carry: Any, xi: Any) -> tuple[Any, Any]:
        """Give the value of one step.

        Parameters
        ----------
        p : dict of str to array
            Parameters as numbers in the input's unit, ms and Hz.
        t, dt : array
            Time at the start of the step, and the step, in ms.
        carry : pytree
            From ``begin`` or the step before.
        xi : jax.Array, shape (n,) or (draws, n), or None
            Fresh standard-normal draws for a stochastic stimulus; the value of the points for one
            that is drawn.

        Returns
        -------
        value : array, scalar or shape (n,)
            In the input's unit.
        carry : pytree
            For the next step.
        """
        raise NotImplementedError(f"{cls.__name__} must write sample()")

    @classmethod
    def corners(cls, p: Numbers, duration: float) -> list[tuple[float, float]] | None:
        """Give the points that straight lines between them make the time course of.

        Parameters
        ----------
        p : dict of str to float
            Parameters as numbers in the input's unit, ms and Hz.
        duration : float
            How far the points have to reach, in ms.

        Returns
        -------
        points : list of (float, float), or None
            Time in ms and value; two at the same time are a jump. None where it is no such course.
        """
        return None

    @classmethod
    def shape(cls, n: int) -> tuple[int, ...]:
        """Give the shape of what is drawn for a step of ``n`` neurons."""
        return (n,) if cls.draws == 1 else (cls.draws, n)

    def numbers(self, input_spec: InputSpec, prefix: str = "stimulus.") -> Numbers:
        """Give the parameters as plain numbers for a model, checked.

        Parameters
        ----------
        input_spec : InputSpec
            The input of the model that is driven.
        prefix : str
            Put before a parameter's name in the text of an error.

        Returns
        -------
        numbers : dict of str to float or array
            In the input's unit, ms and Hz; the model's default drive where nothing was given.

        Raises
        ------
        ParameterError
            Wrong dimension for this model, or out of range.

        Examples
        --------
        >>> import saiunit as u
        >>> from engine.specs import InputSpec
        >>> drive = InputSpec(default=2.0 * u.mA, soft=(0.0, 5.0))
        >>> Constant().numbers(drive), Constant(500.0 * u.uA).numbers(drive)
        ({'amplitude': 2.0}, {'amplitude': 0.5})
        """
        found: Numbers = {}
        for name, spec in type(self).parameters().items():
            bound, value = bind(spec, input_spec), getattr(self, name)
            if value is None:
                found[name] = bound.default_number
                continue
            if spec.of_input and not isinstance(value, u.Quantity):
                value = boundary.attach(value, input_spec.unit)
            value = boundary.check_parameter(value, bound, prefix + name)
            found[name] = boundary.strip(value, bound.unit)
        return found

    def values(self, t: Any, dt: Any, n: int = 1, seed: int = 0, **parameters: Any) -> np.ndarray:
        """Give the stimulus over time, as the compiled loop sees it.

        Parameters
        ----------
        t : Quantity[ms] or array_like, shape (time,)
            Times at the start of each step, ``dt`` apart; plain numbers are in ms.
        dt : Quantity[ms] or float
            The step.
        n : int
            Number of neurons.
        seed : int
            Seed of a stochastic stimulus.
        **parameters
            Take the place of what the constructor got.

        Returns
        -------
        values : numpy.ndarray, shape (time, n)
            ``float32`` numbers in the unit of the first amplitude that has one. An amplitude that
            was not given counts in multiples of a model's default drive.

        Examples
        --------
        >>> ramp = Ramp(final=1.0, start=0 * u.ms, stop=4 * u.ms)
        >>> ramp.values([0, 1, 2, 4, 9], dt=1)[:, 0].tolist()
        [0.0, 0.25, 0.5, 1.0, 1.0]
        """
        held = {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}
        stimulus = type(self)(**(held | parameters))
        specs = type(self).parameters()
        units = (
            u.get_unit(getattr(stimulus, k))
            for k, spec in specs.items()
            if spec.of_input and isinstance(getattr(stimulus, k), u.Quantity)
        )
        unit = next(units, u.UNITLESS)
        p = stimulus.numbers(InputSpec(default=boundary.attach(1.0, unit), soft=(0.0, 1.0)))
        p = {name: jnp.asarray(value, dtype=jnp.float32) for name, value in p.items()}
        times = jnp.atleast_1d(jnp.asarray(boundary.strip(t, u.ms), dtype=jnp.float32))
        step = jnp.float32(boundary.strip(dt, u.ms))
        return np.asarray(_run(type(self), n, p, times, step, jax.random.key(seed)))


@functools.partial(jax.jit, static_argnums=(0, 1))
def _run(kind: type[Stimulus], n: int, p: Numbers, times: Any, dt: Any, key: Any) -> Any:
    first, later = jax.random.split(key)
    shape = kind.shape(n)
    xi0 = jax.random.normal(first, shape) if kind.stochastic else None
    xi = jax.random.normal(later, (times.size, *shape)) if kind.stochastic else None

    def step(carry: Any, now: Any) -> Any:
        value, carry = kind.sample(p, now[0], dt, carry, now[1])
        return carry, jnp.broadcast_to(value, (n,))

    return jax.lax.scan(step, kind.begin(p, n, xi0), (times, xi))[1]


def _undecided(cls: type[Stimulus], init: Callable[..., None]) -> Callable[..., None]:
    """Let an amplitude that is not given be None: the model decides, once it is known."""
    of_input = {name for name, spec in cls.parameters().items() if spec.of_input}
    signature: inspect.Signature = init.__signature__  # type: ignore[attr-defined]
    names = list(signature.parameters)[1:]

    @functools.wraps(init)
    def __init__(self: Stimulus, *args: Any, **kwargs: Any) -> None:
        open_ = of_input.difference(names[: len(args)])
        init(self, *args, **(dict.fromkeys(open_) | kwargs))

    __init__.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[
            p.replace(default=None) if p.name in of_input else p
            for p in signature.parameters.values()
        ]
    )
    return __init__


def _in_unit(spec: ParameterSpec, unit: u.Unit) -> ParameterSpec:
    return spec.but(default=boundary.attach(1.0, unit), unit_text="")


def _active(t: Any, dt: Any, start: Any, stop: Any) -> Any:
    # t is step * dt in float32 and may miss an edge by a rounding error: half a step of tolerance
    # makes an edge at k * dt switch at step k, whatever dt.
    return (t >= start - dt / 2) & (t < stop - dt / 2)


class Constant(Stimulus):
    r"""The same drive at all times.

    .. math:: I(t) = I_0

    Parameters
    ----------
    amplitude : Quantity or float
        :math:`I_0`.

    Raises
    ------
    ParameterError
        The amplitude is not a finite number.
    """

    formula = r"I(t) = I_0"
    handles = (Handle(y="amplitude"),)
    amplitude = ParameterSpec(
        1.0, "I_0", "How strongly the neuron is driven.", soft=(1, 1), of_input=True
    )

    @classmethod
    def corners(cls, p: Numbers, duration: float) -> list[tuple[float, float]]:
        """Give its level; see `Stimulus.corners`."""
        return [(0.0, p["amplitude"])]

    @classmethod
    def sample(cls, p: Numbers, t: Any, dt: Any, carry: Any, xi: Any) -> tuple[Any, Any]:
        """Give the amplitude."""
        return p["amplitude"], carry


class Step(Stimulus):
    r"""A drive that is switched on and off again.

    .. math::

        I(t) = \begin{cases} I_1 & t_1 \le t < t_2 \\ I_0 & \text{otherwise} \end{cases}

    Parameters
    ----------
    amplitude, baseline : Quantity or float
        :math:`I_1` and :math:`I_0`.
    start, stop : Quantity[ms]
        :math:`t_1` and :math:`t_2`.

    Raises
    ------
    ParameterError
        A time is not a time or below 0, or ``start`` is not below ``stop``.

    Notes
    -----
    An edge at :math:`k\,dt` switches at step :math:`k`: times are compared with a tolerance of half
    a step, since ``float32`` times of long runs are not exact. That holds for a million steps.
    """

    formula = r"I(t) = \begin{cases} I_1 & t_1 \le t < t_2 \\ I_0 & \text{otherwise} \end{cases}"
    below = (("start", "stop"),)
    handles = (Handle("start"), Handle("stop"), Handle(y="amplitude"), Handle(y="baseline"))
    amplitude = ParameterSpec(
        1.0, "I_1", "Drive between start and stop.", soft=(1, 1), of_input=True
    )
    baseline = ParameterSpec(
        0.0, "I_0", "Drive before start and after stop.", soft=(1, 1), of_input=True
    )
    start = ParameterSpec(
        100.0 * u.ms, "t_1", "When the step goes up.", soft=(0, 1000), hard=NON_NEGATIVE
    )
    stop = ParameterSpec(
        800.0 * u.ms, "t_2", "When the step goes down again.", soft=(0, 1000), hard=NON_NEGATIVE
    )

    @classmethod
    def corners(cls, p: Numbers, duration: float) -> list[tuple[float, float]]:
        """Give both edges; see `Stimulus.corners`."""
        low, high = p["baseline"], p["amplitude"]
        up = [(p["start"], low), (p["start"], high)]
        return [(0.0, low), *up, (p["stop"], high), (p["stop"], low)]

    @classmethod
    def sample(cls, p: Numbers, t: Any, dt: Any, carry: Any, xi: Any) -> tuple[Any, Any]:
        """Give the amplitude between start and stop, else the baseline."""
        on = _active(t, dt, p["start"], p["stop"])
        return jnp.where(on, p["amplitude"], p["baseline"]), carry


class Ramp(Stimulus):
    r"""A drive that climbs steadily from one level to another and stays there.

    .. math::

        I(t) = (1 - s) I_0 + s I_1, \qquad
        s = \min\Bigl(\max\Bigl(\frac{t - t_1}{t_2 - t_1},\, 0\Bigr),\, 1\Bigr)

    Parameters
    ----------
    initial, final : Quantity or float
        :math:`I_0` and :math:`I_1`.
    start, stop : Quantity[ms]
        :math:`t_1` and :math:`t_2`.

    Raises
    ------
    ParameterError
        A time is not a time or below 0, or ``start`` is not below ``stop``.
    """

    formula = (
        r"I(t) = (1 - s) I_0 + s I_1, \quad"
        r" s = \min\bigl(\max\bigl(\tfrac{t - t_1}{t_2 - t_1}, 0\bigr), 1\bigr)"
    )
    below = (("start", "stop"),)
    handles = (Handle("start", "initial"), Handle("stop", "final"))
    initial = ParameterSpec(0.0, "I_0", "Drive before the ramp.", soft=(1, 1), of_input=True)
    final = ParameterSpec(2.0, "I_1", "Drive after the ramp.", soft=(1, 1), of_input=True)
    start = ParameterSpec(
        100.0 * u.ms, "t_1", "When the ramp begins.", soft=(0, 1000), hard=NON_NEGATIVE
    )
    stop = ParameterSpec(
        400.0 * u.ms, "t_2", "When the ramp ends.", soft=(0, 1000), hard=NON_NEGATIVE
    )

    @classmethod
    def corners(cls, p: Numbers, duration: float) -> list[tuple[float, float]]:
        """Give both ends of the ramp; see `Stimulus.corners`."""
        low, high = p["initial"], p["final"]
        return [(0.0, low), (p["start"], low), (p["stop"], high)]

    @classmethod
    def sample(cls, p: Numbers, t: Any, dt: Any, carry: Any, xi: Any) -> tuple[Any, Any]:
        """Interpolate; both ends are met exactly."""
        # a slider may bring the ends together: never divide by less than a step
        length = jnp.maximum(p["stop"] - p["start"], dt)
        s = jnp.clip((t - p["start"]) / length, 0.0, 1.0)
        return (1.0 - s) * p["initial"] + s * p["final"], carry


class PulseTrain(Stimulus):
    r"""Rectangular pulses that come at a steady frequency.

    .. math::

        I(t) = \begin{cases}
            I_1 & t_1 + k/f \le t < t_1 + k/f + w \text{ for a } k \in \{0, \dots, K - 1\} \\
            I_0 & \text{otherwise}
        \end{cases}

    Parameters
    ----------
    amplitude, baseline : Quantity or float
        :math:`I_1` and :math:`I_0`.
    frequency : Quantity[Hz]
        :math:`f`.
    width, start : Quantity[ms]
        :math:`w` and :math:`t_1`.
    count : float
        :math:`K`; a fraction is rounded down.

    Raises
    ------
    ParameterError
        Wrong unit, a frequency or width that is not above 0, or fewer than one pulse.

    Notes
    -----
    Edges are met as in ``Step``. Pulses wider than their period merge into one.
    """

    formula = (
        r"I(t) = \begin{cases} I_1 & 0 \le t - t_1 - k/f < w,\ k < K \\"
        r" I_0 & \text{otherwise} \end{cases}"
    )
    handles = (
        Handle("start"),
        Handle("width", since="start"),
        Handle(y="amplitude"),
        Handle(y="baseline"),
    )
    amplitude = ParameterSpec(1.0, "I_1", "Drive during a pulse.", soft=(1, 1), of_input=True)
    baseline = ParameterSpec(0.0, "I_0", "Drive between pulses.", soft=(1, 1), of_input=True)
    frequency = ParameterSpec(
        10.0 * u.Hz, "f", "Pulses per second.", soft=(1, 200), hard=POSITIVE, scale="log"
    )
    width = ParameterSpec(
        20.0 * u.ms, "w", "How long a pulse lasts.", soft=(0.5, 200), hard=POSITIVE, scale="log"
    )
    start = ParameterSpec(
        50.0 * u.ms, "t_1", "When the first pulse comes.", soft=(0, 1000), hard=NON_NEGATIVE
    )
    count = ParameterSpec(
        1000.0,
        "K",
        "How many pulses come at most.",
        soft=(1, 1000),
        hard=Interval(low=1.0),
        scale="log",
    )

    @classmethod
    def corners(cls, p: Numbers, duration: float) -> list[tuple[float, float]]:
        """Give the edges of all pulses; see `Stimulus.corners`."""
        low, high, period = p["baseline"], p["amplitude"], 1000.0 / p["frequency"]
        number = min(int(p["count"]), int(max(0.0, duration - p["start"]) / period) + 1)
        found = [(0.0, low)]
        for onset in (p["start"] + k * period for k in range(number)):
            end = onset + p["width"]
            if found[-1][0] >= onset and len(found) > 1:  # the one before has not ended
                found[-2:] = [(end, high), (end, low)]
            else:
                found += [(onset, low), (onset, high), (end, high), (end, low)]
        return found

    @classmethod
    def sample(cls, p: Numbers, t: Any, dt: Any, carry: Any, xi: Any) -> tuple[Any, Any]:
        """Give the amplitude while the latest pulse lasts, else the baseline."""
        period = 1000.0 / p["frequency"]  # ms
        elapsed = t - p["start"] + dt / 2  # half a step of tolerance, as in `_active`
        latest = jnp.minimum(jnp.floor(elapsed / period), jnp.floor(p["count"]) - 1.0)
        on = (elapsed >= 0.0) & (elapsed - latest * period < p["width"])
        return jnp.where(on, p["amplitude"], p["baseline"]), carry


class Sine(Stimulus):
    r"""A drive that swings steadily up and down.

    .. math:: I(t) = I_0 + A \sin(2\pi f t + \varphi)

    Parameters
    ----------
    offset, amplitude : Quantity or float
        :math:`I_0` and :math:`A`.
    frequency : Quantity[Hz]
        :math:`f`.
    phase : float
        :math:`\varphi`, in radians.

    Raises
    ------
    ParameterError
        Wrong unit, or a frequency below 0.
    """

    formula = r"I(t) = I_0 + A \sin(2\pi f t + \varphi)"
    offset = ParameterSpec(1.0, "I_0", "Drive about which it swings.", soft=(1, 1), of_input=True)
    amplitude = ParameterSpec(
        0.5, "A", "How far it swings to either side.", soft=(0, 1), of_input=True
    )
    frequency = ParameterSpec(
        5.0 * u.Hz, "f", "Swings per second.", soft=(0.5, 200), hard=NON_NEGATIVE, scale="log"
    )
    phase = ParameterSpec(
        0.0, r"\varphi", "Where in its swing it starts, in radians.", soft=(0.0, 6.283185307179586)
    )

    @classmethod
    def sample(cls, p: Numbers, t: Any, dt: Any, carry: Any, xi: Any) -> tuple[Any, Any]:
        """Evaluate the sine."""
        swings = p["frequency"] * t / 1000.0
        swings = swings - jnp.floor(swings)  # whole swings carry digits that float32 needs
        angle = 2.0 * jnp.pi * swings + p["phase"]
        return p["offset"] + p["amplitude"] * jnp.sin(angle), carry


class Chirp(Stimulus):
    r"""A swing that gets faster steadily: the ZAP current, which finds resonances.

    .. math::

        I(t) = I_0 + A \sin\Bigl(2\pi \int_{t_1}^{t} f(s)\, ds\Bigr), \qquad
        f(t) = f_0 + (f_1 - f_0)\, \frac{t - t_1}{t_2 - t_1}

    for :math:`t_1 \le t < t_2`; before and after it is :math:`I_0`.

    Parameters
    ----------
    offset, amplitude : Quantity or float
        :math:`I_0` and :math:`A`.
    f_start, f_stop : Quantity[Hz]
        :math:`f_0` and :math:`f_1`.
    start, stop : Quantity[ms]
        :math:`t_1` and :math:`t_2`.

    Raises
    ------
    ParameterError
        Wrong unit, a frequency that is not above 0, or ``start`` is not below ``stop``.

    Notes
    -----
    The number of swings until each moment is known in closed form, so that no error adds up.

    References
    ----------
    .. [1] Puil, E., Gimbarzevsky, B. and Miura, R. M. (1986). Quantification of membrane properties
       of trigeminal root ganglion neurons in guinea pigs. Journal of Neurophysiology 55,
       995-1016. doi:10.1152/jn.1986.55.5.995
    .. [2] Hutcheon, B. and Yarom, Y. (2000). Resonance, oscillation and the intrinsic frequency
       preferences of neurons. Trends in Neurosciences 23, 216-222.
       doi:10.1016/S0166-2236(00)01547-2
    """

    formula = (
        r"I(t) = I_0 + A \sin\bigl(2\pi \smallint_{t_1}^{t} f(s)\, ds\bigr), \quad"
        r" f(t) = f_0 + (f_1 - f_0) \tfrac{t - t_1}{t_2 - t_1}, \quad t_1 \le t < t_2"
    )
    below = (("start", "stop"),)
    handles = (Handle("start", at="offset"), Handle("stop", at="offset"))
    offset = ParameterSpec(1.0, "I_0", "Drive about which it swings.", soft=(1, 1), of_input=True)
    amplitude = ParameterSpec(
        0.5, "A", "How far it swings to either side.", soft=(0, 1), of_input=True
    )
    f_start = ParameterSpec(
        1.0 * u.Hz,
        "f_0",
        "Swings per second at the start.",
        soft=(0.5, 200),
        hard=POSITIVE,
        scale="log",
    )
    f_stop = ParameterSpec(
        40.0 * u.Hz,
        "f_1",
        "Swings per second at the end.",
        soft=(0.5, 200),
        hard=POSITIVE,
        scale="log",
    )
    start = ParameterSpec(
        50.0 * u.ms, "t_1", "When the sweep begins.", soft=(0, 1000), hard=NON_NEGATIVE
    )
    stop = ParameterSpec(
        1000.0 * u.ms, "t_2", "When the sweep ends.", soft=(0, 5000), hard=NON_NEGATIVE
    )

    @classmethod
    def swings(cls, p: Numbers, s: Any) -> Any:
        """Give the number of swings per ms of the sweep's length, up to its part ``s``."""
        return (p["f_start"] * s + (p["f_stop"] - p["f_start"]) * s**2 / 2.0) / 1000.0

    @classmethod
    def sample(cls, p: Numbers, t: Any, dt: Any, carry: Any, xi: Any) -> tuple[Any, Any]:
        """Evaluate the sine of the phase so far."""
        length = jnp.maximum(p["stop"] - p["start"], dt)
        s = jnp.clip((t - p["start"]) / length, 0.0, 1.0)
        swings = length * cls.swings(p, s)
        angle = 2.0 * jnp.pi * (swings - jnp.floor(swings))
        on = _active(t, dt, p["start"], p["stop"])
        return p["offset"] + p["amplitude"] * jnp.where(on, jnp.sin(angle), 0.0), carry


class ExponentialChirp(Chirp):
    r"""A swing that gets faster by a factor: as much time for each octave of frequencies.

    .. math::

        I(t) = I_0 + A \sin\Bigl(2\pi \int_{t_1}^{t} f(s)\, ds\Bigr), \qquad
        f(t) = f_0\, (f_1 / f_0)^{(t - t_1) / (t_2 - t_1)}

    for :math:`t_1 \le t < t_2`; before and after it is :math:`I_0`.

    Parameters
    ----------
    offset, amplitude : Quantity or float
        :math:`I_0` and :math:`A`.
    f_start, f_stop : Quantity[Hz]
        :math:`f_0` and :math:`f_1`.
    start, stop : Quantity[ms]
        :math:`t_1` and :math:`t_2`.

    Raises
    ------
    ParameterError
        Wrong unit, a frequency that is not above 0, or ``start`` is not below ``stop``.

    References
    ----------
    As for `Chirp`.
    """

    formula = (
        r"I(t) = I_0 + A \sin\bigl(2\pi \smallint_{t_1}^{t} f(s)\, ds\bigr), \quad"
        r" f(t) = f_0 \bigl(\tfrac{f_1}{f_0}\bigr)^{(t - t_1) / (t_2 - t_1)}, \quad"
        r" t_1 \le t < t_2"
    )

    @classmethod
    def swings(cls, p: Numbers, s: Any) -> Any:
        """Give the number of swings per ms of the sweep's length, up to its part ``s``."""
        octaves = jnp.log(p["f_stop"] / p["f_start"])
        steady = jnp.abs(octaves) < 1e-4  # the same frequency: the quotient below would be 0 / 0
        safe = jnp.where(steady, 1.0, octaves)
        return p["f_start"] * jnp.where(steady, s, jnp.expm1(safe * s) / safe) / 1000.0


class OUNoise(Stimulus):
    r"""A drive that wanders around its mean: coloured noise, a stand-in for synaptic bombardment.

    .. math::

        \tau \frac{dI}{dt} = -(I - \mu) + \sigma \sqrt{2 \tau}\, \xi(t)

    Parameters
    ----------
    mean, sigma : Quantity or float
        :math:`\mu` and the standard deviation :math:`\sigma` that it keeps for all times.
    tau : Quantity[ms]
        :math:`\tau`, over which it forgets where it was.

    Raises
    ------
    ParameterError
        Wrong unit, ``sigma`` below 0, or ``tau`` not above 0.

    Notes
    -----
    Each neuron gets noise of its own. It starts in its stationary distribution and is advanced
    exactly, so its statistics do not depend on the step [2]_:

    .. math::

        I(t + dt) = \mu + (I(t) - \mu)\, e^{-dt/\tau} + \sigma \sqrt{1 - e^{-2 dt/\tau}}\; \xi,
        \qquad \xi \sim \mathcal{N}(0, 1).

    The deviation :math:`(I - \mu)/\sigma` is what is carried: moving the mean or the standard
    deviation shifts or stretches the same path at once.

    References
    ----------
    .. [1] Uhlenbeck, G. E. and Ornstein, L. S. (1930). On the theory of the Brownian motion.
       Physical Review 36, 823-841. doi:10.1103/PhysRev.36.823
    .. [2] Gillespie, D. T. (1996). Exact numerical simulation of the Ornstein-Uhlenbeck process and
       its integral. Physical Review E 54, 2084-2091. doi:10.1103/PhysRevE.54.2084
    """

    stochastic = True
    formula = r"\tau \frac{dI}{dt} = -(I - \mu) + \sigma \sqrt{2\tau}\, \xi(t)"
    mean = ParameterSpec(1.0, r"\mu", "Drive about which it wanders.", soft=(1, 1), of_input=True)
    sigma = ParameterSpec(
        0.3,
        r"\sigma",
        "How far it wanders (standard deviation).",
        soft=(0, 1),
        hard=NON_NEGATIVE,
        of_input=True,
    )
    tau = ParameterSpec(
        5.0 * u.ms,
        r"\tau",
        "Correlation time: how slowly it wanders.",
        soft=(0.5, 100),
        hard=POSITIVE,
        scale="log",
    )

    @classmethod
    def begin(cls, p: Numbers, n: int, xi0: Any = None) -> Any:
        """Draw the deviation from its stationary distribution."""
        if xi0 is None:
            raise ValueError("OUNoise starts from a random draw: pass xi0 of shape (n,)")
        return jnp.asarray(xi0)

    @classmethod
    def sample(cls, p: Numbers, t: Any, dt: Any, carry: Any, xi: Any) -> tuple[Any, Any]:
        """Give the current value and advance the deviation by a step."""
        decay = jnp.exp(-dt / p["tau"])
        spread = jnp.sqrt(-jnp.expm1(-2.0 * dt / p["tau"]))  # 1 - exp(..) would lose digits
        return p["mean"] + p["sigma"] * carry, decay * carry + spread * xi


class ShotNoise(Stimulus):
    r"""Random excitatory and inhibitory spikes, each a jump of the drive that decays again.

    .. math::

        I(t) = w_E s_E(t) - w_I s_I(t), \qquad
        \frac{ds_X}{dt} = -\frac{s_X}{\tau_X} + \sum_k \delta(t - t^X_k), \quad X = E, I

    with spike times :math:`t^X_k` of Poisson processes of the rates :math:`\nu_X`.

    Parameters
    ----------
    w_E, w_I : Quantity or float
        :math:`w_E` and :math:`w_I`.
    rate_E, rate_I : Quantity[Hz]
        :math:`\nu_E` and :math:`\nu_I`, of all inputs of a neuron together.
    tau_E, tau_I : Quantity[ms]
        :math:`\tau_E` and :math:`\tau_I`.

    Raises
    ------
    ParameterError
        Wrong unit, a negative rate or weight, or a time that is not above 0.

    Notes
    -----
    By Campbell's theorem [1]_ the mean is :math:`w_E \nu_E \tau_E - w_I \nu_I \tau_I` and the
    variance :math:`(w_E^2 \nu_E \tau_E + w_I^2 \nu_I \tau_I) / 2`; by default the two means cancel
    out. It starts at the stationary mean and variance. The spikes of a step are shared out evenly
    over it, which leaves the mean exact and the variance short by a part of
    :math:`(dt / \tau)^2 / 12`. Their number is the quantile of the Poisson distribution at a random
    level that stays when a slider moves: a higher rate adds spikes to those that were there.

    These are currents. As conductances they would need the reversal potentials of the model, which
    models without units or with a potential from 0 to 1 do not have.

    References
    ----------
    .. [1] Rice, S. O. (1944). Mathematical analysis of random noise. Bell System Technical Journal
       23, 282-332. doi:10.1002/j.1538-7305.1944.tb00874.x
    """

    stochastic = True
    draws = 2
    formula = (
        r"I(t) = w_E s_E - w_I s_I, \quad"
        r" \frac{ds_E}{dt} = -\frac{s_E}{\tau_E} + \mathrm{Poisson}(\nu_E), \quad"
        r" \frac{ds_I}{dt} = -\frac{s_I}{\tau_I} + \mathrm{Poisson}(\nu_I)"
    )
    w_E = ParameterSpec(
        0.1,
        "w_E",
        "Jump of the drive at each excitatory spike.",
        soft=(0, 0.2),
        hard=NON_NEGATIVE,
        of_input=True,
    )
    rate_E = ParameterSpec(
        1000.0 * u.Hz,
        r"\nu_E",
        "Excitatory spikes per second.",
        soft=(0, 10_000),
        hard=NON_NEGATIVE,
    )
    tau_E = ParameterSpec(
        3.0 * u.ms,
        r"\tau_E",
        "How long the current of an excitatory spike lasts.",
        soft=(0.5, 100),
        hard=POSITIVE,
        scale="log",
    )
    w_I = w_E.but(symbol="w_I", meaning="Jump of the drive, downwards, at each inhibitory spike.")
    rate_I = rate_E.but(
        default=300.0 * u.Hz, symbol=r"\nu_I", meaning="Inhibitory spikes per second."
    )
    tau_I = tau_E.but(
        default=10.0 * u.ms,
        symbol=r"\tau_I",
        meaning="How long the current of an inhibitory spike lasts.",
    )

    @classmethod
    def begin(cls, p: Numbers, n: int, xi0: Any = None) -> Any:
        """Draw both traces with their stationary mean and variance."""
        if xi0 is None:
            raise ValueError("ShotNoise starts from random draws: pass xi0 of shape (2, n)")
        found = []
        for kind, xi in zip("EI", jnp.broadcast_to(xi0, (2, n)), strict=True):
            mean = p[f"rate_{kind}"] * p[f"tau_{kind}"] / 1000.0
            found.append(jnp.maximum(mean + jnp.sqrt(mean / 2.0) * xi, 0.0))
        return jnp.stack(found)

    @classmethod
    def sample(cls, p: Numbers, t: Any, dt: Any, carry: Any, xi: Any) -> tuple[Any, Any]:
        """Give the current value and add the spikes of a step."""
        later = []
        for kind, s, level in zip("EI", carry, jnp.broadcast_to(xi, carry.shape), strict=True):
            tau = p[f"tau_{kind}"]
            lost = -jnp.expm1(-dt / tau)
            spikes = _poisson(p[f"rate_{kind}"] * dt / 1000.0, level)
            later.append((1.0 - lost) * s + lost * (tau / dt) * spikes)
        return p["w_E"] * carry[0] - p["w_I"] * carry[1], jnp.stack(later)


MOST_COUNTED = 16
"""Spikes of a step up to which their distribution is summed up; beyond, it is nearly normal."""


def _poisson(mean: Any, xi: Any) -> Any:
    """Turn standard-normal numbers into Poisson numbers, the greater the greater they are."""
    few = jnp.minimum(mean, MOST_COUNTED / 4.0)
    # rounding keeps the sum from reaching 1: a level beyond it would count all of them
    level = jnp.minimum(jax.scipy.special.ndtr(xi), 1.0 - 1e-6)
    chance = jnp.exp(-few)
    below, exact = chance, jnp.zeros_like(level)
    for count in range(1, MOST_COUNTED + 1):  # unrolled: one fused operation
        exact = exact + (level > below)
        chance = chance * few / count
        below = below + chance
    # Cornish and Fisher's quantile, with the skewness of the distribution
    normal = jnp.floor(mean + jnp.sqrt(mean) * xi + (xi**2 - 1.0) / 6.0 + 0.5)
    return jnp.where(mean > MOST_COUNTED / 4.0, jnp.maximum(normal, 0.0), exact)


class Draws(Component):
    """How the random numbers of an input are drawn.

    Frozen noise is the same in every trial: whatever then differs between trials is due to the
    neuron [1]_. Here the neurons of a population are the trials.

    References
    ----------
    .. [1] Mainen, Z. F. and Sejnowski, T. J. (1995). Reliability of spike timing in neocortical
       neurons. Science 268, 1503-1506. doi:10.1126/science.7770778
    """

    seed = ParameterSpec(
        0.0,
        r"\mathrm{seed}",
        "seed of its own: this noise then stays while the seed of the simulation changes; 0 "
        "follows that seed",
        soft=(0.0, 100.0),
        hard=Interval(0.0, 2.0**24),  # whole numbers that single precision holds
        integer=True,
    )
    across = ChoiceSpec(
        "each",
        ("each", "all"),
        "whether every neuron gets noise of its own, or all get the same: frozen noise",
        ("every neuron gets noise of its own", "frozen: all neurons get the same noise"),
        label="drawn for",
    )

    def _construct(self) -> None:
        """Do nothing: there is no framework state."""


def catalogue() -> dict[str, type[Stimulus]]:
    """Every stimulus that is defined, by the name of its class.

    Returns
    -------
    stimuli : dict of str to type
        Ours first, in the order of this module; names with a leading underscore are left out.
    """
    return {c.__name__: c for c in subclasses(Stimulus) if not c.__name__.startswith("_")}


def by_name(name: str) -> type[Stimulus]:
    """Find a stimulus by the name of its class.

    Raises
    ------
    ParameterError
        There is none of that name; the sentence suggests the nearest.
    """
    known = catalogue()
    if name not in known:
        raise unknown_name("stimulus", name, known, "the catalogue")
    return known[name]
