// The decision, a row for each strategy: sorted, filtered, and one of them picked.

import { breakable, h, prose } from './dom.mjs';
import { because, plain } from './words.mjs';

/** More rows are drawn only when asked for. */
const SCREENFULS = 500;
const STATUS = { fail: 0, warn: 1, pass: 2 };
const ACTION = { promote: 0, demote: 1, hold: 2 };

const COLUMNS = [
  { id: 'strategy', title: 'strategy', key: (row) => row.id },
  { id: 'selected', title: 'selected', key: (row) => (row.selected ? 0 : 1) },
  { id: 'action', title: 'action', key: (row) => ACTION[row.action] ?? 3 },
  { id: 'mode', title: 'mode', key: (row) => row.effective_mode },
  { id: 'status', title: 'status', key: (row) => STATUS[row.status] },
  { id: 'score', title: 'score', key: (row) => (row.score === null ? Infinity : -row.score), number: true },
  { id: 'rank', title: 'rank', key: (row) => row.rank ?? Infinity, number: true },
  { id: 'because', title: 'because', key: (row) => row.because },
];

export class Table {
  #root;
  #picked;
  #rows = [];
  #order = { column: 'selected', down: false };
  #all = false;
  #filter = { text: '', show: 'all' };
  #strategy = null;

  /** Draws into an element; `picked` is called with the id of a strategy. */
  constructor(root, picked) {
    this.#root = root;
    this.#picked = picked;
  }

  set strategy(id) {
    this.#strategy = id;
    for (const row of this.#root.querySelectorAll('tbody tr')) {
      const isOwn = row.dataset.strategy === id;
      row.classList.toggle('picked', isOwn);
      row.querySelector('button')?.setAttribute('aria-pressed', String(isOwn));
    }
  }

  /** How many rows are shown of how many. */
  get counts() {
    return { shown: this.#matching().length, all: this.#rows.length };
  }

  filter(filter) {
    this.#filter = { ...this.#filter, ...filter };
    this.#draw();
  }

  show(decision) {
    this.#rows = Object.entries(decision.strategies).map(([id, strategy], index) => ({ id, index, because: because(strategy), ...strategy }));
    this.#draw();
  }

  #matching() {
    const { text, show } = this.#filter;
    const needle = text.trim().toLowerCase();
    return this.#rows.filter((row) => {
      if (needle !== '' && !row.id.toLowerCase().includes(needle) && !row.because.toLowerCase().includes(needle)) return false;
      if (show === 'selected') return row.selected;
      if (show === 'changed') return row.action !== 'hold';
      if (show === 'out') return !row.selected;
      if (show.startsWith('step:')) return row.rejected_by?.step === show.slice(5);
      return true;
    });
  }

  #sorted() {
    const { column, down } = this.#order;
    const { key } = COLUMNS.find(({ id }) => id === column);
    const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    const sign = down ? -1 : 1;
    return this.#matching().sort((a, b) => sign * compare(key(a), key(b)) || compare(a.rank ?? Infinity, b.rank ?? Infinity) || a.index - b.index);
  }

  #sortBy(column) {
    this.#order = { column, down: this.#order.column === column && !this.#order.down };
    this.#draw();
    this.#root.querySelector(`th[data-column="${column}"] button`).focus({ preventScroll: true });
  }

  #draw() {
    const rows = this.#sorted();
    const shown = this.#all ? rows : rows.slice(0, SCREENFULS);
    const { scrollTop, scrollLeft } = this.#root;
    const head = COLUMNS.map(({ id, title, number }) => {
      const isOwn = this.#order.column === id;
      return h('th', { scope: 'col', class: `c-${id}${number ? ' number' : ''}`, 'data-column': id, 'aria-sort': isOwn ? (this.#order.down ? 'descending' : 'ascending') : null },
        h('button', { type: 'button', onclick: () => this.#sortBy(id) }, title));
    });
    const more = rows.length - shown.length;
    this.#root.replaceChildren(
      h('table', {}, h('thead', {}, h('tr', {}, head)), h('tbody', {}, shown.map((row) => this.#row(row)))),
      rows.length === 0 ? h('p', { class: 'none' }, this.#rows.length === 0 ? 'The snapshot has no strategies.' : 'No strategy is like that.') : '',
      more > 0 ? h('button', { type: 'button', class: 'more', onclick: () => { this.#all = true; this.#draw(); } }, `Show ${more} more`) : '',
    );
    this.#root.scrollTo(scrollLeft, scrollTop);
  }

  #row(row) {
    const isOwn = row.id === this.#strategy;
    return h('tr', { 'data-strategy': row.id, class: `${row.selected ? 'selected' : ''}${isOwn ? ' picked' : ''}`, onclick: () => this.#picked(row.id) },
      h('th', { scope: 'row', class: 'c-strategy' }, h('button', { type: 'button', 'aria-pressed': String(isOwn) }, breakable(row.id))),
      h('td', { class: 'c-selected' }, row.selected ? h('span', { class: 'yes' }, 'selected') : h('span', { class: 'no' }, 'no')),
      h('td', { class: `c-action ${row.action}` }, row.action),
      h('td', { class: 'c-mode' }, row.effective_mode),
      h('td', { class: `c-status ${row.status}` }, row.status),
      h('td', { class: 'c-score number' }, row.score === null ? '' : plain(row.score)),
      h('td', { class: 'c-rank number' }, row.rank === null ? '' : String(row.rank)),
      h('td', { class: 'c-because' }, prose(row.because)));
  }
}
