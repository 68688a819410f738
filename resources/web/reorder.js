// Moves quick actions: by dragging the grip, or with Alt and an arrow key on a row. Both
// end in what the Up and Down buttons do.
(() => {
  let dragged = null;

  const place = (item, before) => htmx.ajax("put", `/actions/${item.dataset.id}/place`, {
    source: item, target: "#actions", swap: "morph:outerHTML", values: { before },
  });

  // The item that will come after the dropped one; null for the end of the list.
  const nextAt = (list, y) => [...list.querySelectorAll(".action")].find((item) => {
    const { top, height } = item.getBoundingClientRect();
    return item !== dragged && y < top + height / 2;
  }) ?? null;

  document.addEventListener("dragstart", (event) => {
    const item = event.target.closest?.(".grip")?.closest(".action");
    if (!item) return;
    dragged = item;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
    event.dataTransfer.setDragImage(item, 12, 12);
    item.classList.add("dragged");
  });
  document.addEventListener("dragover", (event) => {
    const list = event.target.closest?.(".actions");
    if (!dragged || !list) return;
    event.preventDefault();
    list.insertBefore(dragged, nextAt(list, event.clientY));
  });
  document.addEventListener("drop", (event) => {
    if (!dragged) return;
    event.preventDefault();
    place(dragged, dragged.nextElementSibling?.dataset.id ?? "");
  });
  document.addEventListener("dragend", () => {
    dragged?.classList.remove("dragged");
    dragged = null;
  });

  document.addEventListener("keydown", (event) => {
    const item = event.target.closest?.(".action[data-id]");
    const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    if (!item || !way || !event.altKey) return;
    event.preventDefault();
    item.querySelector(`[data-move="${way}"]`).click();
  });
})();
