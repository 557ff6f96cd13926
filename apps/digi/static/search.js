// The page of what was found: its times as the reader's clock has them.

import { clock, day } from './times.js';

for (const time of document.querySelectorAll('time')) {
  time.textContent = `${day(time.dateTime)}, ${clock(time.dateTime)}`;
}
