// Texts of people, shown as they are: links are made of them, and nothing else.

const ADDRESS = /https?:\/\/[^\s<>"']+/giu;

/** What ends a sentence rather than an address. */
const TRAILING = /[.,;:!?…'"»”’)\]}]+$/u;

/**
 * Cuts a text into plain parts and addresses.
 *
 * @param {string} text
 * @returns {{ text: string, href?: string }[]}
 */
export function parts(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = withoutTrailing(match[0]);
    const href = hrefOf(address);
    if (href === null) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push({ text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

/** A closing bracket stays where one was opened. @param {string} address */
function withoutTrailing(address) {
  const [trailing = ''] = TRAILING.exec(address) ?? [];
  const bare = address.slice(0, address.length - trailing.length);
  const isOpen = bare.split('(').length > bare.split(')').length;
  return isOpen && trailing.startsWith(')') ? `${bare})` : bare;
}

/** @param {string} address */
function hrefOf(address) {
  try {
    const { protocol, hostname, href } = new URL(address);
    return /^https?:$/.test(protocol) && hostname !== '' ? href : null;
  } catch {
    return null;
  }
}

/**
 * Puts a mark in the place of each half of a character: no server can read one.
 *
 * @param {string} text
 */
export function wellFormed(text) {
  return text.replace(/\p{Surrogate}/gu, '\u{FFFD}');
}

/**
 * Makes an element.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A text with its links. @param {string} text @returns {Node[]} */
export function linked(text) {
  return parts(text).map(({ text: shown, href }) =>
    href === undefined
      ? document.createTextNode(shown)
      : element('a', { href, rel: 'noopener noreferrer nofollow', target: '_blank' }, shown),
  );
}

/** A name, whose direction changes nothing around it. @param {string} text */
export function name(text) {
  return element('bdi', {}, text);
}
