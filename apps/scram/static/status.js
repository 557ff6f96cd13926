// The live status of each entry that can be seen: what its translators really announce.

import { Checks } from './checks.js';

/** How long a status is believed; then it is asked for again. */
const EVERY_MS = 60_000;

/** A status that is not as it should be may be on its way: it is asked for sooner, and less and less. */
const SOON_MS = 1500;

/** How long translators may take to answer. */
const PATIENCE_MS = 5000;

/** One element that shows a status. */
class Row {
  /** @type {Map<string, boolean>} What each translator has said, since it was last asked. */
  answers = new Map();
  /** @type {Map<string, boolean>} What each said the time before. */
  before = new Map();
  isVisible = false;
  askedAt = -Infinity;
  /** How often it was not as it should be, one time after the other. */
  misses = 0;
  /** @type {'good' | 'bad' | 'unknown' | 'ended'} */
  kind = 'unknown';

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    const { row, route, actionType, active, expiration } = element.dataset;
    this.id = row ?? '';
    this.route = route ?? '';
    this.actionType = actionType ?? '';
    this.isActive = active === 'true';
    this.endsAt = Number(expiration) * 1000;
  }

  /** Whether it is to be announced now. */
  get isWanted() {
    return this.isActive && Date.now() < this.endsAt;
  }

  /** When it is to be asked for again. */
  get dueAt() {
    const again = this.kind === 'good' ? EVERY_MS : Math.min(EVERY_MS, SOON_MS * 2 ** this.misses);
    return this.askedAt + again;
  }

  /** Begins a new round of answers. */
  begin() {
    this.before = this.answers;
    this.answers = new Map();
    this.askedAt = Date.now();
    this.misses = this.kind === 'good' ? 0 : this.misses + 1;
  }

  /** @param {string} name @param {boolean} isAnnounced */
  take(name, isAnnounced) {
    // Where several have one name, the worst of them counts.
    const isWrong = !this.isWanted;
    if (this.answers.get(name) !== isWrong) this.answers.set(name, isAnnounced);
    this.show();
  }

  /** Nothing that was said counts any more. */
  forget() {
    this.answers.clear();
    this.before.clear();
    this.askedAt = -Infinity;
    this.misses = 0;
    this.show();
  }

  /** Shows the worst of the answers, and all of them in words. */
  show() {
    // Until all have answered again, those who have not are taken at their last word.
    const isWaiting = Date.now() - this.askedAt < PATIENCE_MS;
    const answers = new Map([...(isWaiting ? this.before : []), ...this.answers]);
    const announcing = [...answers].filter(([, it]) => it).map(([name]) => name);
    const silent = [...answers].filter(([, it]) => !it).map(([name]) => name);
    const wrong = this.isWanted ? silent : announcing;
    const hasEnded = this.isActive && !this.isWanted;
    if (answers.size === 0) this.kind = 'unknown';
    else if (wrong.length > 0) this.kind = 'bad';
    else this.kind = hasEnded || !this.isActive ? 'ended' : 'good';
    const count = answers.size > 1 ? ` (${wrong.length || answers.size} of ${answers.size})` : '';
    const word = {
      unknown: hasEnded ? 'expired' : 'unknown',
      good: `announced${answers.size > 1 ? count : ''}`,
      bad: `${this.isWanted ? 'not announced' : 'still announced'}${count}`,
      ended: 'withdrawn',
    }[this.kind];
    const said = [
      announcing.length > 0 && `Currently being announced by ${announcing.join(', ')}.`,
      silent.length > 0 && `Currently NOT being announced by ${silent.join(', ')}.`,
      answers.size === 0 && 'Current status unknown: no translator has answered.',
    ].filter(Boolean);
    this.#write(word, said.join(' '));
  }

  /** @param {string} word @param {string} said */
  #write(word, said) {
    const { element } = this;
    if (element.title === said && element.querySelector('.word')?.textContent === word) return;
    element.className = `status ${this.kind}`;
    element.title = said;
    for (const [part, text] of [['.word', word], ['.said', `. ${said}`]]) {
      const found = element.querySelector(part);
      if (found) found.textContent = text;
    }
  }
}

/** @type {Row[]} */
const rows = [...document.querySelectorAll('.status')]
  .filter((element) => element instanceof HTMLElement)
  .map((element) => new Row(element));
/** @type {Map<string, Row>} */
const byId = new Map(rows.map((row) => [row.id, row]));
/** @type {Map<string, Checks>} */
const checks = new Map();
const live = document.getElementById('live');

for (const { actionType } of rows) {
  if (checks.has(actionType)) continue;
  const ofType = () => rows.filter((row) => row.actionType === actionType);
  const opened = new Checks(
    actionType,
    ({ row, name, isAnnounced }) => byId.get(row)?.take(name, isAnnounced),
    (isOpen) => {
      for (const row of ofType()) row.forget();
      if (isOpen) askWhoIsDue();
    },
  );
  checks.set(actionType, opened);
}

const observer = new IntersectionObserver((changes) => {
  for (const { target, isIntersecting } of changes) {
    const row = target instanceof HTMLElement && byId.get(target.dataset.row ?? '');
    if (row) row.isVisible = isIntersecting;
  }
  askWhoIsDue();
});
for (const { element } of rows) observer.observe(element);

function askWhoIsDue() {
  if (document.hidden) return;
  for (const row of rows) {
    const check = checks.get(row.actionType);
    if (!row.isVisible || !check?.isOpen || Date.now() < row.dueAt) continue;
    row.begin();
    check.ask(row.id, row.route);
  }
}

/** Says in one sentence how all that can be seen are. */
function summarize() {
  if (!live) return;
  for (const row of rows) if (row.isVisible) row.show();
  const all = [...checks.values()];
  const isOpen = all.every((check) => check.isOpen);
  const seen = rows.filter((row) => row.isVisible);
  const count = (/** @type {Row['kind']} */ kind) => seen.filter((row) => row.kind === kind).length;
  const parts = [
    count('good') > 0 && `${count('good')} announced`,
    count('bad') > 0 && `${count('bad')} not as wanted`,
    count('unknown') > 0 && `${count('unknown')} unknown`,
    count('ended') > 0 && `${count('ended')} withdrawn`,
  ].filter(Boolean);
  const text = isOpen ? `Live, of those in view: ${parts.join(', ')}.` : 'The live status is away: connecting again …';
  if (live.textContent !== text && all.length > 0) live.textContent = text;
}

document.addEventListener('visibilitychange', askWhoIsDue);
setInterval(askWhoIsDue, 500);
setInterval(summarize, 1000);
