// Lists load on and come again as they are: with all that was loaded, where it was scrolled
// to, and with the focus.
(() => {
  const ROWS = {
    conversations: ".conversation-item",
    notes: ".note-item",
    trash: ".row",
    log: ".message",
  };
  const FOCUSABLE = "a[href], button:not([disabled])";
  let next = null;

  // What comes again has as much as is there.
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    const { elt, parameters, verb } = detail;
    const rows = ROWS[elt.id];
    if (!rows || verb !== "get") return;
    parameters.count = elt.querySelectorAll(rows).length;
    if ("behind" in elt.dataset) parameters.through = elt.querySelector(".message:last-of-type").id.slice("message-".length);
  });

  // The keys reach the last row before the end of the list is in view.
  document.addEventListener("focusin", ({ target }) => {
    const list = target.closest("#conversations, #notes, #trash");
    const rows = list?.querySelectorAll(ROWS[list.id]);
    const more = list?.querySelector("[data-more]");
    if (more && rows[rows.length - 1].contains(target)) more.click();
  });

  // Whoever stood on the button goes on with the first that came.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { elt } = detail.requestConfig;
    const { more } = elt.dataset;
    if (!more || document.activeElement !== elt) return;
    const row = elt.closest(".more") ?? elt;
    const before = row.previousElementSibling;
    const after = row.nextElementSibling;
    next = more === "before" ? () => after : () => before?.nextElementSibling;
  });
  document.addEventListener("htmx:afterSwap", () => {
    let row = next?.();
    next = null;
    while (row && !row.querySelector(FOCUSABLE)) row = row.nextElementSibling;
    row?.querySelector(FOCUSABLE).focus({ preventScroll: true });
    // All later messages are there: what is added is shown again.
    const log = document.getElementById("log");
    if (log && !log.querySelector(".later")) delete log.dataset.behind;
  });
})();
