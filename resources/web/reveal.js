// Shows what is typed into the secret fields of a form.
document.addEventListener("change", ({ target }) => {
  if (!target.matches("[data-reveal]")) return;
  const fields = target.form.querySelectorAll("input:not([type=checkbox])");
  for (const field of fields) field.type = target.checked ? "text" : "password";
});
