"""The look of Spikescope, declared once.

Every colour, type size and spacing is a design token. The tokens become CSS custom properties
(``--ss-<token>``) for the page and its components, and the house style of Bokeh figures. The
populations use the palette of Okabe and Ito, which stays distinguishable under the common forms of
colour blindness; its blue is also the one accent colour, so that the handle under the thumb and
the trace that follows it share a colour.

References
----------
M. Okabe and K. Ito, *Color Universal Design*, 2008. https://jfly.uni-koeln.de/color/
"""

from __future__ import annotations

import json
from typing import Literal

from bokeh.models import BasicTicker, Node, NoOverlap, Plot, Title

Mode = Literal["light", "dark"]

OKABE_ITO = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
}
"""The eight colours of Okabe and Ito by name."""

POPULATIONS = {
    "light": ("blue", "vermilion", "green", "purple", "orange", "sky", "black"),
    "dark": ("sky", "orange", "green", "purple", "yellow", "vermilion", "blue"),
}
"""Order in which populations take the palette: the colours that read best on the surface first."""

LIGHT = {
    "background": "#e9ecef",
    "surface": "#f6f7f9",
    "raised": "#ffffff",
    "screen": "#ffffff",
    "ink": "#15191e",
    "muted": "#535d68",
    "line": "#d3d8de",
    "control-line": "#7f8994",
    "grid": "#e8ebee",
    "track": "#cbd1d8",
    "accent": OKABE_ITO["blue"],
    "accent-strong": "#005a8d",
    "accent-soft": "#dcebf5",
    "on-accent": "#ffffff",
    "warn": "#8a5300",
    "warn-soft": "#fdf0d8",
    "error": "#b3261e",
    "error-soft": "#fbe6e4",
    "good": "#007a59",
    "shadow": "0 1px 2px rgb(20 28 38 / 8%), 0 8px 24px rgb(20 28 38 / 10%)",
    "trace": OKABE_ITO["blue"],
    "threshold": OKABE_ITO["vermilion"],
    "spike": "#15191e",
    "stimulus": "#8a6100",
    "raster": "#2b3640",
    "rate": "#007a59",
    "ghost": "#8d97a3",
    "surrogate": "#a24f7e",
    "pseudo-derivative": OKABE_ITO["blue"],
}
"""Tokens of the light theme."""

DARK = {
    "background": "#090c0f",
    "surface": "#12161b",
    "raised": "#1b2128",
    "screen": "#0d1115",
    "ink": "#e7ebf0",
    "muted": "#9aa6b3",
    "line": "#262e37",
    "control-line": "#697684",
    "grid": "#1b2229",
    "track": "#333d48",
    "accent": OKABE_ITO["sky"],
    "accent-strong": "#8ccdf3",
    "accent-soft": "#16303f",
    "on-accent": "#06141d",
    "warn": "#f2b84b",
    "warn-soft": "#332609",
    "error": "#ff8f85",
    "error-soft": "#3a1714",
    "good": "#3ecf9f",
    "shadow": "0 1px 2px rgb(0 0 0 / 40%), 0 12px 32px rgb(0 0 0 / 55%)",
    "trace": OKABE_ITO["sky"],
    "threshold": "#f2793b",
    "spike": "#e7ebf0",
    "stimulus": OKABE_ITO["orange"],
    "raster": "#c6d0da",
    "rate": "#2fc596",
    "ghost": "#6f7b88",
    "surrogate": "#e39ac4",
    "pseudo-derivative": OKABE_ITO["sky"],
}
"""Tokens of the dark theme."""

SCALE = {
    "font": 'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif',
    "font-mono": 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
    "text-xs": "11px",
    "text-s": "12px",
    "text-m": "13px",
    "text-l": "15px",
    "text-xl": "22px",
    "space": "4px",
    "radius": "6px",
    "radius-l": "10px",
    "target": "44px",
}
"""Tokens that both themes share: system fonts, the type scale and the 4 px grid."""

