"""An experiment as the query of a link, and back: readable, and only what differs from the defaults.

``?model=LIFRef&tau=20&stimulus=Ramp&stimulus.end=2.5&watch=3``. A link is somebody else's text: it can set
declared parameters within their declared limits and nothing else, and whatever cannot be used becomes a
sentence while the rest is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, urlencode

from engine import Experiment, ParameterError

__all__ = ["LINK_VERSION", "ReadLink", "from_query", "to_query"]

LINK_VERSION = 1
LONGEST_QUERY = 8_000


@dataclass(frozen=True)
class ReadLink:
    """What a link said: an experiment, and a sentence for each part that could not be used."""

    experiment: Experiment
    complaints: tuple[str, ...] = ()


def to_query(experiment: Experiment, default: Experiment) -> str:
    """Write an experiment as a query, without the question mark; empty for the default."""
    pairs = {path: _write(value) for path, value in experiment.differences().items()}
    if experiment.model is default.model:
        pairs.pop("model", None)
    else:
        pairs = {"model": experiment.model.__name__} | pairs
    if experiment.watched != default.watched:
        pairs["watch"] = ",".join(map(str, experiment.watched))
    if pairs:
        pairs["v"] = str(LINK_VERSION)
    return urlencode(pairs, quote_via=quote, safe=",")


def from_query(query: str, default: Experiment) -> ReadLink:
    """Read a query; never raises, whatever it holds."""
    if len(query) > LONGEST_QUERY:
        return ReadLink(default, ("This link is too long to be one of ours; the default is shown.",))
    pairs = dict(parse_qsl(query.lstrip("?"), keep_blank_values=True))
    complaints: list[str] = []
    if not pairs.pop("v", "1").isascii() or pairs.get("v", "1") > str(LINK_VERSION):
        complaints.append("This link was made by a newer version; some of it may be missing.")
    experiment = default
    choices = list(experiment.choice_specs)
    watch = pairs.pop("watch", None)
    for path in sorted(pairs, key=lambda p: (p not in choices, p != "model")):
        if path in _FOREIGN:
            continue
        try:
            experiment = experiment.set(path, pairs[path])
        except ParameterError as error:
            complaints.append(f"The link's '{path}' was left out: {error}.")
    if watch is not None:
        try:
            watched = tuple(int(i) for i in watch.split(","))
            if any(not 0 <= i < experiment.n for i in watched):
                raise ValueError
            experiment = replace(experiment, watched=watched)
        except ValueError:
            complaints.append(
                f"The link's 'watch' was left out: it must name neurons from 0 to "
                f"{experiment.n - 1}, got '{watch}'."
            )
    problems = experiment.problems()
    if problems:
        complaints += [f"The link's values do not fit together: {p}." for p in problems]
    return ReadLink(experiment, tuple(complaints))


_FOREIGN = frozenset({"theme", "embed", "utm_source", "utm_medium", "utm_campaign"})
"""Keys that belong to the page or to whoever passed the link on."""


def _write(value: object) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)


