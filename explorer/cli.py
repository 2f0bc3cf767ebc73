"""The command ``spikescope``."""

from __future__ import annotations

import sys
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from engine import Recording

app = typer.Typer(
    help="Interactive explorer of spiking neurons.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from engine.__about__ import __version__

        typer.echo(f"spikescope {__version__}")
        raise typer.Exit


@app.callback()
def spikescope(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Interactive explorer of spiking neurons."""


@app.command()
def serve(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port; the next free one if taken.")
    ] = 5006,
    address: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    show: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Serve the labs to a browser."""
    from explorer import server

    free = server.free_port(port, address)
    if free != port:
        typer.echo(f"Port {port} is taken; using {free}.")
    typer.echo(
        f"Spikescope is at http://{'localhost' if address == '127.0.0.1' else address}:{free}"
    )
    typer.echo("Stop it with Ctrl+C.")
    server.serve(free, address, show and _has_display())


@app.command()
def models() -> None:
    """List the models of the catalogue."""
    from rich.console import Console
    from rich.table import Table

    from engine import catalog, networks

    table = Table("model", "kind", "what it is", "parameters", box=None, pad_edge=False)
    kinds = (
        ("neuron", catalog.neurons()),
        ("synapse", catalog.synapses()),
        ("output stage", catalog.outputs()),
        ("plasticity", catalog.plasticity()),
    )
    for kind, found in kinds:
        for name, cls in found.items():
            table.add_row(name, kind, catalog.summary(cls), ", ".join(cls.parameters()))
    for name, network in networks.catalogue().items():
        table.add_row(name, "network", network.summary(), "")
    Console(width=None if sys.stdout.isatty() else 160).print(table)


@app.command()
def simulate(
    model: Annotated[str, typer.Argument(help="Name of a neuron model or a published network.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", "-s", help="A parameter, e.g. tau=20ms or stimulus=Ramp."),
    ] = None,
    duration: Annotated[str | None, typer.Option(help="Simulated time, e.g. 500ms.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the recording to this .npz file.")] = None,
) -> None:
    """Run a model or a network once and print what it did."""
    from engine import Experiment, SpikescopeError, catalog, networks
    from engine import simulate as run
    from engine.base_experiment import BaseExperiment

    try:
        network = networks.catalogue().get(model)
        experiment: BaseExperiment = (
            network.experiment() if network else Experiment(catalog.neuron(model))
        )
        given = dict(_pair(text) for text in set_ or [])
        if duration is not None:
            given["duration"] = duration
        experiment = experiment.update(given)
        recording = run(experiment)
    except SpikescopeError as error:
        typer.echo(f"spikescope: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo(
        f"{model}: {recording.spike_count:,} spikes of {experiment.n} neurons, "
        f"{recording.rate:.1f} Hz\n{_statistics(recording)}"
    )
    if recording.problem:
        typer.echo(f"spikescope: {recording.problem}", err=True)
    if out is not None:
        out = out if out.suffix == ".npz" else out.with_name(f"{out.name}.npz")
        try:
            recording.save(out)
        except OSError as error:
            typer.echo(f"spikescope: {out} cannot be written: {error.strerror}", err=True)
            raise typer.Exit(2) from None
        typer.echo(f"wrote {out}")


def _statistics(recording: Recording) -> str:
    """Say how regularly and how much together the neurons of a run fire."""
    from engine import ParameterError
    from engine.analysis import intervals, variability

    times, ids, n = recording.spike_times, recording.spike_neurons, recording.experiment.n
    length = recording.n_steps * recording.dt
    measures = {
        "CV {:.2f}": lambda: recording.cv,
        "CV2 {:.2f}": lambda: intervals.cv2(times, ids),
        "LV {:.2f}": lambda: intervals.lv(times, ids),
        "Fano factor {:.2f} (100 ms)": lambda: variability.fano_factor(times, ids, length),
        "synchrony {:.2f} (chi, 5 ms)": lambda: variability.chi(times, ids, n, length),
    }
    found = []
    for words, measure in measures.items():
        try:
            value = measure()
        except ParameterError:  # not enough spikes, neurons or time
            continue
        if not isnan(value):
            found.append(words.format(value))
    return ", ".join(found) or "not enough spikes for statistics of their intervals"


def _pair(text: str) -> tuple[str, str]:
    from engine import ParameterError

    path, equals, value = text.partition("=")
    if not equals or not path or not value:
        raise ParameterError("--set", f"--set takes parameter=value, e.g. tau=20ms, got '{text}'")
    return path.strip(), value.strip()


def _has_display() -> bool:
    import os

    return sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


def main() -> None:
    """Run the command."""
    app()
