// The network: populations and projections as a graph and as a table, to be edited in either.
//
// Nothing is decided here. What a user does is sent to Python, which answers with new lists; the graph
// and the table take these over in place, so that focus and what is being typed survive.

const SVG = "http://www.w3.org/2000/svg";
const VIEW_KEY = "spikescope.network.view";
const COLORS = 7; // of the populations' palette
const SAID_MS = 6000;

const ICONS = {
  add: "M8 3.2v9.6M3.2 8h9.6",
  connect: "M4.2 12.6a1.9 1.9 0 1 0 0-.1zM7.4 11.2C9 10.4 10.6 8.6 11.2 6.4M8.8 7.2l2.6-2.4 1.5 3.2",
  rename: "M3 13l.6-2.7 6.9-6.9a1.4 1.4 0 0 1 2 0l.1.1a1.4 1.4 0 0 1 0 2l-6.9 6.9zM9.4 4.6l2 2",
  remove: "M3 4.6h10M6.4 4.4V3h3.2v1.4M4.4 4.8l.6 8.2h6l.6-8.2M6.9 7.2v3.4M9.1 7.2v3.4",
};

export function render({ model, el }) {
  adoptTheme(el);
  const network = new Network(model);
  el.append(network.root);
  let due = false;
  const update = () => {
    if (due) return;
    due = true;
    queueMicrotask(() => {
      due = false; // once the whole message is taken in
      network.update();
    });
  };
  model.on(["populations", "projections", "selected", "limits"], update);
  model.on("notice", () => network.showNotice());
  model.on("remove", () => network.close());
  network.update();
  network.showNotice();
}

// -------------------------------------------------------------------------------- the network

// What is known of the network, what is selected, and everything around the graph and the table.
class Network {
  constructor(model) {
    this.model = model;
    this.populations = new Map();
    this.projections = new Map();
    this.selected = "";
    this.confirmed = ""; // the selection that Python has answered with
    this.choices = []; // selections that it has not answered yet
    this.asked = null; // the last change that was asked for
    this.root = element("section", { class: "network", "aria-label": "Network" });
    this.graph = new Graph(this);
    this.table = new Table(this);
    this.root.append(this.toolbar(), this.graph.root, this.table.root, ...this.foot());
    this.root.addEventListener("focusout", ({ relatedTarget }) => {
      if (!this.root.contains(relatedTarget) && document.hasFocus()) this.graph.stopConnecting();
    });
    this.show(remembered());
  }

  toolbar() {
    this.addButton = button("add", "Population", () => this.add(this.selected));
    this.connectButton = button("connect", "Connect", () => this.graph.toggleConnecting());
    this.connectButton.setAttribute("aria-pressed", "false");
    this.connectButton.title = "Connect two populations: choose the source, then the target (C)";
    this.switch = new Switch("View", { graph: "Graph", table: "Table" }, (view) => this.show(view, true));
    const bar = element("div", { class: "toolbar" });
    bar.append(this.addButton, this.connectButton, this.switch.root);
    return bar;
  }

  foot() {
    this.info = element("div", { class: "info" });
    this.mark = element("span", { class: "mark", "aria-hidden": "true" });
    this.name = element("strong", {});
    this.detail = element("span", { class: "detail" });
    const words = element("p", { class: "words" });
    words.append(this.mark, this.name, this.detail);
    this.renameButton = button("rename", "", () => this.ifSelected((id) => this.graph.rename(id)));
    this.removeButton = button("remove", "", () => this.ifSelected((id) => this.remove(id)));
    this.info.append(words, this.renameButton, this.removeButton);
    this.hint = element("p", { class: "hint" });
    this.notice = element("p", { class: "notice", role: "status" });
    this.live = element("p", { class: "sr-only", role: "status" });
    return [this.info, this.hint, this.notice, this.live];
  }

  show(view, chosen = false) {
    this.view = view;
    if (chosen) remember(view);
    this.switch.set(view);
    const table = view === "table";
    if (table) this.graph.rest();
    this.root.classList.toggle("as-table", table);
    for (const part of [this.graph.root, this.addButton, this.connectButton, this.info]) part.hidden = table;
    this.table.root.hidden = !table;
    if (table) this.table.update();
    else this.graph.update();
    this.describe();
  }

