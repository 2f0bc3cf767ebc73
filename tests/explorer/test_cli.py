"""The command: what it prints, what it writes, how it fails."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from engine import LIF, Experiment, __version__, catalog, networks, simulate
from engine.analysis import intervals, variability
from explorer import cli, server

ROOT = Path(__file__).parents[2]


def run(*arguments):
    return CliRunner().invoke(cli.app, list(arguments))


def command(*arguments):
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "from explorer.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )


def test_version():
    result = run("--version")
    assert result.exit_code == 0
    assert result.output == f"spikescope {__version__}\n"


def test_without_arguments_it_lists_its_commands():
    result = run()
    for name in ("serve", "models", "simulate"):
        assert name in result.output


def test_models_lists_the_catalogue():
    result = run("models")
    assert result.exit_code == 0
    for name, cls in {**catalog.neurons(), **catalog.synapses()}.items():
        line = next(line for line in result.output.splitlines() if line.startswith(f"{name} "))
        assert catalog.summary(cls)[:20] in line
    for name in networks.catalogue():
        assert any(line.startswith(f"{name} ") for line in result.output.splitlines())
    assert "tau_ref" in result.output


def test_simulate_runs_a_published_network():
    given = ("--set", "E.n=80", "-s", "I.n=20", "-s", "EE.connectivity.p=0.3")
    result = run("simulate", "CobaNetwork", *given, "--duration", "50ms")
    assert result.exit_code == 0, result.output
    changed = {"E.n": 80, "I.n": 20, "EE.connectivity.p": 0.3, "duration": 50.0}
    expected = simulate(networks.CobaNetwork.experiment().update(changed))
    assert f"CobaNetwork: {expected.spike_count:,} spikes of 100 neurons" in result.output


def test_simulate_says_what_happened():
    result = run("simulate", "LIF", "--set", "tau=20ms", "--duration", "500ms")
    assert result.exit_code == 0
    expected = simulate(Experiment(LIF).update({"tau": 20.0, "duration": 500.0}))
    assert f"LIF: {expected.spike_count:,} spikes of 100 neurons" in result.output
    assert f"{expected.rate:.1f} Hz" in result.output


def test_simulate_prints_the_statistics_of_the_spikes():
    result = run("simulate", "LIF", "--set", "tau=20ms", "--duration", "500ms")
    run_again = simulate(Experiment(LIF).update({"tau": 20.0, "duration": 500.0}))
    times, ids = run_again.spike_times, run_again.spike_neurons
    assert f"CV {run_again.cv:.2f}, CV2 {intervals.cv2(times, ids):.2f}, LV 0." in result.output
    factor = variability.fano_factor(times, ids, 500.0)
    assert f"Fano factor {factor:.2f} (100 ms), synchrony 0." in result.output


def test_too_few_spikes_for_a_statistic_are_said_without_a_nan():
    result = run("simulate", "LIF", "-s", "stimulus.amplitude=0mA", "-s", "noise=None")
    assert "LIF: 0 spikes" in result.output
    assert "not enough spikes for statistics" in result.output
    assert "nan" not in result.output.lower()


def test_simulate_writes_what_was_recorded(tmp_path):
    out = tmp_path / "run.npz"
    result = run(
        *("simulate", "LIF", "--set", "tau=20ms", "-s", "n=5"),
        *("--duration", "0.5 s", "--out", str(out)),
    )
    assert result.exit_code == 0, result.output
    expected = simulate(Experiment(LIF).update({"tau": 20.0, "n": 5, "duration": 500.0}))
    with np.load(out) as written:
        assert np.array_equal(written["spike_times"], expected.spike_times)
        assert np.array_equal(written["spike_neurons"], expected.spike_neurons)
        assert np.array_equal(written["V"], expected.traces["V"])
        assert written["V"].shape == (5000, 1)
        assert written["t"].shape == (5000,)
        assert written["unit of V"] == "mV"
        text = str(written["experiment"])
    assert json.loads(text)["values"]["tau"] == 20.0
    assert simulate(Experiment.from_json(text)).spike_count == expected.spike_count


def test_a_duration_may_also_be_set_like_every_parameter():
    result = run("simulate", "LIF", "--set", "duration=300ms", "-s", "noise=None")
    expected = simulate(Experiment(LIF).update({"noise": "None", "duration": 300.0}))
    assert f"LIF: {expected.spike_count:,} spikes" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["LFI"], "did you mean 'LIF'?"),
        (["LIF", "--set", "taw=20ms"], "did you mean 'tau'?"),
        (["LIF", "--set", "tau=20mV"], "tau must be a time, got 20 mV"),
        (["LIF", "--set", "tau=20 parsec"], "'parsec' is not a known unit"),
        (["LIF", "--set", "tau=-1ms"], "tau must be"),
        (["LIF", "--set", "tau"], "--set takes parameter=value"),
        (["LIF", "--set", "=5"], "--set takes parameter=value"),
        (["LIF", "--set", "V_reset=20mV", "--set", "V_th=10mV"], "V_reset must be below V_th"),
        (["LIF", "--duration", "long"], "duration: 'long' is not a number"),
        (["LIF", "--set", "n=1e6", "--duration", "1000 s"], "n"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_exit_code_2(arguments, words):
    result = run("simulate", *arguments)
    assert result.exit_code == 2
    assert words in result.output
    assert result.output.startswith("spikescope: ")
    assert len(result.output.strip().splitlines()) == 1


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path):
    out = tmp_path / "no such folder" / "run.npz"
    result = run("simulate", "LIF", "--duration", "50ms", "--out", str(out))
    assert result.exit_code == 2
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert str(out) in result.output


def test_the_file_that_was_named_is_the_file_that_was_written(tmp_path):
    result = run("simulate", "LIF", "--duration", "50ms", "--out", str(tmp_path / "run"))
    assert result.exit_code == 0
    written = result.output.split("wrote ")[1].strip()
    assert Path(written).is_file()


def test_an_error_in_a_process_of_its_own_is_no_traceback():
    result = command("simulate", "LFI")
    assert result.returncode == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert "did you mean 'LIF'?" in result.stderr


def test_help_does_not_wait_for_the_engine():
    code = (
        "import sys\n"
        "from explorer.cli import app\n"
        "app(['--help'], standalone_mode=False)\n"
        "print(sorted({'jax', 'brainstate', 'panel', 'bokeh'} & set(sys.modules)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    assert "simulate" in result.stdout
    assert result.stdout.splitlines()[-1] == "[]", result.stdout + result.stderr


def test_a_free_port_is_taken_as_it_is():
    port = server.free_port(45_000)
    assert server.free_port(port) == port


def test_a_taken_port_is_skipped():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        free = server.free_port(port)
        assert port < free < port + server.TRIES
        with socket.socket() as other:
            other.bind(("127.0.0.1", free))


def test_no_free_port_is_a_sentence(monkeypatch):
    monkeypatch.setattr(server, "TRIES", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="give another with --port"):
            server.free_port(taken.getsockname()[1])


@pytest.mark.parametrize("port", ["0", "65536", "-1", "many"])
def test_a_port_that_is_none_is_refused(port):
    result = run("serve", "--port", port)
    assert result.exit_code == 2
    assert "--port" in result.output
