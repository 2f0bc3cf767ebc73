// What all components share. It is put in front of each component's own script.

function element(tag, attributes = {}, text = "") {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text) node.textContent = text;
  return node;
}

function setText(node, text) {
  if (node.textContent !== (text ?? "")) node.textContent = text ?? "";
}

// What the rail and the insight column say to each other, within the browser: `light` and `point` (a
// parameter is pointed at, in the rail or in the equation), `go` (to its row), `value` (its row shows
// another), `ask` (for the values that are shown: whoever has rows fills them in).
function tell(what, detail) {
  document.dispatchEvent(new CustomEvent(`spikescope:${what}`, { detail }));
}

function hear(model, what, listener) {
  const listen = ({ detail }) => listener(detail);
  document.addEventListener(`spikescope:${what}`, listen);
  model.on("remove", () => document.removeEventListener(`spikescope:${what}`, listen));
}

// Bokeh hands dictionaries over as maps in some places and as objects in others.
function plain(value) {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, entry]) => [key, plain(entry)]));
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === "object" && value.constructor === Object) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
  }
  return value;
}

// In a notebook no page says which theme is on: follow the notebook's own mark.
function adoptTheme(el) {
  const { host } = el.getRootNode();
  if (!host || document.documentElement.dataset.theme) return;
  const jupyter = document.body.dataset.jpThemeLight;
  if (jupyter) host.dataset.theme = jupyter === "true" ? "light" : "dark";
  else if (/vscode-(dark|high-contrast)/.test(document.body.className)) host.dataset.theme = "dark";
}
