// The control rail: one row for each parameter, sent to Python as the thumb moves.
//
// Traffic is driven by acknowledgement, never by a timer. While a message is unacknowledged only
// the newest value of each path is kept; once its effect has come back (`ack`) the waiting values go
// out, so that the server computes while the browser paints. A slow server never builds a queue.

const WATCHDOG_MS = 1500; // an answer that never comes must not leave the rail mute
const TOOLTIP_DELAY_MS = 350;
const CLOSED_KEY = "spikescope.rail.closed";

const sequences = new WeakMap(); // one count for all views of a model
let gestures = 0;

export function render({ model, el, view }) {
  adoptTheme(el);
  const rows = new Map();
  const sections = new Map();
  const link = new Link(model, view.model, () => settle());
  const root = element("div", { class: "rail" });
  const context = { link, rows, tooltip: new Tooltip() };

  const valuesOf = () => plain(model.values) ?? {};
  const errorsOf = () => plain(model.errors) ?? {};

  function build() {
    const groups = plain(model.groups) ?? [];
    const focused = el.getRootNode().activeElement;
    const wanted = new Set(groups.flatMap((g) => g.controls.map((c) => c.path)));
    for (const [path, row] of rows) {
      if (!wanted.has(path)) {
        row.root.remove();
        rows.delete(path);
      }
    }
    const ids = new Set(groups.map((group) => group.id));
    for (const [id, section] of sections) {
      if (!ids.has(id)) {
        section.root.remove();
        sections.delete(id);
      }
    }
    groups.forEach((group, index) => {
      if (!sections.has(group.id)) sections.set(group.id, new Section(group));
      const section = sections.get(group.id);
      section.rows = group.controls.map((control) => rowFor(control));
      section.update(group);
      place(root, section.root, index);
      section.rows.forEach((row, position) => place(section.body, row.root, position));
    });
    for (const row of rows.values()) row.setSpread?.(wanted.has(`${row.path}.spread`));
    if (focused?.isConnected && el.getRootNode().activeElement !== focused) focused.focus();
    refresh();
  }

  function rowFor(control) {
    let row = rows.get(control.path);
    if (row && row.shape === shapeOf(control)) {
      row.update(control);
      return row;
    }
    row?.root.remove();
    row = new ROWS[control.kind](control, context);
    rows.set(control.path, row);
    return row;
  }

  // Every row that nobody is moving takes the value of the server.
  function refresh() {
    const values = valuesOf();
    const errors = errorsOf();
    for (const row of rows.values()) {
      row.setError(errors[row.path] ?? "");
      const keep = row.held() || (errors[row.path] && row.value !== undefined); // what was typed
      if (!keep && row.path in values && !row.shows(values[row.path])) row.show(values[row.path]);
    }
    for (const section of sections.values()) section.mark();
  }

  function settle() {
    for (const row of rows.values()) if (row.awaiting <= link.acked) row.awaiting = 0;
    refresh();
  }

  model.on("groups", build);
  model.on(["values", "errors"], refresh);
  model.on("ack", () => link.acknowledge(model.ack));
  model.on("remove", () => link.close());
  hear(model, "point", ({ paths, on }) => {
    for (const path of paths) rows.get(path)?.root.classList.toggle("lit", on);
  });
  hear(model, "go", ({ path }) => {
    const section = [...sections.values()].find((each) => each.rows.some((row) => row.path === path));
    section?.setOpen(true);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    rows.get(path)?.root.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  });
  hear(model, "ask", (shown) => {
    for (const row of rows.values()) if (row.value !== undefined) shown[row.path] = row.worded(row.value);
  });
  build();
  el.append(root);
}

// ---------------------------------------------------------------------------------- the link

class Link {
  constructor(model, key, settled) {
    this.model = model;
    this.key = key;
    this.settled = settled;
    this.pending = new Map();
    this.sent = [];
    this.inFlight = 0;
    this.acked = model.ack ?? 0;
    if (!sequences.has(key)) sequences.set(key, this.acked);
  }

  post(message, row) {
    const slot = message.type === "spread" ? `${message.path} spread` : message.path;
    this.pending.delete(slot);
    this.pending.set(slot, { message, row });
    row.waiting = true;
    this.pump();
  }

