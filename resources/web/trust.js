// The default Trusted Types policy: HTML from the sidecar is sanitised there; a string
// never becomes a script or a script's address.
if (window.trustedTypes) {
  trustedTypes.createPolicy("default", { createHTML: (html) => html });
}
