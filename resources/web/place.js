// Tells the shell what the user has typed and sees, and takes it back: the shell carries
// it over when the sidecar had to take another port, which makes for another origin.
(() => {
  const fields = () => [...document.querySelectorAll(
    "#main textarea:not(.editing *), #main input:not([type=hidden], [type=checkbox], [type=radio])",
  )];
  const scrolled = () => document.querySelector(".log-scroll");

  const read = () => JSON.stringify({
    fields: fields().map((field) => [field.name, field.value]),
    focus: fields().indexOf(document.activeElement),
    cursor: document.activeElement?.selectionEnd ?? null,
    scroll: scrolled()?.scrollTop ?? 0,
  });

  const restore = (text) => {
    // A draft on its way is older than what is brought here.
    if (document.querySelector("[data-draft]")) {
      setTimeout(restore, 50, text);
      return;
    }
    const place = JSON.parse(text);
    const here = fields();
    place.fields.forEach(([name, value], number) => {
      const field = here[number];
      if (field?.name !== name || field.value === value) return;
      field.value = value;
      htmx.trigger(field, "input");
    });
    if (scrolled()) scrolled().scrollTop = place.scroll;
    const field = here[place.focus];
    field?.focus();
    if (place.cursor !== null) field?.setSelectionRange?.(place.cursor, place.cursor);
  };

  window.hearthPlace = { read, restore };
})();