  pump() {
    if (this.inFlight) return;
    for (const { message, row } of this.pending.values()) {
      const seq = Math.max(sequences.get(this.key), this.acked) + 1;
      sequences.set(this.key, seq);
      this.inFlight = seq;
      row.waiting = false;
      row.awaiting = seq;
      this.model.send_msg({ ...message, seq });
    }
    if (this.pending.size) this.sent = [...this.pending.values()].map(({ row }) => row);
    this.pending.clear();
    clearTimeout(this.watchdog);
    if (this.inFlight) this.watchdog = setTimeout(() => this.giveUp(), WATCHDOG_MS);
  }

  acknowledge(ack) {
    this.acked = Math.max(this.acked, ack);
    if (this.inFlight && ack >= this.inFlight) {
      clearTimeout(this.watchdog);
      this.inFlight = 0;
    }
    // Once the whole message is taken in. The server then works on the next value while the browser
    // paints this one; the next message is only read after that.
    queueMicrotask(() => {
      this.settled();
      this.pump();
    });
  }

  giveUp() {
    this.inFlight = 0;
    for (const row of this.sent) row.awaiting = 0;
    this.pump();
  }

  close() {
    clearTimeout(this.watchdog);
    this.pending.clear();
  }
}

// ---------------------------------------------------------------------------------- sections

class Section {
  constructor(group) {
    this.id = group.id;
    this.rows = [];
    const id = unique("group");
    this.title = element("span", { class: "group-title" });
    this.count = element("span", { class: "group-count" });
    this.button = element("button", { type: "button", "aria-controls": id });
    this.button.append(element("span", { class: "chevron", "aria-hidden": "true" }), this.title, this.count);
    const heading = element("h2", {});
    heading.append(this.button);
    this.body = element("div", { id, class: "group-body" });
    this.root = element("section", { class: "group" });
    this.root.append(heading, this.body);
    const closed = remembered();
    this.setOpen(this.id in closed ? !closed[this.id] : group.open ?? true);
    this.button.addEventListener("click", () => {
      this.setOpen(!this.open);
      remember({ ...remembered(), [this.id]: !this.open });
    });
  }

  setOpen(open) {
    this.open = open;
    this.button.setAttribute("aria-expanded", String(open));
    this.body.hidden = !open;
    this.root.classList.toggle("closed", !open);
  }

  update(group) {
    setText(this.title, group.title);
  }

  mark() {
    const changed = this.rows.filter((row) => row.changed).length;
    setText(this.count, changed ? `${changed} changed` : "");
    if (!this.open && this.rows.some((row) => row.error)) this.setOpen(true);
  }
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(CLOSED_KEY)) ?? {};
  } catch {
    return {};
  }
}

function remember(closed) {
  try {
    localStorage.setItem(CLOSED_KEY, JSON.stringify(closed));
  } catch {
    // private windows may refuse storage; the groups then simply start as declared
  }
}

// -------------------------------------------------------------------------------------- rows

const shapeOf = (control) => `${control.kind} ${control.style ?? ""}`;

class Row {
  constructor(control, context) {
    Object.assign(this, context);
    this.path = control.path;
    this.shape = shapeOf(control);
    this.error = "";
    this.waiting = false; // a message of this row waits in the link
    this.awaiting = 0; // the number of this row's unacknowledged message
    this.changed = false;
    this.ids = { tip: unique("tip"), error: unique("error") };
    this.root = element("div", { class: "row", "data-path": control.path });
    this.symbol = element("span", { class: "symbol", "aria-hidden": "true" });
    this.tip = element("div", { class: "tip", role: "tooltip", id: this.ids.tip });
    this.dot = element("button", { type: "button", class: "dot" });
    this.message = element("p", { class: "problem", id: this.ids.error, "aria-live": "polite" });
    this.dot.addEventListener("click", () => {
      this.reset();
      this.focusTarget().focus();
    });
    this.tooltip.attach(this);
    this.pointAlong();
  }

