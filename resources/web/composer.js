// Enter sends, Esc goes one step back, and a sent text leaves the composer.
document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.isComposing) return;
  if (event.key === "Enter" && !event.shiftKey && field.matches(".composer textarea")) {
    event.preventDefault();
    const isAnswering = document.querySelector('#log [aria-busy="true"]');
    if (field.value.trim() && !isAnswering) field.form.requestSubmit();
  }
  if (event.key === "Escape") {
    const cancel = field.closest("form")?.querySelector("[data-cancel]");
    const stop = document.querySelector('.composer .stop');
    if (cancel) cancel.click();
    else if (stop && document.querySelector('#log [aria-busy="true"]')) stop.click();
  }
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful && detail.elt.matches("form.composer") && detail.elt.isConnected) {
    const field = detail.elt.querySelector("textarea");
    if (field.value === detail.requestConfig.parameters.text) field.value = "";
    field.focus();
    document.getElementById("empty")?.remove();
    document.querySelector(".log-scroll").scrollTop = 0;
  }
});
