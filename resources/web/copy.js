// Copies code, questions, and answers as Markdown.
document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy], [data-copy-code], [data-copy-from]");
  if (!button) return;
  let text;
  if (button.hasAttribute("data-copy-code")) {
    text = button.closest("figure").querySelector("code").textContent;
  } else if (button.dataset.copyFrom) {
    text = await (await fetch(button.dataset.copyFrom)).text();
  } else {
    text = document.querySelector(button.dataset.copy).textContent;
  }
  await navigator.clipboard.writeText(text);
  button.dataset.copied = "";
  setTimeout(() => delete button.dataset.copied, 1500);
});
