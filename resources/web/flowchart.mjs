// Flowcharts in the one form that beautiful-mermaid reads whole. Of another one it leaves out
// what it does not know without a word: `A-->B` is one box to it. What is not known here
// either is refused.
import { statements } from "./diagram_lines.mjs";

const HEADER = /^(?:graph|flowchart)(?:-elk)?(?:\s+(TD|TB|LR|BT|RL))?\s*$/i;
// What opens and closes a shape, and the pair that it is drawn with.
const SHAPES = [
  ["(((", ")))"], ["([", "])"], ["[[", "]]"], ["[(", ")]"], ["((", "))"], ["[/", "\\]"], ["[\\", "/]"],
  ["[/", "/]", "[", "]"], ["[\\", "\\]", "[", "]"], ["{{", "}}"], ["[", "]"], ["(", ")"], ["{", "}"], [">", "]"],
];
const NAME = /\s*((?:[\p{L}\p{M}\p{N}_.]|-(?![->.\s]))+)/uy;
const CLASS = /:::\w+(?:-\w+)*/y;
const AND = /\s*&/y;
const LINK = /\s*(<?)(-{2,}>|-{3,}|={2,}>|={3,}|-\.+->|-\.+-)(?:\s*\|([^|]*)\|)?/y;
const TOLD_LINK = /\s*(<?)(?:--|==|-\.)\s*(?![xo>]\s)([^\s>|.=-].*?)\s*(-{2,}>|-{3,}|={2,}>|={3,}|\.+->|\.+-)/y;
const GROUP = /^subgraph\s+(?:([\p{L}\p{M}\p{N}_.-]+)\s*\[(.+)\]|(.+))$/u;
// Marks that would end a text are others until it is drawn.
const MARKS = [..."()[]{}|\"/\\"];
const FIRST_STAND_IN = 0xe000;

const hidden = (text) =>
  [...text].map((mark) => (MARKS.includes(mark) ? String.fromCodePoint(FIRST_STAND_IN + MARKS.indexOf(mark)) : mark)).join("");

/** Put the marks back that stood in a text, into SVG. */
export const shown = (svg) =>
  svg.replace(/[\ue000-\ue009]/g, (stand) => MARKS[stand.codePointAt(0) - FIRST_STAND_IN].replace('"', "&quot;"));

// A break is one, whatever its form.
const label = (text) => {
  const bare = text.trim().replace(/^"([^]*)"$/, "$1").replace(/^`([^]*)`$/, "$1");
  return bare.split(/<br\s*\/?>|\\n/i).map(hidden).join("<br>") || " ";
};

const operator = (told) => {
  const [line, tip] = told.includes(".") ? ["-.-", "-.->"] : told.includes("=") ? ["===", "==>"] : ["---", "-->"];
  return told.endsWith(">") ? tip : line;
};

class Flowchart {
  constructor(direction) {
    this.direction = direction;
    this.boxes = new Map(); // by name: alias, shape, and the group it stands in
    this.links = [];
    this.root = { parts: [], named: [] };
    this.open = [this.root];
  }

  read(line) {
    const group = this.open.at(-1);
    if (/^subgraph\b/.test(line)) this.begin(line);
    else if (line === "end" && this.open.length > 1) this.close();
    else if (/^direction\s+(TD|TB|LR|BT|RL)$/i.test(line) && group !== this.root) group.direction = line;
    else this.readLinks(line);
  }

  begin(line) {
    const [, name, told, title] = line.match(GROUP) ?? this.refuse(line);
    const group = { name: name ?? title.trim(), label: label(told ?? title), parts: [], named: [] };
    this.open.at(-1).parts.push(group);
    this.open.push(group);
  }

  // What is named in a group stands in the first that ends.
  close() {
    const group = this.open.pop();
    for (const name of group.named) this.boxes.get(name).group ??= group;
  }

  readLinks(line) {
    this.line = line;
    this.at = 0;
    let from = this.readBoxes();
    while (this.line.slice(this.at).trim()) {
      const link = this.take(LINK) ?? this.take(TOLD_LINK) ?? this.refuse(line);
      const [, tail] = link;
      const [told, text] = /^[-=.]+>?$/.test(link[2]) ? [link[2], link[3]] : [link[3], link[2]];
      const to = this.readBoxes();
      for (const start of from) for (const end of to) this.links.push({ start, end, tail, told, text });
      from = to;
    }
  }

  readBoxes() {
    const names = [this.readBox()];
    while (this.take(AND)) names.push(this.readBox());
    return names;
  }

  readBox() {
    const [, name] = this.take(NAME) ?? this.refuse(this.line);
    if (!this.boxes.has(name)) this.boxes.set(name, { alias: `n${this.boxes.size}`, shape: `[${hidden(name)}]` });
    for (const [open, close, drawnOpen = open, drawnClose = close] of SHAPES) {
      if (!this.line.startsWith(open, this.at)) continue;
      const quoted = this.line.startsWith('"', this.at + open.length);
      const end = this.line.indexOf(quoted ? `"${close}` : close, this.at + open.length + (quoted ? 1 : 0));
      if (end < 0) continue;
      const text = this.line.slice(this.at + open.length, end + (quoted ? 1 : 0));
      this.boxes.get(name).shape = drawnOpen + label(text) + drawnClose;
      this.at = end + close.length + (quoted ? 1 : 0);
      break;
    }
    this.take(CLASS);
    this.open.at(-1).named.push(name);
    return name;
  }

  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.line);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  refuse(line) {
    throw new Error(`not understood: ${line}`);
  }

  told() {
    if (this.open.length > 1) this.refuse("a group that does not end");
    const links = this.links.map(({ start, end, tail, told, text }) => {
      const words = text?.trim() ? `|${label(text)}|` : "";
      return `${this.alias(start)} ${tail}${operator(told)}${words} ${this.alias(end)}`;
    });
    return [`graph ${this.direction}`, ...this.inside(this.root), ...links].join("\n");
  }

  inside(group) {
    const owner = group === this.root ? undefined : group;
    const boxes = [...this.boxes].filter(([name, box]) => box.group === owner && !this.groups().has(name));
    return [
      ...(group.direction ? [group.direction] : []),
      ...boxes.map(([, box]) => box.alias + box.shape),
      ...group.parts.flatMap((part) => [`subgraph ${this.groups().get(part.name)} [${part.label}]`, ...this.inside(part), "end"]),
    ];
  }

  alias(name) {
    return this.groups().get(name) ?? this.boxes.get(name).alias;
  }

  groups() {
    const all = (group) => group.parts.flatMap((part) => [part.name, ...all(part)]);
    return (this.named ??= new Map(all(this.root).map((name, number) => [name, `g${number}`])));
  }
}

/** Return a flowchart as it is read whole; another diagram as it is. */
export const whole = (code) => {
  const [header, ...lines] = statements(code);
  const match = header?.match(HEADER);
  if (!match) return code;
  const chart = new Flowchart(match[1] ?? "TB");
  for (const line of lines) chart.read(line);
  return chart.told();
};
