// Diagrams of the other kinds, line by line: beautiful-mermaid leaves out lines it does not
// know without a word. Those it would not read are told in its form, or refused.

const NAME = String.raw`[\p{L}\p{M}\p{N}_-]+`;
const NOTHING = "\u200b"; // no space, which would be cut
const all = (source) => new RegExp(`^(?:${source})$`, "u");
const refuse = (line) => {
  throw new Error(`not understood: ${line}`);
};

const MESSAGE = /^(.+?)\s*(-->>|->>|--\)|-\)|--x|-x|-->|->)\s*([+-]?)\s*([^:]+?)\s*(?::\s*(.*))?$/u;
const ACTOR = /^(?:create\s+)?(participant|actor)\s+(.+?)(?:\s+as\s+(.+))?$/u;
const NOTE = /^note\s+(left of|right of|over)\s+([^:]+?)\s*:\s*(.+)$/iu;
const BLOCK = /^(loop|alt|opt|par|critical|break|rect)\b\s*(.*)$/u;
const DIVIDER = /^(else|and|option)\b\s*(.*)$/u;

// Names may have spaces, which the library does not read: each gets another one.
const sequence = (lines) => {
  const actors = new Map();
  const told = [];
  let [depth, number] = [0, 0];
  const actor = (name, kind = "participant", label = name) => {
    if (/[<>@{}]/.test(name)) refuse(name);
    const known = actors.get(name) ?? { alias: `p${actors.size}`, kind, label };
    actors.set(name, known);
    return known.alias;
  };
  const message = (line) => {
    const [, from, arrow, mark, to, text] = line.match(MESSAGE) ?? refuse(line);
    const label = `${number ? `${number++}. ` : ""}${text ?? ""}`.trim();
    told.push(`${actor(from)}${arrow}${mark}${actor(to)}: ${label || NOTHING}`);
  };
  for (const line of lines) {
    const [found, block, divider, note] = [ACTOR, BLOCK, DIVIDER, NOTE].map((form) => line.match(form));
    if (found) actor(found[2], found[1], found[3] ?? found[2]);
    else if (note) told.push(`Note ${note[1]} ${note[2].split(/\s*,\s*/).map((name) => actor(name))}: ${note[3]}`);
    else if (block) depth = depth + 1 + !told.push(block[1] === "rect" ? "rect" : line);
    else if (divider && depth) told.push(`${divider[1] === "and" ? "and" : "else"} ${divider[2]}`.trim());
    else if (line === "end" && depth) depth = depth - 1 + !told.push(line);
    else if (/^autonumber$/.test(line)) number = 1;
    else if (!/^(?:de)?activate\s|^destroy\s/.test(line)) message(line);
  }
  if (depth) refuse("a block that does not end");
  return [...[...actors.values()].map(({ alias, kind, label }) => `${kind} ${alias} as ${label}`), ...told];
};

const known = (...forms) => (lines) => {
  for (const line of lines) if (!forms.some((form) => form.test(line))) refuse(line);
  return lines;
};

const STATE = /^direction\s+(?:TD|TB|LR|BT|RL)$|^state\s+(?:"[^"]+"\s+as\s+)?[\w\p{L}]+\s*\{$|^\}$/iu;
const STEP = /^(\[\*\]|[\w\p{L}-]+)\s*-->\s*(\[\*\]|[\w\p{L}-]+)(?:\s*:\s*.+)?$/u;
const CALLED = /^state\s+"([^"]+)"\s+as\s+([\w\p{L}]+)$/u;
const DESCRIBED = /^([\w\p{L}-]+)\s*:\s*(.+)$/u;

// A state is called by its first line: what describes it may come later.
const state = (lines) => {
  const words = new Map();
  const describe = (name, text) => words.set(name, [...(words.get(name) ?? []), text]);
  for (const line of lines) {
    const [called, described] = [line.match(CALLED), line.match(DESCRIBED)];
    if (called) describe(called[2], called[1]);
    else if (described && !STEP.test(line)) describe(described[1], described[2]);
  }
  const introduced = (name) => {
    const text = words.get(name)?.join("<br>");
    return text && words.delete(name) ? [`${name} : ${text}`] : [];
  };
  return lines.flatMap((line) => {
    const step = line.match(STEP);
    if (step) return [...introduced(step[1]), ...introduced(step[2]), line];
    const [called, described] = [line.match(CALLED), line.match(DESCRIBED)];
    if (called || described) return introduced(called?.[2] ?? described[1]);
    return STATE.test(line) ? [line] : refuse(line);
  });
};

