// Elements in one expression.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ''));
  return element;
}

/** An HTML element; attributes that are null or false are left out, `onclick` and the like are listeners. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** The element of the page with this id. */
export function id(name) {
  return document.getElementById(name);
}

/** A name that may be broken where its words end. */
export function breakable(name) {
  return name.split(/(?<=[_.-])/).flatMap((part, index) => (index === 0 ? [part] : [h('wbr'), part]));
}

/** Text in which names between backticks are code. */
export function prose(text) {
  return text.split('`').map((part, index) => (index % 2 === 1 ? h('code', {}, breakable(part)) : part));
}
