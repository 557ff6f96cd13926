// One connection, with all that it is subscribed to.

import { api } from './api.js';
import { element } from './elements.js';

/**
 * Shows a connection.
 *
 * @param {string} name
 */
export async function connectionCard(name) {
  const { subscriptions } = await api(`/connections/${name}`);
  const card = element('connection');
  const title = document.createElement('h3');
  title.textContent = name;
  const list = document.createElement('ul');
  for (const { room, requestId } of subscriptions) {
    const item = document.createElement('li');
    const code = document.createElement('code');
    code.textContent = `${JSON.stringify(room)} as ${JSON.stringify(requestId)}`;
    item.append(code);
    list.append(item);
  }
  const none = document.createElement('p');
  none.textContent = 'It is subscribed to nothing.';
  card.replaceChildren(title, subscriptions.length > 0 ? list : none);
  card.hidden = false;
  card.focus();
}