const RELATED = new RegExp(
  String.raw`^(${NAME}?)\s*((?:\|o|\|\||\}o|\}\|)(?:--|\.\.)(?:o\||\|\||o\{|\|\{))\s*(${NAME})\s*(?::\s*(.*))?$`,
  "u",
);

const entities = (lines) => {
  let isInside = false;
  return lines.flatMap((line) => {
    if (isInside) {
      isInside = line !== "}";
      return isInside && !/^\S+\s+\S+/.test(line) ? refuse(line) : [line];
    }
    const related = line.match(RELATED);
    if (related) return [`${related[1]} ${related[2]} ${related[3]} : ${related[4] || NOTHING}`];
    if (all(NAME).test(line)) return [`${line} {`, "}"];
    isInside = all(`${NAME}\\s*\\{`).test(line);
    return isInside ? [line] : refuse(line);
  });
};

const ARROWS = String.raw`<\|--|<\|\.\.|\*--|o--|-->|--\*|--o|--\|>|\.\.>|\.\.\|>|<--|<\.\.|--`;
const CLASS = String.raw`[\p{L}\p{M}\p{N}_]+(?:~[^~\s]+~)?`;
const JOINED = new RegExp(
  String.raw`^(${CLASS})\s*("[^"]*")?\s*(${ARROWS})\s*("[^"]*")?\s*(${CLASS})\s*(?::\s*(.+))?$`,
  "u",
);

const classes = (lines) => {
  let depth = 0; // 1 in a class, or in a namespace
  let isSpace = false;
  return lines.flatMap((line) => {
    if (line === "}" && (depth || isSpace)) {
      if (depth) depth = 0;
      else isSpace = false;
      return [line];
    }
    if (depth) return [line];
    const joined = line.match(JOINED);
    if (joined) {
      const [, from, near, arrow, far, to, label] = joined;
      return [[from, near, arrow, far, to, label && `: ${label}`].filter(Boolean).join(" ")];
    }
    if (/^direction\s/.test(line)) return [];
    if (all(String.raw`class\s+${CLASS}`).test(line) || all(String.raw`${CLASS}\s*:\s*.+`).test(line)) return [line];
    if (all(String.raw`class\s+${CLASS}\s*\{`).test(line)) depth = 1;
    else if (all(String.raw`namespace\s+${NAME}\s*\{`).test(line) && !isSpace) isSpace = true;
    else refuse(line);
    return [line];
  });
};

const NUMBERS = String.raw`\[[^\]]+\]`;
const RANGE = String.raw`-?\d+(?:\.\d+)?\s*-->\s*-?\d+(?:\.\d+)?`;
const chart = known(
  /^title\s+"[^"]+"$/,
  all(String.raw`x-axis\s+(?:"[^"]*"\s*)?${NUMBERS}`),
  all(String.raw`[xy]-axis\s+(?:"[^"]*"\s+)?${RANGE}`),
  /^y-axis\s+"[^"]+"$/,
  all(String.raw`(?:bar|line)\s+${NUMBERS}`),
);

const KINDS = [
  [/^sequenceDiagram$/, sequence],
  [/^stateDiagram(?:-v2)?$/i, state],
  [/^erDiagram$/, entities],
  [/^classDiagram(?:-v2)?$/, classes],
  [/^xychart(?:-beta)?(?:\s+(?:horizontal|vertical))?$/, chart],
];

/** Return the statements of a diagram, a line each, its kind first; without comments. */
export const statements = (code) =>
  code
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith("%%"));

/** Return a diagram of these kinds as it is read whole; another one as it is. */
export const told = (code) => {
  const [header, ...lines] = statements(code);
  const [, read] = KINDS.find(([form]) => form.test(header ?? "")) ?? [];
  return read ? [header, ...read(lines)].join("\n") : code;
};
