// What the playground shows, in the fragment of its address: a fragment is never sent to a server.

/** Browsers and messengers cut addresses that are much longer. */
export const LONGEST = 500_000;

function encode(text) {
  const bytes = new TextEncoder().encode(text);
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function decode(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(binary, (unit) => unit.charCodeAt(0)));
}

const TEXTS = ['policy', 'snapshot', 'previous'];

/** The fragment for some values; those that are null stay out. */
export function fragment(values) {
  const known = Object.entries(values).filter(([, value]) => value !== null && value !== '');
  return new URLSearchParams(known.map(([name, value]) => [name, TEXTS.includes(name) ? encode(value) : value])).toString();
}

/** The values of a fragment; null where it is damaged. */
export function values(text) {
  try {
    const found = Object.fromEntries(new URLSearchParams(text.replace(/^#/, '')));
    for (const name of TEXTS) if (found[name] !== undefined) found[name] = decode(found[name]);
    if (found.previous !== undefined) JSON.parse(found.previous);
    return found;
  } catch {
    return null;
  }
}
