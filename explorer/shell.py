"""The frame of a page: header, control rail, plots, insight and status line.

The frame is one Jinja template with five named places in a CSS grid. Its style and script stand
in the page itself, so that a page needs nothing but its own server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from urllib.parse import quote

import panel as pn
from bokeh.models import Plot
from panel.viewable import Viewable

from explorer.components import ASSETS
from explorer.theme import OKABE_ITO, page_css, roles_json

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" '
    f'stroke="{OKABE_ITO["blue"]}" stroke-width="2.4" stroke-linecap="round" '
    'stroke-linejoin="round"><path d="M1.5 17.5h5l2.2-3 2.3-11 3 19 2-6.5 1.6 1.5h4.9"/></svg>'
)


LABS = {
    "neuron": ("Neuron lab", "./"),
    "synapse": ("Synapse lab", "synapse"),
    "network": ("Network lab", "network"),
    "gallery": ("Models", "gallery"),
}
"""Title and address of every page, by its id."""

PHONE_HIDES = "@media (max-width: 699px) { :host { display: none !important; } }"


def tabs(current: str) -> list[dict[str, object]]:
    """Return the tabs of the header."""
    return [
        {
            "id": id_,
            "label": label,
            "href": "#" if id_ == current else href,
            "current": id_ == current,
        }
        for id_, (label, href) in LABS.items()
    ]


def page(
    title: str,
    header: Viewable,
    rail: Viewable,
    plots: Viewable,
    insight: Viewable,
    status: Viewable,
) -> pn.Template:
    """Put the parts of a lab into the frame of the page.

    Parameters
    ----------
    title : str
        Title of the browser tab.
    header, rail, insight, status : panel.viewable.Viewable
        Usually a `HeaderBar`, a `ControlRail`, an `Insight` and a `StatusLine`.
    plots : panel.viewable.Viewable
        Fills the middle of the page, for example what `stack` returns.

    Returns
    -------
    panel.Template
        To be returned by the function given to ``pn.serve``.
    """
    parts = {"header": header, "rail": rail, "plots": plots, "insight": insight, "status": status}
    return _template(title, parts)


def wide_page(title: str, header: Viewable, content: Viewable) -> pn.Template:
    """Put a header and one column of content into the frame of the page.

    Parameters
    ----------
    title : str
        Title of the browser tab.
    header, content : panel.viewable.Viewable
        From top to bottom; the content scrolls.

    Returns
    -------
    panel.Template
        To be returned by the function given to ``pn.serve``.
    """
    return _template(title, {"header": header, "wide": content})


def _template(title: str, parts: dict[str, Viewable]) -> pn.Template:
    template = pn.Template((ASSETS / "page.html").read_text(encoding="utf-8"))
    for name, part in parts.items():
        template.add_panel(name, part)
    template.add_variable("page_title", title)
    template.add_variable("page_is_wide", "wide" in parts)
    template.add_variable("page_icon", f"data:image/svg+xml,{quote(ICON)}")
    template.add_variable("page_css", page_css() + _asset("page.css"))
    template.add_variable("page_js", _asset("theme.js") + _asset("cursor.js") + _asset("help.js"))
    template.add_variable("page_roles", roles_json())
    return template


def stack(
    figures: Sequence[Plot],
    weights: Sequence[float] | None = None,
    wide_only: Sequence[Plot] = (),
    lowest: Mapping[int, int] = MappingProxyType({}),
) -> pn.Column:
    """Stack Bokeh figures so that together they fill the height of the page.

    Parameters
    ----------
    figures : sequence of bokeh.models.Plot
        From top to bottom.
    weights : sequence of float, optional
        Share of the height for each figure; equal by default.
    wide_only : sequence of bokeh.models.Plot, optional
        Figures that a phone leaves out, so that the others stay readable.
    lowest : mapping of int to int, optional
        Height in pixels that a figure keeps where room is short, by its number from the top.

    Returns
    -------
    panel.Column
        One pane for each figure, stretched both ways.
    """
    weights = weights or [1.0] * len(figures)
    panes = []
    for number, (figure, weight) in enumerate(zip(figures, weights, strict=True)):
        figure.sizing_mode = "stretch_both"
        # The layout would share the height equally; a style of the element itself outranks it.
        figure.styles = {"flex": f"{weight} 1 0px", "min-height": f"{lowest.get(number, 0)}px"}
        if figure in wide_only:
            figure.stylesheets = [*figure.stylesheets, PHONE_HIDES]
        panes.append(pn.pane.Bokeh(figure, sizing_mode="stretch_both", margin=0))
    return pn.Column(*panes, sizing_mode="stretch_both", margin=0)


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")
