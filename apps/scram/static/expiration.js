// The buttons below the field of an expiration: in an hour, in a day …

/** How long each is, in seconds; none is never. */
const SHORTCUTS = /** @type {const} */ ([
  ['Hour', 3600],
  ['Day', 86_400],
  ['Week', 604_800],
  ['Never', null],
]);

for (const group of document.querySelectorAll('.shortcuts')) {
  if (!(group instanceof HTMLElement)) continue;
  const field = document.getElementById(group.dataset.for ?? '');
  if (!(field instanceof HTMLInputElement)) continue;
  for (const [label, seconds] of SHORTCUTS) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'plain';
    button.textContent = label;
    button.addEventListener('click', () => {
      field.value = seconds === null ? '' : inSeconds(seconds);
    });
    group.append(button);
  }
  group.hidden = false;
}

/**
 * The time in so many seconds as the field has it, in UTC.
 *
 * @param {number} seconds
 */
function inSeconds(seconds) {
  return new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19);
}
