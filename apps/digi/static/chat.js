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
 * @property {string} peer_username
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
const chat = document.getElementById('chat');
const inbox = document.querySelector('.inbox');

/** A conversation that is open, and its parts of the page. */
class ChatPage {
  /** @param {About} about */
  constructor(about) {
    this.about = about;
    this.toEnd = find('to-end');
    this.history = this.#history();
    this.outgoing = new Outgoing(storage(), `digi outgoing ${about.user} ${about.peer_username}`);
    this.conversation = this.#conversation();
    this.log = this.#log();
    this.composer = this.#composer();
    this.toEnd.addEventListener('click', () => this.log.toEnd());
    addEventListener('focus', () => this.#seen());
    document.addEventListener('visibilitychange', () => this.#seen());
  }

  /** Shows what the server has put into the page, and goes on from there. */
  open() {
    const { sought, editing } = this.about;
    for (const more of document.querySelectorAll('.more')) more.remove();
    this.log.drawFirst();
    if (sought !== null) this.log.show(sought);
    const edited = editing === null ? undefined : this.history.find(editing);
    if (edited) this.composer.edit(edited);
    this.conversation.line.connect();
    return this.conversation.line;
  }

  /** @returns {History} */
  #history() {
    const { messages: shown, has_older: hasOlder, has_newer: hasNewer } = this.about;
    return new History(
      {
        load: (where, limit) => messages(this.conversation.id, where, limit),
        changed: () => this.log.draw(),
        isAtEnd: () => this.log.isAtEnd,
      },
      { messages: shown.map(messageOf), hasOlder, hasNewer },
    );
  }

  /** @returns {Conversation} */
  #conversation() {
    const { id, user, last_seq: lastSeq, read_seq: readSeq, peer_read_seq: peerReadSeq } = this.about;
    return new Conversation({
      ...{ id, user, lastSeq, readSeq, peerReadSeq },
      ...{ history: this.history, outgoing: this.outgoing },
      url: (id, after) => socketUrl(`/ws/chat/${id}/`, { after }),
      seqOf: async (message) => (await messages(this.conversation.id, { around: message }, 1)).messages[0].seq,
      renamed,
      changed: () => this.#changed(),
      complain: (fault) => this.composer.complain(fault),
      why: () => why(this.conversation.id),
    });
  }

  /** @returns {Log} */
  #log() {
    const { user, read_seq: readSeq, last_seq: openedSeq } = this.about;
    const { history, outgoing, conversation } = this;
    return new Log(find('log'), /** @type {HTMLOListElement} */ (find('messages')), {
      ...{ user, readSeq, openedSeq, history, outgoing },
      peerReadSeq: () => conversation.peerReadSeq,
      acts: {
        edit: (message) => this.composer.edit(message),
        remove: async ({ id }) => this.composer.complain((await conversation.delete(id)) ?? ''),
        takeBack: ({ clientId }) => this.composer.restore(conversation.takeBack(clientId)),
      },
      seen: () => this.#seen(),
    });
  }

  /** @returns {Composer} */
  #composer() {
    const { user, peer_username: peer, chars_max: charsMax } = this.about;
    const { history, conversation, log } = this;
    return new Composer(/** @type {HTMLFormElement} */ (find('composer')), {
      charsMax,
      draftKey: `digi draft ${user} ${peer}`,
      say(text) {
        const isTaken = conversation.say(text);
        if (isTaken) log.toEnd();
        return isTaken;
      },
      change: (message, text) => conversation.edit(message, text),
      lastOwn: () => history.last((it) => it.user === user && !it.isDeleted),
      typing: (isTyping) => conversation.typing(isTyping),
      left: () => find('log').focus(),
    });
  }

  /** What can be seen by somebody is read. */
  #seen() {
    const { history, log } = this;
    const isThere = !document.hidden && document.hasFocus();
    const newest = history.last((it) => it.user !== this.about.user);
    if (isThere && log.isAtEnd && !history.hasNewer && newest) this.conversation.read(newest);
    this.toEnd.hidden = log.isAtEnd && !history.hasNewer;
  }

  #changed() {
    this.log.draw();
    const { line, ended, presence, isTyping, unread } = this.conversation;
    say('offline', away(ended), line.state === 'open');
    say('typing', isTyping ? `${this.about.peer} is typing …` : '');
    if (presence) {
      const seenAt = presence.lastSeen ? times.lastSeen(presence.lastSeen) : 'not here';
      say('presence', presence.isOnline ? 'online' : seenAt);
      chat?.classList.toggle('online', presence.isOnline);
    }
    document.title = unread > 0 ? `(${unread}) ${title}` : title;
  }
}

/** Has whatever leads to the conversation do so by its id of now. @param {string} id @param {string} before */
function renamed(id, before) {
  for (const form of chat?.querySelectorAll('form') ?? []) {
    form.setAttribute('action', form.getAttribute('action')?.replace(before, id) ?? '');
  }
  chat?.querySelector('[name=connection]')?.setAttribute('value', id);
  if (inbox instanceof HTMLElement) inbox.dataset.current = id;
  history.replaceState(history.state, '', `/chat/${id}/`);
}

/** @param {import('./line.js').Reason | null} ended */
function away(ended) {
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

const talk = chat?.dataset.chat ? new ChatPage(JSON.parse(chat.dataset.chat)).open() : undefined;
const lines = talk ? [talk] : [];
if (inbox instanceof HTMLElement) {
  // Who ends the account has left the conversation, too: that alone would not say what to do.
  const loggedOut = talk && (() => talk.close('logged-out'));
  lines.push(openInbox(inbox, { changed: follow, loggedOut }));
}
keepAwake(...lines);
