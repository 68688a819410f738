// Shows `mermaid` code as a diagram, with the code one click away. A diagram is drawn by a
// worker when it comes into view, and shown as an image, in which nothing acts and nothing is
// fetched. What takes too long, or is not understood, stays code.
(() => {
  const DRAWN_WITHIN_MS = 10_000;
  const KEPT = 40;
  const address = document.querySelector("meta[name=diagram-drawer]").content;
  const pictures = new Map();
  const failed = new Set();
  let drawer = null;
  let turn = Promise.resolve();

  const end = () => {
    drawer?.terminate();
    drawer = null;
  };

  const ask = (message) =>
    new Promise((resolve) => {
      let timer = 0;
      const finish = (svg, isOver) => {
        clearTimeout(timer);
        if (isOver) end();
        resolve(svg);
      };
      const send = () => {
        // Its start, which may be slow on a busy machine, does not count.
        timer = setTimeout(() => finish("", true), DRAWN_WITHIN_MS);
        drawer.postMessage(message);
      };
      const isNew = !drawer;
      drawer ??= new Worker(address);
      drawer.onmessage = ({ data }) => (data.isReady ? send() : finish(data.svg, false));
      drawer.onerror = () => finish("", true);
      if (!isNew) send();
    });

  const picture = async (code, colours) => {
    const key = JSON.stringify([code, colours]);
    if (!pictures.has(key) && !failed.has(code)) {
      const svg = await ask({ source: code, colours });
      if (!svg) failed.add(code);
      else pictures.set(key, `data:image/svg+xml,${encodeURIComponent(svg)}`);
      if (pictures.size > KEPT) pictures.delete(pictures.keys().next().value);
    }
    return pictures.get(key);
  };

  const draw = async (figure) => {
    const code = figure.querySelector("code").textContent;
    const { color, backgroundColor } = getComputedStyle(figure);
    const { color: line } = getComputedStyle(figure.querySelector("figcaption"));
    const source = await picture(code, { fg: color, bg: backgroundColor, muted: color, line, border: line });
    if (!source || !figure.isConnected) return;
    const image = new Image();
    image.alt = `Diagram: ${code.trim().split("\n", 1)[0]}`;
    image.src = source;
    await image.decode().catch(() => failed.add(code));
    if (failed.has(code)) return;
    const frame = figure.querySelector(".drawing") ?? document.createElement("div");
    Object.assign(frame, { className: "drawing", tabIndex: 0, role: "group", ariaLabel: "Diagram" });
    frame.replaceChildren(image);
    figure.querySelector("pre").before(frame);
    figure.dataset.shows ??= "diagram";
  };

  const inView = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      inView.unobserve(target);
      turn = turn.then(() => draw(target)).catch(() => {});
    }
  });

  // A block that still grows is none yet.
  const watch = (part) => {
    const figures = part.matches?.("[data-diagram]") ? [part] : (part.querySelectorAll?.("[data-diagram]") ?? []);
    for (const figure of figures) if (!figure.closest(".tail")) inView.observe(figure);
  };

  new MutationObserver((changes) => {
    for (const { addedNodes, removedNodes, target } of changes) {
      addedNodes.forEach(watch);
      // A page that was fetched anew has the code alone.
      if ([...removedNodes].some((node) => node.className === "drawing")) watch(target);
    }
  }).observe(document.body, { childList: true, subtree: true });
  watch(document.body);

  new MutationObserver(() => document.querySelectorAll("[data-diagram]:has(.drawing)").forEach((one) => inView.observe(one)))
    .observe(document.documentElement, { attributeFilter: ["style", "data-theme-choice"] });

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-diagram-switch]");
    if (!button) return;
    const figure = button.closest("figure");
    const isCode = figure.dataset.shows === "diagram";
    figure.dataset.shows = isCode ? "code" : "diagram";
    button.ariaPressed = String(isCode);
  });
})();
