// Copies what is in the page as Markdown and as rich text at once, code and questions as they are,
// tables for spreadsheets too; a button that did says so: with a tick, in words, and to screen readers.
(() => {
  const { clean, csv, html, markdown, tableHtml, tsv, typed, wrap } = window.hearthFormats;
  const TYPED = ".bubble, .reasoning-text";
  const OPEN = "ul, ol, table, thead, tbody, tr";
  const SHOWN_MS = 1500;
  const shown = new Map();

  const confirm = (button) => {
    window.hearthSay("Copied.");
    if (shown.has(button)) {
      clearTimeout(shown.get(button).timer);
    } else {
      const words = [...button.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
      shown.set(button, { words, text: words?.data, name: button.ariaLabel, title: button.title });
      if (words) words.data = "Copied";
      if (button.ariaLabel) button.ariaLabel = "Copied";
      button.title = "Copied";
      button.dataset.copied = "";
    }
    shown.get(button).timer = setTimeout(() => {
      const { words, text, name, title } = shown.get(button);
      shown.delete(button);
      if (words) words.data = text;
      if (name) button.ariaLabel = name;
      button.title = title;
      delete button.dataset.copied;
    }, SHOWN_MS);
  };

  const put = (clipboard, formats) => {
    for (const [type, text] of Object.entries(formats)) clipboard.setData(type, text);
  };

  // Without the engine's own cleaning, and without asking for the window's focus.
  const write = (formats) => {
    const take = (event) => {
      put(event.clipboardData, formats);
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    document.addEventListener("copy", take, { capture: true, once: true });
    document.execCommand("copy");
    document.removeEventListener("copy", take, { capture: true });
  };

  const formatsOf = async (button) => {
    if ("copyCode" in button.dataset) return { "text/plain": button.closest("figure").querySelector("code").textContent };
    const table = button.closest("figure")?.querySelector("table");
    if ("copyTable" in button.dataset) return { "text/plain": tsv(table), "text/html": tableHtml(table) };
    if ("copyCsv" in button.dataset) return { "text/plain": csv(table) };
    if (!button.dataset.copyFrom) return { "text/plain": document.querySelector(button.dataset.copy).textContent };
    const source = await (await fetch(button.dataset.copyFrom)).text();
    const blocks = button.closest(".message").querySelector(".blocks");
    return { "text/plain": source, "text/html": html(clean(wrap(blocks.cloneNode(true)))) };
  };

  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-copy], [data-copy-code], [data-copy-table], [data-copy-csv], [data-copy-from]");
    if (!button) return;
    write(await formatsOf(button));
    confirm(button);
  });

  const elementOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement);

  // A part of a list or table is a list or table; a formula is taken whole.
  const selectedPart = (range) => {
    const [first, last] = [range.startContainer, range.endContainer].map((node) => elementOf(node)?.closest("math"));
    if (first) range.setStartBefore(first);
    if (last) range.setEndAfter(last);
    const part = wrap(range.cloneContents());
    for (let outer = elementOf(range.commonAncestorContainer); outer.matches(OPEN); outer = outer.parentElement) {
      const copy = outer.cloneNode();
      copy.append(...part.childNodes);
      part.append(copy);
      if (copy.matches("ol")) {
        const from = [...outer.children].findIndex((item) => range.intersectsNode(item));
        copy.setAttribute("start", Number(outer.getAttribute("start") ?? 1) + Math.max(from, 0));
      }
    }
    return part;
  };

  const formatsOfSelection = () => {
    const selection = getSelection();
    if (selection.isCollapsed) return null;
    const range = selection.getRangeAt(0).cloneRange();
    const inside = elementOf(range.commonAncestorContainer);
    const asItIs = inside.closest(`pre, ${TYPED}`);
    const part = asItIs ? wrap(typed(range.toString())) : selectedPart(range);
    if (!asItIs && !inside.closest(".prose") && !part.querySelector(`.prose, ${TYPED}`)) return null;
    if (asItIs?.matches("pre")) part.firstChild.className = "";
    else clean(part);
    const text = asItIs ? range.toString() : markdown(part);
    return { "text/plain": text, "text/html": html(part) };
  };

  document.addEventListener("copy", (event) => {
    const formats = event.target.closest?.("input, textarea") ? null : formatsOfSelection();
    if (!formats) return;
    put(event.clipboardData, formats);
    event.preventDefault();
  });

  // Of a message in which something is selected, a mark keeps that.
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    const message = detail.elt.matches("[data-mark]") && detail.elt.closest(".message");
    const { anchorNode, focusNode } = getSelection();
    if (!message || ![anchorNode, focusNode].every((node) => message.contains(node))) return;
    const formats = formatsOfSelection();
    if (formats) detail.parameters.text = formats["text/plain"];
  });
})();
