// Light colouring of one line at a time. It need not be right about everything: it helps the eye, and decides nothing.

const YAML = new RegExp([
  /(?<comment>(?<=^|\s)#.*)/,
  /(?<key>(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[A-Za-z_][\w.-]*)(?=\s*:(?:\s|$)))/,
  /(?<string>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')/,
  /(?<number>(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?:%|bps|ms|[smhdw])?(?![\w.]))/,
  /(?<word>(?<![\w.])(?:and|or|not|true|false|null)(?![\w.]))/,
].map(({ source }) => source).join('|'), 'gu');

const JSON_TOKENS = new RegExp([
  /(?<key>"(?:[^"\\]|\\.)*"(?=\s*:))/,
  /(?<string>"(?:[^"\\]|\\.)*")/,
  /(?<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/,
  /(?<word>\b(?:true|false|null)\b)/,
].map(({ source }) => source).join('|'), 'gu');

/** Longer lines stay plain: nobody reads them by colour. */
const LONGEST = 4_000;

function tokens(pattern, line) {
  if (line.length > LONGEST) return [];
  return [...line.matchAll(pattern)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    kind: Object.keys(match.groups).find((name) => match.groups[name] !== undefined),
  }));
}

export const yaml = (line) => tokens(YAML, line);
export const json = (line) => tokens(JSON_TOKENS, line);
