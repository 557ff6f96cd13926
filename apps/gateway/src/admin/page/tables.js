// The tables: connections, rooms, users and the live tail.

import { api, post } from './api.js';
import { connectionCard } from './connection.js';
import { cell, element, fail, say } from './elements.js';

const PAGE = 50;
const TAIL_EVERY_MS = 1000;
const TAIL_ROWS = 200;

/**
 * A table that is filled page by page.
 *
 * @param {string} section
 * @param {(after: string | undefined) => Promise<{ rows: HTMLTableRowElement[], next?: string }>} load
 */
function pages(section, load) {
  const root = element(section);
  const body = /** @type {HTMLElement} */ (root.querySelector('tbody'));
  const more = /** @type {HTMLButtonElement} */ (root.querySelector('.more'));
  /** @type {string | undefined} */
  let next;
  const turn = async (/** @type {boolean} */ again) => {
    fail(section);
    try {
      const page = await load(again ? undefined : next);
      body[again ? 'replaceChildren' : 'append'](...page.rows);
      next = page.next;
      more.hidden = next === undefined;
      /** @type {HTMLElement} */ (root.querySelector('.empty')).hidden = body.childElementCount > 0;
    } catch (error) {
      fail(section, error);
    }
  };
  more.addEventListener('click', () => turn(false));
  return () => turn(true);
}

/**
 * @param {string} label
 * @param {() => Promise<unknown>} work
 * @param {string} done what is said afterwards
 */
function action(label, work, done) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = label;
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      await work();
      say(done);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
    button.disabled = false;
  });
  return button;
}

/** @param {HTMLElement[]} buttons */
function actions(...buttons) {
  const row = document.createElement('div');
  row.className = 'row';
  row.append(...buttons);
  return cell('Do', row);
}

/** @param {(HTMLTableCellElement)[]} cells */
function row(...cells) {
  const row = document.createElement('tr');
  row.append(...cells);
  return row;
}

const filter = /** @type {HTMLFormElement} */ (element('connections-filter'));

/** Shows the connections that the filter finds. */
export const showConnections = pages('connections', async (after) => {
  const wanted = Object.fromEntries(new FormData(filter));
  const found = await api('/connections', { ...wanted, after, limit: PAGE });
  return { rows: found.connections.map(connectionRow), next: found.next ?? undefined };
});

/** @param {any} connection */
function connectionRow(connection) {
  const path = `/connections/${connection.connection}`;
  return row(
    cell('Connection', connection.connection, 'code'),
    cell('User', connection.user ?? '–'),
    cell('Address', connection.address ?? '–'),
    cell('Since', connection.since?.replace(/\.\d+Z$/, 'Z') ?? '–'),
    cell('Subscriptions', String(connection.subscriptions), 'number'),
    actions(
      action('Look', () => connectionCard(connection.connection), 'shown below the table'),
      action('Ask again', () => post(`${path}/revalidate`), 'the backend is asked again'),
      action('Close', () => close(path), 'the connection is closed'),
    ),
  );
}

/** @param {string} path */
async function close(path) {
  await api(path, {}, { method: 'DELETE' });
  await showConnections();
}

/** Shows the rooms. */
export const showRooms = pages('rooms', async (after) => {
  const found = await api('/rooms', { after, limit: PAGE });
  const rows = found.rooms.map((/** @type {any} */ { room, subscriptions }) => {
    const text = JSON.stringify(room);
    const who = async () => {
      filter.reset();
      /** @type {HTMLInputElement} */ (filter.elements.namedItem('room')).value = text;
      await showConnections();
      location.hash = '#connections';
    };
    const number = cell('Subscriptions', String(subscriptions), 'number');
    return row(cell('Room', text, 'code'), number, actions(action('Who', who, 'shown above')));
  });
  return { rows, next: found.next ?? undefined };
});

/** Shows the users with most connections. */
export async function showUsers() {
  const root = element('overview');
  const { users } = await api('/users', { limit: 10 });
  const rows = users.map((/** @type {any} */ { user, connections }) => {
    const path = `/users/${encodeURIComponent(user)}`;
    return row(
      cell('User', user),
      cell('Connections', String(connections), 'number'),
      actions(
        action('Ask again', () => post(`${path}/revalidate`), `the backend is asked again for ${user}`),
        action('Close all', () => api(path, {}, { method: 'DELETE' }), `${user} is disconnected`),
      ),
    );
  });
  /** @type {HTMLElement} */ (root.querySelector('tbody')).replaceChildren(...rows);
  element('users-table').hidden = rows.length === 0;
  /** @type {HTMLElement} */ (root.querySelector('.empty')).hidden = rows.length > 0;
}

/** Lets the live tail be followed and left. */
export function watchTail() {
  const toggle = element('tail-toggle');
  const body = /** @type {HTMLElement} */ (element('tail-table').querySelector('tbody'));
  /** @type {number | undefined} */
  let after;
  const turn = async () => {
    if (toggle.getAttribute('aria-pressed') !== 'true') {
      return;
    }
    try {
      const { triggers, next } = await api('/tail', { after });
      after = next;
      body.prepend(...triggers.map(tailRow).reverse());
      while (body.childElementCount > TAIL_ROWS) {
        body.lastElementChild?.remove();
      }
      fail('tail');
    } catch (error) {
      fail('tail', error);
    }
    setTimeout(turn, TAIL_EVERY_MS);
  };
  toggle.addEventListener('click', () => {
    const follows = toggle.getAttribute('aria-pressed') === 'true';
    toggle.setAttribute('aria-pressed', String(!follows));
    toggle.textContent = follows ? 'Follow' : 'Stop following';
    void turn();
  });
}

/** @param {any} trigger */
function tailRow({ at, rooms, id, outcome }) {
  return row(
    cell('Time', at),
    cell('Rooms', rooms.map((/** @type {unknown} */ room) => JSON.stringify(room)).join(' '), 'code'),
    cell('Id', id ?? '–', 'code'),
    cell('What became of it', outcome),
  );
}