  close() {
    clearTimeout(this.timer);
    this.graph.close();
  }

  // -- from Python

  update() {
    const before = { populations: this.populations, projections: this.projections };
    this.populations = byId(plain(this.model.populations));
    this.projections = byId(plain(this.model.projections));
    for (const [id, { source, target }] of this.projections) {
      if (!this.populations.has(source) || !this.populations.has(target)) this.projections.delete(id);
    }
    const renamed = this.renamed(before);
    this.takeSelection();
    if (this.view === "table") this.table.update(renamed);
    else this.graph.update(renamed);
    if (this.read) this.report(before, renamed);
    this.read = true;
    this.describe();
  }

  takeSelection() {
    const { selected } = this.model;
    if (selected !== this.confirmed) {
      this.confirmed = selected;
      this.choices.splice(0, this.choices.includes(selected) ? this.choices.indexOf(selected) + 1 : Infinity);
      if (!this.choices.length) this.selected = selected;
    }
    if (!this.has(this.selected)) this.selected = this.has(this.confirmed) ? this.confirmed : "";
  }

  // What was renamed may come back under another id: then it is still the same thing, in its old place.
  renamed(before) {
    if (this.asked?.type !== "rename" || this.has(this.asked.id)) return null;
    for (const kind of ["populations", "projections"]) {
      const index = [...before[kind].keys()].indexOf(this.asked.id);
      const id = [...this[kind].keys()][index];
      if (index >= 0 && id !== undefined && !before[kind].has(id)) return { from: this.asked.id, to: id };
    }
    return null;
  }

  // Say what has happened, in the words of what was asked for.
  report(before, renamed) {
    const { asked } = this;
    const populations = difference(before.populations, this.populations);
    const projections = difference(before.projections, this.projections);
    const changed = [populations, projections].some(({ added, removed }) => added.length || removed.length);
    const answer = () => {
      const { id } = asked;
      if (asked.type === "rename") {
        const now = renamed?.to ?? id;
        return this.has(now) && this.nameOf(now) === asked.name && `renamed ${asked.before} to ${asked.name}`;
      }
      if (asked.type === "remove" && !this.has(id)) {
        const more = projections.removed.filter((other) => other !== id).length;
        return more
          ? `removed ${asked.before} and ${counted(more, "projection")}; undo brings them back`
          : `removed ${asked.before}; undo brings it back`;
      }
      if (asked.type === "add_population" && populations.added.length) {
        return `added population ${this.nameOf(populations.added[0])}`;
      }
      if (asked.type === "connect" && projections.added.length) {
        return `added projection ${this.route(projections.added[0])}`;
      }
      if (asked.type === "retarget" && this.matches(asked)) return `projection ${this.route(id)}`;
      return "";
    };
    const said = (asked && answer()) || (changed && `the network has ${this.size()}`);
    if (!said) return;
    this.asked = null;
    this.say(said);
  }

  matches({ id, source, target, receptor }) {
    const now = this.projections.get(id);
    return now && now.source === source && now.target === target && now.receptor === receptor;
  }

  showNotice() {
    const notice = this.model.notice ?? "";
    setText(this.notice, notice);
    if (!notice) return;
    this.asked = null; // refused: what is in force stands
    this.choices = [];
    this.selected = this.has(this.model.selected) ? this.model.selected : "";
    this.hush();
    if (this.view === "table") this.table.update(null, true);
    this.graph.paint();
    this.describe();
  }

  // -- to Python

  ask(message) {
    this.asked = { ...message, before: this.has(message.id) ? this.nameOf(message.id) : "" };
    this.model.send_msg(message);
  }

  select(id) {
    if (id === this.selected) return;
    this.selected = id;
    this.choices.push(id);
    this.model.send_msg({ type: "select", id });
    this.graph.paint();
    if (this.view === "table") this.table.paint();
    this.hush();
    this.describe();
  }

