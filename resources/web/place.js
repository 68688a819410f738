// Tells the shell what the user has typed and sees, and takes it back: the shell carries
// it over when the sidecar had to take another port, which makes for another origin.
(() => {
  const fields = () => [...document.querySelectorAll(
    "#main textarea:not(.editing *), #main input:not([type=hidden], [type=checkbox], [type=radio])",
  )];
  const scrolled = () => document.querySelector(".log-scroll");
  const path = () => location.pathname + location.search;

  const read = () => JSON.stringify({
    path: path(),
    fields: fields().map((field) => [field.name, field.value]),
    focus: fields().indexOf(document.activeElement),
    cursor: document.activeElement?.selectionEnd ?? null,
    scroll: scrolled()?.scrollTop ?? 0,
  });

  // What was typed into this page already stands behind what it came with.
  const drafts = new WeakMap();
  document.addEventListener("htmx:afterRequest", ({ detail: { elt, successful, xhr } }) => {
    if (!successful || !elt.matches("[data-draft]")) return;
    drafts.set(elt.closest("form").querySelector("textarea"), xhr.responseText);
  }, { capture: true });
  const typedHere = (field) => {
    const before = drafts.get(field) ?? field.defaultValue;
    return field.value.startsWith(before) ? field.value.slice(before.length) : field.value;
  };

  // A draft on its way is older than what is brought here.
  const dropDraft = (field) => {
    const draft = field.form?.querySelector("[data-draft]");
    if (draft) htmx.trigger(draft, "htmx:abort");
    draft?.remove();
    return Boolean(draft);
  };

  const restore = (text) => {
    const place = JSON.parse(text);
    if (place.path !== path()) return;
    const here = fields();
    place.fields.forEach(([name, value], number) => {
      const field = here[number];
      if (field?.name !== name) return;
      const typed = typedHere(field);
      if (typed && number === place.focus) place.cursor = value.length + typed.length;
      if (!dropDraft(field) && field.value === value + typed) return;
      field.value = value + typed;
      htmx.trigger(field, "input");
    });
    if (scrolled()) scrolled().scrollTop = place.scroll;
    const field = here[place.focus];
    field?.focus();
    if (place.cursor !== null) field?.setSelectionRange?.(place.cursor, place.cursor);
  };

  // The shell hears what the console is told at the last moment, before what comes next.
  window.addEventListener("pagehide", () => console.info(`hearth place: ${read()}`));

  window.hearthPlace = { read, restore };
})();
