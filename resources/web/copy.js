// Copies code, formulas, questions, and answers as Markdown, and says so: with a tick, in words, and
// to screen readers.
(() => {
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

  const textOf = async (button) => {
    if (button.hasAttribute("data-copy-code")) {
      return button.closest("figure").querySelector("code").textContent;
    }
    if (button.dataset.copyFrom) return (await fetch(button.dataset.copyFrom)).text();
    return document.querySelector(button.dataset.copy).textContent;
  };

  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-copy], [data-copy-code], [data-copy-from]");
    if (!button) return;
    await navigator.clipboard.writeText(await textOf(button));
    confirm(button);
  });

  // A selection with formulas takes their source along: their letters alone mean nothing.
  document.addEventListener("copy", (event) => {
    const selection = getSelection();
    if (!selection.rangeCount || event.target.closest?.("input, textarea")) return;
    const range = selection.getRangeAt(0).cloneRange();
    const mathAt = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest("math");
    const [first, last] = [mathAt(range.startContainer), mathAt(range.endContainer)];
    if (first) range.setStartBefore(first);
    if (last) range.setEndAfter(last);
    const part = document.createElement("div");
    part.append(range.cloneContents());
    const drawn = part.querySelectorAll("math");
    if (!drawn.length) return;
    event.clipboardData.setData("text/html", part.innerHTML);
    for (const math of drawn) math.replaceWith(math.getAttribute("alttext"));
    // Only what is laid out has lines.
    part.className = "visually-hidden";
    document.body.append(part);
    event.clipboardData.setData("text/plain", part.innerText.trim());
    part.remove();
    event.preventDefault();
  });
})();
