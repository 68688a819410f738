// Draws diagrams apart from the page: a worker, which can be ended. Bundled by `vendor.py`.
import { renderMermaidSVG } from "beautiful-mermaid";

addEventListener("message", ({ data: { source, colours } }) => {
  try {
    postMessage({ svg: renderMermaidSVG(source, { ...colours, font: "system-ui" }) });
  } catch {
    postMessage({ svg: "" });
  }
});
postMessage({ isReady: true });
