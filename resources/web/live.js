// Hands what the event stream brings to the page: an element that says
// hx-trigger="hearth:<noun>" hears of that noun, as long as it is in the page. The stream
// itself knows no element, so none is kept by it.
(() => {
  const NOUNS = [
    "actions", "alerts", "assistants", "attachments", "backups", "conversations", "devices", "downloads", "engines", "exports",
    "imports", "notes", "resync", "trash",
  ];

  const tell = (noun) => {
    for (const element of document.querySelectorAll(`[hx-trigger*="hearth:${noun}"]`)) {
      element.dispatchEvent(new CustomEvent(`hearth:${noun}`));
    }
  };

  const createEventSource = htmx.createEventSource;
  htmx.createEventSource = (url) => {
    const source = createEventSource(url);
    for (const noun of NOUNS) source.addEventListener(noun, () => tell(noun));
    source.addEventListener("messages", ({ lastEventId, data }) => {
      window.hearthMessages.hear({ seq: Number(lastEventId), ...JSON.parse(data) });
    });
    return source;
  };

  // One line for screen readers; what is said twice is said again.
  window.hearthSay = (sentence) => {
    const line = document.getElementById("announcement");
    line.replaceChildren();
    line.append(document.createTextNode(sentence));
  };
})();
