// The lines of a log: what was said, what is on its way, and what divides them.

import { element, linked, name } from './text.js';
import * as times from './times.js';

/**
 * @typedef {import('./history.js').Message} Message
 * @typedef {import('./outgoing.js').Pending} Pending
 *
 * @typedef {object} Acts What somebody may do about an own message.
 * @property {(message: Message) => void} edit
 * @property {(message: Message) => void} remove
 * @property {(pending: Pending) => void} takeBack
 */

/**
 * A message.
 *
 * @param {Message} message
 * @param {{ isOwn: boolean, isRead: boolean }} how Whether it is this user's, and the other has read it.
 * @param {Acts} acts
 */
export function said(message, { isOwn, isRead }, acts) {
  const { sentAt, text, isDeleted, editedAt } = message;
  const shown = isDeleted ? ['Message deleted'] : linked(text);
  const body = element('p', { class: isDeleted ? 'text gone' : 'text', dir: 'auto' }, ...shown);
  const time = element('time', { datetime: sentAt, title: times.whole(sentAt) }, times.clock(sentAt));
  const about = element('p', { class: 'about' }, time);
  if (editedAt !== null && !isDeleted) about.prepend(element('span', {}, 'edited'), ' ');
  if (isOwn && !isDeleted) about.append(' ', tick(isRead));
  const node = line(isOwn ? 'bubble own' : 'bubble', message.user, body, about);
  node.dataset.id = message.id;
  if (isOwn && !isDeleted) node.append(menuOf(message, acts));
  return node;
}

/** What somebody may do to an own message. @param {Message} message @param {Acts} acts */
function menuOf(message, { edit, remove }) {
  const menu = element('details', { class: 'menu' });
  const change = button('Edit', () => edit(message));
  const confirmed = element('details', { class: 'confirm' });
  const forBoth = button('Delete for both', () => remove(message));
  forBoth.classList.add('danger');
  confirmed.append(element('summary', {}, 'Delete …'), forBoth);
  const choices = element('div', { class: 'choices' }, change, confirmed);
  const summary = element('summary', { 'aria-label': 'What to do with this message', tabindex: '-1' });
  menu.append(summary, choices);
  choices.addEventListener('click', ({ target }) => {
    if (target === change || target === forBoth) menu.open = false;
  });
  return menu;
}

/** A message on its way. @param {Pending} pending @param {string} user @param {Acts} acts */
export function onItsWay(pending, user, { takeBack }) {
  const { text, at, fault } = pending;
  const body = element('p', { class: 'text', dir: 'auto' }, ...linked(text));
  const time = element('time', { datetime: at }, times.clock(at));
  const about = element('p', { class: 'about' }, fault === undefined ? 'on its way' : 'not sent', ' ', time);
  const node = line('bubble own pending', user, body, about);
  if (fault === undefined) return node;
  const again = button('Take it back', () => takeBack(pending));
  node.classList.add('failed');
  node.append(element('p', { class: 'fault' }, `${fault} `, again));
  return node;
}

/** Where a day begins, or what was not read. @param {string} text @param {string} [kind] */
export function divider(text, kind = '') {
  return element('li', { class: `divider ${kind}`.trim() }, element('span', {}, text));
}

/** @param {string} kind @param {string} user @param {HTMLElement[]} children */
function line(kind, user, ...children) {
  const who = element('span', { class: 'unseen' }, name(user), ': ');
  const made = element('li', { class: kind, tabindex: '-1' }, who, ...children);
  // Nobody needs to hear what was just written, and that it was sent and read.
  if (kind.includes('own')) made.setAttribute('aria-live', 'off');
  return made;
}

/** @param {boolean} isRead */
function tick(isRead) {
  const marks = element('span', { 'aria-hidden': 'true' }, isRead ? '✓✓' : '✓');
  const word = element('span', { class: 'unseen' }, isRead ? 'read' : 'sent');
  return element('span', { class: isRead ? 'tick read' : 'tick', title: isRead ? 'read' : 'sent' }, marks, word);
}

/** @param {string} label @param {() => void} act */
function button(label, act) {
  const made = element('button', { type: 'button', class: 'plain' }, label);
  made.addEventListener('click', act);
  return made;
}
