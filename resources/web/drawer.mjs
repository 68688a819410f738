// Draws diagrams: in a worker of the page, which can be ended, and for files that are written
// in `backend/diagrams`. Bundled by `vendor.py`. What is too much, or not understood, is "".
import { renderMermaidSVG } from "beautiful-mermaid";
import { told } from "./diagram_lines.mjs";
import { shown, whole } from "./flowchart.mjs";

const MAX_CHARS = 20_000;
const MAX_ARROWS = 300;
const MAX_SVG_CHARS = 2_000_000;

const isBounded = (code) =>
  code.length <= MAX_CHARS && (code.match(/--|==|-\.|->|<-|\|o|o\||\|\|/g) ?? []).length <= MAX_ARROWS;

// Colours of a text would not be seen in both themes; a line may hold several statements.
const readable = (code) =>
  code
    .toWellFormed()
    .replace(/[^\P{Cc}\n\t]/gu, "")
    .replace(/("[^"\n]*")|(?<![#&]\w{1,9});[ \t]*(?=\S)/g, (_, quoted) => quoted ?? "\n")
    .replace(/;[ \t]*$/gm, "")
    .replace(/^\s*(style|classDef|class\s+[\w,]+\s+\w+\s*;?$|linkStyle|click)\b.*$/gm, "");

const draw = (code, colours) => {
  if (!isBounded(code)) return "";
  try {
    const svg = renderMermaidSVG(told(whole(readable(code))), { ...colours, font: "system-ui" });
    return svg.length > MAX_SVG_CHARS ? "" : shown(svg).replace(/@import url\('[^']*'\);/g, "");
  } catch {
    return "";
  }
};

addEventListener("message", ({ data: { source, colours } }) => postMessage({ svg: draw(source, colours) }));
postMessage({ isReady: true });
