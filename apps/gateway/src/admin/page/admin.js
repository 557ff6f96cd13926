// The admin page: asks the node again and again, and shows what it says.

import { Refusal, api, forgetKey, hasKey, keepKey } from './api.js';
import { element, fail } from './elements.js';
import { prepareExplain, prepareTrigger } from './forms.js';
import { start as startPlots } from './plots.js';
import { showConnections, showRooms, showUsers, watchTail } from './tables.js';

const EVERY_MS = 5000;

const signIn = /** @type {HTMLFormElement} */ (element('sign-in'));

/** Shows the sections, or the question for the key in their place. */
function admit(/** @type {boolean} */ admitted) {
  signIn.hidden = admitted;
  for (const section of document.querySelectorAll('main > section, nav')) {
    /** @type {HTMLElement} */ (section).hidden = !admitted;
  }
  element('sign-out').hidden = !(admitted && hasKey());
}

/** @param {unknown} error */
function stumble(error) {
  if (error instanceof Refusal && error.status === 401) {
    admit(false);
  }
  const trouble = element('trouble');
  trouble.hidden = false;
  trouble.textContent = error instanceof Error ? error.message : String(error);
}

/** Asks the node how it is; returns whether it answered. */
async function showStatus() {
  try {
    const status = await api('/status');
    admit(true);
    const { node, version, uptime_s: uptime, broker } = status;
    element('node').textContent = `${node} · Campanile ${version} · up ${duration(uptime)} · broker ${broker.kind}`;
    document.title = `Campanile: ${node}`;
    const trouble = element('trouble');
    trouble.hidden = broker.trouble === null;
    trouble.textContent = broker.trouble ?? '';
    await showUsers();
    return true;
  } catch (error) {
    stumble(error);
    return false;
  }
}

/** @param {number} seconds */
function duration(seconds) {
  const [days, hours] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24];
  const minutes = Math.floor(seconds / 60) % 60;
  return [days && `${days} d`, hours && `${hours} h`, `${minutes} min`].filter(Boolean).join(' ');
}

async function showConfiguration() {
  try {
    element('configuration-text').textContent = (await api('/config')).toml;
  } catch (error) {
    fail('configuration', error);
  }
}

async function showAll() {
  if (await showStatus()) {
    await Promise.all([showConnections(), showRooms(), showConfiguration()]);
  }
}

signIn.addEventListener('submit', async (event) => {
  event.preventDefault();
  const key = /** @type {HTMLInputElement} */ (element('key'));
  keepKey(key.value.trim());
  key.value = '';
  await showAll();
  element('sign-in-error').textContent = signIn.hidden ? '' : 'That is not the key.';
});

element('sign-out').addEventListener('click', () => {
  forgetKey();
  location.reload();
});

element('connections-filter').addEventListener('submit', (event) => {
  event.preventDefault();
  void showConnections();
});

prepareTrigger();
prepareExplain();
watchTail();
startPlots(stumble);
void showAll();
setInterval(() => {
  if (!document.hidden && signIn.hidden) {
    void showStatus();
  }
}, EVERY_MS);
