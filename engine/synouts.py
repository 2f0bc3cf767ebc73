"""Output stages: from the conductance of a synapse to the current into a neuron."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

import brainstate
import saiunit as u

from engine import boundary
from engine.documents import document
from engine.dynamics import BindCondData
from engine.errors import ParameterError
from engine.specs import NON_NEGATIVE, POSITIVE, Component, ParameterSpec

__all__ = ["COBA", "CUBA", "MgBlock", "SynOut"]


class SynOut(Component, BindCondData, brainstate.nn.Module):
    r"""An output stage: the base of what turns a conductance into a current.

    A projection binds the conductance of its synapse in every step (`bind_cond`); the neuron, with
    which the stage is registered as a current input, asks for the current at its membrane potential
    (``stage(V)``).

    Notes
    -----
    A bound conductance belongs to one step, like any plain input. The neuron may ask for the
    current as often as its integrator wants to; when its step is over (`Dynamics.use_up_inputs`),
    the stage lets go of the conductance. A step in which nothing was bound is an error, and not a
    current from the step before. Outside of a neuron the conductance stays until it is bound anew
    or `unbind_cond` is called. See DECISIONS.md, 2026-11-23. *Deviation* from the reference
    implementation, where a conductance stays for the steps that bind none (`bound-for-one-step`).

    A plain number is taken in the unit of the declaration. With a plain membrane potential
    all potentials count as numbers in mV, and the result has the unit of the conductance.
    """

    __module__ = "engine"

    equation: ClassVar[str] = ""
    """LaTeX of the current, with the conductance g and the membrane potential V."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # brainstate's metaclass would hide the arguments from help() and from editors
        signature = inspect.signature(cls.__init__)
        cls.__signature__ = signature.replace(parameters=[*signature.parameters.values()][1:])
        document(cls)

    def _construct(self) -> None:
        brainstate.nn.Module.__init__(self)
        self._conductance = None

    def _bind(self, name: str, value: Any) -> None:
        spec, path = type(self).parameters()[name], f"{type(self).__name__}.{name}"
        if isinstance(value, u.Unit):
            value = boundary.attach(1.0, value)
        if callable(value):
            raise ParameterError(
                path, f"{path} must be {boundary.dimension_word(spec.unit)}, got a function"
            )
        if isinstance(value, list | tuple):
            value = u.math.asarray(value)
        if isinstance(value, bool) or value is None or isinstance(value, str):
            spec.number(value, path)
        if u.get_unit(value).is_unitless and not spec.any_unit:
            value = boundary.attach(u.get_mantissa(value), spec.unit)
        super()._bind(name, value)

    def __call__(self, V: Any = None) -> Any:
        """Give the current at the membrane potential ``V`` for the bound conductance.

        Raises
        ------
        ParameterError
            No conductance is bound in this step.
        """
        if self._conductance is None:
            name = type(self).__name__
            raise ParameterError(
                f"{name}.conductance",
                f"{name} has no conductance in this step: run the projection that feeds it before "
                "the neuron, or call bind_cond(g) first (a bound conductance is used up by the "
                "step of the neuron that reads it). A neuron with a synapse that projections share "
                "takes its step when called as neuron(x), not as neuron.update(x)",
            )
        return self.update(self._conductance, V)

    def update(self, conductance: Any, V: Any = None) -> Any:
        """Give the current that a conductance makes at the membrane potential ``V``.

        Raises
        ------
        NotImplementedError
            The stage does not say what its current is.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define update()")

    def _at(self, V: Any, *names: str) -> tuple[Any, ...]:
        """Give parameters in the manner of ``V``: plain numbers where it is one."""
        if V is None:
            raise ParameterError(
                f"{type(self).__name__}.V",
                f"{type(self).__name__} needs the membrane potential: call it with V",
            )
        given = u.get_unit(V)
        if not given.is_unitless and given.dim != u.mV.dim:
            raise ParameterError(
                f"{type(self).__name__}.V",
                f"the membrane potential of {type(self).__name__} must be a potential, "
                f"got {boundary.unit_text(given)}",
            )
        specs, values = type(self).parameters(), [getattr(self, name) for name in names]
        if not given.is_unitless:
            return tuple(values)
        return tuple(boundary.strip(v, specs[n].unit) for n, v in zip(names, values, strict=True))


REVERSAL = ParameterSpec(
    0.0 * u.mV,
    "E",
    "reversal potential: where the current through the synapse changes its sign",
    soft=(-100.0, 60.0),
)


class COBA(SynOut):
    r"""Conductance-based output: the current is driven by the distance from a reversal potential.

    .. math:: I = g\,(E - V)

    The synapse excites where :math:`E` lies above the threshold of the neuron (0 mV for AMPA), and
    inhibits where it lies below (-80 mV for GABA-A).

    References
    ----------
    W. Gerstner, W. M. Kistler, R. Naud and L. Paninski (2014). Neuronal Dynamics. Cambridge
    University Press, chapter 3.1. doi:10.1017/CBO9781107447615

    Examples
    --------
    >>> import saiunit as u
    >>> from engine import COBA
    >>> stage = COBA(E=0 * u.mV)
    >>> stage.bind_cond(0.5 * u.mS)
    >>> round(float(stage(-60 * u.mV).to_decimal(u.uA)), 4)
    30.0
    """

    __module__ = "engine"
    equation: ClassVar[str] = r"I = g (E - V)"

    E = REVERSAL.but()

    def update(self, conductance: Any, V: Any = None) -> Any:
        """Give the current that a conductance makes at the membrane potential ``V``."""
        (E,) = self._at(V, "E")
        return conductance * (E - V)


class CUBA(SynOut):
    r"""Current-based output: the current does not depend on the membrane potential.

    .. math:: I = g\,s

    The ``scale`` :math:`s` stands for a driving force that never changes: 1 V turns mS into mA.

    Notes
    -----
    The scale may have any unit: its unit times that of the conductance has to be the unit of the
    neuron's input. A plain number is a factor without unit.

    References
    ----------
    W. Gerstner, W. M. Kistler, R. Naud and L. Paninski (2014). Neuronal Dynamics. Cambridge
    University Press, chapter 3.1. doi:10.1017/CBO9781107447615

    Examples
    --------
    >>> import saiunit as u
    >>> from engine import CUBA
    >>> stage = CUBA()
    >>> stage.bind_cond(0.5 * u.mS)
    >>> round(float(stage(-60 * u.mV).to_decimal(u.mA)), 4)
    0.5
    """

    __module__ = "engine"
    equation: ClassVar[str] = r"I = g s"

    scale = ParameterSpec(
        1.0 * u.volt,
        "s",
        "driving force: how much current a conductance makes, whatever the potential",
        soft=(0.01, 10.0),
        scale="log",
        any_unit=True,
    )

    def update(self, conductance: Any, V: Any = None) -> Any:
        """Give the current that a conductance makes."""
        return conductance * self.scale


class MgBlock(SynOut):
    r"""Output of NMDA receptors, whose channels magnesium blocks at rest.

    .. math::
        I = \frac{g\,(E - V)}{1 + \frac{[\mathrm{Mg}]}{\beta} e^{\alpha (V_{offset} - V)}}

    At the resting potential hardly any current flows; a depolarization drives the magnesium out.

    Notes
    -----
    *Deviation* from the reference implementation: :math:`\alpha` is per mV and the concentrations
    are in mM, so that the membrane potential may be a quantity (`block-in-millivolts`).

    References
    ----------
    C. E. Jahr and C. F. Stevens (1990). Voltage dependence of NMDA-activated macroscopic
    conductances predicted by single-channel kinetics. Journal of Neuroscience 10, 3178-3182.
    doi:10.1523/JNEUROSCI.10-09-03178.1990

    Examples
    --------
    >>> import saiunit as u
    >>> from engine import COBA, MgBlock
    >>> free, blocked = COBA(), MgBlock()
    >>> for stage in (free, blocked):
    ...     stage.bind_cond(1 * u.nS)
    >>> round(float(blocked(-70 * u.mV) / free(-70 * u.mV)), 3)
    0.037
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"I = \frac{g (E - V)}{1 + \frac{[\mathrm{Mg}]}{\beta}"
        r" \exp(\alpha (V_{\mathrm{offset}} - V))}"
    )

    E = REVERSAL.but()
    cc_Mg = ParameterSpec(
        1.2 * u.mM,
        r"[\mathrm{Mg}]",
        "concentration of magnesium outside of the cell: more of it blocks more",
        soft=(0.0, 4.0),
        hard=NON_NEGATIVE,
    )
    alpha = ParameterSpec(
        0.062 * u.mV**-1,
        r"\alpha",
        "how steeply a depolarization lifts the block",
        soft=(0.02, 0.2),
        hard=NON_NEGATIVE,
    )
    beta = ParameterSpec(
        3.57 * u.mM,
        r"\beta",
        "concentration of magnesium that blocks half of the channels at the offset",
        soft=(1.0, 10.0),
        hard=POSITIVE,
    )
    V_offset = ParameterSpec(
        0.0 * u.mV,
        r"V_{\mathrm{offset}}",
        "shift of the block along the membrane potential",
        soft=(-40.0, 40.0),
    )

    def update(self, conductance: Any, V: Any = None) -> Any:
        """Give the current that a conductance makes at the membrane potential ``V``."""
        E, alpha, V_offset = self._at(V, "E", "alpha", "V_offset")
        exponent = boundary.strip(alpha * (V_offset - V), u.UNITLESS)
        blocking = boundary.strip(self.cc_Mg / self.beta, u.UNITLESS) * u.math.exp(exponent)
        return conductance * (E - V) / (1.0 + blocking)