  // The symbol in the equation is lit while the row is pointed at or has the focus.
  pointAlong() {
    const reasons = new Set();
    const because = (reason, on) => {
      if (on) reasons.add(reason);
      else reasons.delete(reason);
      tell("light", { path: this.path.replace(/\.spread$/, ""), on: reasons.size > 0 });
    };
    this.root.addEventListener("pointerenter", () => because("pointer", true));
    this.root.addEventListener("pointerleave", () => because("pointer", false));
    this.root.addEventListener("focusin", () => because("focus", true));
    this.root.addEventListener("focusout", () => because("focus", false));
  }

  describe(control) {
    this.control = control;
    const named = control.symbol || escaped(control.label);
    if (this.symbol.dataset.source !== named) {
      this.symbol.dataset.source = named;
      this.symbol.innerHTML = named;
      this.symbol.classList.toggle("word", !control.symbol);
    }
    this.root.classList.toggle("sub", control.path.endsWith(".spread"));
    setAttribute(this.dot, "aria-label", `reset ${control.label} to ${this.worded(control.default)}`);
    setAttribute(this.dot, "title", `reset to ${this.worded(control.default)}`);
    this.tip.replaceChildren(...this.tipLines());
  }

  tipLines() {
    const { label, meaning, path } = this.control;
    const head = element("p", { class: "tip-head" });
    head.append(element("strong", {}, label), element("code", {}, path));
    return [head, element("p", {}, meaning ?? "")];
  }

  reset() {
    this.leave?.();
    this.setError("");
    this.show(this.control.default);
    this.link.post({ type: "reset", path: this.path }, this);
  }

  held() {
    return this.waiting || this.awaiting > 0;
  }

  setError(sentence) {
    if (sentence === this.error) return;
    this.error = sentence;
    if (sentence) this.tooltip.hide(this); // the problem is what matters now
    setText(this.message, sentence);
    this.root.classList.toggle("bad", Boolean(sentence));
    for (const input of this.inputs()) {
      if (sentence) {
        input.setAttribute("aria-invalid", "true");
        input.setAttribute("aria-errormessage", this.ids.error);
      } else {
        input.removeAttribute("aria-invalid");
        input.removeAttribute("aria-errormessage");
      }
    }
  }

  markChanged(value) {
    this.changed = !same(value, this.control.default);
    this.root.classList.toggle("changed", this.changed);
  }
}

class NumberRow extends Row {
  constructor(control, context) {
    super(control, context);
    this.slider = element("input", { type: "range", "aria-describedby": this.ids.tip });
    this.text = element("input", {
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      spellcheck: "false",
      "aria-describedby": this.ids.tip,
    });
    this.unit = element("span", { class: "unit", "aria-hidden": "true" });
    this.spread = element("button", { type: "button", class: "spread" }, "±");
    this.root.append(this.symbol, this.slider, this.text, this.unit, this.spread, this.dot, this.message, this.tip);
    this.dragging = false;
    this.gesture = 0; // number of the drag under way: all of it is one step to undo
    this.unsent = false; // the slider shows a value that waits for the release
    this.shown = "";
    this.listen();
    this.update(control);
  }

  inputs() {
    return [this.text];
  }

  focusTarget() {
    return this.slider;
  }

  update(control) {
    const before = this.control;
    this.describe(control);
    setText(this.unit, control.unit);
    setAttribute(this.slider, "aria-label", control.label);
    setAttribute(this.text, "aria-label", control.unit ? `${control.label} in ${control.unit}` : control.label);
    const [low, high] = control.soft;
    setAttribute(this.slider, "min", String(this.position(low)));
    setAttribute(this.slider, "max", String(this.position(high)));
    setAttribute(this.slider, "step", "any");
    this.root.style.setProperty("--mark", this.share(control.default));
    this.root.classList.toggle("has-spread", Boolean(control.spread));
    this.spread.hidden = !control.spread;
    setAttribute(this.spread, "aria-label", `spread of ${control.label} over the population`);
    setAttribute(this.spread, "title", "spread over the population");
    if (before && this.value !== undefined) this.show(this.value);
  }

  setSpread(on) {
    setAttribute(this.spread, "aria-pressed", String(on));
  }

