// Says that entries have changed since the page was made, with a button that shows them.

const EVERY_MS = 30_000;

const notice = document.getElementById('changed');
const shown = notice?.dataset.event;

async function look() {
  if (document.hidden || !notice?.hidden) return;
  try {
    const answer = await fetch('/entries/last-event/');
    if (answer.ok && (await answer.text()) !== shown) tell(notice);
  } catch {
    // The server is away, which the live status says already.
  }
}

/** @param {HTMLElement} notice */
function tell(notice) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'plain';
  button.textContent = 'Show them';
  button.addEventListener('click', () => location.reload());
  notice.hidden = false;
  // What a live region says is what comes into it after it was there.
  notice.append('Entries have changed. ', button);
}

setInterval(look, EVERY_MS);
document.addEventListener('visibilitychange', look);
