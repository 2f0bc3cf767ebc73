// The page's theme: set before the first paint, remembered, and carried into the Bokeh glyphs.
//
// Bokeh reads its text, axis and grid colours from CSS each time it paints, but not those of
// glyphs. So glyphs say what they show by a tag, `role:trace`, and take the colour of that role.

(() => {
  const KEY = "spikescope.theme";
  const ROLES = JSON.parse(document.currentScript.dataset.roles);
  const page = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");

  const stored = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  };
  const wanted = () => stored() ?? (dark.matches ? "dark" : "light");
  page.dataset.theme = wanted();
  dark.addEventListener("change", () => (page.dataset.theme = wanted()));
  try {
    if (localStorage.getItem("spikescope.insight.folded") === "true") page.dataset.insight = "folded";
  } catch {
    // without storage the column starts open
  }

  // ------------------------------------------------------------------------------ glyph colours

  const PAINTS = ["line_color", "fill_color", "hatch_color", "text_color", "label_text_color"];
  const known = new WeakSet();

  // One role, or several with commas between them for the palette of a map of colours.
  const rolesOf = (model) => {
    const tag = model.tags?.find((entry) => typeof entry === "string" && entry.startsWith("role:"));
    return tag?.slice("role:".length).split(",").filter((role) => role in ROLES) ?? [];
  };

  const SHADES = ["00", "aa", "dc", "ff"];

  function paint(model, colors) {
    const [color] = colors;
    const changes = {};
    for (const name of PAINTS) {
      const property = model.properties?.[name];
      if (!property) continue;
      const now = property.get_value();
      if (now == null || now.field != null) continue; // not drawn, or coloured by data
      changes[name] = now.value === undefined ? color : { ...now, value: color };
    }
    // A colour mapper of counts: for each role from nothing to the full colour.
    if (model.properties?.palette && color.startsWith("#")) {
      changes.palette = colors.flatMap((each) => SHADES.map((shade) => each + shade));
    }
    // The colour belongs to this browser: it is not sent to the server.
    if (Object.keys(changes).length) model.setv(changes, { sync: false });
  }

  function colour(document_) {
    const style = getComputedStyle(page);
    for (const model of document_.all_models) {
      const roles = rolesOf(model);
      if (!roles.length) continue;
      const colors = roles.map((role) => style.getPropertyValue(ROLES[role]).trim());
      const parts = model.glyph ? [model.glyph, model.nonselection_glyph, model.selection_glyph, model.muted_glyph] : [model];
      for (const part of parts) if (part?.properties) paint(part, colors);
    }
  }

  // Canvases are painted again; what they read from CSS follows.
  function repaint() {
    const walk = (view) => {
      if (typeof view.request_repaint === "function") view.request_repaint();
      for (const child of view.children?.() ?? []) walk(child);
    };
    for (const view of Object.values(Bokeh.index)) walk(view);
  }

  function meet(document_) {
    if (known.has(document_)) return;
    known.add(document_);
    colour(document_);
    let due = false;
    document_.on_change((event) => {
      // Data arrive many times a second and bring no new glyphs; other changes may.
      if (due || !["MessageSent", "ModelChanged"].includes(event.kind) || !bringsModels(event)) return;
      due = true;
      queueMicrotask(() => {
        due = false;
        colour(document_);
      });
    });
  }

  const bringsModels = (event) => ["renderers", "children", "center", "glyph", "tags", "data_model"].includes(event.attr);

  // Bokeh asks the browser for every colour and font of every axis, several hundred times a frame, and
  // each question makes it work out the style of the page again: a third of the time of a frame. The
  // answers only change with the theme.
  let generation = 0;
  function rememberStyles() {
    let properties;
    try {
      properties = Bokeh.require("core/visuals/visual").VisualProperties.prototype;
    } catch {
      return; // another Bokeh: slower, not wrong
    }
    const ask = properties?._get_css_value;
    if (!ask) return;
    const answers = new WeakMap();
    properties._get_css_value = function (name) {
      if (!this.obj.el?.isConnected) return ask.call(this, name);
      let known = answers.get(this);
      if (known?.generation !== generation) answers.set(this, (known = { generation, values: new Map() }));
      if (!known.values.has(name)) known.values.set(name, ask.call(this, name));
      return known.values.get(name);
    };
  }

  // Hover tools make their tooltips in the browser, out of reach of any style sheet but this one.
  const TOOLTIP_CSS = `:host {
    --tooltip-color: var(--ss-raised); --tooltip-text: var(--ss-ink); --tooltip-border: var(--ss-line);
    --tooltip-arrow-color: var(--ss-raised); border-radius: 4px; box-shadow: var(--ss-shadow); opacity: 1; }`;

  function watchDocuments() {
    if (!window.Bokeh?.documents) {
      requestAnimationFrame(watchDocuments);
      return;
    }
    rememberStyles();
    Bokeh.Models.get("Tooltip")?.override?.({ stylesheets: [TOOLTIP_CSS] });
    Bokeh.documents.forEach(meet);
    const { push } = Bokeh.documents;
    Bokeh.documents.push = (...added) => {
      const length = push.apply(Bokeh.documents, added);
      // A document enrols itself before it is filled; a microtask later it is full and no view is
      // built yet, so that no wrong colour is ever seen.
      queueMicrotask(() => added.forEach(meet));
      return length;
    };
  }
  document.addEventListener("DOMContentLoaded", watchDocuments, { once: true }); // module shims say it again

  new MutationObserver(() => {
    generation += 1;
    if (!window.Bokeh?.documents) return;
    Bokeh.documents.forEach(colour);
    repaint();
  }).observe(page, { attributes: true, attributeFilter: ["data-theme"] });
})();