  tipLines() {
    const { control } = this;
    const [low, high] = control.soft;
    const facts = element("p", { class: "tip-facts" });
    facts.append(`${this.worded(low)} to ${this.worded(high)} on the slider`);
    if (control.limits) facts.append(`, ${control.limits} when typed`);
    facts.append(`. Default ${this.worded(control.default)}.`);
    if (control.live === false) facts.append(" Applies on release.");
    const lines = [...super.tipLines(), facts];
    if (control.source) lines.push(element("p", { class: "tip-facts tip-source" }, `Source of the model: ${control.source}`));
    return lines;
  }

  listen() {
    const { slider, text } = this;
    slider.addEventListener("pointerdown", () => this.grab());
    slider.addEventListener("input", () => {
      this.show(this.rounded(this.fromPosition(slider.valueAsNumber)));
      this.unsent = true;
      if (this.control.live !== false) this.flush();
    });
    slider.addEventListener("change", () => this.flush());
    slider.addEventListener("dblclick", () => this.reset());
    slider.addEventListener("keydown", (event) => this.sliderKey(event));
    text.addEventListener("keydown", (event) => this.textKey(event));
    text.addEventListener("focus", () => text.select());
    text.addEventListener("blur", () => this.commit());
    this.spread.addEventListener("click", () => {
      const on = this.spread.getAttribute("aria-pressed") !== "true";
      this.link.post({ type: "spread", path: this.path, on }, this);
    });
  }

  grab() {
    this.dragging = true;
    this.gesture = ++gestures;
    this.tooltip.hide();
    const release = () => {
      this.dragging = false;
      this.flush();
      this.gesture = 0;
      for (const type of ["pointerup", "pointercancel", "blur"]) window.removeEventListener(type, release, true);
      if (!this.held()) this.link.settled();
    };
    for (const type of ["pointerup", "pointercancel", "blur"]) window.addEventListener(type, release, true);
  }

  held() {
    return super.held() || this.dragging || this.unsent || this.typing();
  }

  typing() {
    return this.text.value !== this.shown;
  }

  // -- keyboard

  sliderKey(event) {
    const [low, high] = this.control.soft;
    const fine = event.shiftKey;
    const moves = {
      ArrowRight: () => this.stepped(1, fine),
      ArrowUp: () => this.stepped(1, fine),
      ArrowLeft: () => this.stepped(-1, fine),
      ArrowDown: () => this.stepped(-1, fine),
      PageUp: () => this.stepped(10, fine),
      PageDown: () => this.stepped(-10, fine),
      Home: () => low,
      End: () => high,
    };
    if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.show(clamp(moves[event.key](), low, high));
    this.send();
  }

  textKey(event) {
    if (event.key === "Enter") {
      event.preventDefault();
      this.commit();
      this.text.select();
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.revert();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const typed = Number(this.text.value.replace(",", "."));
      if (!this.text.value.trim() || !Number.isFinite(typed)) return;
      event.preventDefault();
      const [low, high] = this.control.hard ?? [null, null];
      this.value = typed;
      this.show(clamp(this.stepped(event.key === "ArrowUp" ? 1 : -1, event.shiftKey), low, high));
      this.send();
    }
  }

  // The value `count` steps away. On a logarithmic scale a step is a hundredth of the range.
  stepped(count, fine) {
    const { scale, soft, integer } = this.control;
    const factor = fine && !integer ? 0.1 : 1;
    if (scale === "log") {
      const ratio = (soft[1] / soft[0]) ** (0.01 * count * factor);
      const digits = fine ? 4 : 3;
      const moved = Number((this.value * ratio).toPrecision(digits));
      return integer ? this.value + Math.sign(count) * Math.max(1, Math.abs(Math.round(moved - this.value))) : moved;
    }
    const step = this.step() * factor;
    return Number((Math.round(this.value / step + count) * step).toPrecision(12));
  }

  step() {
    const { step, soft, integer } = this.control;
    return step ?? (integer ? 1 : nice((soft[1] - soft[0]) / 100));
  }

  // -- scale

  position(value) {
    return this.control.scale === "log" ? Math.log10(value) : value;
  }

  fromPosition(position) {
    return this.control.scale === "log" ? 10 ** position : position;
  }

