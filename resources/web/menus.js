// Menus by keyboard: the first entry has the focus, arrows, Home, End and letters go
// through the entries, Tab and a choice close the menu; Esc is the browser's.
(() => {
  const entries = (menu) => [...menu.querySelectorAll('[role="menuitem"]')];
  const opener = (menu) => document.querySelector(`[popovertarget="${menu.id}"]`);

  // It does not bubble.
  document.addEventListener("toggle", ({ target, newState }) => {
    if (newState === "open" && target.matches('[role="menu"]')) entries(target)[0]?.focus();
  }, { capture: true });

  const lead = (menu, { target, key }) => {
    const all = entries(menu);
    const at = all.indexOf(target);
    if (key === "ArrowDown") return all[(at + 1) % all.length];
    if (key === "ArrowUp") return all.at(at - 1);
    if (key === "Home") return all[0];
    if (key === "End") return all.at(-1);
    if (key.length > 1 || key === " ") return null;
    const after = [...all.slice(at + 1), ...all.slice(0, at + 1)];
    return after.find((entry) => entry.textContent.trim().toLowerCase().startsWith(key.toLowerCase()));
  };

  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const menu = target.closest('[role="menu"]');
    if (menu && key === "Tab") {
      // The button has the focus again before the key moves it on.
      menu.hidePopover();
      opener(menu)?.focus();
    } else if (menu) {
      const next = lead(menu, event);
      if (!next) return;
      next.focus();
      event.preventDefault();
      event.stopPropagation();
    } else if (key === "ArrowDown" && target.matches('[aria-haspopup="menu"]')) {
      document.getElementById(target.getAttribute("popovertarget")).showPopover({ source: target });
      event.preventDefault();
      event.stopPropagation();
    }
  }, { capture: true });

  document.addEventListener("click", ({ target }) => {
    target.closest(".menu :is(a, button)")?.closest("[popover]").hidePopover();
  });
})();
