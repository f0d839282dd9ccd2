// A textarea with a gutter, and under it a layer that shows the same text with colours and underlines.
//
// The textarea holds text, caret, selection, undo and every key that people are used to; its own letters are
// transparent. The layer has only the lines in view, so that thousands of lines cost no more than a screenful.

import { h, prose } from './dom.mjs';
import { position } from './spans.mjs';

/** Lines drawn above and below those in view, so that scrolling never shows an empty line. */
const BEYOND = 8;
const GRAVITY = { error: 0, warning: 1, note: 2 };

export class Editor {
  #colours;
  #lines = [''];
  #starts = [0];
  #length = 0;
  #marks = [];
  #byLine = new Map();
  #lineHeight = 20;
  #framed = false;

  /** Builds an editor inside an element. `changed` is called after every change of the text by a person. */
  constructor(root, { label, colours, changed }) {
    this.#colours = colours;
    const name = root.id;
    this.text = h('textarea', {
      id: `${name}-text`, 'aria-label': label, 'aria-describedby': `${name}-summary`, wrap: 'off', spellcheck: 'false',
      autocomplete: 'off', autocapitalize: 'off', autocorrect: 'off', translate: 'no',
      'aria-keyshortcuts': 'F8 Shift+F8',
    });
    this.lines = h('div', { class: 'lines' });
    this.numbers = h('div', { class: 'lines' });
    this.tip = h('div', { class: 'tip', role: 'tooltip', id: `${name}-tip`, hidden: true });
    this.area = h('div', { class: 'area' }, h('div', { class: 'layer', 'aria-hidden': 'true' }, this.lines), this.text, this.tip);
    this.gutter = h('div', { class: 'gutter', 'aria-hidden': 'true' }, this.numbers);
    this.place = h('span', { class: 'place' });
    this.summary = h('span', { id: `${name}-summary`, class: 'counts', role: 'status' });
    this.findings = h('ul', { class: 'findings', id: `${name}-findings`, 'aria-label': `Findings: ${label}` });
    root.append(
      h('div', { class: 'sheet' }, this.gutter, this.area),
      h('div', { class: 'bar' }, this.summary, this.place),
      this.findings,
    );
    this.text.addEventListener('input', () => {
      this.#moveMarks();
      this.#measure();
      this.#draw();
      changed();
    });
    this.text.addEventListener('scroll', () => this.#soon());
    this.text.addEventListener('keydown', (event) => this.#key(event));
    for (const kind of ['keyup', 'click', 'focus', 'input', 'select']) {
      this.text.addEventListener(kind, () => this.#showPlace());
    }
    this.text.addEventListener('mousemove', (event) => this.#hover(event));
    this.text.addEventListener('mouseleave', () => this.#hideTip());
    let height = 0;
    new ResizeObserver(() => {
      // A list of findings that grows takes room from the text: the line that is written on stays in view.
      if (document.activeElement === this.text) this.#keepLine(height);
      height = this.text.clientHeight;
      this.#draw();
    }).observe(this.text);
    this.#measure();
  }

  get value() {
    return this.text.value;
  }

  set value(text) {
    // What a textarea makes of line ends is what the engine sees, so that places agree.
    this.text.value = text;
    this.#marks = [];
    this.#byLine.clear();
    this.text.setSelectionRange(0, 0);
    this.text.scrollTo(0, 0);
    this.#measure();
    this.#draw();
    this.#showPlace();
  }

  /** Replaces the text by one much like it: scrolling and caret stay where they are. */
  retype(text) {
    const { scrollTop, scrollLeft } = this.text;
    const { selectionStart, selectionEnd } = this.text;
    this.text.value = text;
    this.text.setSelectionRange(selectionStart, selectionEnd);
    this.text.scrollTo(scrollLeft, scrollTop);
    this.#measure();
    this.#draw();
  }

  /** Shows findings: underlines, marks in the gutter, and the list. `else` is said where there are none. */
  show(marks, otherwise) {
    this.#marks = [...marks].sort((a, b) => a.start - b.start || GRAVITY[a.severity] - GRAVITY[b.severity]);
    this.#index();
    this.#draw();
    this.#list();
    const count = (severity) => marks.filter((mark) => mark.severity === severity).length;
    const counts = [['error', count('error')], ['warning', count('warning')], ['note', count('note')]]
      .filter(([, number]) => number > 0)
      .map(([word, number]) => `${number} ${word}${number === 1 ? '' : 's'}`);
    const summary = counts.length === 0 ? otherwise : counts.join(', ');
    if (this.summary.textContent !== summary) this.summary.textContent = summary;
    this.summary.dataset.severity = this.#marks.reduce((worst, { severity }) => (GRAVITY[severity] < (GRAVITY[worst] ?? 9) ? severity : worst), 'none');
    this.#showPlace();
  }

  /** Selects a part of the text and brings it into view. */
  select(start, end) {
    this.text.focus({ preventScroll: true });
    this.text.setSelectionRange(start, end);
    const line = this.#lineOf(start);
    const top = line * this.#lineHeight;
    const { scrollTop, clientHeight } = this.text;
    if (top < scrollTop || top + 3 * this.#lineHeight > scrollTop + clientHeight) {
      this.text.scrollTop = Math.max(0, top - clientHeight / 3);
    }
    this.#draw();
    this.#reveal(line, start - this.#starts[line]);
    this.text.closest('.editor').scrollIntoView({ block: 'nearest' });
    this.#showPlace();
  }

  /** Scrolls as far as the line of the caret needs, if it was in view while the editor had another height. */
  #keepLine(height) {
    const top = this.#lineOf(this.text.selectionEnd) * this.#lineHeight;
    const { scrollTop, clientHeight } = this.text;
    const wasInView = top >= scrollTop - this.#lineHeight && top <= scrollTop + height;
    if (wasInView && top + 3 * this.#lineHeight > scrollTop + clientHeight) this.text.scrollTop = top + 3 * this.#lineHeight - clientHeight;
  }

  /** Goes to the gravest finding. */
  selectFirst() {
    const [first] = this.#gravest();
    if (first !== undefined) this.select(first.start, first.end);
  }

  #gravest() {
    return this.#marks.toSorted((a, b) => GRAVITY[a.severity] - GRAVITY[b.severity]);
  }

  #reveal(line, column) {
    const shown = this.lines.querySelector(`[data-line="${line}"]`);
    if (shown === null) return;
    const before = document.createRange();
    before.selectNodeContents(shown);
    let left = column;
    const walk = document.createTreeWalker(shown, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node !== null; node = walk.nextNode()) {
      if (left <= node.length) {
        before.setEnd(node, left);
        break;
      }
      left -= node.length;
    }
    const x = column === 0 ? 0 : before.getBoundingClientRect().width;
    const { scrollLeft, clientWidth } = this.text;
    if (x < scrollLeft || x > scrollLeft + clientWidth - 80) this.text.scrollLeft = Math.max(0, x - clientWidth / 2);
  }

  #measure() {
    const { value } = this.text;
    this.#length = value.length;
    this.#lines = value.split('\n');
    let start = 0;
    this.#starts = this.#lines.map((line) => {
      const own = start;
      start += line.length + 1;
      return own;
    });
    this.gutter.style.setProperty('--digits', Math.max(2, String(this.#lines.length).length));
    this.#index();
  }

  /** Between a key and the next findings, marks after the change move with their text. */
  #moveMarks() {
    const delta = this.text.value.length - this.#length;
    const caret = this.text.selectionEnd;
    const changed = Math.min(caret, caret - delta);
    const moved = (index) => (index >= changed ? Math.max(changed, index + delta) : index);
    this.#marks = this.#marks.map((mark) => ({ ...mark, start: moved(mark.start), end: moved(mark.end), labels: [] }));
  }

  #lineOf(index) {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle] <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** What to underline on each line: pieces of marks, without the indentation of lines that they run over. */
  #index() {
    this.#byLine.clear();
    const add = (start, end, kind, mark) => {
      const first = this.#lineOf(start);
      const last = this.#lineOf(Math.max(start, end - 1));
      for (let line = first; line <= last; line += 1) {
        const text = this.#lines[line];
        const own = this.#starts[line];
        const indentation = text.length - text.trimStart().length;
        let from = line === first ? start - own : indentation;
        let to = Math.min(line === last ? end - own : text.trimEnd().length, text.length);
        if (from >= to) {
          if (line !== first) continue;
          // Nothing is there to underline: the character before, or the empty place after the line.
          from = Math.min(from, text.length);
          to = from + 1;
        }
        const pieces = this.#byLine.get(line) ?? [];
        pieces.push({ start: from, end: to, kind, mark });
        this.#byLine.set(line, pieces);
      }
    };
    this.#marks.forEach((mark, number) => {
      add(mark.start, mark.end, mark.severity, number);
      for (const label of mark.labels) add(label.start, label.end, 'label', number);
    });
  }

  #soon() {
    this.#hideTip();
    if (this.#framed) return;
    this.#framed = true;
    requestAnimationFrame(() => {
      this.#framed = false;
      this.#draw();
    });
  }

  #draw() {
    const { scrollTop, scrollLeft, clientHeight } = this.text;
    this.#lineHeight = Number.parseFloat(getComputedStyle(this.text).lineHeight);
    const first = Math.max(0, Math.floor(scrollTop / this.#lineHeight) - BEYOND);
    const last = Math.min(this.#lines.length, Math.ceil((scrollTop + clientHeight) / this.#lineHeight) + BEYOND);
    const shown = [];
    const numbers = [];
    for (let line = first; line < last; line += 1) {
      shown.push(this.#line(line));
      const pieces = this.#byLine.get(line)?.filter(({ kind }) => kind !== 'label') ?? [];
      const worst = pieces.map(({ kind }) => kind).sort((a, b) => GRAVITY[a] - GRAVITY[b])[0];
      numbers.push(h('div', { class: worst ?? '', 'data-line': line }, String(line + 1)));
    }
    this.lines.replaceChildren(...shown);
    this.numbers.replaceChildren(...numbers);
    const top = first * this.#lineHeight - scrollTop;
    this.lines.style.transform = `translate(${-scrollLeft}px, ${top}px)`;
    this.numbers.style.transform = `translateY(${top}px)`;
  }

  #line(line) {
    const text = this.#lines[line];
    const pieces = this.#byLine.get(line) ?? [];
    const tokens = this.#colours(text);
    const cuts = new Set([0, text.length]);
    for (const { start, end } of [...pieces, ...tokens]) cuts.add(start).add(end);
    const edges = [...cuts].sort((a, b) => a - b);
    const shown = h('div', { 'data-line': line });
    for (let edge = 0; edge + 1 < edges.length; edge += 1) {
      const [start, end] = [edges[edge], edges[edge + 1]];
      const covers = (part) => part.start <= start && part.end >= end;
      const token = tokens.find(covers);
      const over = pieces.filter(covers).sort((a, b) => (GRAVITY[a.kind] ?? 3) - (GRAVITY[b.kind] ?? 3));
      // The place after the end of a line has no letter to underline: a space stands for it.
      const part = text.slice(start, end) || ' ';
      if (over.length === 0 && token === undefined) {
        shown.append(part);
        continue;
      }
      const classes = [token?.kind, ...(over.length > 0 ? ['mark', over[0].kind] : [])].filter(Boolean).join(' ');
      shown.append(h('span', { class: classes, 'data-mark': over[0]?.mark }, part));
    }
    if (text === '' && pieces.length === 0) shown.append('\u200b');
    return shown;
  }

  #list() {
    this.findings.replaceChildren(...this.#gravest().map((mark) => {
      const go = () => this.select(mark.start, mark.end);
      const suggestion = this.#suggestion(mark);
      return h('li', { class: mark.severity },
        h('button', { type: 'button', class: 'finding', onclick: go },
          h('span', { class: 'severity' }, mark.severity),
          mark.code === '' ? null : h('code', { class: 'code' }, mark.code),
          h('span', { class: 'message' }, prose(mark.message)),
          h('span', { class: 'at', title: 'line and column' }, `${mark.line}:${mark.column}`)),
        mark.help === null ? null : h('p', { class: 'help' }, prose(mark.help), ' ',
          suggestion === null ? null : h('button', { type: 'button', class: 'fix', onclick: () => this.#replace(mark, suggestion) }, 'Use ', h('code', {}, suggestion))),
        mark.notes.map((note) => h('p', { class: 'help' }, prose(note))),
        mark.labels.map((label) => h('p', { class: 'help' },
          h('button', { type: 'button', class: 'fix', onclick: () => this.select(label.start, label.end) }, `${label.line}:${label.column}`), ' ', prose(label.message))));
    }));
  }

  /** The word that stands for the marked one, where the help proposes exactly that. */
  #suggestion(mark) {
    const proposed = /^did you mean `([^`]+)`\?$/.exec(mark.help ?? '');
    const marked = this.text.value.slice(mark.start, mark.end);
    return proposed !== null && /^[\w.-]+$/.test(marked) ? proposed[1] : null;
  }

  #replace(mark, text) {
    this.select(mark.start, mark.end);
    // The only way of changing a textarea that a person can undo.
    document.execCommand('insertText', false, text);
  }

  #key(event) {
    if (event.key === 'Escape') this.#hideTip();
    if (event.key === 'F8' && this.#marks.length > 0) {
      event.preventDefault();
      const caret = this.text.selectionStart;
      const next = event.shiftKey
        ? this.#marks.findLast((mark) => mark.start < caret) ?? this.#marks.at(-1)
        : this.#marks.find((mark) => mark.start > caret) ?? this.#marks[0];
      this.select(next.start, next.end);
    }
    if (event.key === 'Enter' && !event.isComposing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const { selectionStart, value } = this.text;
      const line = value.slice(value.lastIndexOf('\n', selectionStart - 1) + 1, selectionStart);
      const indentation = /^ */.exec(line)[0];
      if (indentation !== '') {
        event.preventDefault();
        document.execCommand('insertText', false, `\n${indentation}`);
      }
    }
  }

  /** Under the text: where the caret is, and what is found there. */
  #showPlace() {
    const caret = this.text.selectionStart;
    const { line, column } = position(this.text.value, caret);
    const mark = this.#marks.find(({ start, end }) => start <= caret && caret <= end);
    const said = mark === undefined ? '' : `: ${mark.message}`;
    this.place.replaceChildren(`line ${line}, column ${column}`, ...prose(said));
  }

  #hover(event) {
    const over = [...this.lines.querySelectorAll('.mark')].find((element) => {
      const box = element.getBoundingClientRect();
      return event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    });
    if (over === undefined) {
      this.#hideTip();
      return;
    }
    const mark = this.#marks[Number(over.dataset.mark)];
    if (mark === undefined || (this.tip.dataset.mark === over.dataset.mark && !this.tip.hidden)) return;
    this.tip.dataset.mark = over.dataset.mark;
    this.tip.className = `tip ${mark.severity}`;
    this.tip.replaceChildren(
      h('p', {}, h('span', { class: 'severity' }, mark.severity), ' ', mark.code === '' ? null : h('code', {}, mark.code), ' ', prose(mark.message)),
      mark.help === null ? '' : h('p', {}, prose(mark.help)),
    );
    this.tip.hidden = false;
    const box = over.getBoundingClientRect();
    const area = this.area.getBoundingClientRect();
    const below = box.bottom - area.top + 4;
    const fits = below + this.tip.offsetHeight <= area.height;
    this.tip.style.top = `${fits ? below : Math.max(0, box.top - area.top - this.tip.offsetHeight - 4)}px`;
    this.tip.style.left = `${Math.max(4, Math.min(box.left - area.left, area.width - this.tip.offsetWidth - 4))}px`;
  }

  #hideTip() {
    this.tip.hidden = true;
  }
}
