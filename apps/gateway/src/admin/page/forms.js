// The forms: trigger, and explain.

import { api, post } from './api.js';
import { element } from './elements.js';

/**
 * @param {string} id
 * @returns {HTMLTextAreaElement}
 */
function field(id) {
  return /** @type {HTMLTextAreaElement} */ (element(id));
}

/**
 * Reads a field that holds JSON.
 *
 * @param {string} id
 * @param {string} what it is, for a person
 */
function json(id, what) {
  try {
    return JSON.parse(field(id).value);
  } catch {
    throw new Error(`${what}: that is not JSON`);
  }
}

/** @param {HTMLElement} output */
async function outcome(output, /** @type {() => Promise<string>} */ work) {
  output.textContent = '…';
  try {
    output.textContent = await work();
  } catch (error) {
    output.textContent = error instanceof Error ? error.message : String(error);
  }
}

/** Lets triggers be sent and tried. */
export function prepareTrigger() {
  element('trigger-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const button = /** @type {SubmitEvent} */ (event).submitter;
    const dry = button?.getAttribute('value') === 'dry';
    void outcome(element('trigger-outcome'), async () => {
      const pattern = /** @type {HTMLInputElement} */ (element('trigger-pattern')).checked;
      const body = {
        rooms: json('trigger-rooms', 'Rooms'),
        data: json('trigger-data', 'Data'),
        match: pattern ? 'pattern' : 'literal',
      };
      const answer = await post('/publish', body, dry ? { dry_run: 1 } : {});
      const reached = `${answer.subscriptions ?? '?'} subscriptions`;
      if (!dry) {
        return answer.duplicate ? 'It came before, and was not published again.' : `Published to ${reached} here.`;
      }
      const rooms = answer.rooms.map(
        (/** @type {any} */ { room, subscriptions }) => `${JSON.stringify(room)}: ${subscriptions}`,
      );
      return [`It would reach ${reached} on this node.`, ...rooms].join('\n');
    });
  });
}

/** Lets questions be asked. */
export function prepareExplain() {
  const form = /** @type {HTMLFormElement} */ (element('explain-form'));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void outcome(element('explain-outcome'), async () => {
      const wanted = Object.fromEntries(
        [...new FormData(form)].map(([name, value]) => [name, String(value).trim()]),
      );
      const answer = await api('/explain', wanted);
      if (answer.words === undefined) return JSON.stringify(answer, null, 2);
      const others = answer.others.map(
        (/** @type {any} */ { node, cause, words }) => `${node}: ${words} (${cause})`,
      );
      const node = others.length === 0 ? '' : ` – as ${answer.node} says`;
      return [`${answer.words} (${answer.cause})${node}`, ...others].join('\n');
    });
  });
}
