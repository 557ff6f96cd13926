// Times as the reader's clock has them.

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
const DAY_OF_YEAR = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
const SHORT = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const WHOLE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short' });

/** @param {string} time */
export function clock(time) {
  return write(CLOCK, time);
}

/** The time in full, for who asks. @param {string} time */
export function whole(time) {
  return write(WHOLE, time);
}

/** What a day is called. @param {string} time @param {Date} [now] */
export function day(time, now = new Date()) {
  const ago = daysAgo(time, now);
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  return write(ago > 300 ? DAY_OF_YEAR : DAY, time);
}

/** As short as a list has it. @param {string} time @param {Date} [now] */
export function short(time, now = new Date()) {
  return daysAgo(time, now) === 0 ? clock(time) : write(SHORT, time);
}

/** @param {string} time @param {Date} [now] */
export function lastSeen(time, now = new Date()) {
  const ago = daysAgo(time, now);
  const on = ago === 0 ? '' : `${ago === 1 ? 'yesterday' : write(SHORT, time)} `;
  return `last seen ${on}${clock(time)}`;
}

/** @param {string} time @param {Date} now */
function daysAgo(time, now) {
  const then = new Date(time);
  const midnight = (/** @type {Date} */ it) => Date.UTC(it.getFullYear(), it.getMonth(), it.getDate());
  return Math.round((midnight(now) - midnight(then)) / 86_400_000);
}

/** @param {Intl.DateTimeFormat} format @param {string} time */
function write(format, time) {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? '' : format.format(date);
}
