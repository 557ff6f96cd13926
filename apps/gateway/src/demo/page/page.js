// The demo page: one client, the rooms it hears, a form that triggers, and what arrives.

import { Campanile } from '/client.js';

/** Deliveries kept on the page. */
const LOG_MAX = 200;
/** How often to ask for the server's counters. */
const STATUS_EVERY_MS = 5_000;

const $ = (id) => document.getElementById(id);
// Whoever stops the gateway to see what happens does not want to wait half a minute.
const campanile = new Campanile('/ws/', { backoffMaxMs: 4_000 });
/** @type {Map<object, { row: Element, heard: number }>} By subscription. */
const subscriptions = new Map();
let triggerUrl = 'http://127.0.0.1:8002/trigger/';
let deliveries = 0;
let unseen = 0;

// --- the connection -----------------------------------------------------------------------------

const STATES = {
  idle: 'Starting',
  connecting: 'Connecting',
  open: 'Connected',
  unauthorized: 'The backend does not let you in',
  waiting: 'Connection lost',
  closed: 'Closed',
};

let retryAt = null;

campanile.addEventListener('state', ({ state, previous, retryInMs }) => {
  $('connection').dataset.state = state;
  $('state').textContent = STATES[state];
  $('connect').hidden = state !== 'waiting' && state !== 'unauthorized';
  retryAt = retryInMs === null ? null : performance.now() + retryInMs;
  if (state === 'open') showAllowedRooms();
  if (previous === 'open') notice('The connection was lost. What is published now is missed.');
  showFacts();
  showCountdown();
  showSubscriptions();
});

function showCountdown() {
  const seconds = retryAt === null ? 0 : Math.ceil((retryAt - performance.now()) / 1_000);
  $('countdown').textContent = seconds > 0 ? `next attempt in ${seconds} s` : '';
}

async function showFacts() {
  if (campanile.state !== 'open') {
    $('facts').textContent = '\u00a0';
    return;
  }
  const { open_connections: connections, num_rooms: rooms } = await campanile.status();
  const facts = [counted(connections, 'connection'), counted(rooms, 'room'), campanile.protocol];
  $('facts').textContent = facts.filter(Boolean).join(' \u00b7 ');
}

/** Nothing, of what the server does not count. */
function counted(number, word) {
  return number === undefined ? '' : `${number} ${number === 1 ? word : `${word}s`}`;
}

$('connect').addEventListener('click', () => campanile.connect());
setInterval(showCountdown, 500);
setInterval(() => {
  if (!document.hidden) showFacts().catch(() => {});
}, STATUS_EVERY_MS);

// --- listening ----------------------------------------------------------------------------------

function showAllowedRooms() {
  const rows = campanile.allowedRooms.map((room) => {
    const row = fromTemplate('allowed-row');
    const text = JSON.stringify(room);
    const button = row.querySelector('button');
    row.querySelector('code').textContent = text;
    row.dataset.room = text;
    if (Object.values(room).includes('*')) {
      button.textContent = 'Choose';
      button.setAttribute('aria-label', `Choose a room like ${text}`);
      button.addEventListener('click', () => chooseRoomLike(text));
    } else {
      button.addEventListener('click', () => {
        if (button.getAttribute('aria-disabled') !== 'true') subscribe(room);
      });
    }
    return row;
  });
  $('allowed').replaceChildren(...rows);
  $('allowed-hint').hidden = rows.length === 0;
  if ($('trigger-room').value === '') {
    const [first = { room: 'lobby' }] = campanile.allowedRooms;
    $('trigger-room').value = JSON.stringify(first).replaceAll('"*"', '"lobby"');
  }
  showSubscriptions();
  showKnownRooms();
  showCurl();
}

/** Puts the pattern into the form, with its first star marked to be typed over. */
function chooseRoomLike(text) {
  const input = $('room');
  input.value = text;
  input.focus();
  const star = text.indexOf('"*"') + 1;
  input.setSelectionRange(star, star + 1);
}

