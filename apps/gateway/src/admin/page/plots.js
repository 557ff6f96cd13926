// What the node counts, as numbers and small plots: read from /metrics, as Prometheus reads it.

import { text } from './api.js';

const EVERY_MS = 2000;
const POINTS = 90;
const SVG = 'http://www.w3.org/2000/svg';

/** Levels that are shown as numbers. */
const LEVELS = {
  campanile_connections: 'connections',
  campanile_rooms: 'rooms',
  campanile_subscriptions: 'subscriptions',
  campanile_frames_waiting: 'frames waiting for slow clients',
  campanile_mailbox_letters_waiting: 'letters waiting for loops',
  campanile_bootstraps_in_flight: 'bootstraps in flight',
};

/** Counters that are shown as rates. */
const RATES = {
  campanile_triggers_total: 'triggers /s',
  campanile_deliveries_total: 'deliveries /s',
  campanile_messages_received_total: 'messages received /s',
  campanile_bytes_sent_total: 'bytes sent /s',
  campanile_adopted_total: 'connections opened /s',
  campanile_slow_dropped_total: 'dropped for slow clients /s',
};

/** @type {{ at: number, values: Map<string, number> } | undefined} */
let before;

/** @type {Map<string, number[]>} */
const series = new Map(Object.keys(RATES).map((name) => [name, []]));

/**
 * Reads a page in Prometheus' text format; the labelled numbers of a name are added up.
 *
 * @param {string} page
 */
export function read(page) {
  /** @type {Map<string, number>} */
  const values = new Map();
  for (const line of page.split('\n')) {
    const found = /^([a-z_0-9]+)(?:\{.*\})? ([-+.0-9eE]+)$/.exec(line);
    if (found) {
      values.set(found[1], (values.get(found[1]) ?? 0) + Number(found[2]));
    }
  }
  return values;
}

/** Begins to show the numbers; tells `failed` of each time that it cannot. */
export function start(/** @type {(error: unknown) => void} */ failed) {
  const turn = async () => {
    if (!document.hidden) {
      try {
        show(read(await text('/metrics')));
      } catch (error) {
        failed(error);
      }
    }
    setTimeout(turn, EVERY_MS);
  };
  void turn();
}

/** @param {Map<string, number>} values */
function show(values) {
  const now = performance.now();
  const numbers = /** @type {HTMLElement} */ (document.getElementById('numbers'));
  numbers.replaceChildren(
    ...Object.entries(LEVELS).map(([name, label]) => number(label, values.get(name) ?? 0)),
  );
  if (before) {
    const seconds = (now - before.at) / 1000;
    for (const [name, points] of series) {
      const more = (values.get(name) ?? 0) - (before.values.get(name) ?? 0);
      // It begins again at nothing when the node does.
      points.push(Math.max(0, more) / seconds);
      points.splice(0, points.length - POINTS);
    }
    const plots = /** @type {HTMLElement} */ (document.getElementById('plots'));
    plots.replaceChildren(...[...series].map(([name, points]) => plot(name, points)));
  }
  before = { at: now, values };
}

/**
 * @param {string} label
 * @param {number} value
 */
function number(label, value) {
  const [box, term, description] = ['div', 'dt', 'dd'].map((tag) => document.createElement(tag));
  term.textContent = label;
  description.textContent = value.toLocaleString('en');
  box.append(term, description);
  return box;
}

/**
 * @param {string} name
 * @param {number[]} points
 */
function plot(name, points) {
  const most = Math.max(...points, 1);
  const now = points.at(-1) ?? 0;
  const label = RATES[/** @type {keyof typeof RATES} */ (name)];
  const [figure, caption, what, value] = ['figure', 'figcaption', 'span', 'span'].map((tag) =>
    document.createElement(tag),
  );
  what.textContent = label;
  value.textContent = short(now);
  caption.append(what, value);
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${POINTS - 1} 100`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', `${label}: ${short(now)} now, ${short(most)} at most`);
  const line = document.createElementNS(SVG, 'polyline');
  const left = POINTS - points.length;
  const at = points.map((point, index) => `${left + index},${98 - (96 * point) / most}`);
  line.setAttribute('points', at.join(' '));
  svg.append(line);
  figure.append(caption, svg);
  return figure;
}

/** @param {number} value */
function short(value) {
  const format = { notation: /** @type {const} */ ('compact'), maximumFractionDigits: 1 };
  return new Intl.NumberFormat('en', format).format(value);
}
