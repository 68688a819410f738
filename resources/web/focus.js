// Where the focus goes when what had it goes: to the same control drawn again, else to its
// entry, the next entry or the one before, else to the list, else to the heading. It is
// never nowhere, as long as the user did not click there.
const focusing = (() => {
  const CONTROL = 'a[href], button, input:not([type="hidden"]), select, textarea, summary, [tabindex]';
  const ENTRY = ":is(li, article, .alert)[id]";
  const PART = "[id], section, form, header";
  const HEADING = "h1, h2, h3, h4";
  // What the user used last: the control and all that says where it was.
  let place = null;
  let isAsked = false;

  const canFocus = (element) => element?.isConnected
    && !element.matches(":disabled") && !element.closest("[inert]")
    && element.checkVisibility({ visibilityProperty: true })
    && element.getClientRects().length > 0;
  const controls = (part) => [...part.querySelectorAll(CONTROL)].filter(canFocus);
  const label = (element) => element.ariaLabel || element.name || element.textContent.trim();
  const isField = (element) => element.matches("textarea, select, input:not([type=checkbox], [type=radio])");

  const give = (element) => {
    if (!canFocus(element)) return false;
    if (!element.matches(CONTROL)) element.tabIndex = -1;
    element.focus();
    return document.activeElement === element;
  };

  const describe = (element) => {
    const entry = element.closest(ENTRY);
    const list = entry?.parentElement.closest("[id]:not(li, article)");
    const parts = [];
    for (let part = element.parentElement; part && part.id !== "app"; part = part.parentElement) {
      if (part.matches(PART)) parts.push({ node: part, id: part.id });
    }
    return {
      element,
      entry,
      list,
      parts,
      label: label(element),
      path: location.pathname,
      at: entry ? controls(entry).indexOf(element) : 0,
      row: list ? [...list.querySelectorAll(ENTRY)].map(({ id }) => id) : [],
      // A message at the edge of the page gives the focus back.
      before: element.closest("#toasts") ? (place?.before ?? place) : null,
    };
  };

  const found = ({ node, id }) => (node.isConnected ? node : id && document.getElementById(id));

  const same = ({ element, label: name }, part) => controls(part).find(
    (other) => other.tagName === element.tagName && label(other) === name,
  );

  const entered = (entry) => (entry?.matches("article") ? entry : entry && (controls(entry)[0] ?? entry));

  const home = () => [
    document.querySelector("#main .composer textarea"),
    document.querySelector("#main [autofocus]"),
    document.querySelector("#main h1"),
    document.getElementById("main"),
  ].find(canFocus);

  function* candidates({ element, entry, list, parts, path, at, row, before }) {
    yield element;
    if (before) {
      yield* candidates(before);
      return;
    }
    const here = parts.map(found).filter((part) => part && part.id !== "main");
    // A control that may not be used any more leaves the focus beside it.
    if (entry?.isConnected && element.isConnected) yield controls(entry)[Math.max(0, at)] ?? controls(entry).at(-1);
    const main = document.getElementById("main");
    const isSamePage = path === location.pathname;
    if (here[0] && (isSamePage || !main.contains(here[0]))) yield same(place, here[0]);
    else if (isSamePage && parts.some(({ id }) => id === "main")) yield same(place, main);
    if (entry) {
      const mine = row.indexOf(entry.id);
      // Another answer comes in the place of the one that is asked for again.
      const now = list && found({ node: list, id: list.id });
      const inPlace = now && [...now.querySelectorAll(ENTRY)][mine];
      if (inPlace && !row.includes(inPlace.id)) yield entered(inPlace);
      for (const id of [entry.id, ...row.slice(mine + 1), ...row.slice(0, mine).reverse()]) {
        yield entered(document.getElementById(id));
      }
    }
    for (const part of here) {
      yield part.querySelector(HEADING);
      yield controls(part)[0];
    }
    yield home();
  }

  const mend = () => {
    if (!place || document.activeElement !== document.body) return;
    // It comes back when what it asked for is done.
    if (place.element.isConnected && place.element.matches("[data-disabled-by-htmx]")) return;
    for (const element of candidates(place)) if (give(element)) return;
  };

  // What is hidden by a style loses the focus only when the page is painted.
  const watch = () => {
    mend();
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      isAsked = false;
      mend();
    }));
  };

  document.addEventListener("focusin", ({ target }) => { place = describe(target); });
  document.addEventListener("pointerdown", () => { place = null; }, { capture: true });
  document.addEventListener("click", () => {
    const { activeElement } = document;
    if (!place && activeElement !== document.body) place = describe(activeElement);
  }, { capture: true });
  new MutationObserver(watch).observe(document.documentElement, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["disabled", "hidden", "aria-busy"],
  });

  // The message a person came for.
  const sought = () => document.getElementById(`message-${document.getElementById("log")?.dataset.around}`);

  // Another page was opened: the user goes on in it, unless in the middle of a word.
  const arrive = () => {
    if (give(sought())) return;
    const field = document.querySelector("#main .composer textarea");
    const { activeElement } = document;
    if (canFocus(field)) field.focus();
    else if (!document.getElementById("main").contains(activeElement) && !isField(activeElement)) give(home());
  };
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.target?.id === "main") arrive();
  });
  document.addEventListener("htmx:historyRestore", arrive);
  document.addEventListener("DOMContentLoaded", () => {
    if (document.activeElement === document.body && !give(sought())) give(home());
  });

  return { give, home, sought, canFocus, isField, watch };
})();