function subscribe(room) {
  const subscription = campanile.subscribe({
    room,
    onPublish: (message) => hear(room, message),
    onReconnect: () => notice(`${JSON.stringify(room)} is heard again.`),
    onRefused: () => {
      drop(subscription);
      fail('room', `The backend does not let you into ${JSON.stringify(room)}.`);
    },
  });
  const row = fromTemplate('subscription-row');
  const text = JSON.stringify(room);
  row.querySelector('code').textContent = text;
  row.querySelector('.tag').textContent = subscription.requestId;
  const button = row.querySelector('button');
  button.setAttribute('aria-label', `Unsubscribe from ${text}`);
  button.addEventListener('click', () => drop(subscription));
  $('subscriptions').append(row);
  subscriptions.set(subscription, { row, heard: 0 });
  subscription.ready.then(showSubscriptions, () => {});
  $('trigger-room').value = text;
  afterSubscriptionsChanged();
}

function drop(subscription) {
  const { row } = subscriptions.get(subscription);
  const hadFocus = row.contains(document.activeElement);
  subscription.unsubscribe();
  subscriptions.delete(subscription);
  row.remove();
  if (hadFocus) $('room').focus();
  afterSubscriptionsChanged();
}

function afterSubscriptionsChanged() {
  showSubscriptions();
  showKnownRooms();
  showCurl();
  // A reload and the second tab begin with the same rooms.
  const rooms = [...subscriptions.keys()].map(({ room }) => room);
  const hash = rooms.length === 0 ? '' : `#${encodeURIComponent(JSON.stringify(rooms))}`;
  history.replaceState(null, '', `${location.pathname}${location.search}${hash}`);
  $('second').href = location.href;
}

function showSubscriptions() {
  $('no-subscriptions').hidden = subscriptions.size > 0;
  for (const [{ state }, { row, heard }] of subscriptions) {
    const words = heard === 0 ? '' : `${heard} heard`;
    row.querySelector('.heard').textContent = state === 'pending' ? 'waiting' : words;
  }
  const heardRooms = new Set([...subscriptions.keys()].map(({ room }) => JSON.stringify(room)));
  for (const row of $('allowed').children) {
    if (row.dataset.room.includes('"*"')) continue;
    const button = row.querySelector('button');
    const isHeard = heardRooms.has(row.dataset.room);
    // Not `disabled`, which would take the keyboard's focus away.
    button.setAttribute('aria-disabled', String(isHeard));
    button.textContent = isHeard ? 'Listening' : 'Subscribe';
    button.setAttribute(
      'aria-label',
      `${isHeard ? 'Listening' : 'Subscribe'} to ${row.dataset.room}`,
    );
  }
}

function showKnownRooms() {
  const rooms = [...campanile.allowedRooms, ...[...subscriptions.keys()].map(({ room }) => room)];
  const texts = new Set(rooms.map((room) => JSON.stringify(room)));
  const options = [...texts]
    .filter((text) => !text.includes('"*"'))
    .map((text) => new Option(text));
  $('known-rooms').replaceChildren(...options);
}

$('subscribe').addEventListener('submit', (event) => {
  event.preventDefault();
  const room = readRoom('room');
  if (room === null) return;
  subscribe(room);
  $('room').value = '';
});

// --- ringing ------------------------------------------------------------------------------------

/** The trigger that the form describes, or null. */
function readTrigger() {
  const room = parse($('trigger-room').value);
  if (!isRoom(room)) return null;
  const text = $('data').value;
  const data = parse(text);
  return { rooms: [room], data: data === undefined ? { text } : data };
}

function showCurl() {
  const trigger = readTrigger() ?? { rooms: [{ room: 'lobby' }], data: { text: 'hello' } };
  const body = JSON.stringify(trigger).replaceAll("'", "'\\''");
  $('curl').textContent = `curl -d '${body}' ${triggerUrl}`;
}

