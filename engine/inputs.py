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
    Component,
    InputSpec,
    Interval,
    ParameterSpec,
    subclasses,
    unknown_name,
)

__all__ = [
    "Constant",
    "OUNoise",
    "PulseTrain",
    "Ramp",
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
        Whether ``sample`` needs a fresh standard-normal draw per neuron and step.
    formula : str
        LaTeX of the time course.
    summary : str
        What it is, in a sentence: the first line of the class' docstring.
    """

    stochastic: ClassVar[bool] = False
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
        xi0 : jax.Array, shape (n,), optional
            A standard-normal draw; required by a stochastic stimulus.

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
        xi : jax.Array, shape (n,), or None
            A fresh standard-normal draw for a stochastic stimulus.

        Returns
        -------
        value : array, scalar or shape (n,)
            In the input's unit.
        carry : pytree
            For the next step.
        """
        raise NotImplementedError(f"{cls.__name__} must write sample()")

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
    xi0 = jax.random.normal(first, (n,)) if kind.stochastic else None
    xi = jax.random.normal(later, (times.size, n)) if kind.stochastic else None

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
    amplitude = ParameterSpec(
        1.0, "I_0", "How strongly the neuron is driven.", soft=(1, 1), of_input=True
    )

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
    initial = ParameterSpec(0.0, "I_0", "Drive before the ramp.", soft=(1, 1), of_input=True)
    final = ParameterSpec(2.0, "I_1", "Drive after the ramp.", soft=(1, 1), of_input=True)
    start = ParameterSpec(
        100.0 * u.ms, "t_1", "When the ramp begins.", soft=(0, 1000), hard=NON_NEGATIVE
    )
    stop = ParameterSpec(
        400.0 * u.ms, "t_2", "When the ramp ends.", soft=(0, 1000), hard=NON_NEGATIVE
    )

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
