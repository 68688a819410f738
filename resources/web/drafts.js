// What was typed a moment ago is stored before its field goes, whichever way it is left.
window.hearthDrafts = (() => {
  const KEEPS = '[hx-trigger*="hearth:keep"]';
  // Whether what was typed last is on its way, for each element that stores it.
  const unstored = new Map();
  let isPageGoing = false;

  // In the page htmx sends it; a page that goes can wait for none of its requests.
  const keep = () => {
    for (const [one, isSent] of [...unstored]) {
      if (!one.isConnected) unstored.delete(one);
      else if (!isSent) htmx.trigger(one, "hearth:keep");
      else if (isPageGoing) {
        // Otherwise this would stand in a queue behind what is on its way.
        for (const busy of [one, one.closest("form")]) busy && htmx.trigger(busy, "htmx:abort");
        htmx.trigger(one, "hearth:keep");
      }
    }
  };
  const send = ({ verb, path, headers, formData }) => {
    const body = new URLSearchParams(formData);
    fetch(path, { method: verb.toUpperCase(), headers, body, keepalive: true });
  };

  document.addEventListener("input", ({ target }) => {
    const parts = [target, ...(target.form?.querySelectorAll(KEEPS) ?? [])];
    parts.filter((one) => one.matches(KEEPS)).forEach((one) => unstored.set(one, false));
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, requestConfig } = event.detail;
    if (!elt.matches(KEEPS)) keep();
    else if (unstored.has(elt)) unstored.set(elt, true);
    if (!isPageGoing || event.defaultPrevented) return;
    event.preventDefault();
    send(requestConfig);
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.successful && unstored.get(detail.elt)) unstored.delete(detail.elt);
  });
  document.addEventListener("focusout", keep);
  window.addEventListener("popstate", keep, { capture: true });
  window.addEventListener("beforeunload", () => {
    isPageGoing = true;
    keep();
    isPageGoing = false;
  });
  const isStored = () => ![...unstored.keys()].some((one) => one.isConnected);
  return { keep, isStored };
})();
