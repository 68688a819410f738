// Marks the open conversation in the list, names the window after it, and lets toasts
// leave.
(() => {
  const mark = () => {
    const title = document.querySelector("#main [data-title]")?.dataset.title;
    if (title) document.title = `${title} — Hearth`;
    for (const link of document.querySelectorAll(".sidebar a[href]")) {
      if (link.getAttribute("href") === location.pathname && location.pathname !== "/") {
        link.setAttribute("aria-current", "page");
      } else {
        link.removeAttribute("aria-current");
      }
    }
  };
  for (const name of ["htmx:afterSettle", "htmx:pushedIntoHistory", "htmx:historyRestore"]) {
    document.addEventListener(name, mark);
  }
  document.addEventListener("DOMContentLoaded", mark);

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