KEPT = {
    "light": ("#c08400", OKABE_ITO["green"], "#c2699b", "#8f8700", "#4a525b", "#3d93c9"),
    "dark": (
        *(OKABE_ITO[name] for name in ("orange", "green", "purple", "yellow")),
        "#aeb6c0",
        "#4d9bd6",
    ),
}
"""Colours of kept runs, in order: those of Okabe and Ito that no trace and no threshold has, darker
where a line of them would be lost on a light screen; then a grey and a blue."""

ROLES = {
    "trace": "trace",
    "threshold": "threshold",
    "spike": "spike",
    "stimulus": "stimulus",
    "raster": "raster",
    "rate": "rate",
    "ghost": "ghost",
    "surrogate": "surrogate",
    "pseudo-derivative": "pseudo-derivative",
    **{f"kept-{index}": f"kept-{index}" for index in range(len(KEPT["light"]))},
}
"""What a glyph shows -> the token that colours it.

Tag a renderer, glyph or annotation with ``tags=["role:trace"]`` and the page colours it, and
colours it again when the theme changes. ``population-0``, ``population-1``, ... are roles too.
"""

BOKEH = {
    "major-label-text-color": "muted",
    "axis-label-text-color": "muted",
    "axis-line-color": "line",
    "major-tick-line-color": "line",
    "grid-line-color": "grid",
}
"""Bokeh's own CSS properties (``--bk-<property>``) -> the token they take.

Bokeh reads these whenever it paints, through every shadow root. The names are shared by all
models, so only those stand here that mean the same wherever they occur.
"""

TOOLBAR_CSS = """
:host { --icon-color: var(--ss-muted, #535d68); --hover-color: var(--ss-accent-soft, #dcebf5);
  --highlight-color: var(--ss-accent, #0072b2); --background-color: var(--ss-raised, #fff); }
.bk-divider { visibility: hidden; }
"""

AXIS_WIDTH = 56
"""Pixels left of every stacked plot, so that their time axes line up."""


def tokens(mode: Mode) -> dict[str, str]:
    """Give the colour tokens of one theme, with one token for each population.

    Parameters
    ----------
    mode : {"light", "dark"}
        Which theme.

    Returns
    -------
    dict of str to str
        Token -> CSS value.
    """
    colours = dict(LIGHT if mode == "light" else DARK)
    for index, name in enumerate(POPULATIONS[mode]):
        invisible = mode == "light" and name == "black"
        colours[f"population-{index}"] = colours["ink"] if invisible else OKABE_ITO[name]
    return colours | {f"kept-{index}": colour for index, colour in enumerate(KEPT[mode])}


def role_color(role: str, mode: Mode = "light") -> str:
    """Give the colour of a glyph's role, to create the glyph with.

    Parameters
    ----------
    role : str
        A key of `ROLES`, or ``population-<number>`` (numbers beyond the palette start over).
    mode : {"light", "dark"}
        Which theme; on the page the browser replaces the colour by that of its own theme.

    Returns
    -------
    str
        A hexadecimal colour.

    Raises
    ------
    ValueError
        If no token belongs to the role.
    """
    colours = tokens(mode)
    if role.startswith("population-"):
        return colours[population_role(int(role.removeprefix("population-")))]
    if role not in ROLES:
        raise ValueError(f"no role {role!r} for a glyph; the roles are {', '.join(ROLES)}")
    return colours[ROLES[role]]


def population_role(index: int) -> str:
    """Give the role of the population with this index; the palette repeats after seven."""
    return f"population-{index % len(POPULATIONS['light'])}"


def _properties(values: dict[str, str], indent: str = "  ") -> str:
    return "\n".join(f"{indent}--ss-{name}: {value};" for name, value in values.items())


def page_css() -> str:
    """Write the tokens as CSS custom properties of the page, for both themes."""
    bokeh = "\n".join(f"  --bk-{name}: var(--ss-{token});" for name, token in BOKEH.items())
    return (
        f":root {{\n{_properties(SCALE)}\n{bokeh}\n  --bokeh-base-font: var(--ss-font);\n}}\n"
        f":root {{\n  color-scheme: light;\n{_properties(tokens('light'))}\n}}\n"
        f':root[data-theme="dark"] {{\n  color-scheme: dark;\n{_properties(tokens("dark"))}\n}}\n'
    )