  share(value) {
    const [low, high] = this.control.soft.map((bound) => this.position(bound));
    const at = (this.position(value) - low) / (high - low);
    return Number.isFinite(at) ? clamp(at, 0, 1).toFixed(4) : "0";
  }

  quantum() {
    const { step, soft, integer } = this.control;
    if (integer) return Math.max(1, step ?? 1);
    return step ?? 10 ** Math.floor(Math.log10((soft[1] - soft[0]) / 150));
  }

  rounded(value) {
    const { scale, soft, integer } = this.control;
    let near = value;
    if (scale === "log" && !integer) near = Number(value.toPrecision(3));
    else near = Number((Math.round(value / this.quantum()) * this.quantum()).toPrecision(12));
    return clamp(near, soft[0], soft[1]);
  }

  // -- values

  flush() {
    if (this.unsent) this.send();
  }

  send() {
    this.unsent = false;
    this.link.post({ type: "set", path: this.path, value: this.value, gesture: this.gesture }, this);
  }

  shows(value) {
    const [low, high] = this.control.soft;
    const off = Math.abs(Number(this.slider.value) - this.position(clamp(value, low, high)));
    return value === this.value && this.text.value === this.shown && off < 1e-6;
  }

  show(value) {
    this.value = value;
    const [low, high] = this.control.soft;
    const at = this.position(clamp(value, low, high));
    if (!this.dragging && Number.isFinite(at)) this.slider.value = String(at);
    this.root.style.setProperty("--at", this.share(value));
    this.shown = this.formatted(value);
    if (this.text.value !== this.shown) this.text.value = this.shown;
    this.text.classList.toggle("long", this.shown.length > 5);
    setAttribute(this.slider, "aria-valuetext", this.worded(value));
    tell("value", { path: this.path, text: this.worded(value) });
    this.root.classList.toggle("beyond", value < low || value > high);
    this.markChanged(value);
  }

  commit() {
    if (!this.typing()) return;
    const text = this.text.value.trim();
    if (!text) {
      this.revert();
      return;
    }
    this.shown = this.text.value; // what was typed stays until the server has judged it
    this.link.post({ type: "text", path: this.path, text }, this);
  }

  leave() {
    this.unsent = false;
    this.text.value = this.shown;
  }

  revert() {
    const wasBad = Boolean(this.error);
    this.setError("");
    this.show(this.value);
    this.text.select();
    if (wasBad) this.send(); // the server forgets the refused text
  }

  formatted(value) {
    if (typeof value !== "number" || !Number.isFinite(value)) return String(value ?? "");
    const { scale, integer } = this.control;
    if (integer) return String(value);
    if (scale === "log") {
      const three = value.toPrecision(3);
      return Number(three) === value && !three.includes("e") ? three : compact(value);
    }
    const places = decimals(this.quantum());
    return Math.abs(Number(value.toFixed(places)) - value) < 1e-9 ? value.toFixed(places) : compact(value);
  }

  worded(value) {
    const { unit } = this.control;
    const number = typeof value === "number" ? compact(value) : String(value);
    return (unit ? `${number} ${unit}` : number).replace("-", "−");
  }
}

class ChoiceRow extends Row {
  constructor(control, context) {
    super(control, context);
    this.root.classList.add("choice");
    this.segmented = control.style === "segmented";
    this.field = this.segmented
      ? element("div", { role: "radiogroup", class: "segments" })
      : element("select", {});
    this.field.setAttribute("aria-describedby", this.ids.tip);
    this.root.append(this.symbol, this.field, this.dot, this.message, this.tip);
    if (this.segmented) this.field.addEventListener("keydown", (event) => this.key(event));
    else this.field.addEventListener("change", () => this.choose(this.control.options[this.field.selectedIndex].value));
    this.update(control);
  }

  inputs() {
    return [this.field];
  }

  focusTarget() {
    return this.segmented ? this.field.querySelector('[tabindex="0"]') : this.field;
  }

  update(control) {
    const source = JSON.stringify(control.options);
    this.describe(control);
    setAttribute(this.field, "aria-label", control.label);
    if (this.source !== source) {
      this.source = source;
      this.field.replaceChildren(...control.options.map((option) => this.option(option)));
    }
    if (this.value !== undefined) this.show(this.value);
  }

