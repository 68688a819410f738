// The list at the left: shown or hidden by its button and Ctrl+B. In a narrow window it is
// a drawer over the page, which keeps the focus inside, closes by Esc and gives it back.
const sidebar = (() => {
  const narrow = matchMedia("(max-width: 760px)");
  const part = (id) => document.getElementById(id);
  let isHidden = false;
  let isDrawn = false;
  let before = null;

  const isOpen = () => (narrow.matches ? isDrawn : !isHidden);

  const apply = () => {
    part("app").dataset.sidebar = isOpen() ? "open" : "closed";
    part("sidebar-toggle").ariaExpanded = String(isOpen());
    const isOver = narrow.matches && isDrawn;
    for (const behind of [part("stage"), part("skip")]) behind.inert = isOver;
    focusing.watch();
  };

  const set = (isShown) => {
    if (isShown === isOpen()) return;
    if (narrow.matches) isDrawn = isShown;
    else isHidden = !isShown;
    const { activeElement } = document;
    const isOnButton = activeElement === part("sidebar-toggle");
    const wasInside = part("sidebar").contains(activeElement);
    if (isShown && narrow.matches) before = activeElement;
    apply();
    if (isShown && narrow.matches && !isOnButton) focusing.give(part("sidebar").querySelector("a[href]"));
    if (!isShown && wasInside && !(narrow.matches && focusing.give(before))) focusing.give(focusing.home());
    if (!isShown) before = null;
  };

  narrow.addEventListener("change", () => {
    isDrawn = false;
    apply();
  });
  document.addEventListener("click", ({ target }) => {
    if (target.closest("#sidebar-toggle")) set(!isOpen());
    else if (target.closest("[data-close-sidebar]")) set(false);
  });
  document.addEventListener("hearth:command", ({ detail }) => {
    if (detail === "toggle-sidebar") set(!isOpen());
  });
  document.addEventListener("keydown", (event) => {
    const isMine = event.target.closest("#sidebar, #sidebar-toggle");
    const hasMore = event.target.closest("form, :popover-open") || document.querySelector("#sidebar :popover-open");
    if (event.key !== "Escape" || !isMine || hasMore || !narrow.matches || !isDrawn) return;
    event.preventDefault();
    event.stopPropagation();
    set(false);
  }, { capture: true });
  // What was chosen in the drawer is shown behind it.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const isSearching = document.activeElement?.id === "search-field";
    if (detail.target?.id !== "main" || !narrow.matches || isSearching) return;
    before = null;
    isDrawn = false;
    apply();
  });
  apply();

  // Its width: a slider as long as the list can be narrow or wide, whose thumb is its edge.
  const slider = part("list-width");
  const { dataset } = document.documentElement;
  const [usual, most] = [slider.dataset.usual, slider.max];
  const setWidth = () => {
    part("app").style.setProperty("--list", `${slider.value}px`);
    slider.ariaValueText = `${slider.value} pixels`;
  };
  const restore = () => {
    // More than that is left to what is read.
    slider.max = Math.min(most, Math.round(innerWidth * 0.045) * 10);
    slider.value = dataset.listWidth || usual;
    part("app").style.setProperty("--list-most", `${slider.max}px`);
    setWidth();
  };
  const keep = () => {
    const link = part("keep-width");
    link.search = `px=${slider.value}`;
    link.click();
  };
  slider.addEventListener("input", setWidth);
  slider.addEventListener("change", keep);
  slider.addEventListener("dblclick", () => {
    slider.value = usual;
    setWidth();
    keep();
  });
  addEventListener("resize", restore);
  new MutationObserver(restore).observe(document.documentElement, { attributeFilter: ["data-list-width"] });
  restore();

  return { set, isNarrow: () => narrow.matches };
})();