  add(like) {
    const limit = this.limit();
    if (this.populations.size >= limit) this.say(`no more than ${counted(limit, "population")}`);
    else this.ask({ type: "add_population", like: this.populations.has(like) ? like : "" });
  }

  remove(id) {
    this.ask({ type: "remove", id });
  }

  rename(id, name) {
    if (name && name !== this.nameOf(id)) this.ask({ type: "rename", id, name });
  }

  connect(source, target, receptor) {
    this.ask({ type: "connect", source, target, receptor });
  }

  retarget(id, source, target, receptor) {
    this.ask({ type: "retarget", id, source, target, receptor });
  }

  ifSelected(act) {
    if (this.selected) act(this.selected);
    else this.say("select a population or a projection first");
  }

  // -- in words

  has(id) {
    return this.populations.has(id) || this.projections.has(id);
  }

  limit() {
    return (plain(this.model.limits) ?? {}).populations ?? Infinity;
  }

  nameOf(id) {
    return this.populations.get(id)?.label || id;
  }

  size() {
    return `${counted(this.populations.size, "population")} and ${counted(this.projections.size, "projection")}`;
  }

  route(id) {
    const { source, target, receptor } = this.projections.get(id);
    return `${id} from ${this.nameOf(source)} to ${this.nameOf(target)}${receptor ? `, receptor ${receptor}` : ""}`;
  }

  // How a screen reader names a population or a projection.
  spoken(id) {
    const item = this.populations.get(id) ?? this.projections.get(id);
    const words = this.populations.has(id) ? [`population ${this.nameOf(id)}`] : [`projection ${this.route(id)}`];
    if (item.detail) words.push(item.detail);
    if (item.problem) words.push(`problem: ${item.problem}`);
    if (id === this.selected) words.push("selected");
    return words.join(", ");
  }

  // The color of a population, and of all that leaves it.
  color(id) {
    const { color, source } = this.populations.get(id) ?? this.projections.get(id);
    return source === undefined ? `var(--population-${(color ?? 0) % COLORS})` : this.color(source);
  }

  say(text) {
    this.live.textContent = this.live.textContent === text ? `${text}\u00a0` : text; // said again when it happens again
    this.said = text;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.hush();
      this.describe();
    }, SAID_MS);
    this.describe();
  }

  hush() {
    this.said = "";
  }

  // The lines under the graph: what the pointer or the focus is at, or else what is selected.
  describe() {
    const id = this.graph.regarded() || this.selected;
    const item = this.populations.get(id) ?? this.projections.get(id);
    const projection = this.projections.get(id);
    setText(this.name, item ? this.nameOf(id) : "Network");
    const way = projection && `${this.nameOf(projection.source)} → ${this.nameOf(projection.target)}`;
    setText(this.detail, [way, projection ? projection.receptor : item?.detail].filter(Boolean).join(" · "));
    setHidden(this.mark, !item);
    this.mark.classList.toggle("of-projection", Boolean(projection));
    if (item && this.mark.style.getPropertyValue("--c") !== this.color(id)) this.mark.style.setProperty("--c", this.color(id));
    const problem = !this.said && !this.graph.connecting ? item?.problem ?? "" : "";
    this.hint.classList.toggle("bad", Boolean(problem));
    setText(this.hint, this.said || problem || (this.view === "graph" ? this.graph.advice(id) : ""));
    this.showButtons();
  }

  showButtons() {
    const chosen = this.selected ? this.nameOf(this.selected) : "";
    const like = this.populations.has(this.selected) ? ` like ${chosen}` : "";
    const full = this.populations.size >= this.limit();
    enable(this.addButton, !full);
    setAttribute(this.addButton, "title", full ? `No more than ${counted(this.limit(), "population")}` : `Add a population${like}`);
    setAttribute(this.addButton, "aria-label", `Add population${like}`);
    enable(this.connectButton, this.populations.size > 0);
    for (const [part, verb, key] of [[this.renameButton, "Rename", "F2"], [this.removeButton, "Remove", "Delete"]]) {
      enable(part, Boolean(chosen));
      setAttribute(part, "aria-label", chosen ? `${verb} ${chosen}` : `${verb} what is selected`);
      setAttribute(part, "title", chosen ? `${verb} ${chosen} (${key})` : `${verb} what is selected`);
    }
  }
}

