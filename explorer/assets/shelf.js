// The shelf of kept runs: keep, draw, flip, go back, and what differs. The browser remembers it.

const STORED_VERSION = 1;
const MOST_STORED = 60;

const ICONS = {
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  back: "M6.5 3 3 6.5 6.5 10M3.5 6.5h6a4 4 0 0 1 0 8H7",
  remove: "M4 4l8 8M12 4l-8 8",
};

export function render({ model, el }) {
  adoptTheme(el);
  const send = (message) => model.send_msg(message);
  const root = element("div", { class: "shelf" });

  const keep = button("keep", "Keep this run", "Put the present run on the shelf (K)", () => send({ type: "keep" }));
  keep.append(element("kbd", { "aria-hidden": "true" }, "K"));
  const flip = button("flip", "Flip", "Swap the present run with the selected one, and back (X)", () => send({ type: "flip" }));
  flip.append(element("kbd", { "aria-hidden": "true" }, "X"));
  const compare = button("compare", "", "Keep this run, make the other choice, and show both", () => send({ type: "compare" }));
  const actions = element("div", { class: "actions" });
  actions.append(keep, flip);

  const list = element("ul", { class: "runs", "aria-label": "Kept runs" });
  const empty = element("p", { class: "empty" }, "A kept run stays in the plots as a thin line while you change the rest.");
  const difference = element("label", { class: "difference" });
  const box = element("input", { type: "checkbox" });
  difference.append(box, element("span", {}, "Plot the difference"));
  const scroll = element("div", { class: "scroll", role: "region", "aria-label": "What differs" });
  const table = element("table", {});
  scroll.append(table);
  root.append(actions, compare, list, empty, difference, scroll);
  el.append(root);

  box.addEventListener("change", () => send({ type: "difference", on: box.checked }));

  // -- from Python

  const rows = new Map();

  function showRuns() {
    const runs = plain(model.runs) ?? [];
    const ids = new Set(runs.map((run) => run.id));
    for (const [id, row] of rows) {
      if (ids.has(id)) continue;
      const next = row.root.nextElementSibling ?? row.root.previousElementSibling;
      const focused = row.root.contains(root.getRootNode().activeElement);
      row.root.remove();
      rows.delete(id);
      if (focused) (next?.querySelector(".name") ?? keep).focus(); // where the eye is already
    }
    runs.forEach((run, index) => {
      if (!rows.has(run.id)) rows.set(run.id, new Row(run.id, send));
      const row = rows.get(run.id);
      row.show(run, model.flipped === run.id);
      if (list.children[index] !== row.root) list.insertBefore(row.root, list.children[index] ?? null);
    });
    list.hidden = !runs.length;
    empty.hidden = Boolean(runs.length);
    flip.hidden = !runs.length;
    difference.hidden = !runs.length || !model.has_difference;
  }

  function showFlip() {
    flip.setAttribute("aria-pressed", String(Boolean(model.flipped)));
    showRuns();
  }

  function showCompare() {
    compare.hidden = !model.compare;
    compare.querySelector("span").textContent = model.compare;
  }

  let drawn = "";

  function showTable() {
    const { columns = [], rows: paths = [], numbers = [] } = plain(model.table) ?? {};
    scroll.hidden = !columns.length;
    if (!columns.length) return;
    const shape = JSON.stringify([columns, paths.map((row) => row.name), numbers.map((row) => row.name)]);
    if (shape !== drawn) {
      drawn = shape;
      table.replaceChildren(
        element("caption", { class: "sr-only" }, "What differs between the present run and the kept ones"),
        head(columns),
        body(paths, columns),
        body(numbers, columns),
      );
    }
    const cells = [...paths, ...numbers].flatMap((row) => row.cells);
    table.querySelectorAll("td").forEach((cell, index) => setText(cell, cells[index]));
    scroll.tabIndex = scroll.scrollWidth > scroll.clientWidth ? 0 : -1;
  }

  model.on(["runs", "has_difference"], showRuns);
  model.on("flipped", showFlip);
  model.on("compare", showCompare);
  model.on("table", showTable);
  model.on("difference", () => (box.checked = model.difference));
  box.checked = model.difference;
  showFlip();
  showCompare();
  showTable();

  // -- K and X, except where a letter is text or a choice

  const onKey = (event) => {
    if (!root.isConnected) {
      window.removeEventListener("keydown", onKey); // drawn anew: the new shelf listens
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (takesLetters(event.composedPath()[0])) return;
    const type = { k: "keep", x: "flip" }[event.key.toLowerCase()];
    if (type) send({ type });
  };
  window.addEventListener("keydown", onKey);
  model.on("remove", () => window.removeEventListener("keydown", onKey));

  // -- what the browser remembers: this shelf, and what other tabs have put there

  if (!document.querySelector(".shell")) return; // in a notebook nothing is ours to remember
  const key = `spikescope.shelf.${model.lab}`;
  const seen = new Set();

  function remember() {
    const mine = plain(model.saved) ?? [];
    mine.forEach((run) => seen.add(run.id));
    const others = stored(key).filter((run) => !seen.has(run.id));
    try {
      localStorage.setItem(key, JSON.stringify({ version: STORED_VERSION, runs: [...others, ...mine].slice(-MOST_STORED) }));
    } catch {
      // full or forbidden: the shelf then lasts as long as the page
    }
  }

  const runs = stored(key);
  const last = window.location.search ? "" : lastQuery(model.lab);
  runs.forEach((run) => seen.add(run.id));
  if (runs.length || last) send({ type: "found", runs, last });
  if ((plain(model.saved) ?? []).length) remember();
  model.on("saved", remember);
}

function stored(key) {
  try {
    const { version, runs } = JSON.parse(localStorage.getItem(key));
    if (version !== STORED_VERSION || !Array.isArray(runs)) return [];
    const texts = (run) => run && [run.id, run.name, run.query].every((text) => typeof text === "string");
    return runs.filter(texts).slice(-MOST_STORED);
  } catch {
    return []; // nothing there, or nothing of ours
  }
}

function lastQuery(lab) {
  try {
    const { version, query } = JSON.parse(localStorage.getItem(`spikescope.last.${lab}`));
    return version === STORED_VERSION && typeof query === "string" ? query : "";
  } catch {
    return "";
  }
}

function takesLetters(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["range", "checkbox", "radio", "button"].includes(target.type);
}

// ------------------------------------------------------------------------------------ pieces

class Row {
  constructor(id, send) {
    this.root = element("li", { class: "run", "data-id": id });
    this.eye = tool("eye", () => send({ type: "show", id, on: this.eye.getAttribute("aria-pressed") !== "true" }));
    this.swatch = element("span", { class: "swatch", "aria-hidden": "true" });
    this.name = element("input", { type: "text", class: "name", maxlength: "80", spellcheck: "false", autocomplete: "off" });
    this.pick = tool("pick", () => send({ type: "select", id }));
    this.back = tool("back", () => send({ type: "go", id }));
    this.remove = tool("remove", () => send({ type: "remove", id }));
    this.note = element("p", { class: "note" });
    this.root.append(this.eye, this.name, this.pick, this.back, this.remove, this.note);
    this.eye.prepend(this.swatch);
    this.given = "";
    this.name.addEventListener("change", () => {
      const name = this.name.value.trim();
      if (name && name !== this.given) send({ type: "rename", id, name });
      else this.name.value = this.given;
    });
    this.name.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.name.value = this.given;
      if (event.key === "Enter" || event.key === "Escape") this.name.blur();
    });
  }

  show({ name, role, on, selected, note }, flipped) {
    if (name !== this.given) this.name.value = this.given = name;
    this.root.style.setProperty("--run", `var(--s-${role})`);
    this.root.dataset.on = on;
    this.root.classList.toggle("selected", selected);
    this.root.classList.toggle("front", flipped);
    this.name.setAttribute("aria-label", `Name of kept run ${name}`);
    this.name.title = name;
    say(this.eye, `Show ${name} in the plots`, on ? "Hide it in the plots" : "Show it in the plots");
    this.eye.setAttribute("aria-pressed", String(on));
    say(this.pick, `Flip with ${name}`, selected ? "The flip and the difference take this run" : "Take this run for the flip and the difference");
    this.pick.setAttribute("aria-pressed", String(selected));
    say(this.back, `Go back to ${name}`, "Go back to it: the present run can be brought back by undo");
    say(this.remove, `Remove ${name}`, "Take it from the shelf");
    setText(this.note, note);
    this.note.hidden = !note;
  }
}

