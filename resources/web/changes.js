// Takes back the last change, and does it again: by Ctrl+Z and Ctrl+Shift+Z outside the
// fields, where these keys are about the text. A change can be taken back as long as the
// page stands, also when its message has left.
const changes = (() => {
  const KEPT = 50;
  const NOTHING = { undo: "There is nothing to undo.", redo: "There is nothing to redo." };
  const paths = { undo: [], redo: [] };
  const forget = (path) => {
    for (const kind of ["undo", "redo"]) paths[kind] = paths[kind].filter((other) => other !== path);
  };
  // A field that had the focus and got no letter has nothing of its own to undo.
  let isTyped = false;
  document.addEventListener("focusin", () => { isTyped = false; });
  document.addEventListener("input", () => { isTyped = true; });

  const say = (sentence) => { addToast("info", "status", sentence); };

  new MutationObserver((records) => {
    for (const { addedNodes } of records) {
      for (const node of addedNodes) {
        const button = node.querySelector?.("[data-undo]");
        if (!button) continue;
        const path = button.getAttribute("hx-post");
        const kind = button.dataset.undo;
        forget(path);
        paths[kind] = [...paths[kind], path].slice(-KEPT);
      }
    }
  }).observe(document.getElementById("toasts"), { childList: true });

  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.requestConfig.verb === "post" && detail.successful) forget(detail.requestConfig.path);
  });

  const isText = (element) => Boolean(element?.matches(
    "textarea, [contenteditable], input:not([type=checkbox], [type=radio], [type=button])",
  ));

  const take = (kind) => {
    const field = document.activeElement;
    if (isText(field) && (field.value || isTyped)) return false;
    const path = paths[kind].at(-1);
    if (!path) {
      say(NOTHING[kind]);
      return true;
    }
    const shown = document.querySelector(`#toasts [hx-post="${CSS.escape(path)}"]`);
    if (shown) shown.click();
    else htmx.ajax("post", path, { target: "#toasts", swap: "none" });
    forget(path);
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.isComposing || !(event.ctrlKey || event.metaKey)) return;
    const key = event.key.toLowerCase();
    const kind = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : null;
    if (kind && take(kind)) event.preventDefault();
  });

  window.hearthChanges = { undo: () => take("undo"), redo: () => take("redo") };
  return { say };
})();
