// The insight column: numbers of the run, the equation, and a small figure. It folds away.

const NUMBERS_KEY = "spikescope.insight.numbers";
const FOLDED_KEY = "spikescope.insight.folded";
const CLOSED_KEY = "spikescope.insight.closed";

export function render({ model, el }) {
  adoptTheme(el);
  const root = element("div", { class: "column" });
  const body = element("div", { class: "sections", id: "spikescope-insight-sections" });
  const fold = element("button", { type: "button", class: "fold", "aria-controls": body.id });
  const foldWord = element("span", { class: "fold-word" }, "Insight");
  fold.append(foldWord, element("span", { class: "fold-mark", "aria-hidden": "true" }));
  root.append(fold, body);

  const list = element("dl", { class: "numbers" });
  const equation = element("div", { class: "equation" });
  const note = element("p", { class: "note" });
  const figure = element("div", { class: "figure" });
  const numbers = section("numbers", "This run", [list]);
  const shelf = element("div", {});
  const kept = section("shelf", "Kept runs", [shelf]);
  const withNumbers = element("button", { type: "button", class: "with-numbers", "aria-pressed": "false" }, "with numbers");
  const formula = section("equation", "Equation", [equation, withNumbers, note]);
  const live = new Formula(equation);
  const choice = element("select", { class: "choice", "aria-label": "figure" });
  const figureNote = element("p", { class: "note figure-note" });
  const figureList = element("dl", { class: "numbers figure-numbers" });
  const what = element("details", { class: "how what" });
  const whatWords = element("p", {});
  what.append(element("summary", {}, "What is this?"), whatWords);
  const how = element("details", { class: "how" });
  const methods = element("div", { class: "methods" });
  how.append(element("summary", {}, "How is this computed?"), methods);
  const plot = section("figure", "Surrogate", [choice, figure, figureNote, figureList, what, how]);
  body.append(numbers.root, kept.root, formula.root, plot.root);
  el.append(root);

  const cells = new Map();
  const figureCells = new Map();

  function showNumbers() {
    numbers.root.hidden = !showList(list, cells, plain(model.numbers) ?? []);
  }

  function showFigureNumbers() {
    figureList.hidden = !showList(figureList, figureCells, plain(model.figure_numbers) ?? []);
  }

  // Entries are replaced in place; those that are no longer wanted go.
  function showList(list, cells, wanted) {
    const ids = new Set(wanted.map((number) => number.id));
    for (const [id, cell] of cells) {
      if (!ids.has(id)) {
        cell.root.remove();
        cells.delete(id);
      }
    }
    wanted.forEach((number, index) => {
      if (!cells.has(number.id)) cells.set(number.id, new Cell(number.id));
      const cell = cells.get(number.id);
      cell.show(number);
      if (list.children[index] !== cell.root) list.insertBefore(cell.root, list.children[index] ?? null);
    });
    return wanted.length;
  }

  function showEquation() {
    if (equation.dataset.source !== model.equation) {
      equation.dataset.source = model.equation;
      equation.innerHTML = model.equation;
      withNumbers.hidden = !live.take();
      fit();
    }
    setText(note, model.note);
    formula.root.hidden = !model.equation && !model.note;
  }

  function showFigureNote() {
    setText(figureNote, model.figure_note);
    figureNote.hidden = !model.figure_note;
  }

  function showFigureHelp() {
    setText(whatWords, model.figure_help);
    what.hidden = !model.figure_help;
  }

  function showMethods() {
    const wanted = plain(model.methods) ?? [];
    methods.replaceChildren(
      ...wanted.map(({ id, label, summary, formula, words, reference }) => {
        const entry = element("section", { class: "method", "data-id": id });
        const parts = { summary, equation: formula, words, reference };
        entry.append(element("h3", {}, label));
        for (const [name, html] of Object.entries(parts)) {
          const part = element("div", { class: name });
          part.innerHTML = html;
          entry.append(part);
        }
        return entry;
      }),
    );
    how.hidden = !wanted.length;
    fit();
  }

  // A long line is set smaller rather than cut; below two thirds it scrolls.
  function fit() {
    for (const formula of [equation, ...methods.querySelectorAll(".equation")]) fitLines(formula);
  }

  // While a slider moves it is only made smaller, so that it does not flicker.
  function fitLines(equation, shrinkOnly = false) {
    for (const line of equation.children) {
      if (!shrinkOnly) line.style.fontSize = "";
      const size = parseFloat(line.style.fontSize) || 1;
      const { scrollWidth, clientWidth } = line;
      if (clientWidth && scrollWidth > clientWidth) {
        line.style.fontSize = `${Math.max(0.67, (size * clientWidth) / scrollWidth)}em`;
      }
    }
    equation.tabIndex = equation.scrollWidth > equation.clientWidth ? 0 : -1;
  }

  function showFigure() {
    const child = model.get_child("figure"); // asked for even when absent: so a later one is drawn
    figure.replaceChildren(...(child ? [child] : []));
    setText(plot.title, model.figure_title);
    plot.root.hidden = !child;
  }

  function showShelf() {
    const child = model.get_child("shelf");
    shelf.replaceChildren(...(child ? [child] : []));
    kept.root.hidden = !child;
  }

  function showChoice() {
    const figures = plain(model.figures) ?? [];
    choice.hidden = !figures.length;
    choice.replaceChildren(...figures.map(({ id, label }) => element("option", { value: id }, label)));
    choice.value = model.figure_id;
  }

  withNumbers.addEventListener("click", () => {
    live.show(!live.numbers);
    withNumbers.setAttribute("aria-pressed", String(live.numbers));
    store(NUMBERS_KEY, live.numbers);
    fit();
  });
  live.numbers = recall(NUMBERS_KEY) === true;
  withNumbers.setAttribute("aria-pressed", String(live.numbers));
  hear(model, "light", ({ path, on }) => live.light(path, on));
  hear(model, "value", ({ path, text }) => {
    if (live.update(path, text)) requestAnimationFrame(() => fitLines(equation, true));
  });

  choice.addEventListener("change", () => model.send_msg({ type: "figure", id: choice.value }));
  model.on("figures", showChoice);
  model.on("figure_id", () => (choice.value = model.figure_id));
  how.addEventListener("toggle", fit);
  model.on("numbers", showNumbers);
  model.on("figure_numbers", showFigureNumbers);
  model.on("figure_note", showFigureNote);
  model.on("figure_help", showFigureHelp);
  model.on("methods", showMethods);
  model.on(["equation", "note"], showEquation);
  model.on("figure_title", () => setText(plot.title, model.figure_title));
  const observer = new ResizeObserver(fit);
  observer.observe(body);
  model.on("remove", () => observer.disconnect());
  showNumbers();
  showFigureNumbers();
  showFigureNote();
  showFigureHelp();
  showMethods();
  showChoice();
  showEquation();
  showFigure();
  showShelf();

  // -- folding

  const page = document.documentElement;

  function setFolded(folded) {
    page.dataset.insight = folded ? "folded" : "open";
    fold.setAttribute("aria-expanded", String(!folded));
    fold.title = folded ? "Show insight" : "Fold insight away";
    root.classList.toggle("folded", folded);
    body.hidden = folded;
  }

  fold.addEventListener("click", () => {
    const folded = !root.classList.contains("folded");
    setFolded(folded);
    store(FOLDED_KEY, folded);
    window.dispatchEvent(new Event("resize"));
  });
  setFolded(recall(FOLDED_KEY) === true);
}

