// Everything by keyboard: one stop for a list, whose entries are reached by arrows and
// say the keys of their controls themselves; F6 from part to part; the log by page.
(() => {
  const LIST = "[data-roving]";
  const focused = new Map();

  const entries = (list) => [...list.querySelectorAll("li")].filter((entry) => controls(entry).length);
  // What picks a row is pressed by Space on the row.
  const controls = (entry) => [...entry.querySelectorAll("a[href], button, input:not(.pick)")]
    .filter((control) => !control.closest("[popover]"));

  const stop = (list) => {
    const all = entries(list);
    const here = all.find((entry) => entry.contains(document.activeElement));
    if (here) focused.set(list.id, here.id);
    const kept = focused.get(list.id);
    const current = here ?? all.find(({ id }) => id && id === kept)
      ?? all.find((entry) => entry.querySelector("[aria-current]")) ?? all[0];
    for (const entry of all) {
      const index = entry === current ? 0 : -1;
      for (const control of controls(entry)) if (control.tabIndex !== index) control.tabIndex = index;
    }
  };
  const stopAll = () => document.querySelectorAll(LIST).forEach(stop);

  new MutationObserver((records) => {
    const lists = new Set(records.map(({ target }) => target.closest(LIST)));
    if (records.some(({ addedNodes }) => [...addedNodes].some((node) => node.querySelector?.(LIST)))) stopAll();
    else lists.forEach((list) => list && stop(list));
  }).observe(document.getElementById("app"), {
    subtree: true,
    childList: true,
    // A morph brings them back to what the server says.
    attributes: true,
    attributeFilter: ["tabindex"],
  });
  document.addEventListener("focusin", ({ target }) => {
    const list = target.closest(LIST);
    if (list) stop(list);
  });
  stopAll();

  const walk = (list, entry, target, key) => {
    const all = entries(list);
    const column = controls(entry).indexOf(target);
    const at = all.indexOf(entry);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[key];
    if (to !== undefined) {
      const row = controls(all[Math.min(Math.max(to, 0), all.length - 1)]);
      return row[Math.min(column, row.length - 1)];
    }
    if (key === "ArrowRight") return controls(entry)[column + 1];
    if (key === "ArrowLeft") return controls(entry)[column - 1];
    return null;
  };

  const isPlain = (event) => !(event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.isComposing);

  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    const list = target.closest(LIST);
    const entry = target.closest("li");
    if (!list || !entry || !isPlain(event) || target.closest("[popover]") || focusing.isField(target)) return;
    const next = walk(list, entry, target, key);
    const own = entry.querySelector(`[aria-keyshortcuts="${CSS.escape(key)}"]`);
    if (next) next.focus();
    else if (own) own.click();
    if (next || own) event.preventDefault();
  });

  // From a message at the edge, or from the page to the list, and back.
  const goOn = () => {
    const toast = [...document.querySelectorAll("#toasts .toast")].at(-1);
    const isInToasts = document.activeElement.closest("#toasts");
    const list = document.querySelector("#sidebar [aria-current], #sidebar [data-roving] [tabindex='0'], #sidebar a[href]");
    const isInList = document.activeElement.closest("#sidebar");
    if (toast && !isInToasts) focusing.give(toast.querySelector("button") ?? toast);
    else if (isInToasts || isInList) focusing.give(focusing.home());
    else if (!focusing.give(list)) focusing.give(document.getElementById("sidebar-toggle"));
  };

  const scroller = () => document.querySelector("#main :is(.log-scroll, .sheet-scroll)");
  const scroll = ({ target, key }) => {
    const page = scroller();
    const far = { PageUp: -0.9, PageDown: 0.9, Home: -1e7, End: 1e7 }[key];
    const isWriting = focusing.isField(target);
    const isEmpty = target.matches(".composer textarea") && !target.value;
    const isLong = target.matches("textarea") && target.scrollHeight > target.clientHeight + 1;
    if (!far || !page || target.closest("[role=menu], [data-roving], select, .sidebar")) return false;
    if (isWriting && !isEmpty && (isLong || Math.abs(far) > 1 || !target.matches(".composer textarea"))) return false;
    // At once: Chromium stops a smooth movement that has just begun when the page grows.
    page.scrollBy({ top: far * page.clientHeight, behavior: "instant" });
    return true;
  };

  const editLast = ({ target }) => {
    if (!target.matches(".composer textarea") || target.value) return false;
    const last = [...document.querySelectorAll("#log .question [hx-get$='/edit']")].at(-1);
    last?.click();
    return Boolean(last);
  };

  const dismiss = ({ target }) => {
    const toast = target.closest(".toast");
    toast?.remove();
    return Boolean(toast);
  };

  const ACTS = {
    F6: () => { goOn(); return true; },
    ArrowUp: editLast,
    PageUp: scroll,
    PageDown: scroll,
    Home: scroll,
    End: scroll,
    Escape: dismiss,
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || !isPlain(event) || !ACTS[event.key]?.(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });

  // The menu of the window has these keys too; here they come where a field kept them.
  document.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way || !event.altKey || event.ctrlKey || event.shiftKey || event.metaKey) return;
    event.preventDefault();
    history.go(way);
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest("#skip")) return;
    event.preventDefault();
    focusing.give(document.querySelector("#main h1") ?? document.getElementById("main"));
  });

  // A new name takes the place of the old one.
  document.addEventListener("htmx:load", ({ detail }) => {
    detail.elt.querySelector?.(".renaming input")?.select();
  });

  document.addEventListener("keydown", (event) => {
    const isSending = event.key === "Enter" && !event.shiftKey && event.target.matches(".composer textarea");
    const isAnswering = document.querySelector('#log [aria-busy="true"]');
    if (!isSending || event.isComposing || !isAnswering || !event.target.value.trim()) return;
    changes.say("The answer is still being written. Esc stops it; your text stays here.");
  });
})();
