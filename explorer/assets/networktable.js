// The table: all populations and projections line by line, each with fields to change it.

class Table {
  constructor(network) {
    this.network = network;
    this.root = element("div", { class: "tables" });
    this.populations = sheet("Populations", "populations", ["", "Name", "Detail", "Remove"]);
    this.projections = sheet("Projections", "projections", ["", "Name", "From", "To", "Receptor", "Detail", "Remove"]);
    this.rows = { populations: new Map(), projections: new Map() };
    this.newPopulation = new NewPopulation(network);
    this.newProjection = new NewProjection(network);
    this.populations.foot.append(this.newPopulation.root);
    this.projections.foot.append(this.newProjection.root);
    this.root.append(this.populations.root, this.projections.root);
  }

  update(renamed = null, anew = false) {
    const { network } = this;
    const lost = this.root.contains(this.active()) ? this.active() : null;
    const row = lost?.closest("[data-id]");
    const index = row ? [...row.parentNode.children].indexOf(row) : 0;
    const body = row?.parentNode;
    this.sync("populations", PopulationRow, renamed, anew);
    this.sync("projections", ProjectionRow, renamed, anew);
    this.newPopulation.update();
    this.newProjection.update();
    setHidden(this.projections.root, !network.populations.size);
    if (lost && !lost.isConnected) {
      const heir = body.children[Math.min(index, body.children.length - 1)] ?? body.nextElementSibling;
      (heir.querySelector(`[data-part="${lost.dataset.part}"]`) ?? heir.querySelector("select, button"))?.focus();
    }
  }

  sync(kind, Row, renamed, anew) {
    const items = this.network[kind];
    const rows = this.rows[kind];
    if (renamed) rekey(rows, renamed.from, renamed.to);
    for (const [id, row] of rows) {
      if (items.has(id)) continue;
      row.root.remove();
      rows.delete(id);
    }
    let index = 0;
    for (const item of items.values()) {
      if (!rows.has(item.id)) rows.set(item.id, new Row(this.network));
      rows.get(item.id).update(item, anew);
      place(this[kind].body, rows.get(item.id).root, index++);
    }
  }

  paint() {
    for (const rows of Object.values(this.rows)) for (const row of rows.values()) row.paint();
  }

  active() {
    return this.root.getRootNode().activeElement;
  }
}

function sheet(title, kind, columns) {
  const root = element("section", { class: `sheet ${kind}` });
  const heading = element("h2", { id: unique("sheet") }, title);
  const grid = element("div", { role: "table", "aria-labelledby": heading.id });
  const body = element("div", { role: "rowgroup" });
  const foot = element("div", { role: "rowgroup" });
  const head = element("div", { role: "row", class: "line columns" });
  for (const column of columns) {
    const cell = element("span", { role: "columnheader", class: `cell ${column ? column.toLowerCase() : "pick"}` });
    cell.append(element("span", column && column !== "Remove" ? {} : { class: "sr-only" }, column || "Select"));
    head.append(cell);
  }
  const top = element("div", { role: "rowgroup" });
  top.append(head);
  grid.append(top, body, foot);
  root.append(heading, grid);
  return { root, body, foot };
}

class TableRow {
  constructor(network) {
    this.network = network;
    this.root = element("div", { role: "row", class: "line" });
    this.pick = element("button", { type: "button", class: "pick-button", "data-part": "pick" });
    this.mark = element("span", { class: "mark", "aria-hidden": "true" });
    this.pick.append(this.mark);
    this.name = element("input", { type: "text", autocomplete: "off", spellcheck: "false", "data-part": "name" });
    this.detail = element("span", { class: "words" });
    this.problem = element("span", { class: "problem" });
    this.removal = button("remove", "", () => network.remove(this.id));
    this.removal.dataset.part = "remove";
    this.pick.addEventListener("click", () => network.select(this.id));
    this.root.addEventListener("click", ({ target }) => {
      if (!target.closest("button, input, select")) network.select(this.id);
    });
    this.name.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.commit();
      else if (event.key === "Escape") this.name.value = this.shown;
    });
    this.name.addEventListener("blur", () => this.commit());
  }

  fill(...cells) {
    const detail = cell("detail", this.detail);
    detail.append(this.problem);
    this.root.append(cell("pick", this.pick), cell("name", this.name), ...cells, detail, cell("remove", this.removal));
  }

  update(item, anew, kind) {
    this.id = item.id;
    setAttribute(this.root, "data-id", item.id);
    const name = this.network.nameOf(item.id);
    const typing = this.name.value !== this.shown && this.name.matches(":focus");
    if (anew || !typing) {
      if (this.name.value !== name) this.name.value = name;
      this.shown = name;
    }
    setAttribute(this.name, "aria-label", `Name of ${kind} ${name}`);
    setAttribute(this.removal, "aria-label", `Remove ${kind} ${name}`);
    setAttribute(this.removal, "title", `Remove ${name}`);
    setText(this.detail, item.detail);
    setText(this.problem, item.problem);
    this.root.classList.toggle("bad", Boolean(item.problem));
    paintWith(this.root, this.network.color(item.id));
    this.paint();
  }

  commit() {
    const name = this.name.value.trim();
    if (name === this.shown) return;
    if (!name) {
      this.name.value = this.shown;
      return;
    }
    this.shown = this.name.value = name; // sent once; the answer says what it is called
    this.network.rename(this.id, name);
  }

  paint() {
    const selected = this.id === this.network.selected;
    this.root.classList.toggle("selected", selected);
    setAttribute(this.pick, "aria-pressed", String(selected));
    setAttribute(this.pick, "aria-label", `Select ${this.network.nameOf(this.id)}`);
  }
}