function section(id, name, content) {
  const root = element("section", { class: "section", "data-id": id });
  const heading = element("h2", {});
  const button = element("button", { type: "button", "aria-controls": `spikescope-insight-${id}` });
  const title = element("span", {}, name);
  const body = element("div", { class: "section-body", id: `spikescope-insight-${id}` });
  button.append(element("span", { class: "chevron", "aria-hidden": "true" }), title);
  heading.append(button);
  body.append(...content);
  root.append(heading, body);
  const setOpen = (open) => {
    button.setAttribute("aria-expanded", String(open));
    body.hidden = !open;
    root.classList.toggle("closed", !open);
  };
  button.addEventListener("click", () => {
    setOpen(body.hidden);
    store(CLOSED_KEY, { ...recall(CLOSED_KEY), [id]: body.hidden });
  });
  setOpen(!(recall(CLOSED_KEY) ?? {})[id]);
  return { root, title };
}

// The equation: its symbols light up with the rows of the rail, and give way to their values.
class Formula {
  constructor(root) {
    this.root = root;
    this.numbers = false;
    this.marks = [];
    root.addEventListener("pointerover", (event) => this.point(this.markAt(event)));
    root.addEventListener("pointerleave", () => this.point(null));
    root.addEventListener("click", (event) => {
      const mark = this.markAt(event);
      if (mark) tell("go", { path: mark.paths[0] });
    });
  }