def component_css() -> str:
    """Write the tokens for a component: those of the page, or built-in ones outside of it.

    Inside a component a token is read as ``var(--<token>)``. In a notebook, where no page
    declares ``--ss-...``, the component falls back to its own values, light or dark by the
    ``data-theme`` of its host or by the preference of the system.
    """

    def fallbacks(values: dict[str, str]) -> str:
        return " ".join(f"--s-{name}: var(--ss-{name}, {value});" for name, value in values.items())

    dark = fallbacks(tokens("dark"))
    return (
        f":host {{ {fallbacks(SCALE)} {fallbacks(tokens('light'))} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :host(:not([data-theme])) {{ {dark} }} }}\n"
        f':host([data-theme="dark"]) {{ {dark} }}\n'
    )


def roles_json() -> str:
    """Write role -> CSS custom property as JSON, for the script that colours the glyphs."""
    names = dict(ROLES)
    names.update({role: role for role in tokens("light") if role.startswith("population-")})
    return json.dumps({role: f"--ss-{token}" for role, token in names.items()})


def style_figure(fig: Plot, *, left: int = AXIS_WIDTH, time_axis: bool = True) -> Plot:
    """Give a Bokeh figure the house look, in place.

    Transparent on the screen of the page, a faint grid, no outline, no logo, quiet axes, and a
    left border of fixed width, so that the axes of stacked plots line up.

    Parameters
    ----------
    fig : bokeh.models.Plot
        The figure.
    left : int
        Width of the left border in pixels.
    time_axis : bool
        Whether the labels of the horizontal axis are shown; stacked plots that share their time
        axis show them once, under the last.

    Returns
    -------
    bokeh.models.Plot
        The same figure.
    """
    light = tokens("light")
    fig.background_fill_color = None
    fig.border_fill_color = None
    fig.outline_line_color = None
    fig.min_border_top = 0
    fig.min_border_bottom = 8  # half a label of the lowest tick
    fig.min_border_left = left
    fig.min_border_right = 20
    fig.toolbar.logo = None
    fig.toolbar.stylesheets = [TOOLBAR_CSS]
    fig.toolbar.autohide = True
    fig.toolbar_location = "above"  # in the line of the title, so that it covers no data
    title = fig.title
    if isinstance(title, Title):
        variables: dict[str, str | Node] = {"--bk-text-color": "var(--ss-ink)"}
        title.css_variables = variables
        title.text_font = SCALE["font"]
        title.text_font_size = SCALE["text-s"]
        title.text_font_style = "normal"
        title.text_color = light["ink"]
        # The toolbar beside it makes the line taller: keep the title near its own plot.
        title.update(padding=(0, 0, 9, 0), standoff=3)
    for axis in fig.axis:
        axis.major_label_text_font = SCALE["font"]
        axis.axis_label_text_font = SCALE["font"]
        axis.major_label_text_font_size = SCALE["text-xs"]
        axis.axis_label_text_font_size = SCALE["text-xs"]
        axis.axis_label_text_font_style = "normal"
        axis.major_label_text_color = axis.axis_label_text_color = light["muted"]
        axis.axis_line_color = axis.major_tick_line_color = light["line"]
        axis.minor_tick_line_color = None
        axis.major_label_policy = NoOverlap(min_distance=4)
        axis.major_tick_in = 0
        axis.major_tick_out = 4
    for axis in fig.yaxis:
        axis.ticker = BasicTicker(desired_num_ticks=4, num_minor_ticks=0)
        axis.axis_line_color = None
        axis.major_tick_out = 0
    for grid in fig.grid:
        grid.grid_line_color = light["grid"]
        grid.level = "image"  # under the ghosts too
    if not time_axis:  # an axis that is not drawn costs nothing, one without labels does
        for axis in fig.xaxis:
            axis.visible = False
    return fig
