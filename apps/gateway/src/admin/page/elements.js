// The few things that all parts of the page do with its elements.

/** @param {string} id */
export function element(id) {
  const found = document.getElementById(id);
  if (!found) {
    throw new Error(`the page has no #${id}`);
  }
  return found;
}

/**
 * Makes a cell of a table. What is in it is text, whatever it looks like.
 *
 * @param {string} label of its column, for narrow windows
 * @param {string | HTMLElement} content
 * @param {string} [kind]
 */
export function cell(label, content, kind = '') {
  const cell = document.createElement('td');
  cell.dataset.label = label;
  cell.className = kind;
  cell.append(content);
  return cell;
}

/**
 * Shows in a section what went wrong; without an error, that nothing did.
 *
 * @param {string} section
 * @param {unknown} [error]
 */
export function fail(section, error) {
  const place = element(section).querySelector('.error');
  if (place) {
    place.textContent = error === undefined ? '' : String(error instanceof Error ? error.message : error);
  }
}

const SAID_FOR_MS = 6000;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let silence;

/**
 * Says for a while what was done.
 *
 * @param {string} what
 */
export function say(what) {
  element('said').textContent = what;
  clearTimeout(silence);
  silence = setTimeout(() => (element('said').textContent = ''), SAID_FOR_MS);
}