  markAt(event) {
    const node = event.target.closest?.("[data-path]");
    return this.marks.find((mark) => mark.node === node) ?? null;
  }

  // Whether there is anything in the new equation that has a row.
  take() {
    this.point(null);
    this.values = {};
    this.marks = [...this.root.querySelectorAll("[data-path]")].map((node) => ({
      node,
      symbol: node,
      paths: node.dataset.path.split(" "),
      shown: "",
    }));
    for (const mark of this.marks) mark.signs = signsAround(mark.node);
    if (this.numbers) this.show(true);
    return this.marks.length > 0;
  }

  point(mark) {
    if (mark === this.pointed) return;
    for (const [each, on] of [[this.pointed, false], [mark, true]]) {
      if (!each) continue;
      tell("point", { paths: each.paths, on });
      for (const path of each.paths) this.light(path, on);
    }
    this.pointed = mark;
  }

  light(path, on) {
    for (const mark of this.marks) if (mark.paths.includes(path)) mark.node.classList.toggle("lit", on);
  }

  show(numbers) {
    this.numbers = numbers;
    if (numbers) tell("ask", this.values);
    for (const mark of this.marks) this.draw(mark);
  }

  // Whether that changes what is shown.
  update(path, text) {
    if (!this.numbers || this.values[path] === text) return false;
    this.values[path] = text;
    const mine = this.marks.filter((mark) => mark.paths.includes(path));
    for (const mark of mine) this.draw(mark);
    return mine.length > 0;
  }

  // A symbol stays where it has no value, or several, or is what the line defines.
  draw(mark) {
    const [value, ...others] = mark.paths.map((path) => this.values[path]);
    const one = this.numbers && value && !mark.signs.defined && others.every((other) => other === value);
    const text = one ? value : "";
    if (text === mark.shown) return;
    mark.shown = text;
    if (!text) {
      this.replace(mark, mark.symbol);
      return;
    }
    const number = mathml("mrow", "number-of");
    number.dataset.path = mark.paths.join(" ");
    number.append(...written(text, mark.signs));
    this.replace(mark, number);
  }

  replace(mark, next) {
    next.classList.toggle("lit", mark.node.classList.contains("lit"));
    mark.node.replaceWith(next);
    mark.node = next;
  }
}

const mathml = (tag, name = "", text = "") => {
  const node = document.createElementNS("http://www.w3.org/1998/Math/MathML", tag);
  if (name) node.setAttribute("class", name);
  node.textContent = text;
  return node;
};

// A product needs a dot once a number stands in it, and a negative number after a sign its brackets.
function signsAround(node) {
  const sign = (other) => (other?.localName === "mo" ? other.textContent : "");
  const factor = (other) => other && other.localName !== "mo";
  const { previousElementSibling: before, nextElementSibling: after } = node;
  const raised = node.parentElement?.localName === "msup";
  return {
    raised,
    defined: sign(after) === "=",
    before: !raised && !before?.dataset?.path && (factor(before) || sign(before) === ")"),
    after: !raised && (factor(after) || sign(after) === "("),
    follows: Boolean(before) && !["(", "=", "≥", "≤"].includes(sign(before)),
  };
}

function written(text, { before, after, raised, follows }) {
  const [number, ...unit] = text.split(" ");
  const value = [mathml("mn", "", number)];
  if (unit.length) {
    const gap = mathml("mspace");
    gap.setAttribute("width", "0.17em");
    value.push(gap, mathml("mtext", "", unit.join(" ")));
  }
  const bare = !raised && !(follows && number.startsWith("−"));
  const whole = bare ? value : [mathml("mo", "", "("), ...value, mathml("mo", "", ")")];
  return [...(before ? [mathml("mo", "", "·")] : []), ...whole, ...(after ? [mathml("mo", "", "·")] : [])];
}

class Cell {
  constructor(id) {
    this.root = element("div", { class: "number", "data-id": id });
    this.label = element("dt", {});
    this.value = element("span", { class: "value" });
    this.unit = element("span", { class: "unit" });
    const both = element("dd", {});
    both.append(this.value, " ", this.unit);
    this.note = element("p", { class: "reason" });
    both.append(this.note);
    this.root.append(this.label, both);
  }

  show({ label, value, unit = "", title = "", note = "" }) {
    setText(this.note, note);
    this.note.hidden = !note;
    setText(this.label, label);
    setText(this.value, String(value));
    setText(this.unit, unit);
    if (this.root.title !== title) this.root.title = title;
  }
}

function store(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // the choice then lasts as long as the page
  }
}

function recall(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}
