// The default Trusted Types policy: HTML from the sidecar is sanitised there; a string
// never becomes a script, and the one address of a script is that of the drawer of diagrams.
if (window.trustedTypes) {
  const drawer = document.querySelector("meta[name=diagram-drawer]")?.content;
  trustedTypes.createPolicy("default", {
    createHTML: (html) => html,
    createScriptURL: (url) => (drawer && url === drawer ? url : null),
  });
}
