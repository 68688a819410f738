// Enter sends, Esc goes one step back, a sent text leaves the composer, and a draft
// that comes late stands before what was typed meanwhile.
document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.isComposing) return;
  if (event.key === "Enter" && !event.shiftKey && field.matches(".composer textarea")) {
    event.preventDefault();
    const isAnswering = document.querySelector('#log [aria-busy="true"]');
    const isEmpty = !field.value.trim() && !field.form.querySelector(".attached-file");
    if (!isEmpty && !isAnswering) field.form.requestSubmit();
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && field.matches(".editing textarea")) {
    event.preventDefault();
    field.form.requestSubmit();
  }
  if (event.key === "Escape") {
    const cancel = field.closest("form")?.querySelector("[data-cancel]");
    const stop = document.querySelector('.composer .stop, .compared .stop');
    if (cancel) cancel.click();
    else if (stop && document.querySelector('#log [aria-busy="true"]')) stop.click();
  }
});

// A form that was just put into the page, and that htmx does not know yet, is sent when it does.
const early = new Set();
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.hasAttribute("action")) return;
  event.preventDefault();
  if (event.target.matches("[hx-post], [hx-put]")) early.add(event.target);
});
document.addEventListener("htmx:load", () => {
  const forms = [...early].filter((form) => form.isConnected);
  early.clear();
  forms.forEach((form) => form.requestSubmit());
});

// Who writes goes on at the end of the text, wherever it comes from.
const putCaretAtEnd = (part) => {
  const fields = "textarea, input[type=text], input:not([type])";
  for (const field of [part, ...part.querySelectorAll(fields)].filter((one) => one.matches?.(fields))) {
    field.setSelectionRange(field.value.length, field.value.length);
  }
};
document.addEventListener("htmx:load", ({ detail }) => putCaretAtEnd(detail.elt));
document.addEventListener("DOMContentLoaded", () => putCaretAtEnd(document));

// Until the draft is here, nothing is stored or sent that would take its place.
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt.closest("form.composer");
  if (!form?.querySelector("[data-draft]") || event.detail.elt.matches("[data-draft]")) return;
  if (event.detail.elt === form) form.dataset.sendLater = "";
  if (event.detail.requestConfig.verb !== "get") event.preventDefault();
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!detail.successful || !detail.elt.matches("[data-draft]")) return;
  const form = detail.elt.closest("form");
  const field = form.querySelector("textarea");
  const draft = detail.xhr.responseText;
  detail.elt.remove();
  if (draft) field.value = field.value ? `${draft}\n${field.value}` : draft;
  if ("sendLater" in form.dataset && !draft) form.requestSubmit();
  else if (field.value) htmx.trigger(field, "input");
});

// What is on its way needs no draft; what could not be sent, or is typed meanwhile, does.
document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, requestConfig } = event.detail;
  const form = elt.closest("form.composer");
  // htmx 2.0 saves a moment later where the text belonged when it was typed.
  const isElsewhere = requestConfig.path !== elt.getAttribute("hx-put");
  const isSent = form && ("awaited" in form.dataset || form.classList.contains("htmx-request"));
  if (form && requestConfig.verb === "put" && (isSent || isElsewhere)) event.preventDefault();
  // What was typed meanwhile is sent when the log shows what was sent before it.
  if (form && elt === form && "awaited" in form.dataset) {
    form.dataset.sendNext = "";
    event.preventDefault();
  }
  // A question waits for the files it is about.
  if (form && elt === form && form.querySelector(".attached[aria-busy]")) {
    form.dataset.sendAttached = "";
    event.preventDefault();
  }
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  // htmx also tells the form of what an element did that is no longer in it.
  const { elt, requestConfig, successful } = detail;
  if (requestConfig.verb !== "post" || !elt.matches("form.composer") || !elt.isConnected) return;
  const field = elt.querySelector("textarea");
  const keepTyped = () => { if (field.value) htmx.trigger(field, "input"); };
  // The text stays where it was typed until the log shows it.
  const leave = () => {
    delete elt.dataset.awaited;
    if (!elt.isConnected) return;
    // What was typed since stays, and belongs to the conversation that has begun.
    const { text } = requestConfig.parameters;
    if (field.value.startsWith(text)) field.value = field.value.slice(text.length);
    htmx.process(elt);
    // What is chosen stays until what is chosen for the conversation that has begun comes.
    if (requestConfig.path === "/conversations") htmx.trigger(elt.querySelector(".model"), "hearth:engines");
    field.focus();
    document.getElementById("empty")?.remove();
    window.hearthScroll.toEnd();
    const isNext = "sendNext" in elt.dataset && field.value.trim();
    delete elt.dataset.sendNext;
    if (isNext) elt.requestSubmit();
    else keepTyped();
  };
  const { sent } = elt.elements.submission.dataset;
  if (!successful) keepTyped();
  else if (sent) {
    elt.dataset.awaited = sent;
    window.hearthMessages.whenShown(sent, leave);
  } else leave();
});
