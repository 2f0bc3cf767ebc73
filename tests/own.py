"""Models as users write them: an ordinary constructor, and no declaration."""

import brainstate
import braintools
import jax.numpy as jnp
import saiunit as u

from engine import LIF, Neuron, Synapse
from engine.specs import POSITIVE, ParameterSpec, StateSpec

ms, mV = u.ms, u.mV


def zeros(model, unit=u.UNITLESS, batch_size=None):
    zero = braintools.init.Constant(0.0 if unit.is_unitless else 0.0 * unit)
    return brainstate.HiddenState(braintools.init.param(zero, model.varshape, batch_size))


def adding():
    """Program 1 of the field: it adds up voltages and never resets."""

    class Adding(Neuron):
        """A neuron that adds up voltages."""

        def __init__(self, in_size, V_th=1.0 * u.mV, **kwargs):
            super().__init__(in_size, **kwargs)
            self.V_th = V_th

        def init_state(self, batch_size=None, **kwargs):
            self.V = zeros(self, mV, batch_size)

        def get_spike(self, V=None):
            V = self.V.value if V is None else V
            return self.spk_fun((V - self.V_th) / self.V_th)

        def update(self, x):
            self.V.value += x
            return self.get_spike()

    return Adding


def leaking():
    """A neuron as a notebook has it: every argument with a default, both reset modes."""

    class Leaking(Neuron):
        """A neuron of one's own.

        Parameters
        ----------
        tau : Quantity
            how fast it forgets.
        """

        def __init__(
            self, in_size, tau=10 * ms, tau_ref=0 * ms, V_th=-50 * mV, V_rest=-65 * mV,
            R=2 * u.ohm, gain=1, w=(1.0, 2.0), label="mine", **kw,
        ):  # fmt: skip
            super().__init__(in_size, **kw)
            self.tau, self.tau_ref, self.V_th, self.V_rest = tau, tau_ref, V_th, V_rest
            self.R, self.gain, self.w, self.label = R, gain, jnp.asarray(w), label

        def init_state(self, batch_size=None):
            shape = self.varshape if batch_size is None else (batch_size, *self.varshape)
            self.V = brainstate.HiddenState(jnp.ones(shape) * self.V_rest)
            self.last = brainstate.ShortTermState(jnp.full(shape, -1e7) * ms)

        def get_spike(self, V=None):
            V = self.V.value if V is None else V
            return self.spk_fun((V - self.V_th) / (self.V_th - self.V_rest))

        def update(self, x):
            V, s = self.V.value, self.get_spike()
            down = self.V_th - self.V_rest if self.spk_reset == "soft" else V - self.V_rest
            V = V - down * s
            current = self.gain * self.R * x * self.w.sum() / 3
            new = brainstate.nn.exp_euler_step(lambda V: (self.V_rest - V + current) / self.tau, V)
            quiet = brainstate.environ.get("t") - self.last.value < self.tau_ref
            self.V.value = u.math.where(quiet, V, new)
            spikes = self.get_spike()
            now = brainstate.environ.get("t")
            self.last.value = u.math.where(spikes > 0, now, self.last.value)
            return spikes

    return Leaking


def plain():
    """A neuron without units, without a state called V, with two of them."""

    class Plain(Neuron):
        """A neuron of two plain numbers."""

        def __init__(self, in_size, a=0.9, theta=1.0, name=None):
            super().__init__(in_size, name=name)
            self.a, self.theta = a, theta

        def init_state(self, batch_size=None):
            self.h, self.tired = zeros(self, batch_size=batch_size), zeros(self)

        def update(self, x):
            h = self.a * self.h.value + (1 - self.a) * x - self.tired.value
            spikes = self.spk_fun(h - self.theta)
            self.h.value = h * (1 - spikes)
            self.tired.value = 0.9 * self.tired.value + 0.1 * spikes
            return spikes

    return Plain


def partly():
    """A neuron of which one parameter and one state are declared."""

    class Partly(Neuron):
        """A neuron that declares what it cares about."""

        tau = ParameterSpec(
            7.0 * ms, r"\tau_{\mathrm{mine}}", "time constant", soft=(2, 20), hard=POSITIVE
        )
        V = StateSpec(mV, "V", "potential")

        def __init__(self, in_size, tau=7.0 * ms, V_th=1.0 * mV, C=2 * u.uF, **kw):
            super().__init__(in_size, **kw)
            self.tau, self.V_th, self.C = tau, V_th, C

        def init_state(self, batch_size=None, **kw):
            self.V = zeros(self, mV, batch_size)

        def update(self, x):
            V = self.V.value * (self.V.value < self.V_th)
            dt = brainstate.environ.get_dt()
            self.V.value = V + dt * (x / self.C - V / self.tau)
            return self.spk_fun((self.V.value - self.V_th) / self.V_th)

    return Partly


def tuned():
    """A model of ours with other defaults and one more number."""

    class Tuned(LIF):
        """A LIF neuron as I like it."""

        def __init__(self, in_size, tau=20.0 * ms, gain=2.0, **kw):
            super().__init__(in_size, tau=tau, **kw)
            self.gain = gain

        def update(self, x=None):
            return super().update(None if x is None else x * self.gain)

    return Tuned


def noisy():
    """A neuron that starts and evolves at random, and has no threshold."""

    class Noisy(Neuron):
        """A neuron that spikes by chance."""

        def __init__(self, in_size, slope=0.05, **kw):
            super().__init__(in_size, **kw)
            self.slope = slope

        def init_state(self, batch_size=None, **kw):
            start = braintools.init.Uniform(0.0, 0.1)
            self.V = brainstate.HiddenState(start(self.varshape))

        def update(self, x):
            self.V.value = 0.9 * self.V.value + x
            chance = brainstate.random.rand(*self.varshape)
            return (chance < self.slope * self.V.value).astype(float)

    return Noisy


def decaying():
    """Program 2 of the field: a synapse."""

    class Decaying(Synapse):
        """A synapse that decays."""

        def __init__(self, in_size, tau=5.0 * ms, **kwargs):
            super().__init__(in_size, **kwargs)
            self.tau = braintools.init.param(tau, self.varshape)

        def init_state(self, batch_size=None, **kwargs):
            self.g = zeros(self, u.mS, batch_size)

        def update(self, x=None):
            self.g.value = brainstate.nn.exp_euler_step(lambda g: -g / self.tau, self.g.value)
            if x is not None:
                self.g.value += x
            return self.g.value

    return Decaying


NEURONS = {f.__name__: f for f in (adding, leaking, plain, partly, tuned, noisy)}
