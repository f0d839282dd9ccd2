// How many strategies remain after each step, as a picture whose parts can be asked about.

import { h, s } from './dom.mjs';
import { several } from './words.mjs';

const MEANINGS = {
  submitted: 'in the snapshot',
  rules: 'meet every blocking rule',
  score: 'have a score',
  correlation: 'are not too much like a better one',
  exposure: 'fit into budgets and caps',
  cut: 'are within top-K',
  post_correlation: 'are not too much like a better one',
  hysteresis: 'are active after waiting times',
  selected: 'selected',
};
const HEIGHT = 24;
const GAP = 12;

/** Draws the funnel into an element. `picked` is called with a step, to show who was kept out there. */
export function drawFunnel(root, funnel, keptOut, picked, step) {
  const width = Math.max(280, root.clientWidth);
  const label = width < 420 ? 96 : 124;
  const remark = width < 420 ? 74 : 150;
  const room = width - label - remark;
  const middle = label + room / 2;
  const most = Math.max(1, ...funnel.map(({ count }) => count));
  const half = (count) => (count === 0 ? 0.75 : Math.max(1.5, (count / most) * (room / 2)));
  const height = funnel.length * HEIGHT + (funnel.length - 1) * GAP;
  const picture = s('svg', { viewBox: `0 0 ${width} ${height}`, width, height });
  funnel.forEach(({ step: name, count }, index) => {
    const top = index * (HEIGHT + GAP);
    const before = index === 0 ? count : funnel[index - 1].count;
    const lost = before - count;
    const out = keptOut.get(name) ?? 0;
    if (index > 0) {
      const [a, b] = [half(before), half(count)];
      const points = [[middle - a, top - GAP], [middle + a, top - GAP], [middle + b, top], [middle - b, top]];
      picture.append(s('polygon', { class: 'between', points: points.map((point) => point.join(',')).join(' ') }));
    }
    const change = lost > 0 ? `${lost} kept out` : lost < 0 ? `${-lost} kept in` : '';
    const can = out > 0;
    const fits = half(count) * 2 > 34;
    const row = s('g', {
      class: `step${can ? ' can' : ''}${name === 'selected' ? ' last' : ''}`,
      'data-step': name,
      ...(can ? {
        role: 'button', tabindex: 0, 'aria-pressed': String(step === name),
        'aria-label': `${name}: ${several(count, 'strategy').replace('strategys', 'strategies')} ${count === 1 ? 'remains' : 'remain'}, ${out} kept out first here; show them`,
        onclick: () => picked(name),
        onkeydown: (event) => {
          if (event.key !== 'Enter' && event.key !== ' ') return;
          event.preventDefault();
          picked(name);
        },
      } : { role: 'img', 'aria-label': `${name}: ${count}` }),
    },
    s('title', {}, `${count} ${MEANINGS[name] ?? name}`),
    s('rect', { class: 'hit', x: 0.5, y: top - 3.5, width: width - 1, height: HEIGHT + 7, rx: 4 }),
    s('text', { class: 'name', x: 8, y: top + HEIGHT / 2 }, name.replace('post_correlation', 'correlation')),
    s('rect', { class: 'bar', x: middle - half(count), y: top, width: half(count) * 2, height: HEIGHT, rx: 2 }),
    s('text', { class: fits ? 'number inside' : 'number', x: fits ? middle : middle + half(count) + 8, y: top + HEIGHT / 2, 'text-anchor': fits ? 'middle' : 'start' }, String(count)),
    s('text', { class: 'change', x: width - 8, y: top + HEIGHT / 2, 'text-anchor': 'end' }, width < 420 ? change.replace(' kept', '') : change));
    picture.append(row);
  });
  root.replaceChildren(funnel.length === 0 ? h('p', {}, 'nothing was judged') : picture);
}