$('trigger').addEventListener('input', showCurl);
$('trigger').addEventListener('submit', async (event) => {
  event.preventDefault();
  $('trigger-result').textContent = '';
  if (readRoom('trigger-room', 'trigger-error') === null) return;
  try {
    const response = await fetch('/demo/trigger', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(readTrigger()),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(answer || `status ${response.status}`);
    $('trigger-result').textContent = describe(answer);
  } catch (error) {
    $('trigger-error').textContent = `That did not ring: ${error.message}.`;
  }
});

/** Some gateways say whom the trigger reached. */
function describe(answer) {
  const reached = parse(answer)?.subscriptions;
  if (typeof reached !== 'number') return 'Rung.';
  return reached === 1 ? 'Rung, for 1 subscription.' : `Rung, for ${reached} subscriptions.`;
}

$('copy').addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText($('curl').textContent);
    $('copy').textContent = 'Copied';
  } catch {
    // Not allowed here (no HTTPS, no localhost): then at least it is selected.
    getSelection().selectAllChildren($('curl'));
    $('copy').textContent = 'Selected';
  }
  setTimeout(() => ($('copy').textContent = 'Copy'), 2_000);
});

fetch('/demo/info')
  .then((response) => response.json())
  .then(({ trigger_url: url }) => {
    triggerUrl = url;
    showCurl();
  })
  .catch(() => {});

// --- hearing ------------------------------------------------------------------------------------

let waitingRows = [];

function hear(room, { data, requestId }) {
  const row = fromTemplate('delivery-row');
  const now = new Date();
  const time = row.querySelector('time');
  time.dateTime = now.toISOString();
  time.textContent = now.toTimeString().slice(0, 8) + now.toISOString().slice(19, 23);
  row.querySelector('code').textContent = JSON.stringify(room);
  row.querySelector('.tag').textContent = requestId;
  const isText = typeof data?.text === 'string' && Object.keys(data).length === 1;
  const words = row.querySelector('.delivery-data');
  words.textContent = isText ? data.text : JSON.stringify(data, null, 1);
  words.classList.toggle('json', !isText);
  for (const [subscription, entry] of subscriptions) {
    if (subscription.requestId === requestId) entry.heard++;
  }
  deliveries++;
  if (document.hidden) unseen++;
  show(row);
}

function notice(text) {
  if (subscriptions.size === 0) return;
  const row = document.createElement('li');
  row.className = 'notice';
  row.textContent = text;
  show(row);
}

/** Rows that arrive together are put on the page together, so that a flood does not choke it. */
function show(row) {
  if (waitingRows.length === 0) setTimeout(showWaiting, 16);
  waitingRows.push(row);
  if (waitingRows.length > LOG_MAX) waitingRows.shift();
}

function showWaiting() {
  $('log').prepend(...waitingRows.reverse());
  waitingRows = [];
  while ($('log').children.length > LOG_MAX) $('log').lastElementChild.remove();
  $('empty').hidden = true;
  $('clear').hidden = false;
  $('count').textContent = deliveries === 0 ? '' : String(deliveries);
  showUnseen();
  showSubscriptions();
  ring();
}

function ring() {
  const bell = $('bell');
  bell.classList.remove('rings');
  // Reading the layout lets the swing begin again.
  bell.getBoundingClientRect();
  bell.classList.add('rings');
}

function showUnseen() {
  document.title = unseen === 0 ? 'Campanile' : `(${unseen}) Campanile`;
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  unseen = 0;
  showUnseen();
});

$('clear').addEventListener('click', () => {
  $('log').replaceChildren();
  deliveries = 0;
  $('count').textContent = '';
  $('empty').hidden = false;
  $('clear').hidden = true;
  $('log').parentElement.focus();
});

// --- helpers ------------------------------------------------------------------------------------

function fromTemplate(id) {
  return $(id).content.firstElementChild.cloneNode(true);
}

/** Reads the room typed into an input; says what is wrong with it, if something is. */
function readRoom(id, errorId = `${id}-error`) {
  const room = parse($(id).value);
  fail(id, isRoom(room) ? '' : 'A room is a JSON object, such as {"room":"lobby"}.', errorId);
  return isRoom(room) ? room : null;
}

function fail(id, text, errorId = `${id}-error`) {
  $(errorId).textContent = text;
  $(id).setAttribute('aria-invalid', String(text !== ''));
  if (text !== '') $(id).focus();
}

function isRoom(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// --- the beginning ------------------------------------------------------------------------------

const wished = parse(decodeURIComponent(location.hash.slice(1)));
for (const room of Array.isArray(wished) ? wished.filter(isRoom) : []) subscribe(room);
showCurl();
campanile.connect();
