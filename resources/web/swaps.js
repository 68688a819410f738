// htmx 2.0 tells of a swap once for every element it brought: a hundred times for a page
// of messages. What goes over the whole page hears of it once.
(() => {
  for (const name of ["htmx:afterSwap", "htmx:afterSettle"]) {
    const heard = new WeakSet();
    window.addEventListener(name, (event) => {
      const { xhr } = event.detail;
      if (!xhr) return;
      if (heard.has(xhr)) event.stopImmediatePropagation();
      else heard.add(xhr);
    }, { capture: true });
  }
})();
