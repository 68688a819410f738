// Files that are pasted into the composer, or dropped on the window, go with the question.
(() => {
  const composer = () => document.querySelector("form.composer [data-attach]");

  const send = async (path, file) => {
    let answer;
    try {
      const headers = { accept: "application/json", "x-file-name": encodeURIComponent(file.name) };
      const body = new Blob([await file.arrayBuffer()], { type: "application/octet-stream" });
      answer = await fetch(path, { method: "POST", headers, body });
    } catch {
      return `“${file.name}” cannot be read. A folder cannot be attached: choose the files in it.`;
    }
    return answer.ok ? "" : `“${file.name}”: ${(await answer.json()).error}`;
  };

  const attach = async (list, files, done) => {
    const form = list.closest("form");
    list.ariaBusy = "true";
    let failed = "";
    for (const file of files) {
      const sentence = await send(list.dataset.attach, file);
      if (sentence) addToast("danger", "alert", sentence);
      failed ||= sentence;
    }
    if (!failed) done?.();
    list.removeAttribute("aria-busy");
    htmx.trigger(list, "hearth:attachments");
    const isSent = "sendAttached" in form.dataset;
    delete form.dataset.sendAttached;
    if (isSent && !failed) form.requestSubmit();
  };

  const take = (event, files) => {
    const list = composer();
    if (!list || !files.length) return;
    event.preventDefault();
    attach(list, [...files]);
  };

  document.addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData;
    const isElsewhere = event.target.closest("input, textarea") && !event.target.closest(".composer");
    // A table or a page of text comes with its picture: the text is meant.
    const isText = types.includes("text/plain") && types.includes("text/html");
    if (!isElsewhere && !isText) take(event, files);
  });

  // A long text that was pasted may be a file instead; it is a text until somebody says so.
  const LONG_CHARS = 4000;
  let pasted = "";
  const offer = (form, text) => {
    pasted = text;
    const part = form.querySelector("[data-pasted]");
    if (part.hidden !== !text) part.hidden = !text;
  };

  document.addEventListener("paste", ({ target, clipboardData }) => {
    if (!target.matches(".composer textarea")) return;
    const text = clipboardData.getData("text/plain").replace(/\r\n?/g, "\n");
    if (text.length >= LONG_CHARS) target.addEventListener("input", () => offer(target.form, text), { once: true });
  });
  document.addEventListener("input", ({ target }) => {
    if (pasted && target.matches(".composer textarea") && !target.value.includes(pasted)) offer(target.form, "");
  });
  document.addEventListener("submit", ({ target }) => {
    if (pasted && target.matches(".composer")) offer(target, "");
  }, { capture: true });

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-attach-pasted], [data-keep-pasted]");
    if (!button) return;
    const { form } = button;
    const text = pasted;
    const field = form.querySelector("textarea");
    offer(form, "");
    field.focus();
    if (!text || button.matches("[data-keep-pasted]")) return;
    attach(composer(), [new File([text], "Pasted text.txt")], () => {
      const at = field.value.indexOf(text);
      if (at < 0) return;
      field.setSelectionRange(at, at + text.length);
      // The one way that Undo knows of.
      document.execCommand("delete");
    });
  });

  document.addEventListener("dragover", (event) => {
    if (!composer() || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    // A file manager would delete what was moved.
    event.dataTransfer.dropEffect = "copy";
  });
  document.addEventListener("drop", (event) => take(event, event.dataTransfer.files));

  // Of a picture that is lost or damaged its sentence is shown.
  document.addEventListener("error", ({ target }) => {
    const shown = target.matches?.(".attached-file img") && (target.closest("button") ?? target);
    if (!shown || !shown.nextElementSibling.matches(".lost")) return;
    shown.hidden = true;
    shown.nextElementSibling.hidden = false;
  }, { capture: true });
})();
