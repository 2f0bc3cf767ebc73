// "What is this?" for every plot: a small button after its title opens a few sentences.
//
// The buttons are elements of the page over the plots; the words come with the figure, as a tag.

(() => {
  const TAG = "help:";
  const GAP = 4; // pixels between the title and its button

  let main, layer;
  let due = false;
  const buttons = new Map(); // view of a plot -> its button and words

  function element(tag, attributes, text = "") {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.textContent = text;
    return node;
  }

  function* walk(view) {
    yield view;
    for (const child of view.children?.() ?? []) yield* walk(child);
  }

  const wordsOf = (view) => view.model?.tags?.find((tag) => String(tag).startsWith(TAG))?.slice(TAG.length);

  const plots = () =>
    Object.values(window.Bokeh?.index ?? {})
      .flatMap((root) => [...walk(root)])
      .filter((view) => view.frame && wordsOf(view) && main.contains(hostOf(view.el)));

  // The element of the page that a view is in, through all shadow roots.
  function hostOf(node) {
    while (node.getRootNode() instanceof ShadowRoot) node = node.getRootNode().host;
    return node;
  }

  const pen = document.createElement("canvas").getContext("2d");
  function widthOf(title) {
    const family = getComputedStyle(document.documentElement).getPropertyValue("--ss-font");
    pen.font = `${title.text_font_size} ${family}`;
    return pen.measureText(title.text ?? "").width;
  }

  function make(view, number) {
    const id = `spikescope-help-${number}`;
    const button = element("button", { type: "button", class: "plot-help", "aria-expanded": "false", "aria-haspopup": "dialog", "aria-controls": id }, "?");
    const words = element("div", { id, class: "plot-words", popover: "auto", role: "dialog", tabindex: "-1", autofocus: "" });
    const heading = element("strong", {});
    words.append(heading, ...wordsOf(view).split("\n").map((line) => element("p", {}, line)));
    button.popoverTargetElement = words;
    words.addEventListener("beforetoggle", (event) => {
      if (event.newState === "open") heading.textContent = titleOf(view);
    });
    words.addEventListener("toggle", (event) => {
      const open = event.newState === "open";
      button.setAttribute("aria-expanded", String(open));
      if (open) beside(button, words);
    });
    layer.append(button, words);
    const entry = { button, words };
    view.model.title.properties.text.change.connect(later);
    view.model.properties.visible.change.connect(later);
    observer.observe(view.el);
    return entry;
  }

  const titleOf = (view) => (view.model.title.text ?? "").replace(/\s*\([^()]*\).*$/, "");

  function beside(button, words) {
    const box = button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = words;
    const below = box.bottom + 4 + height <= innerHeight;
    words.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`;
    words.style.top = `${below ? box.bottom + 4 : Math.max(8, box.top - height - 4)}px`;
  }

  function place() {
    due = false;
    const shown = plots();
    for (const [view, { button, words }] of buttons) {
      if (shown.includes(view)) continue;
      button.remove();
      words.remove();
      buttons.delete(view);
    }
    const area = main.getBoundingClientRect();
    shown.forEach((view, number) => {
      if (!buttons.has(view)) buttons.set(view, make(view, count + number));
      const { button, words } = buttons.get(view);
      const box = view.el.getBoundingClientRect();
      const { bbox } = view.frame;
      button.hidden = !box.height || !bbox.height || !view.model.visible;
      const label = `What is this? ${titleOf(view)}`;
      if (button.getAttribute("aria-label") !== label) button.setAttribute("aria-label", label);
      words.setAttribute("aria-label", titleOf(view));
      const { title } = view.model;
      const left = box.left - area.left + bbox.left + widthOf(title) + GAP;
      button.style.left = `${Math.min(left, area.width - button.offsetWidth - 2)}px`;
      button.style.top = `${box.top - area.top + bbox.top - 26}px`;
    });
    count += shown.length;
  }
  let count = 0;

  function later() {
    if (due) return;
    due = true;
    requestAnimationFrame(() => requestAnimationFrame(place)); // once the plots have their places
  }

  const observer = new ResizeObserver(later);

  function listen() {
    main = document.getElementById("plots");
    if (!main) return;
    layer = element("div", { class: "plot-helps" });
    main.append(layer);
    observer.observe(main);
    const wait = () => (window.Bokeh?.documents?.length && plots().length ? later() : setTimeout(wait, 100));
    wait();
  }

  document.addEventListener("DOMContentLoaded", listen, { once: true });
})();
