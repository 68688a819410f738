// Makes of a part of the page what other programs take: clean HTML, Markdown, tables.
// `part` is a copy: frames, marks of code and buttons are taken out of it where it stands.
(() => {
  const OURS =
    "button, figcaption, .drawing, form, svg, summary, details:not([open]), .message-actions, .waiting, .wait, .visually-hidden, [hidden]";
  const FRAMES = "div, article, section, figure, details, span, bdi";
  const STAYING = ["href", "title", "start", "dir", "align", "src", "alt", "class"];
  const MARKS = "p, li, td, th, h1, h2, h3, h4, h5, h6, pre, a, b, strong, em, i, s, del, code, math, blockquote, hr, br, img";
  const MATHML = "http://www.w3.org/1998/Math/MathML";
  const NUMBER = /^[-+]?[$€£¥]?\d[\d.,\s]*(e[-+]?\d+)?\s?[%$€£¥]?$/i;

  const each = (part, selector, act) => part.querySelectorAll(selector).forEach(act);

  const wrap = (...nodes) => {
    const part = document.createElement("div");
    part.append(...nodes);
    return part;
  };

  const element = (name, text, className = "") => {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  const cleanCode = (pre) => {
    const head = pre.previousElementSibling;
    const language = head?.matches("figcaption") ? head.querySelector("span").textContent : "text";
    const code = element("code", pre.textContent, language === "text" ? "" : `language-${language}`);
    const clean = document.createElement("pre");
    clean.append(code);
    pre.replaceWith(clean);
  };

  // A question and a thought are shown as they were typed.
  const typed = (text) => element("pre", text, "typed");

  const cleanNote = (link) => {
    const isNote = link.getAttribute("href").startsWith("#note-ref");
    (link.closest("sup") ?? link).replaceWith(element("sup", link.textContent, isNote ? "note" : "note-ref"));
  };

  const clean = (part) => {
    each(part, "pre", cleanCode);
    each(part, ".bubble, .reasoning-text", (text) => text.replaceWith(typed(text.textContent)));
    each(part, 'a[href^="#note"]', cleanNote);
    each(part, OURS, (node) => node.remove());
    each(part, FRAMES, (node) => node.replaceWith(...node.childNodes));
    each(part, "math", (math) => math.setAttribute("xmlns", MATHML));
    each(part, "math *", (node) => node.removeAttribute("class"));
    each(part, ":not(math, math *)", (node) => {
      for (const { name } of [...node.attributes]) if (!STAYING.includes(name)) node.removeAttribute(name);
    });
    return part;
  };

  const html = (part) => {
    const copy = part.cloneNode(true);
    each(copy, "pre.typed", (pre) => {
      const lines = pre.textContent.split("\n").flatMap((line) => [document.createElement("br"), line]);
      const words = document.createElement("p");
      words.append(...lines.slice(1));
      pre.replaceWith(words);
    });
    each(copy, "[class]:not([class^=language-])", (node) => node.removeAttribute("class"));
    return copy.innerHTML.trim();
  };

  // Only what would be read as a mark is escaped: `snake_case` and `2 * 3` are none.
  const escaped = (text, isFirst) => {
    const inside = text
      .replace(/\\(?=[!-/:-@[-`{-~])/g, "\\\\")
      .replace(/`/g, "\\`")
      .replace(/(?<!\s)\*|\*(?!\s|$)/g, "\\*")
      .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\_")
      .replace(/~~/g, "\\~~")
      .replace(/\](?=[(:[])/g, "\\]")
      .replace(/\[(?=\^)/g, "\\[")
      .replace(/<(?=[a-z/!])/gi, "\\<")
      .replace(/&(?=#?\w+;)/g, "&amp;");
    if (!isFirst) return inside;
    return inside.replace(/^(\s*)([-+](?=\s|$)|>|#{1,6}(?=\s|$))/, "$1\\$2").replace(/^(\s*\d+)([.)])(?=\s|$)/, "$1\\$2");
  };

  const isBare = (link) => [link.textContent, `http://${link.textContent}`].includes(link.getAttribute("href"));

  const escapeTexts = (part) => {
    const walk = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const text = walk.currentNode;
      const link = text.parentElement.closest("a");
      if (text.parentElement.closest("code, pre, math") || (link && isBare(link))) continue;
      text.data = escaped(text.data, !text.previousSibling || text.previousSibling.nodeName === "BR");
    }
  };

  const formulaOf = (math) => math.getAttribute("alttext") ?? math.textContent;
  const isAlone = (math) => /^(\$\$|\\\[)/.test(formulaOf(math));

  const service = new TurndownService({
    headingStyle: "atx", codeBlockStyle: "fenced", bulletListMarker: "-", emDelimiter: "*", hr: "---", br: "",
  });
  service.escape = (text) => text;
  service.keep(["sub", "sup", "kbd", "u"]);
  service.addRule("bare", { filter: (node) => node.nodeName === "A" && isBare(node), replacement: (_, node) => node.textContent });
  service.addRule("source", { filter: (node) => node.matches("code.math"), replacement: (_, node) => node.textContent });
  service.addRule("typed", { filter: (node) => node.matches("pre.typed"), replacement: (_, node) => `\n\n${node.textContent}\n\n` });
  service.addRule("struck", { filter: ["s", "del"], replacement: (content) => `~~${content}~~` });
  service.addRule("formula", { filter: "math", replacement: (_, node) => (isAlone(node) ? `\n\n${formulaOf(node)}\n\n` : formulaOf(node)) });
  service.addRule("note", {
    filter: (node) => node.matches("sup.note, sup.note-ref"),
    replacement: (content, node) => `[^${content}]${node.className === "note" ? ":" : ""}`,
  });
  service.addRule("picture", { filter: "img", replacement: (_, node) => `[image: ${node.alt}]` });
  service.addRule("item", {
    filter: "li",
    replacement: (content, node) => {
      const list = node.parentNode;
      const isNumbered = list.nodeName === "OL";
      const place = [...list.children].indexOf(node);
      const mark = isNumbered ? `${Number(list.getAttribute("start") ?? 1) + place}. ` : "- ";
      const text = content.replace(/^\n+|\n+$/g, "").replace(/^☐\s*/, "[ ] ").replace(/^☑\s*/, "[x] ");
      const isLoose = node.querySelector(":scope > p") && node.nextSibling;
      return mark + text.replace(/\n(?!\n|$)/g, `\n${" ".repeat(mark.length)}`) + (node.nextSibling ? "\n" : "") + (isLoose ? "\n" : "");
    },
  });
  service.addRule("table", {
    filter: "table",
    replacement: (_, table) => {
      const cell = (node) => service.turndown(node).trim().replace(/\|/g, "\\|").replace(/\s*\n+\s*/g, "<br>");
      const line = (cells) => `| ${cells.join(" | ")} |`;
      const rows = [...table.rows].map((row) => [...row.cells].map(cell));
      if (!table.tHead) rows.unshift(rows[0]?.map(() => "") ?? []);
      const [first] = table.rows;
      const edges = [...(first?.cells ?? [])].map(({ align }) => `${align === "left" || align === "center" ? ":" : ""}---${align === "right" || align === "center" ? ":" : ""}`);
      return `\n\n${[line(rows[0]), line(edges), ...rows.slice(1).map(line)].join("\n")}\n\n`;
    },
  });

  // Without markup of its own it is what it says: a part of a sentence, or of code.
  const markdown = (part) => {
    if (!part.querySelector(MARKS)) return part.textContent;
    const copy = part.cloneNode(true);
    escapeTexts(copy);
    return service.turndown(copy);
  };

  // What a spreadsheet would take for a formula is kept a text.
  const isFormula = (text) => /^[=+\-@＝＋－＠\t\r]/.test(text) && text.length > 1 && !NUMBER.test(text);
  const guarded = (text) => (isFormula(text) ? `'${text}` : text);

  const rows = (table) =>
    [...table.rows].map((row) =>
      [...row.cells].map((cell) => {
        const copy = cell.cloneNode(true);
        each(copy, "br", (node) => node.replaceWith(node.nextSibling?.data?.startsWith("\n") ? "" : "\n"));
        each(copy, "math", (node) => node.replaceWith(formulaOf(node)));
        return copy.textContent.trim();
      }),
    );

  const separated = (table, separator, end) => {
    const quoted = (text) => (text.includes(separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    return rows(table).map((row) => row.map((text) => quoted(guarded(text))).join(separator)).join(end);
  };

  // Excel and LibreOffice read each their own word for "a text".
  const tableHtml = (table) => {
    const part = clean(wrap(table.cloneNode(true)));
    const texts = rows(table).flat();
    [...part.querySelectorAll("th, td")].forEach((cell, number) => {
      if (!isFormula(texts[number])) return;
      cell.setAttribute("style", 'mso-number-format:"\\@"');
      cell.setAttribute("sdnum", "1033;0;@");
    });
    return part.innerHTML;
  };

  window.hearthFormats = {
    clean, html, markdown, typed, wrap, tableHtml,
    csv: (table) => separated(table, ",", "\r\n"),
    tsv: (table) => separated(table, "\t", "\n"),
  };
})();