class PopulationRow extends TableRow {
  constructor(network) {
    super(network);
    this.fill();
  }

  update(item, anew) {
    super.update(item, anew, "population");
  }
}

class ProjectionRow extends TableRow {
  constructor(network) {
    super(network);
    this.mark.classList.add("of-projection");
    this.ways = new Ways(network, (way) => network.retarget(this.id, ...way));
    this.fill(...this.ways.cells);
  }

  update(item, anew) {
    super.update(item, anew, "projection");
    this.ways.show(item, `of projection ${item.id}`);
  }
}

// Where a projection goes: three lists to choose from. The receptors are those of the target.
class Ways {
  constructor(network, changed) {
    this.network = network;
    const names = ["from", "to", "receptor"];
    [this.source, this.target, this.receptor] = names.map((part) => element("select", { "data-part": part }));
    this.cells = [this.source, this.target, this.receptor].map((select, i) => cell(names[i], select));
    for (const select of [this.source, this.target]) {
      select.addEventListener("change", () => {
        this.showReceptors(this.receptor.value);
        changed?.(this.values());
      });
    }
    this.receptor.addEventListener("change", () => changed?.(this.values()));
  }

  values() {
    return [this.source.value, this.target.value, this.receptor.value];
  }

  show({ source, target, receptor }, words) {
    const all = [...this.network.populations.values()].map(({ id }) => [id, this.network.nameOf(id)]);
    options(this.source, all, source);
    options(this.target, all, target);
    this.showReceptors(receptor);
    for (const [select, part] of [[this.source, "Source"], [this.target, "Target"], [this.receptor, "Receptor"]]) {
      setAttribute(select, "aria-label", `${part} ${words}`);
    }
  }

  showReceptors(receptor) {
    const known = this.network.populations.get(this.target.value)?.receptors ?? [];
    options(this.receptor, known.map((name) => [name, name]), known.includes(receptor) ? receptor : known[0] ?? "");
    if (this.receptor.disabled === known.length > 0) this.receptor.disabled = !known.length;
  }
}

// The empty rows at the end.
class NewPopulation {
  constructor(network) {
    this.network = network;
    this.root = element("div", { role: "row", class: "line new" });
    this.like = element("select", { "aria-label": "Make the new population like", "data-part": "like" });
    this.adding = button("add", "Add population", () => network.add(this.like.value));
    this.root.append(cell("blank"), cell("name", this.adding), cell("detail", this.like), cell("remove"));
  }

  update() {
    const { populations, selected } = this.network;
    const all = [...populations.values()].map(({ id }) => [id, `like ${this.network.nameOf(id)}`]);
    const known = populations.has(this.like.value) ? this.like.value : selected;
    options(this.like, all, populations.has(known) ? known : all[0]?.[0] ?? "");
    setHidden(this.like, !all.length);
    const full = populations.size >= this.network.limit();
    enable(this.adding, !full);
  }
}

class NewProjection {
  constructor(network) {
    this.network = network;
    this.root = element("div", { role: "row", class: "line new" });
    this.ways = new Ways(network);
    this.adding = button("add", "Add projection", () => network.connect(...this.ways.values()));
    this.root.append(cell("blank"), cell("name", this.adding), ...this.ways.cells, cell("remove"));
  }

  update() {
    const ids = [...this.network.populations.keys()];
    const [source, target, receptor] = this.ways.values();
    const keep = (id, other) => (this.network.populations.has(id) ? id : other);
    this.ways.show(
      { source: keep(source, ids[0]), target: keep(target, ids[1] ?? ids[0]), receptor },
      "of a new projection",
    );
  }
}