function say(node, label, title) {
  node.setAttribute("aria-label", label);
  node.title = title;
}

function head(columns) {
  const row = element("tr", {});
  row.append(element("td", { class: "corner" }));
  columns.forEach(({ name, role }, index) => {
    const cell = element("th", { scope: "col", title: name });
    const swatch = element("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.setProperty("--run", `var(--s-${role})`);
    cell.append(swatch, element("span", { class: index ? "sr-only" : "" }, name));
    row.append(cell);
  });
  row.querySelector(".corner").remove();
  row.prepend(element("th", { scope: "col", class: "corner" }, "differs"));
  const part = element("thead", {});
  part.append(row);
  return part;
}

function body(rows, columns) {
  const part = element("tbody", {});
  for (const { name, unit, title } of rows) {
    const row = element("tr", {});
    const label = element("th", { scope: "row", title: title || name }, name);
    if (unit) label.append(" ", element("span", { class: "unit" }, unit));
    row.append(label, ...columns.map(() => element("td", {})));
    part.append(row);
  }
  return part;
}

function button(name, label, title, action) {
  const node = element("button", { type: "button", class: `action ${name}`, title });
  node.append(element("span", {}, label));
  node.addEventListener("click", action);
  return node;
}

function tool(icon, action) {
  const node = element("button", { type: "button", class: `tool ${icon}` });
  if (ICONS[icon]) node.append(drawing(ICONS[icon]));
  node.addEventListener("click", action);
  return node;
}

function drawing(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
