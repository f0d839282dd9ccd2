// Where findings are: the engine counts bytes of UTF-8, a textarea counts units of UTF-16.

/** For each byte offset the index in the text; an offset inside a character is where the character begins. */
export function indices(text, offsets) {
  const wanted = [...new Set(offsets)].sort((a, b) => a - b);
  const found = new Map();
  let bytes = 0;
  let index = 0;
  for (const offset of wanted) {
    while (index < text.length) {
      const unit = text.charCodeAt(index);
      const next = text.charCodeAt(index + 1);
      const isPair = unit >= 0xd800 && unit < 0xdc00 && next >= 0xdc00 && next < 0xe000;
      // Half a pair goes to the engine as the replacement character, which has three bytes as its neighbours do.
      const length = unit < 0x80 ? 1 : unit < 0x800 ? 2 : isPair ? 4 : 3;
      if (bytes + length > offset) break;
      bytes += length;
      index += isPair ? 2 : 1;
    }
    found.set(offset, index);
  }
  return found;
}

/** Findings of `check` as marks: `start` and `end` in the text, and what to say there. */
export function marks(text, diagnostics) {
  const spans = diagnostics.flatMap(({ span, labels }) => [span, ...labels.map((label) => label.span)]);
  const at = indices(text, spans.flatMap(({ start, end }) => [start.offset, end.offset]));
  const place = ({ start, end }) => ({
    start: at.get(start.offset),
    end: at.get(end.offset),
    line: start.line,
    column: start.column,
  });
  return diagnostics.map((finding) => ({
    ...place(finding.span),
    severity: finding.severity,
    code: finding.code,
    message: finding.message,
    path: finding.path,
    help: finding.help,
    notes: finding.notes,
    // Labels in libraries have no place in this text.
    labels: finding.labels
      .filter(({ file }) => file === undefined || file === finding.file)
      .map((label) => ({ ...place(label.span), message: label.message })),
  }));
}

/** Line and column, both from 1, of an index; columns count characters as people and the engine do. */
export function position(text, index) {
  const start = text.lastIndexOf('\n', index - 1) + 1;
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < start; at = text.indexOf('\n', at + 1)) line += 1;
  return { line, column: [...text.slice(start, index)].length + 1 };
}

/** The index of a line and column; the end of the line where it is shorter. */
export function indexAt(text, line, column) {
  let start = 0;
  for (let count = 1; count < line; count += 1) {
    const end = text.indexOf('\n', start);
    if (end === -1) return text.length;
    start = end + 1;
  }
  const end = text.indexOf('\n', start);
  const characters = [...text.slice(start, end === -1 ? text.length : end)];
  return start + characters.slice(0, column - 1).join('').length;
}

/**
 * A refusal of a snapshot as a mark. It names a line and column at most; failing that, a name in backticks that
 * stands once in the text is the place. Null where neither says where.
 */
export function refusalMark(text, message) {
  const place = /\bline (\d+), column (\d+): /.exec(message);
  const said = place === null ? message : message.slice(place.index + place[0].length);
  const mark = (start, end) => ({
    start, end, ...position(text, start), severity: 'error', code: '', message: said, help: null, notes: [], labels: [],
  });
  if (place !== null) {
    const start = indexAt(text, Number(place[1]), Number(place[2]));
    const token = /^(?:"(?:[^"\\\n]|\\.)*"?|[\w.+-]+|[^\s])/.exec(text.slice(start, start + 1000));
    return mark(start, start + (token === null ? 0 : token[0].length));
  }
  for (const [, name] of message.matchAll(/`([^`]+)`/g)) {
    const quoted = JSON.stringify(name);
    const first = text.indexOf(quoted);
    if (first !== -1 && text.indexOf(quoted, first + 1) === -1) return mark(first, first + quoted.length);
  }
  return null;
}