  option(option) {
    if (!this.segmented) return element("option", {}, option.label);
    const button = element("button", { type: "button", role: "radio", tabindex: "-1" }, option.label);
    if (option.hint) button.title = option.hint;
    button.addEventListener("click", () => this.choose(option.value));
    return button;
  }

  tipLines() {
    const hints = this.control.options.filter((option) => option.hint);
    const list = element("dl", {});
    for (const { label, hint } of hints) list.append(element("dt", {}, label), element("dd", {}, hint));
    return hints.length ? [...super.tipLines(), list] : super.tipLines();
  }

  key(event) {
    const forward = ["ArrowRight", "ArrowDown"].includes(event.key);
    if (!forward && !["ArrowLeft", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    const { options } = this.control;
    const index = options.findIndex((option) => option.value === this.value);
    this.choose(options[(index + (forward ? 1 : -1) + options.length) % options.length].value);
    this.focusTarget().focus();
  }

  choose(value) {
    if (value === this.value && !this.error) return;
    this.show(value);
    this.link.post({ type: "set", path: this.path, value }, this);
  }

  shows(value) {
    const picked = this.segmented ? value : this.control.options[this.field.selectedIndex]?.value;
    return value === this.value && value === picked;
  }

  show(value) {
    this.value = value;
    const { options } = this.control;
    const index = options.findIndex((option) => option.value === value);
    if (this.segmented) {
      [...this.field.children].forEach((button, position) => {
        setAttribute(button, "aria-checked", String(position === index));
        setAttribute(button, "tabindex", position === Math.max(index, 0) ? "0" : "-1");
      });
    } else if (this.field.selectedIndex !== index) {
      this.field.selectedIndex = index;
    }
    this.markChanged(value);
  }

  worded(value) {
    return this.control.options.find((option) => option.value === value)?.label ?? String(value);
  }
}

// A row of numbers, typed with spaces between them.
class ListRow extends Row {
  constructor(control, context) {
    super(control, context);
    this.root.classList.add("list");
    this.text = element("input", {
      type: "text",
      autocomplete: "off",
      spellcheck: "false",
      placeholder: "none yet",
      "aria-describedby": this.ids.tip,
    });
    this.unit = element("span", { class: "unit", "aria-hidden": "true" });
    this.root.append(this.symbol, this.text, this.unit);
    if (control.table) this.root.append(...this.table());
    this.root.append(this.dot, this.message, this.tip);
    this.shown = "";
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.commit();
      else if (event.key === "Escape") this.leave();
    });
    this.text.addEventListener("blur", () => this.commit());
    this.update(control);
  }

  inputs() {
    return [this.text];
  }

  focusTarget() {
    return this.text;
  }

  update(control) {
    this.describe(control);
    setText(this.unit, control.unit);
    setAttribute(this.text, "aria-label", `${control.label} in ${control.unit}`);
  }

  // A table of times and values, from a file or pasted: several lines where a field holds one.
  table() {
    const open = element("button", { type: "button", class: "open", title: "load a table (CSV)" }, "CSV");
    const file = element("input", { type: "file", accept: ".csv,.tsv,.txt,text/*", hidden: "" });
    const { label } = this.control ?? { label: "points" };
    open.setAttribute("aria-label", `load ${label} from a CSV file`);
    file.setAttribute("aria-label", `file of ${label}`);
    this.root.classList.add("has-table");
    const send = (text) => {
      this.leave();
      this.link.post({ type: "text", path: this.path, text: `${text}\n` }, this);
    };
    open.addEventListener("click", () => file.click());
    file.addEventListener("change", async () => {
      const [chosen] = file.files;
      if (chosen) send(await chosen.text());
      file.value = "";
    });
    this.text.addEventListener("paste", (event) => {
      const pasted = event.clipboardData?.getData("text") ?? "";
      if (!pasted.trim().includes("\n")) return;
      event.preventDefault();
      send(pasted);
    });
    return [open, file];
  }

  held() {
    return super.held() || this.text.value !== this.shown;
  }

