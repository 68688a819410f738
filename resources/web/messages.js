// Lets conversations go on and answers grow. Every event of a message has a rising number;
// a message knows the number it was rendered at. What comes before its message is in the
// page, or again after a reconnect, is so neither lost nor shown twice.
(() => {
  const KEPT = 2000;
  const recent = [];
  let isPlacing = false;

  // What is being edited stays as it is typed.
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (node) => !node.classList?.contains("editing");

  const add = ({ seq, conversation, message, html }) => {
    const log = document.getElementById("log");
    if (log?.dataset.conversation !== conversation || seq <= Number(log.dataset.seq)) return;
    log.dataset.seq = seq;
    if (document.getElementById(`message-${message}`) || "behind" in log.dataset) return;
    document.getElementById("empty")?.remove();
    const how = { swapStyle: "beforeend", swapDelay: 0, settleDelay: 0 };
    isPlacing = true;
    htmx.swap(log, html, how, { contextElement: log });
    isPlacing = false;
  };

  const apply = (event) => {
    const { seq, message, part, html } = event;
    if (part === "added") add(event);
    const answer = document.getElementById(`message-${message}`);
    if (!answer?.dataset.seq || seq <= Number(answer.dataset.seq)) return;
    if (part === "removed") answer.remove();
    answer.dataset.seq = seq;
    const place = (selector, swapStyle) => {
      const target = selector ? answer.querySelector(selector) : answer;
      const how = { swapStyle, swapDelay: 0, settleDelay: 0 };
      // Without a context htmx finds no extension, and puts a morph into the target.
      isPlacing = true;
      if (target) htmx.swap(target, html, how, { contextElement: target });
      isPlacing = false;
    };
    if (part === "blocks") place(".blocks", "beforeend");
    if (part === "tail") place(".tail", "innerHTML");
    if (part === "whole") {
      place("", "morph:outerHTML");
      // It was rendered just before the event that brings it.
      document.getElementById(`message-${message}`).dataset.seq = seq;
    }
    if (part === "reasoning") {
      answer.querySelector(".reasoning").hidden = false;
      place(".reasoning-text", "innerHTML");
    }
  };

  const createEventSource = htmx.createEventSource;
  htmx.createEventSource = (url) => {
    const source = createEventSource(url);
    source.addEventListener("messages", ({ lastEventId, data }) => {
      const event = { seq: Number(lastEventId), ...JSON.parse(data) };
      recent.push(event);
      if (recent.length > KEPT) recent.shift();
      apply(event);
    });
    return source;
  };

  // What was asked may have come with the log already, after a reconnect.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target.id !== "log" || detail.requestConfig.verb !== "post") return;
    for (const [, id] of detail.serverResponse.matchAll(/<article[^>]* id="([^"]+)"/g)) {
      document.getElementById(id)?.remove();
    }
  });

  document.addEventListener("htmx:afterSwap", () => {
    if (!isPlacing) recent.forEach(apply);
  });
})();
