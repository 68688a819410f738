// Keeps what is being read where it is. The log is a reversed column: at its end it
// follows what grows, above it the browser holds the place, and where nodes are replaced
// it is held here.
(() => {
  const NEAR_PX = 60;
  const SIBLINGS = 8;
  const UP = new Set(["PageUp", "Home", "ArrowUp"]);
  const DOWN = new Set(["PageDown", "End", "ArrowDown", " "]);
  let isLeaving = false;
  let noted = null;

  const box = () => document.querySelector(".log-scroll:not(:has(> .log > .empty))");
  // Where later messages are missing, the end is no end.
  const isAtEnd = (scroll) => scroll.scrollTop > -1 && !("behind" in document.getElementById("log").dataset);
  const topOf = (element) => element.getBoundingClientRect().top;
  const place = (element) => ({ element, top: topOf(element) });

  // What is read: the element at the upper edge, from the inmost one outwards, and those
  // that follow, for when it goes.
  const note = (scroll) => {
    if (!scroll || isAtEnd(scroll)) return null;
    const edge = topOf(scroll);
    const inner = [];
    let parent = document.getElementById("log");
    for (;;) {
      const seen = [...parent.children].find((child) => child.getBoundingClientRect().bottom > edge + 1);
      if (!seen) break;
      inner.unshift(place(seen));
      if (topOf(seen) >= edge) break;
      parent = seen;
    }
    const next = [];
    let sibling = inner[0]?.element;
    while (sibling && next.length < SIBLINGS) {
      sibling = sibling.nextElementSibling;
      if (sibling) next.push(place(sibling));
    }
    return { scroll, places: [...inner, ...next] };
  };

  const hold = (what) => {
    const kept = what?.places.find(({ element }) => element.isConnected);
    if (!kept || !what.scroll.isConnected) return;
    const moved = topOf(kept.element) - kept.top;
    if (Math.abs(moved) >= 0.5) what.scroll.scrollTop += moved;
  };

  const keep = (act) => {
    const what = note(box());
    act();
    hold(what);
  };

  const toEnd = () => {
    const scroll = box();
    if (scroll) scroll.scrollTop = 0;
  };

  // What a request brings into the log.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    noted = detail.target.closest?.(".log-scroll") ? note(box()) : null;
  });
  document.addEventListener("htmx:afterSwap", () => {
    hold(noted);
    noted = null;
  });

  // The end moves on while a person scrolls to it.
  document.addEventListener("wheel", ({ deltaY }) => {
    isLeaving = deltaY < 0;
  }, { passive: true, capture: true });
  document.addEventListener("keydown", ({ key }) => {
    if (UP.has(key)) isLeaving = true;
    else if (DOWN.has(key)) isLeaving = false;
  }, { capture: true });
  document.addEventListener("pointerdown", () => {
    isLeaving = true;
  }, { capture: true });
  document.addEventListener("scrollend", ({ target }) => {
    if (target === box() && !isLeaving && target.scrollTop > -NEAR_PX) toEnd();
  }, { capture: true });
  document.addEventListener("keydown", (event) => {
    const isElsewhere = event.target.matches("input, textarea, select") || !event.target.closest(".log-scroll");
    if (event.key !== "End" || isElsewhere || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    toEnd();
  });
  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-jump]")) toEnd();
  });

  window.hearthScroll = { keep, toEnd };
})();
