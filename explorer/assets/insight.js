// The insight column: numbers of the run, the equation, and a small figure. It folds away.

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
  const formula = section("equation", "Equation", [equation, note]);
  const choice = element("select", { class: "choice", "aria-label": "figure" });
  const figureNote = element("p", { class: "note figure-note" });
  const figureList = element("dl", { class: "numbers figure-numbers" });
  const how = element("details", { class: "how" });
  const methods = element("div", { class: "methods" });
  how.append(element("summary", {}, "How is this computed?"), methods);
  const plot = section("figure", "Surrogate", [choice, figure, figureNote, figureList, how]);
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
      fit();
    }
    setText(note, model.note);
    formula.root.hidden = !model.equation && !model.note;
  }

  function showFigureNote() {
    setText(figureNote, model.figure_note);
    figureNote.hidden = !model.figure_note;
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

  function fitLines(equation) {
    for (const line of equation.children) {
      line.style.fontSize = "";
      const { scrollWidth, clientWidth } = line;
      if (clientWidth && scrollWidth > clientWidth) {
        line.style.fontSize = `${Math.max(0.67, clientWidth / scrollWidth)}em`;
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

  choice.addEventListener("change", () => model.send_msg({ type: "figure", id: choice.value }));
  model.on("figures", showChoice);
  model.on("figure_id", () => (choice.value = model.figure_id));
  how.addEventListener("toggle", fit);
  model.on("numbers", showNumbers);
  model.on("figure_numbers", showFigureNumbers);
  model.on("figure_note", showFigureNote);
  model.on("methods", showMethods);
  model.on(["equation", "note"], showEquation);
  model.on("figure_title", () => setText(plot.title, model.figure_title));
  const observer = new ResizeObserver(fit);
  observer.observe(body);
  model.on("remove", () => observer.disconnect());
  showNumbers();
  showFigureNumbers();
  showFigureNote();
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
