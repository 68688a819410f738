// Marks the open conversation in the list, names the window after it, and lets toasts
// leave.
(() => {
  const mark = () => {
    const title = document.querySelector("#main [data-title]")?.dataset.title;
    if (title) document.title = `${title} — Hearth`;
    const here = location.pathname;
    for (const link of document.querySelectorAll(".sidebar a[href]")) {
      const path = link.getAttribute("href");
      const below = [path, ...(link.dataset.pages ?? "").split(" ")];
      const isWithin = below.some((page) => page.length > 1 && here.startsWith(`${page}/`));
      if (path === here && here !== "/") link.setAttribute("aria-current", "page");
      else if (isWithin || below.slice(1).includes(here)) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  for (const name of ["htmx:afterSettle", "htmx:pushedIntoHistory", "htmx:historyRestore"]) {
    document.addEventListener(name, mark);
  }
  document.addEventListener("DOMContentLoaded", mark);

  // Of pages that are asked for one after the other the last one stays, whichever is slow.
  const overtaken = new WeakSet();
  let awaited = {};
  let newest = 0;
  const overtake = (next, at = performance.now()) => {
    overtaken.add(awaited);
    // A page one goes back to is put in place whatever else is asked for meanwhile.
    awaited.past?.abort();
    awaited = next;
    newest = at;
  };
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { target, requestConfig, xhr } = event.detail;
    if (target.id !== "main") return;
    const at = requestConfig.triggeringEvent?.timeStamp;
    const isPage = requestConfig.verb === "get";
    // htmx asks for a link's second click when its first is answered, whatever came since.
    if (isPage && at < newest) event.preventDefault();
    else overtake(isPage ? xhr : {}, at);
  });
  document.addEventListener("htmx:historyCacheMiss", ({ detail: { xhr } }) => overtake({ past: xhr }));
  document.addEventListener("htmx:historyCacheHit", () => overtake({}));
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (overtaken.has(detail.xhr)) detail.shouldSwap = false;
  });

  // An editor follows what others write until something is typed into it here.
  const keepTyped = (event) => {
    const field = document.getElementById("note-body");
    if (!event.detail.requestConfig.elt.matches("[data-follow]") || !field) return;
    if (field.value === field.defaultValue) return;
    if (event.type === "htmx:beforeSwap") event.detail.shouldSwap = false;
    else event.preventDefault();
  };
  document.addEventListener("htmx:beforeRequest", keepTyped);
  document.addEventListener("htmx:beforeSwap", keepTyped);

  // What shows engines is not fetched again while a form in it is open or filled in.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const shown = event.detail.elt;
    if (!shown.matches("[data-keep-typed]")) return;
    const typed = [...shown.querySelectorAll("input")].some((field) => field.value !== field.defaultValue);
    if (typed || shown.querySelector("details[open] form")) event.preventDefault();
  });

  // A request that is sent again takes back what was said of it before.
  const requestOf = ({ verb, path }) => `${verb} ${path}`;
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    const toast = detail.target?.id === "toasts" && detail.target.lastElementChild;
    if (toast) toast.dataset.of = requestOf(detail.requestConfig);
  });
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    for (const toast of document.querySelectorAll("#toasts > [data-of]")) {
      if (toast.dataset.of === requestOf(detail.requestConfig)) toast.remove();
    }
  });

  // What was taken back is not offered again, wherever its undo led.
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.successful && detail.elt.matches("[data-undo]")) detail.elt.closest(".toast")?.remove();
  });

  // The same sentence once, and the newest.
  new MutationObserver(([{ addedNodes }]) => {
    // What comes beside an answer has an element around it.
    const added = [...addedNodes].map((node) => node.closest?.(".toast") ?? node.querySelector?.(".toast"))[0];
    for (const toast of document.querySelectorAll("#toasts .toast")) {
      if (added && toast !== added && toast.innerText === added.innerText) toast.remove();
    }
  }).observe(document.getElementById("toasts"), { childList: true });

  document.addEventListener("click", ({ target }) => {
    target.closest("[data-dismiss]")?.closest(".toast").remove();
  });
  document.addEventListener("animationend", ({ target, animationName }) => {
    if (animationName === "leave") target.remove();
  });
})();
