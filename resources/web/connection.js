// Keeps what the user does while the sidecar is away: reads are repeated, writes are
// offered again with their content. The shell says how the sidecar is in <html
// data-sidecar>.
(() => {
  const root = document.documentElement;
  const waiting = new Map();

  const isReady = () => root.dataset.sidecar === "ready";

  const repeat = () => {
    for (const [element, retry] of [...waiting]) {
      waiting.delete(element);
      if (element.isConnected) retry();
    }
  };

  const offer = (element) => {
    const toast = addToast("warning", "alert", "That was not sent: Hearth was reconnecting. Nothing is lost.");
    const again = document.createElement("button");
    again.type = "button";
    again.className = "button small";
    again.textContent = "Send again";
    again.addEventListener("click", () => {
      toast.remove();
      if (element.requestSubmit) element.requestSubmit();
      else element.click();
    });
    toast.append(again);
  };

  document.addEventListener("htmx:sendError", ({ detail }) => {
    const { elt, requestConfig } = detail;
    if (requestConfig.verb === "get") {
      waiting.set(elt, () => htmx.ajax("get", requestConfig.path, {
        source: elt, target: detail.target, swap: elt.getAttribute("hx-swap"),
      }));
    } else if (elt.matches("textarea, input, select")) {
      waiting.set(elt, () => htmx.trigger(elt, elt.matches("select") ? "change" : "input"));
    } else {
      offer(elt);
    }
    if (isReady()) setTimeout(repeat, 500);
  });

  new MutationObserver(() => {
    if (!isReady()) return;
    repeat();
    htmx.trigger(document.body, "hearth:ready");
  }).observe(root, { attributes: true, attributeFilter: ["data-sidecar"] });
})();
