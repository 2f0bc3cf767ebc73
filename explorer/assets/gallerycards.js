// The gallery: a card for each model. A thumbnail is asked for when its card comes into sight.

const SVG = "http://www.w3.org/2000/svg";

export function render({ model, el }) {
  adoptTheme(el);
  const root = element("div", { class: "gallery" });
  const head = element("div", { class: "head" });
  const search = element("input", { type: "search", placeholder: "Search models", "aria-label": "Search models" });
  const found = element("p", { class: "found", role: "status" });
  head.append(search, found);
  const body = element("div", { class: "body" });
  root.append(head, body);
  el.append(root);

  const cards = new Map();
  const sections = [];
  const asked = new Set();
  let waiting = [];

  // What comes into sight together is asked for in one message.
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const { id } = target.dataset;
      if (!isIntersecting || asked.has(id)) continue;
      asked.add(id);
      watcher.unobserve(target);
      waiting.push(id);
    }
    if (!waiting.length) return;
    model.send_msg({ type: "want", ids: waiting });
    waiting = [];
  }, { rootMargin: "200px" });

  function build() {
    for (const section of plain(model.sections) ?? []) {
      const box = element("section", { class: "kind", "aria-labelledby": `kind-${section.id}` });
      const heading = element("h2", { id: `kind-${section.id}` }, section.title);
      const count = element("span", { class: "count" }, String(section.cards.length));
      heading.append(" ", count);
      const grid = element("div", { class: "grid" });
      box.append(heading, grid);
      const members = section.cards.map((card) => {
        const made = new Card(card);
        cards.set(card.id, made);
        grid.append(made.root);
        watcher.observe(made.root);
        return made;
      });
      sections.push({ box, members });
      body.append(box);
    }
  }

  function draw() {
    for (const [id, paths] of Object.entries(plain(model.thumbnails) ?? {})) cards.get(id)?.draw(paths);
  }

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { box, members } of sections) {
      let any = false;
      for (const card of members) {
        const fits = words.every((word) => card.words.includes(word));
        card.root.hidden = !fits;
        any ||= fits;
        count += fits;
      }
      box.hidden = !any;
    }
    setText(found, `${count} ${count === 1 ? "model" : "models"}`);
  }

  search.addEventListener("input", filter);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    search.value = "";
    filter();
  });
  model.on("thumbnails", draw);
  model.on("remove", () => watcher.disconnect());
  build();
  filter();
  draw();
}

class Card {
  constructor(card) {
    this.words = card.words;
    this.root = element("article", { class: "card", "data-id": card.id });
    const open = element("a", { class: "open", href: card.href, "aria-label": `Open ${card.name} in its lab` });
    this.picture = document.createElementNS(SVG, "svg");
    this.picture.setAttribute("viewBox", "0 0 240 84");
    this.picture.setAttribute("preserveAspectRatio", "none");
    this.picture.setAttribute("aria-hidden", "true");
    open.append(this.picture);
    const title = element("h3", {});
    title.append(element("a", { href: card.href, tabindex: "-1" }, card.name));
    const summary = element("p", { class: "summary" }, card.summary);
    const equation = element("div", { class: "equation", tabindex: "0", role: "group", "aria-label": `Equation of ${card.name}` });
    equation.innerHTML = card.equation;
    equation.hidden = !card.equation;
    this.root.append(open, title, summary, equation, symbols(card), ...card.sources.map(source));
  }

  draw(paths) {
    if (this.drawn) return;
    this.drawn = true;
    this.root.classList.add("drawn");
    for (const { role, d } of paths) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", d);
      path.setAttribute("class", role);
      this.picture.append(path);
    }
  }
}

function symbols(card) {
  const details = element("details", {});
  const table = element("table", {});
  details.append(element("summary", {}, "Symbols"), table);
  for (const { symbol, meaning, value } of card.symbols) {
    const row = element("tr", {});
    const sign = element("td", { class: "sign" });
    sign.innerHTML = symbol;
    row.append(sign, element("th", { scope: "row" }, meaning), element("td", { class: "value" }, value));
    table.append(row);
  }
  details.hidden = !card.symbols.length;
  return details;
}

function source({ text, doi }) {
  const line = element("p", { class: "source" }, `${text}. `);
  if (doi) line.append(element("a", { href: `https://doi.org/${doi}`, rel: "noopener", target: "_blank" }, `doi:${doi}`));
  return line;
}
