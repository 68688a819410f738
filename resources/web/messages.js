// Lets conversations go on and answers grow. Every event of a message has a rising number;
// a message knows the number it was rendered at. What comes before its message is in the
// page, or again after a reconnect, is so neither lost nor shown twice.
(() => {
  const KEPT = 2000;
  const KEPT_MS = 300_000;
  const HIDDEN_MS = 250;
  const FRAME_MS = 16;
  const LATE_MS = 150;
  const SENTENCE = /^.*?[.!?…。！？](?=\s|$)/s;
  const SENTENCE_CHARS = 240;
  // What a page that is on its way may not know yet. Of a text that is sent again with
  // every word only the newest is kept, and nothing for longer than a page takes.
  const recent = new Map();
  const drawn = new Map();
  const awaited = new Map();
  const parser = document.createElement("template");
  let isPlacing = false;
  let isDue = false;
  let drawnAt = 0;
  let answering = null;

  const key = ({ seq, message, part }) => (["blocks", "added", "log"].includes(part) ? seq : `${part} ${message}`);
  const remember = (events, event) => {
    events.delete(key(event));
    events.set(key(event), event);
  };
  const parse = (html) => {
    parser.innerHTML = html;
    return parser.content;
  };
  const morph = (target, html) => Idiomorph.morph(target, parse(html), { morphStyle: "innerHTML" });

  // A query would look through everything that is written already, for every piece.
  const partOf = (answer, name) => [...(answer.querySelector(".prose")?.children ?? [])].find((one) => one.className === name);

  const swap = (target, html, swapStyle) => {
    // Without a context htmx finds no extension, and puts a morph into the target.
    isPlacing = true;
    htmx.swap(target, html, { swapStyle, swapDelay: 0, settleDelay: 0 }, { contextElement: target });
    isPlacing = false;
  };

  const add = ({ seq, conversation, message, html }) => {
    const log = document.getElementById("log");
    if (log?.dataset.conversation !== conversation || seq <= Number(log.dataset.seq)) return;
    log.dataset.seq = seq;
    if (document.getElementById(`message-${message}`) || "behind" in log.dataset) return;
    document.getElementById("empty")?.remove();
    swap(log, html, "beforeend");
  };

  // What is finished becomes blocks in the nodes it was written in: the place, and what
  // is marked in others, stay. A part of a long block goes into the block it belongs to.
  const settle = (answer, html, into) => {
    const blocks = partOf(answer, "blocks");
    const tail = partOf(answer, "tail");
    if (html) morph(tail, html);
    const open = into && blocks.lastElementChild?.querySelector(into);
    if (open) {
      open.append(...(tail.querySelector(into)?.childNodes ?? []));
      tail.replaceChildren();
    } else blocks.append(...tail.childNodes);
  };

  const fetchLog = () => document.getElementById("log")?.dispatchEvent(new CustomEvent("hearth:resync"));

  const refresh = ({ seq, conversations }) => {
    const log = document.getElementById("log");
    if (!conversations.includes(log?.dataset.conversation) || seq <= Number(log.dataset.seq)) return;
    log.dataset.seq = seq;
    fetchLog();
  };

  // Of an answer that has ended comes what is different from what grew, and what stands
  // around it: no other block is touched. A page that has other blocks fetches the log.
  const end = (answer, html) => {
    const fresh = parse(html).firstElementChild;
    const now = fresh.querySelector(".blocks");
    const blocks = partOf(answer, "blocks");
    const shown = [...blocks.children];
    if (shown.length !== Number(now.dataset.shown) || partOf(answer, "tail")?.firstElementChild) return fetchLog();
    let last = null;
    for (const node of [...now.children]) {
      // After a block stand the forms that ask for its images.
      const old = node.matches("form") ? null : shown.shift();
      if (old && !("kept" in node.dataset)) Idiomorph.morph(old, node, { morphStyle: "outerHTML" });
      if (!old) blocks.insertBefore(node, last ? last.nextSibling : blocks.firstChild);
      last = old ?? node;
    }
    shown.forEach((old) => old.remove());
    // From the last on: one that goes before another has all of the answer styled again.
    const [, ...growing] = blocks.parentElement.children;
    growing.reverse().forEach((part) => part.remove());
    fresh.dataset.seq = answer.dataset.seq;
    Idiomorph.morph(answer, fresh, { morphStyle: "outerHTML" });
    htmx.process(answer);
  };

  const apply = (event) => {
    const { seq, message, part, html } = event;
    if (part === "added") add(event);
    if (part === "log") refresh(event);
    const answer = document.getElementById(`message-${message}`);
    if (!answer?.dataset.seq || seq <= Number(answer.dataset.seq)) return;
    answer.dataset.seq = seq;
    if (part === "removed") answer.remove();
    if (part === "whole") {
      if (partOf(answer, "tail")) settle(answer, "");
      swap(answer, html, "morph:outerHTML");
      // It was rendered just before the event that brings it.
      document.getElementById(`message-${message}`).dataset.seq = seq;
    }
    if (part === "ended") end(answer, html);
    const tail = partOf(answer, "tail");
    if (!tail) return;
    if (part === "cleared") [partOf(answer, "blocks"), tail].forEach((one) => one.replaceChildren());
    if (part === "blocks") settle(answer, html, event.into);
    if (part === "tail") morph(tail, html);
    if (part === "wait") morph(partOf(answer, "wait"), html);
    if (part === "reasoning") {
      answer.querySelector(".reasoning").hidden = false;
      answer.querySelector(".reasoning-text").textContent = parse(html).textContent;
    }
  };

  const beginningOf = (answer) => {
    let text = "";
    for (const block of answer.querySelector(".blocks")?.children ?? []) {
      text = `${text}\n\n${block.innerText}`.trim();
      if (SENTENCE.test(text) || text.length > SENTENCE_CHARS) break;
    }
    return (SENTENCE.exec(text)?.[0] ?? text).slice(0, SENTENCE_CHARS);
  };

  // Says once that an answer is being written, and once that it has ended.
  const announce = () => {
    if (answering && document.getElementById(answering)?.ariaBusy === "true") return;
    const now = document.querySelector('#log [aria-busy="true"]')?.id ?? null;
    if (now === answering) return;
    const ended = now === null && document.getElementById(answering);
    answering = now;
    if (now) window.hearthSay("Answering…");
    else if (ended) window.hearthSay(`Answer finished. ${beginningOf(ended)}`);
  };

  const meet = () => {
    for (const [message, act] of awaited) {
      if (document.getElementById(`message-${message}`)) {
        awaited.delete(message);
        act();
      }
    }
  };

  const place = (events) => {
    window.hearthScroll.keep(() => events.forEach(apply));
    meet();
    announce();
  };

  const draw = () => {
    isDue = false;
    const events = [...drawn.values()];
    drawn.clear();
    // A block that is finished is drawn with what follows it, else it is there twice.
    while (events.at(-1)?.part === "blocks") remember(drawn, events.pop());
    if (events.length) drawnAt = performance.now();
    place(events);
  };

  // What grows is drawn once per frame, in a task before it; everything else at once,
  // after what came before.
  const hear = (event) => {
    event.heardAt = performance.now();
    remember(recent, event);
    for (const [name, { heardAt }] of recent) {
      if (recent.size <= KEPT && event.heardAt - heardAt < KEPT_MS) break;
      recent.delete(name);
    }
    remember(drawn, event);
    if (!["blocks", "tail", "reasoning", "wait"].includes(event.part)) draw();
    else if (!isDue) {
      isDue = true;
      const next = drawnAt + FRAME_MS - performance.now();
      setTimeout(draw, document.hidden ? HIDDEN_MS : Math.max(next, 0));
    }
  };

  document.addEventListener("htmx:afterSwap", () => {
    if (!isPlacing) place([...recent.values()]);
  });

  // What was sent comes as an event. Where none comes the log is fetched: the stream may
  // be reconnecting.
  const whenShown = (message, act) => {
    awaited.set(message, act);
    meet();
    setTimeout(() => { if (awaited.has(message)) fetchLog(); }, LATE_MS);
  };

  // Whoever switches to another version goes on from there.
  document.addEventListener("hearth:version", ({ detail: { message, step } }) => whenShown(message, () => {
    const versions = [...document.querySelectorAll(`#message-${message} [data-step]:enabled`)];
    focusing.give(versions.find((one) => one.dataset.step === `${step}`) ?? versions[0]);
  }));

  window.hearthMessages = { hear, whenShown };
})();
