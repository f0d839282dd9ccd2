// Makes one HTML file of the playground, the module and the examples: for a browser and nothing else, opened from disk.
//
// node bundle.mjs MODULE.wasm OUT.html

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

import { EXAMPLES } from './examples.mjs';

const [wasm, out] = process.argv.slice(2);
if (wasm === undefined || out === undefined) {
  console.error('name the module and the file to write: node bundle.mjs qmtl_policy.wasm playground.html');
  process.exit(2);
}

const here = dirname(fileURLToPath(import.meta.url));
const read = (name) => readFileSync(join(here, name), 'utf8');

/** Every script that one imports, itself included, by its path from this folder. */
function scripts(name, found = new Map()) {
  if (found.has(name)) return found;
  const text = read(name);
  found.set(name, text);
  for (const [, target] of text.matchAll(/^import [^;]*? from '(\.[^']+)';$/gm)) scripts(posix.join(posix.dirname(name), target), found);
  return found;
}

// Scripts inside a page have no address that `./` could start from: names in a map take its place.
const naming = (name) => `qmtl/${posix.basename(name)}`;
const imports = Object.fromEntries([...scripts('playground.mjs')].map(([name, text]) => {
  const named = text.replace(/^(import [^;]*? from )'(\.[^']+)';$/gm, (_, before, target) => `${before}'${naming(target)}';`);
  return [naming(name), `data:text/javascript;base64,${Buffer.from(named).toString('base64')}`];
}));

const files = Object.fromEntries([...new Set(EXAMPLES.flatMap((example) => example.files))].map((name) => [name, read(join('../..', name))]));
// `<` never ends the element that carries it.
const inert = (value) => JSON.stringify(value).replaceAll('<', '\\u003c');
const carried = inert({ module: readFileSync(wasm).toString('base64'), files });

const replaced = (text, from, to) => {
  if (!text.includes(from)) throw new Error(`index.html has changed: it lacks ${from}`);
  return text.replace(from, () => to);
};

let page = read('index.html');
page = replaced(page, "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src data:",
  // Not even the page's own address may be asked for anything.
  "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' data:; style-src 'unsafe-inline'; img-src data:");
page = replaced(page, '<link rel="stylesheet" href="playground.css">', `<style>\n${read('playground.css')}</style>`);
page = replaced(page, '<script type="module" src="playground.mjs"></script>', `<script type="importmap">${inert({ imports })}</script>`);
page = replaced(page, '</body>', `<script type="application/json" id="carried">${carried}</script>\n<script type="module">import 'qmtl/playground.mjs';</script>\n</body>`);
writeFileSync(out, page);
