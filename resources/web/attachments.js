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

  const attach = async (list, files) => {
    const form = list.closest("form");
    list.ariaBusy = "true";
    let failed = "";
    for (const file of files) {
      const sentence = await send(list.dataset.attach, file);
      if (sentence) addToast("danger", "alert", sentence);
      failed ||= sentence;
    }
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

  document.addEventListener("dragover", (event) => {
    if (!composer() || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    // A file manager would delete what was moved.
    event.dataTransfer.dropEffect = "copy";
  });
  document.addEventListener("drop", (event) => take(event, event.dataTransfer.files));
})();
