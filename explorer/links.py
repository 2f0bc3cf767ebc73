"""An experiment as the query of a link, and back: readable, only what differs from the default.

``?model=LIFRef&tau=20&stimulus=Ramp&stimulus.final=2.5&watched=3``. A link is somebody else's text:
it can set declared parameters within their declared limits and nothing else, and whatever cannot be
used becomes a sentence while the rest is taken.

Runs to compare with come along, each as its name and a query of its own whose parts are joined by
tildes: ``?spk_reset=hard&keep=soft+reset~tau=20``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlencode

from engine import ParameterError
from engine.base_experiment import BaseExperiment, write_row
from explorer.controls import WATCHED

__all__ = [
    "LINK_VERSION",
    "LONGEST_NAME",
    "MOST_KEPT",
    "ReadLink",
    "from_query",
    "kept_part",
    "to_query",
    "with_kept",
]

LINK_VERSION = 1
LONGEST_QUERY = 30_000
MOST_WATCHED = 16
MOST_KEPT = 6
"""Runs to compare with that a link may bring."""
LONGEST_NAME = 80
KEEP = "keep"
START = "from"
"""Key of the name of what a link starts from."""
_SAFE = ",:;>."


@dataclass(frozen=True)
class ReadLink:
    """What a link said: an experiment, and a sentence for each part that could not be used.

    Attributes
    ----------
    experiment : BaseExperiment
        What to show.
    complaints : tuple of str
        What could not be used.
    kept : tuple of (str, BaseExperiment)
        Runs to compare with, by their names.
    """

    experiment: BaseExperiment
    complaints: tuple[str, ...] = ()
    kept: tuple[tuple[str, BaseExperiment], ...] = ()


def to_query(
    experiment: BaseExperiment,
    default: BaseExperiment,
    named: Mapping[str, BaseExperiment] = MappingProxyType({}),
) -> str:
    """Write an experiment as a query, without the question mark; empty for the default.

    Parameters
    ----------
    experiment, default : BaseExperiment
        What to write, and what an empty query stands for.
    named : mapping, optional
        Experiments that a query may start from, by name: the nearest is taken.
    """
    starts = {"": default} | {f"{START}={quote(name)}": e for name, e in named.items()}
    plan = experiment.plan
    fitting = {head: start for head, start in starts.items() if start.plan == plan}
    head = min(fitting, key=lambda h: _distance(experiment, fitting[h]), default=None)
    if head is None:
        head = urlencode(plan, quote_via=quote, safe=_SAFE)
        fitting[head] = experiment.fresh()
    return "&".join(filter(None, (head, _differences(experiment, fitting[head]))))


def kept_part(name: str, query: str) -> str:
    """Write a run to compare with as a part of a link: its name, and its own query."""
    own = [pair for pair in query.split("&") if pair and not pair.startswith("v=")]
    parts = [re.sub("[%~]", _escape, name), *(pair.replace("~", "%7E") for pair in own)]
    return f"{KEEP}={quote_plus('~'.join(parts), safe=f'=~{_SAFE}')}"


def with_kept(query: str, parts: Iterable[str]) -> str:
    """Put parts made by `kept_part` into a query, as many as a link can hold."""
    version = f"v={LINK_VERSION}"
    pairs = [pair for pair in query.split("&") if pair and pair != version]
    room = LONGEST_QUERY - len(query) - len(version) - 1
    taken = []
    for part in list(parts)[:MOST_KEPT]:
        room -= len(part) + 1
        if room < 0:
            break
        taken.append(part)
    return "&".join([*pairs, *taken, version]) if taken else query


def _escape(sign: re.Match[str]) -> str:
    return f"%{ord(sign[0]):02X}"


def _distance(experiment: BaseExperiment, other: BaseExperiment) -> int:
    """Return how many of the given numbers and choices differ, which is quickly told."""
    numbers = experiment.values.items() ^ other.values.items()
    return len(numbers | (experiment.choices.items() ^ other.choices.items()))


def _differences(experiment: BaseExperiment, base: BaseExperiment) -> str:
    """Write what makes ``base`` the experiment."""
    pairs: dict[str, str] = {}
    default = base
    for path in experiment.choice_specs:
        if path not in base.choice_specs or base[path] != experiment[path]:
            pairs[path] = experiment[path]
            base = base.set(path, experiment[path])
    for path in experiment.specs:
        if path not in base.specs or base[path] != experiment[path]:
            pairs[path] = _write(experiment[path])
    for path, spec in experiment.sequence_specs.items():
        if path not in base.sequence_specs or base[path] != experiment[path]:
            pairs[path] = write_row(experiment[path], spec, ",")
    pairs |= dict.fromkeys((p for p in base.spread_paths if p not in experiment.specs), "")
    if experiment.watched != experiment.rewatched(default).watched:
        pairs[WATCHED] = ",".join(map(str, experiment.watched))
    if pairs:
        pairs["v"] = str(LINK_VERSION)
    return urlencode(pairs, quote_via=quote, safe=_SAFE)


def from_query(
    query: str, default: BaseExperiment, named: Mapping[str, BaseExperiment] = MappingProxyType({})
) -> ReadLink:
    """Read a query; never raises, whatever it holds."""
    if len(query) > LONGEST_QUERY:
        return ReadLink(
            default, ("This link is too long to be one of ours; the default is shown.",)
        )
    listed = parse_qsl(query.lstrip("?"), keep_blank_values=True)
    kept, complaints = _read_kept([text for key, text in listed if key == KEEP], default, named)
    pairs = {key: text for key, text in listed if key != KEEP}
    if pairs.pop("v", str(LINK_VERSION)) not in map(str, range(1, LINK_VERSION + 1)):
        complaints.append("This link was made by a newer version; some of it may be missing.")
    start = pairs.pop(START, "") if named else ""
    if start in named:
        default = named[start]
    elif start:
        complaints.append(f"The link starts from '{start[:40]}', which is not known here.")
    plan = {key: pairs.pop(key) for key in default.plan if key in pairs}
    if plan:
        try:
            default = default.planned({**default.plan, **plan})
        except ParameterError as error:
            complaints.append(f"The link's network was left out: {error}.")
    watch = pairs.pop(WATCHED, None)
    ours = {path: text for path, text in pairs.items() if path not in _FOREIGN}
    even = [p for p in ours if p.endswith(".spread") and not ours[p]]  # a spread switched off

    def refuse(path: str, error: ParameterError) -> None:
        complaints.append(f"The link's '{path}' was left out: {error}.")

    experiment = default.update({p: t for p, t in ours.items() if p not in even}, refuse)
    for path in even:
        experiment = experiment.without(path)
    experiment = experiment.rewatched(default)
    if watch is not None:
        try:
            watched = tuple(int(i) for i in watch.split(","))
            if len(watched) > MOST_WATCHED or any(not 0 <= i < experiment.n for i in watched):
                raise ValueError
            experiment = replace(experiment, watched=watched)
        except ValueError:
            complaints.append(
                f"The link's 'watched' was left out: it must name at most {MOST_WATCHED} neurons "
                f"from 0 to {experiment.n - 1}, got '{watch[:40]}'."
            )
    problems = experiment.problems()
    if problems:
        complaints += [f"The link's values do not fit together: {p}." for p in problems]
    return ReadLink(experiment, tuple(complaints), kept)


def _read_kept(
    texts: list[str], default: BaseExperiment, named: Mapping[str, BaseExperiment]
) -> tuple[tuple[tuple[str, BaseExperiment], ...], list[str]]:
    """Read the runs to compare with; what cannot be used of them becomes a sentence."""
    kept, complaints = [], []
    if len(texts) > MOST_KEPT:
        complaints.append(
            f"The link brings {len(texts)} kept runs, of which {MOST_KEPT} are shown."
        )
    for text in texts[:MOST_KEPT]:
        name, *pairs = text.split("~")
        name = " ".join(unquote(name).split())[:LONGEST_NAME] or "kept run"
        read = from_query(
            "&".join(p for p in pairs if not p.startswith(f"{KEEP}=")), default, named
        )
        kept.append((name, read.experiment))
        complaints += [f"Kept run '{name}': {sentence}" for sentence in read.complaints]
    return tuple(kept), complaints


_FOREIGN = frozenset({"theme", "embed", "utm_source", "utm_medium", "utm_campaign"})
"""Keys that belong to the page or to whoever passed the link on."""


def _write(value: object) -> str:
    """Write a number as shortly as it can be read back."""
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
