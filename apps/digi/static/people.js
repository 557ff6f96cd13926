// Finds people while their names are typed.

import { csrf, people } from './api.js';
import { avatar } from './lines.js';
import { element, name } from './text.js';

/** How long nothing must be typed until it is asked. */
const AFTER_MS = 200;

const form = document.querySelector('form.people');
const list = document.querySelector('.found');
const said = document.querySelector('.found-said');

if (form instanceof HTMLFormElement && list && said) {
  const field = /** @type {HTMLInputElement} */ (form.elements.namedItem('people'));
  /** @type {any} */
  let timer;
  field.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => find(field, list, said), AFTER_MS);
  });
}

/** @param {HTMLInputElement} field @param {Element} list @param {Element} said */
async function find(field, list, said) {
  const prefix = field.value.trim();
  try {
    const found = prefix === '' ? [] : await people(prefix);
    // What was typed meanwhile is asked by itself.
    if (prefix !== field.value.trim()) return;
    list.replaceChildren(...found.map(person));
    const count = found.length === 1 ? 'one person' : `${found.length || 'nobody'}`;
    said.textContent = prefix === '' ? '' : `Found: ${count}.`;
  } catch {
    said.textContent = 'This cannot be looked up now.';
  }
}

/** @param {{ username: string, name: string }} found */
function person({ username, name: called }) {
  const who = element('span', { class: 'who' }, name(called || username));
  const unseen = element('span', { class: 'unseen' }, ` with ${username}`);
  const ask = element(
    'form',
    { method: 'post', action: '/people/ask/' },
    element('input', { type: 'hidden', name: 'csrfmiddlewaretoken', value: csrf() }),
    element('button', { name: 'username', value: username, class: 'quiet' }, 'Talk', unseen),
  );
  return element('li', { class: 'line' }, avatar(username), who, element('span', { class: 'last' }, username), ask);
}
