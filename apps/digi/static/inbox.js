// Keeps the list of conversations alive, on whatever page it stands.

import { conversations, why } from './api.js';
import { Line, socketUrl } from './line.js';
import { Lines, LinesView } from './lines.js';

/**
 * @param {HTMLElement} root What holds the list, in `data-lines` what the server knew of it, and in
 *   `data-current` the id of the conversation that is open.
 * @param {{ changed?: (lines: Lines) => void, loggedOut?: () => void }} [options] A page on which nothing was
 *   begun can lead to the login by itself.
 * @returns {Line}
 */
export function openInbox(root, { changed = () => {}, loggedOut = () => location.reload() } = {}) {
  const { lines: known = '[]', user = '' } = root.dataset;
  const lines = new Lines(JSON.parse(known));
  const view = new LinesView(root, user);
  let isFirst = true;
  const draw = () => {
    view.draw(lines);
    changed(lines);
  };
  const load = async () => {
    await lines.load(conversations);
    draw();
  };
  const line = new Line({
    url: () => socketUrl('/ws/inbox/'),
    hear(frame) {
      if (frame.type === 'inbox') lines.take(frame.connection);
      else if (frame.type === 'inbox_gone') lines.drop(frame.id);
      else return;
      draw();
    },
    change(state, { reason }) {
      if (reason === 'logged-out') loggedOut();
      // What happened since the page was made, or while the connection was lost, was not told.
      if (state === 'open' || isFirst) load().catch(() => line.reconnect());
      isFirst = false;
    },
    why: () => why(),
  });
  draw();
  line.connect();
  return line;
}
