// The start page: the list of conversations, alive.

import { openInbox } from './inbox.js';
import { keepAwake } from './line.js';
import { counted } from './lines.js';

const root = document.querySelector('.inbox');
const { title } = document;

if (root instanceof HTMLElement) {
  const line = openInbox(root, {
    changed({ unread }) {
      document.title = unread > 0 ? `(${counted(unread)}) ${title}` : title;
    },
  });
  keepAwake(line);
}
