// The page of a conversation: everything put together.

import { get, messages, why } from './api.js';
import { Composer, storage } from './composer.js';
import { Conversation } from './conversation.js';
import { History, messageOf } from './history.js';
import { openInbox } from './inbox.js';
import { keepAwake, socketUrl } from './line.js';
import { Log } from './log.js';
import { Outgoing } from './outgoing.js';
import * as times from './times.js';

/**
 * What the server says of the conversation when it makes the page.
 *
 * @typedef {object} About
 * @property {string} id
 * @property {string} user
 * @property {string} peer
 * @property {string} ws_url
 * @property {number} last_seq
 * @property {number} read_seq
 * @property {number} peer_read_seq
 * @property {number} chars_max
 * @property {any[]} messages
 * @property {boolean} has_older
 * @property {boolean} has_newer
 * @property {string | null} sought The message that was searched for.
 * @property {string | null} editing The message that is to be edited.
 */

const { title } = document;
const lines = [];
const chat = document.getElementById('chat');
const inbox = document.querySelector('.inbox');
/** @type {About | null} */
const about = chat?.dataset.chat === undefined ? null : JSON.parse(chat.dataset.chat);

if (about !== null) lines.push(open(about));
if (inbox instanceof HTMLElement) lines.push(openInbox(inbox, { current: inbox.dataset.current, changed: follow }));
keepAwake(...lines);

/** @param {About} about */
function open(about) {
  const { id, user, peer } = about;
  for (const more of document.querySelectorAll('.more')) more.remove();
  const history = new History(
    {
      load: (where, limit) => messages(id, where, limit),
      changed: () => log.draw(),
      isAtEnd: () => log.isAtEnd,
    },
    {
      messages: about.messages.map(messageOf),
      hasOlder: about.has_older,
      hasNewer: about.has_newer,
    },
  );
  const outgoing = new Outgoing(storage(), `digi outgoing ${user} ${id}`);
  const conversation = new Conversation({
    user,
    history,
    outgoing,
    lastSeq: about.last_seq,
    readSeq: about.read_seq,
    peerReadSeq: about.peer_read_seq,
    url: (after) => socketUrl(about.ws_url, { after }),
    seqOf: async (message) => (await messages(id, { around: message }, 1)).messages[0].seq,
    changed,
    complain: (fault) => composer.complain(fault),
    why: () => why(id),
  });
  const log = new Log(find('log'), /** @type {HTMLOListElement} */ (find('messages')), {
    user,
    history,
    outgoing,
    readSeq: about.read_seq,
    openedSeq: about.last_seq,
    peerReadSeq: () => conversation.peerReadSeq,
    edit: (message) => composer.edit(message),
    async remove(message) {
      const fault = await conversation.delete(message.id);
      composer.complain(fault ?? '');
    },
    takeBack: ({ clientId }) => composer.restore(conversation.takeBack(clientId)),
    seen,
  });
  const composer = new Composer(/** @type {HTMLFormElement} */ (find('composer')), {
    charsMax: about.chars_max,
    draftKey: `digi draft ${user} ${id}`,
    say(text) {
      const isTaken = conversation.say(text);
      if (isTaken) log.toEnd();
      return isTaken;
    },
    change: ({ id: message }, text) => conversation.edit(message, text),
    lastOwn: () => history.last((it) => it.user === user && !it.isDeleted),
    typing: (isTyping) => conversation.typing(isTyping),
    left: () => find('log').focus(),
  });
  const toEnd = find('to-end');
  toEnd.addEventListener('click', () => log.toEnd());

  /** What can be seen by somebody is read. */
  function seen() {
    const isThere = !document.hidden && document.hasFocus();
    const newest = history.last((it) => it.user !== user);
    if (isThere && log.isAtEnd && !history.hasNewer && newest) conversation.read(newest);
    toEnd.hidden = log.isAtEnd && !history.hasNewer;
  }

  function changed() {
    log.draw();
    const { line, ended, presence, isTyping, unread } = conversation;
    say('offline', away(line.state, ended), ended === null && line.state === 'open');
    say('typing', isTyping ? `${peer} is typing …` : '');
    if (presence) {
      const seenAt = presence.lastSeen ? times.lastSeen(presence.lastSeen) : 'not here';
      say('presence', presence.isOnline ? 'online' : seenAt);
      chat?.classList.toggle('online', presence.isOnline);
    }
    document.title = unread > 0 ? `(${unread}) ${title}` : title;
  }

  for (const name of ['focus', 'visibilitychange']) {
    addEventListener(name, seen);
    document.addEventListener(name, seen);
  }
  log.drawNow();
  if (about.sought !== null) log.show(about.sought);
  const editing = about.editing === null ? undefined : history.find(about.editing);
  if (editing) composer.edit(editing);
  conversation.line.connect();
  return conversation.line;
}

/** @param {import('./line.js').State} state @param {import('./line.js').Reason | null} ended */
function away(state, ended) {
  if (ended === 'logged-out') return 'You are logged out here. Load the page again to log in.';
  if (ended !== null) return 'This conversation is not open any more. Load the page again to see why.';
  return 'No connection. What you write is sent when it is back.';
}

/** Writes what has changed only: a screen reader reads it aloud. @param {string} id @param {string} text */
function say(id, text, isHidden = false) {
  const place = find(id);
  if (place.textContent !== text) place.textContent = text;
  if (place.hidden !== isHidden) place.hidden = isHidden;
}

/** A conversation that is opened or closed by the other is another page. @param {import('./lines.js').Lines} lines */
function follow({ all }) {
  if (!(inbox instanceof HTMLElement)) return;
  const { current, state } = inbox.dataset;
  const line = all.find(({ id }) => id === current);
  if (line && line.state !== state) location.reload();
}

/** @param {string} id */
function find(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
