// Says what a morph leaves as it is.
(() => {
  const { callbacks } = Idiomorph.defaults;

  callbacks.beforeNodeMorphed = (node, fresh) => {
    // What is typed into the composer stays when its conversation begins.
    if (node.matches?.(".composer textarea") && fresh.matches?.("textarea")) fresh.value = node.value;
    // What is picked in the list stays so.
    if (node.matches?.(".pick") && fresh.matches?.(".pick")) fresh.checked = node.checked;
    // A block of an answer that is the same is not walked through.
    if (node.matches?.(".prose [hx-disable]") && node.isEqualNode(fresh)) return false;
    // The blocks of an answer that has ended are in place already.
    if (fresh.matches?.("[data-shown]")) return false;
    // What is being edited stays as it is typed, and what was fetched when it was opened.
    return !node.matches?.(".editing, .renaming, [data-fetched]");
  };

  // The models that were fetched stay until others are.
  callbacks.beforeNodeRemoved = (node) => !node.parentElement?.matches(".composer .model");
})();