// ------------------------------------------------------------------------------------ the switch

class Switch {
  constructor(label, views, chosen) {
    this.root = element("div", { class: "switch", role: "radiogroup", "aria-label": label });
    this.buttons = new Map(
      Object.entries(views).map(([id, name]) => {
        const option = element("button", { type: "button", role: "radio" }, name);
        option.addEventListener("click", () => chosen(id));
        return [id, option];
      }),
    );
    this.root.append(...this.buttons.values());
    this.root.addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(event.key)) return;
      event.preventDefault();
      const ids = [...this.buttons.keys()];
      const id = around(ids, this.current, ["ArrowRight", "ArrowDown"].includes(event.key) ? 1 : -1);
      chosen(id);
      this.buttons.get(id).focus();
    });
  }

  set(current) {
    this.current = current;
    for (const [id, option] of this.buttons) {
      setAttribute(option, "aria-checked", String(id === current));
      setAttribute(option, "tabindex", id === current ? "0" : "-1");
    }
  }
}

function remembered() {
  try {
    return localStorage.getItem(VIEW_KEY) === "table" ? "table" : "graph";
  } catch {
    return "graph";
  }
}

function remember(view) {
  try {
    localStorage.setItem(VIEW_KEY, view);
  } catch {
    // without storage the graph comes first
  }
}

// ------------------------------------------------------------------------------------- helpers

let made = 0;
const unique = (stem) => `spikescope-network-${stem}-${(made += 1)}`;

const clamp = (value, low, high) => Math.max(low, Math.min(value, high));

const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

const byId = (items) => new Map((items ?? []).map((item) => [item.id, item]));

const around = (ids, id, step) => ids[(ids.indexOf(id) + step + ids.length) % ids.length];

const difference = (before, after) => ({
  added: [...after.keys()].filter((id) => !before.has(id)),
  removed: [...before.keys()].filter((id) => !after.has(id)),
});

function rekey(views, from, to) {
  if (!views.has(from)) return;
  views.set(to, views.get(from));
  views.delete(from);
}

function sortLike(views, items) {
  for (const id of items.keys()) {
    const view = views.get(id);
    views.delete(id);
    views.set(id, view);
  }
}

// The text that fits into a circle: smaller first, then shorter.
function fitted(text, width) {
  const size = clamp(width / (0.6 * text.length), 10.5, 15);
  return { text: clipped(text, width / (0.56 * size)), size: round(size) };
}

function clipped(text, characters) {
  return text.length <= characters ? text : `${text.slice(0, Math.max(1, Math.floor(characters) - 1))}…`;
}

function svg(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function button(icon, label, act) {
  const root = element("button", { type: "button", class: label ? "action" : "action bare" });
  const picture = svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" });
  picture.append(svg("path", { d: ICONS[icon] }));
  root.append(picture);
  if (label) root.append(element("span", {}, label));
  root.addEventListener("click", act);
  return root;
}

function enable(part, enabled) {
  setAttribute(part, "aria-disabled", String(!enabled));
}

function cell(name, ...children) {
  const root = element("div", { role: "cell", class: `cell ${name}` });
  root.append(...children);
  return root;
}

function options(select, choices, value) {
  const source = JSON.stringify(choices);
  if (select.source !== source) {
    select.source = source;
    select.replaceChildren(...choices.map(([id, name]) => element("option", { value: id }, name)));
  }
  if (select.value !== value) select.value = value;
}

function toggle(node, classes) {
  for (const [name, on] of Object.entries(classes)) node.classList.toggle(name, Boolean(on));
}

function paintWith(node, color) {
  if (node.style.getPropertyValue("--c") !== color) node.style.setProperty("--c", color);
}

function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

function place(parent, node, index) {
  const there = parent.children[index];
  if (there !== node) parent.insertBefore(node, there ?? null);
}
