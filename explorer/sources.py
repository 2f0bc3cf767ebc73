"""Where a model comes from: the references of its docstring."""

from __future__ import annotations

import inspect
import re
from functools import lru_cache

__all__ = ["references", "source", "sources"]


def sources(cls: type) -> list[dict[str, str]]:
    """Return the references of a docstring, each with its DOI.

    Parameters
    ----------
    cls : type
        A public class with a section *References*.

    Returns
    -------
    list of dict
        ``{"text", "doi"}``; without a DOI that is empty.
    """
    for owner in cls.__mro__:
        document = inspect.cleandoc(owner.__dict__.get("__doc__") or "")
        _, found, rest = document.partition("References\n----------\n")
        if found:
            break
    else:
        return []
    return references(re.split(r"\n\n(?=\S.*\n-{3,}\n)", rest)[0])


def references(text: str) -> list[dict[str, str]]:
    """Cut a text into its references, each of which ends with its DOI; see `sources`."""
    text = " ".join(text.split())
    entries = [e.strip() for e in re.split(r"(?<=doi:)(\S+)", text)]
    found, pending = [], ""
    for index, entry in enumerate(entries):
        if index % 2:
            words = pending.removesuffix("doi:").strip(" .;")
            found.append({"text": words[:1].upper() + words[1:], "doi": entry.strip(".,;")})
            pending = ""
        else:
            pending = entry
    if pending.strip(" ."):
        found.append({"text": pending.strip(" ."), "doi": ""})
    return found


@lru_cache(maxsize=256)
def source(cls: type) -> str:
    """Write the first reference of a docstring as a text; empty where there is none."""
    first = next(iter(sources(cls)), None)
    if first is None:
        return ""
    return f"{first['text']}. doi:{first['doi']}" if first["doi"] else f"{first['text']}."
