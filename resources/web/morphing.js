// Says what a morph leaves as it is.
(() => {
  // What is being edited stays as it is typed.
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (node) => !node.matches?.(".editing, .renaming");
})();
