// Keys that belong to an input method reach no script: the Enter that takes a candidate
// sends nothing, and the Esc that gives one up leaves the field alone. Some methods send
// that Enter after the composition, as a key with the number 229.
window.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) event.stopImmediatePropagation();
}, { capture: true });
