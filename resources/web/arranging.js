// Several conversations at once: a click or a key with Ctrl or Shift picks them, and what
// stands below the list is done to all. Dragged onto a folder they go there. The boxes and
// the menus do the same without it. Each place of the list keeps where it was scrolled to.
(() => {
  const list = document.getElementById("conversations");
  const ROW = ".conversation-item";
  const TARGET = "[data-place]";
  const boxes = () => [...list.querySelectorAll(".pick")];
  const picked = () => boxes().filter((box) => box.checked);
  const boxOf = (element) => element.closest?.(ROW)?.querySelector(".pick");
  let anchor = null;
  let dragged = [];

  const say = () => {
    const line = list.querySelector(".picked-count");
    if (line) line.textContent = `${picked().length} selected`;
  };
  const pick = (box, isPicked) => {
    box.checked = isPicked;
    anchor = box.value;
    say();
  };
  const clear = () => {
    for (const box of picked()) box.checked = false;
    say();
  };
  // From the one that was picked last to this one, and no other.
  const span = (box) => {
    const all = boxes();
    const ends = [all.findIndex(({ value }) => value === anchor), all.indexOf(box)].map((at) => Math.max(at, 0));
    all.forEach((one, at) => { one.checked = at >= Math.min(...ends) && at <= Math.max(...ends); });
    say();
  };

  document.addEventListener("click", (event) => {
    const box = event.target.closest(`${ROW} > a`) && boxOf(event.target);
    if (!box || !(event.ctrlKey || event.metaKey || event.shiftKey)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.shiftKey) span(box);
    else pick(box, !box.checked);
  }, { capture: true });
  list.addEventListener("change", ({ target }) => {
    if (target.matches(".pick")) pick(target, target.checked);
  });

  const extend = (event, box) => {
    const all = boxes();
    const next = all[all.indexOf(box) + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    if (!picked().length) pick(box, true);
    span(next);
    next.closest(ROW).querySelector("a").focus();
  };
  const act = (event) => {
    const button = list.querySelector(`.picked [aria-keyshortcuts="${CSS.escape(event.key)}"]`);
    if (!button || !picked().length) return false;
    button.matches("select") ? button.focus() : button.click();
    return true;
  };
  const answer = (event) => {
    const { key, target } = event;
    const box = boxOf(target);
    const held = event.ctrlKey || event.metaKey;
    if (key === "Escape" && picked().length) clear();
    else if (key === "Escape" && list.querySelector("[data-back]")) list.querySelector("[data-back]").click();
    else if (held && key === "a") boxes().forEach((one) => pick(one, true));
    else if (event.shiftKey && /^Arrow(Up|Down)$/.test(key) && box) extend(event, box);
    else if (key === " " && box && target.matches("a")) pick(box, !box.checked);
    else return !held && !event.shiftKey && act(event);
    return true;
  };
  list.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || focusing.isField(event.target) || event.target.closest("[popover]")) return;
    if (!answer(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.successful && detail.elt.closest(".picked")) clear();
  });

  document.addEventListener("dragstart", (event) => {
    const box = event.target.closest?.(`${ROW} > a`) && boxOf(event.target);
    if (!box) return;
    dragged = (box.checked ? picked() : [box]).map(({ value }) => value);
    event.dataTransfer.effectAllowed = "move";
  });
  const mark = (target) => {
    for (const one of list.querySelectorAll(".dropping")) one.classList.toggle("dropping", one === target);
    target?.classList.add("dropping");
  };
  list.addEventListener("dragover", (event) => {
    const target = dragged.length ? event.target.closest(TARGET) : null;
    mark(target);
    if (target) event.preventDefault();
  });
  list.addEventListener("drop", (event) => {
    const target = dragged.length ? event.target.closest(TARGET) : null;
    if (!target) return;
    event.preventDefault();
    const { place } = target.dataset;
    const values = place === "archive" ? { act: "archive" } : { act: "move", folder: place };
    htmx.ajax("post", "/conversations/arrange", { source: list, swap: "none", values: { ...values, id: dragged } }).then(clear);
  });
  document.addEventListener("dragend", () => {
    dragged = [];
    mark(null);
  });

  const places = new Map();
  let top = null;
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.target !== list || detail.elt === list || detail.verb !== "get") return;
    places.set(list.querySelector("[name=place]").value, { top: list.scrollTop, count: list.querySelectorAll(ROW).length });
    const known = places.get(new URLSearchParams(detail.path.split("?")[1]).get("place") ?? "");
    if (known) detail.parameters.count = known.count;
    top = known?.top ?? 0;
  });
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target !== list) return;
    if (top !== null) {
      const heading = list.querySelector("h2");
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
      list.scrollTop = top;
    }
    top = null;
    say();
  });
})();
