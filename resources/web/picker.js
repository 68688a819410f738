// The pickers of models and of assistants: each is there once, opened by the button of the place that wants one.
// What is picked goes into the hidden field of that place, which tells of it as a field does.
(() => {
  const panel = () => document.getElementById(place.querySelector(".picker-button").getAttribute("popovertarget"));
  const field = () => panel().querySelector('[role="combobox"]');
  const options = () => [...panel().querySelectorAll('[role="option"]')];
  const star = () => panel().querySelector("#picker-star");
  const PAGE = 8;
  let place = null;
  let active = null;
  // The words of the list that is shown, and whether to pick as soon as it is the one typed.
  let shown = null;
  let isAwaited = false;

  const set = (name, value) => { panel().querySelector(`input[name="${name}"]`).value = value; };

  const activate = (option) => {
    active?.removeAttribute("data-active");
    active = option ?? null;
    set("choice", active?.dataset.choice ?? "");
    if (star()) star().disabled = !active?.dataset.choice;
    star()?.setAttribute("aria-pressed", String(Boolean(active && "favourite" in active.dataset)));
    if (!active) {
      field().removeAttribute("aria-activedescendant");
      return;
    }
    active.dataset.active = "";
    field().setAttribute("aria-activedescendant", active.id);
    active.scrollIntoView({ block: "nearest" });
  };

  const open = () => {
    const button = place.querySelector(".picker-button");
    place.dataset.picking = "";
    set("chosen", place.querySelector('input[type="hidden"]').value);
    set("unset", button.dataset.unset);
    field().value = "";
    shown = null;
    isAwaited = false;
    panel().querySelector('[role="listbox"]').replaceChildren();
    activate(null);
    field().focus();
    htmx.trigger(field(), "open");
  };

  const pick = ({ dataset: { choice, name } }) => {
    const [input, button] = [place.querySelector('input[type="hidden"]'), place.querySelector(".picker-button")];
    panel().hidePopover();
    input.value = choice;
    button.querySelector("bdi").textContent = name;
    button.ariaLabel = `${button.dataset.label}: ${name}`;
    place.querySelector(".picker-problem")?.remove();
    button.focus();
    htmx.trigger(input, "input");
    htmx.trigger(input, "change");
  };

  const pickActive = () => {
    isAwaited = shown !== field().value;
    if (!isAwaited && active) pick(active);
  };

  const walk = (by) => {
    const all = options();
    const at = all.indexOf(active);
    const to = Math.abs(by) === 1 ? (at + by + all.length) % all.length : Math.min(Math.max(at + by, 0), all.length - 1);
    activate(all[to]);
  };

  const ACTS = {
    ArrowDown: () => walk(1),
    ArrowUp: () => walk(-1),
    PageDown: () => walk(PAGE),
    PageUp: () => walk(-PAGE),
    Enter: pickActive,
  };

  // It does not bubble.
  document.addEventListener("toggle", ({ target, newState }) => {
    if (!target.matches(".picker") || !place) return;
    if (newState === "open") open();
    else delete place.dataset.picking;
  }, { capture: true });

  document.addEventListener("click", ({ target }) => {
    const button = target.closest(".picker-button");
    if (button) place = button.parentElement;
    const option = target.closest('.picker [role="option"]');
    if (!option) return;
    if (!target.closest(".picker-star")) pick(option);
    else {
      activate(option);
      star().click();
      field().focus();
    }
  }, { capture: true });

  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.isComposing || !target.closest(".picker")) return;
    const isStar = key.toLowerCase() === "d" && event.ctrlKey && star();
    if (key === "Escape") {
      panel().hidePopover();
      place.querySelector(".picker-button")?.focus();
    } else if (isStar && active) star().click();
    else if (target === field() && ACTS[key] && !event.shiftKey && !event.ctrlKey && !event.altKey) ACTS[key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });

  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    const left = relatedTarget && target.closest(".picker");
    if (left && !left.contains(relatedTarget)) left.hidePopover();
  });

  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (!detail.target?.matches(".picker [role=listbox]")) return;
    const { verb, parameters } = detail.requestConfig;
    const kept = verb === "post" ? active?.dataset.choice : null;
    const all = options();
    shown = parameters.q;
    activate(all.find(({ dataset }) => kept && dataset.choice === kept)
      ?? (shown ? null : all.find(({ ariaSelected }) => ariaSelected === "true")) ?? all[0]);
    if (isAwaited) pickActive();
  });
})();
