// Shows the message a person came for, with the words that were looked for marked in it.
(() => {
  const MARK = "found";
  const LETTER = "[\\p{L}\\p{M}\\p{N}]";
  // Their words stand side by side without a space.
  const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
  const ends = (sign) => sign && new RegExp(LETTER, "u").test(sign) && !UNSPACED.test(sign);

  const pattern = (words) => {
    const forms = new Set(words.flatMap((word) => [word, word.normalize("NFD")]));
    const parts = [...forms].sort((a, b) => b.length - a.length).map((word) => {
      const signs = [...word];
      const plain = word.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&").replace(/\s+/g, "\\s+");
      return (ends(signs[0]) ? `(?<!${LETTER})` : "") + plain + (ends(signs.at(-1)) ? `(?!${LETTER})` : "");
    });
    return new RegExp(parts.join("|"), "gu");
  };

  // A word may begin in one piece of the text and end in another, as in *fi*re.
  const textOf = (element) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const pieces = [];
    let text = "";
    while (walker.nextNode()) {
      pieces.push({ node: walker.currentNode, start: text.length });
      text += walker.currentNode.data;
    }
    const place = (at) => {
      const { node, start } = pieces.findLast((piece) => piece.start <= at);
      return [node, at - start];
    };
    const rangeOf = (start, end) => {
      const range = new Range();
      const [last, offset] = place(end - 1);
      range.setStart(...place(start));
      range.setEnd(last, offset + 1);
      return range;
    };
    return { text, rangeOf };
  };

  // What of a message is its text.
  const parts = (element) => [...element.querySelectorAll(".blocks, .bubble")];

  const rangesIn = (element, words) => {
    const { text, rangeOf } = textOf(element);
    return [...text.matchAll(pattern(words))].map(({ index, 0: found }) => rangeOf(index, index + found.length));
  };

  const show = () => {
    CSS.highlights.clear();
    const message = focusing.sought();
    if (!message) return;
    message.dataset.found = "";
    const words = document.getElementById("log").dataset.words?.split("\n") ?? [];
    const ranges = words.length ? parts(message).flatMap((part) => rangesIn(part, words)) : [];
    if (ranges.length) CSS.highlights.set(MARK, new Highlight(...ranges));
    message.scrollIntoView({ block: "center" });
    // A long message is shown where the first of them stands.
    const box = message.closest(".log-scroll").getBoundingClientRect();
    const first = ranges[0]?.getBoundingClientRect();
    if (first && (first.top < box.top || first.bottom > box.bottom)) {
      ranges[0].startContainer.parentElement.scrollIntoView({ block: "center" });
    }
  };

  // What the find bar looks for: the letters count, not their accents or their case.
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/gu, " ");

  const folds = new Map();

  const matchesIn = (element, words) => {
    const wanted = fold(words).trim();
    const { text, rangeOf } = textOf(element);
    let folded = "";
    const places = [];
    [...text].reduce((at, sign) => {
      const form = folds.get(sign) ?? fold(sign);
      folds.set(sign, form);
      const isGap = form === " " && folded.endsWith(" ");
      if (!isGap) {
        folded += form;
        for (const _ of form.split("")) places.push([at, at + sign.length]);
      }
      return at + sign.length;
    }, 0);
    const ranges = [];
    for (let at = folded.indexOf(wanted); at >= 0; at = folded.indexOf(wanted, at + wanted.length)) {
      ranges.push(rangeOf(places[at][0], places[at + wanted.length - 1][1]));
    }
    return ranges;
  };

  let current = null;

  const clear = () => {
    current = null;
    CSS.highlights.delete("match");
    CSS.highlights.delete("matches");
  };

  window.hearthFind = {
    clear,

    // From where the user reads on.
    seen() {
      const edge = document.querySelector(".log-scroll")?.getBoundingClientRect().top;
      const messages = [...document.querySelectorAll("#log .message")];
      const seen = messages.find((message) => message.getBoundingClientRect().bottom > edge);
      return seen?.id.replace("message-", "") ?? "";
    },

    // Marks one match of a message, and says whether the message is here.
    show(id, number, words) {
      const message = document.getElementById(`message-${id}`);
      if (!message) return false;
      CSS.highlights.delete(MARK);
      const all = parts(document.getElementById("log")).flatMap((part) => matchesIn(part, words));
      const own = all.filter((range) => message.contains(range.startContainer));
      // Signs of Markdown that hold the words are not shown.
      const chosen = own[Math.min(number, own.length - 1)];
      CSS.highlights.set("matches", new Highlight(...all));
      CSS.highlights.set("match", Object.assign(new Highlight(...(chosen ? [chosen] : [])), { priority: 1 }));
      (chosen?.startContainer.parentElement ?? message).scrollIntoView({ block: "center" });
      current = message;
      return true;
    },

    leave() {
      const message = current;
      clear();
      focusing.give(message);
    },
  };

  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.target?.id === "main") show();
  });
  document.addEventListener("htmx:historyRestore", show);
  document.addEventListener("DOMContentLoaded", show);
})();
