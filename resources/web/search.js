// Search: the shortcut puts the cursor into the field, the arrows walk through what was
// found, Esc goes back to where it began.
(() => {
  const field = () => document.getElementById("search-field");
  const hits = () => [...document.querySelectorAll("#main .hit")];
  const isShown = () => location.pathname === "/search";

  const open = () => {
    sidebar.set(true);
    field().focus();
    field().select();
  };

  const leave = () => {
    field().value = "";
    if (sidebar.isNarrow()) sidebar.set(false);
    focusing.give(focusing.home());
    if (isShown()) history.back();
  };

  const walk = (by) => {
    const found = hits();
    const at = found.indexOf(document.activeElement) + by;
    (at < 0 ? field() : found[Math.min(at, found.length - 1)])?.focus();
  };

  document.addEventListener("hearth:command", ({ detail }) => {
    if (detail === "search") open();
  });

  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    const isField = target === field();
    const isPage = isShown() && (target === document.body || target.closest("#main"));
    if (event.isComposing || !(isField || isPage)) return;
    const isHit = target.matches(".hit");
    if (key === "Escape") leave();
    else if (key === "ArrowDown" && (isField || isHit)) walk(1);
    else if (key === "ArrowUp" && isHit) walk(-1);
    else if (key === "Enter" && isField) {
      if (sidebar.isNarrow()) sidebar.set(false);
      walk(1);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });

  const show = () => {
    const id = document.getElementById("log")?.dataset.around;
    if (document.activeElement !== field() && !id) {
      const query = isShown() && new URLSearchParams(location.search).get("q");
      field().value = query || "";
    }
  };
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.target?.id === "main") show();
  });
  document.addEventListener("htmx:historyRestore", show);
  document.addEventListener("DOMContentLoaded", show);
})();