  commit() {
    if (this.text.value === this.shown) return;
    this.shown = this.text.value; // what was typed stays until the server has judged it
    this.link.post({ type: "text", path: this.path, text: this.text.value }, this);
  }

  leave() {
    this.text.value = this.shown;
  }

  shows(value) {
    return value === this.value && this.text.value === this.shown;
  }

  show(value) {
    this.value = value;
    this.shown = String(value);
    if (this.text.value !== this.shown) this.text.value = this.shown;
    this.markChanged(value);
  }

  worded(value) {
    return value || "none";
  }
}

const ROWS = { number: NumberRow, choice: ChoiceRow, list: ListRow };

// ----------------------------------------------------------------------------------- tooltips

// One tooltip at a time: on hover of the symbol or unit after a moment, on keyboard focus at once,
// on a tap of the symbol; it can be pointed at, and Escape closes it.
class Tooltip {
  attach(row) {
    const later = () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.show(row), TOOLTIP_DELAY_MS);
    };
    const away = () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.hide(row), 120);
    };
    queueMicrotask(() => {
      for (const part of [row.symbol, row.unit].filter(Boolean)) {
        part.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && later());
        part.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && away());
        part.addEventListener("click", () => (this.row === row ? this.hide(row) : this.show(row)));
      }
    });
    row.tip.addEventListener("pointerenter", () => clearTimeout(this.timer));
    row.tip.addEventListener("pointerleave", away);
    row.root.addEventListener("focusin", (event) => {
      if (event.target.matches("input, select, [role=radio]") && event.target.matches(":focus-visible")) this.show(row, true);
    });
    row.root.addEventListener("focusout", () => this.hide(row));
    row.root.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.hide(row);
    });
  }

  show(row, focused = false) {
    clearTimeout(this.timer);
    if (this.row && this.row !== row) this.hide(this.row);
    this.row = row;
    const { tip } = row;
    tip.classList.add("open");
    tip.classList.toggle("focused", focused); // the pointer goes through it: it may lie over what is wanted next
    if (tip.showPopover && !tip.popover) tip.popover = "manual"; // above every container that clips
    try {
      tip.showPopover?.();
    } catch {
      // already shown
    }
    this.place();
    window.addEventListener("scroll", this.place, { capture: true, passive: true });
  }

  place = () => {
    if (!this.row) return;
    const { root, tip } = this.row;
    const box = root.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = tip;
    const below = box.bottom + 2 + height <= window.innerHeight;
    tip.style.left = `${clamp(box.left + 8, 8, Math.max(8, window.innerWidth - width - 8))}px`;
    tip.style.top = `${below ? box.bottom + 2 : Math.max(4, box.top - height - 2)}px`;
  };

  hide(row = this.row) {
    if (!row || this.row !== row) return;
    clearTimeout(this.timer);
    this.row = null;
    window.removeEventListener("scroll", this.place, { capture: true });
    row.tip.classList.remove("open");
    try {
      if (row.tip.popover) row.tip.hidePopover();
    } catch {
      // already hidden
    }
  }
}

// ------------------------------------------------------------------------------------ helpers

let count = 0;
const unique = (stem) => `spikescope-${stem}-${(count += 1)}`;

const clamp = (value, low, high) => Math.min(Math.max(value, low ?? -Infinity), high ?? Infinity);

// As many digits as the field holds, and four at least.
const compact = (value) => {
  let text = "";
  for (let digits = 6; digits >= 4; digits -= 1) {
    text = String(Number(value.toPrecision(digits)));
    if (text.length <= 7 || !text.includes(".")) break;
  }
  return text;
};

const decimals = (quantum) => Math.max(0, (String(Number(quantum.toPrecision(6))).split(".")[1] ?? "").length);

const same = (a, b) =>
  typeof a === "number" && typeof b === "number" ? Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b)) : a === b;

const escaped = (text) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

function nice(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  const lead = step / power;
  return Number(((lead < 2 ? 1 : lead < 5 ? 2 : 5) * power).toPrecision(6));
}

function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

function place(parent, node, index) {
  const there = parent.children[index];
  if (there !== node) parent.insertBefore(node, there ?? null);
}
