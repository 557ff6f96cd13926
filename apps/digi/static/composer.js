// The field in which messages are written, and edited.

/** As high as it grows, in lines. */
const ROWS_MAX = 8;

/**
 * @typedef {import('./history.js').Message} Message
 *
 * @typedef {object} Options
 * @property {number} charsMax
 * @property {string} draftKey Under which what is not sent yet outlives a reload.
 * @property {(text: string) => boolean} say Sends a text; false if it cannot even wait.
 * @property {(message: Message, text: string) => Promise<string | null>} change Edits; why it was not done.
 * @property {() => Message | undefined} lastOwn
 * @property {(isTyping: boolean) => void} typing
 * @property {() => void} left Told when somebody goes back to the log.
 */

/** A form that sends on Enter, and may hold a message that is edited. */
export class Composer {
  /** The message that is edited. @type {Message | null} */
  #editing = null;
  #isBusy = false;
  #options;

  /** @param {HTMLFormElement} form @param {Options} options */
  constructor(form, options) {
    this.#options = options;
    this.form = form;
    this.field = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem('message'));
    this.strip = /** @type {HTMLElement} */ (form.querySelector('.editing'));
    this.fault = /** @type {HTMLElement} */ (form.querySelector('.fault'));
    if (this.field.value === '') this.field.value = storage()?.getItem(options.draftKey) ?? '';
    this.#fit();
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    form.querySelector('.cancel')?.addEventListener('click', (event) => {
      event.preventDefault();
      this.cancel();
    });
    this.field.addEventListener('input', () => this.#typed());
    this.field.addEventListener('keydown', (event) => this.#key(event));
    this.field.addEventListener('blur', () => options.typing(false));
  }

  /** Begins to edit a message. @param {Message} message */
  edit(message) {
    if (this.#editing === null) this.#keepDraft();
    this.#editing = message;
    this.strip.hidden = false;
    this.#write(message.text);
    this.complain('');
    this.field.focus();
  }

  /** Leaves the message as it is, and goes on with what was begun before. */
  cancel() {
    if (this.#editing === null) return;
    this.#editing = null;
    this.strip.hidden = true;
    this.#write(storage()?.getItem(this.#options.draftKey) ?? '');
    this.complain('');
    this.field.focus();
  }

  /** Puts a text back in front of what was begun. @param {string} text */
  restore(text) {
    this.cancel();
    this.#write([text, this.field.value].filter(Boolean).join('\n'));
    this.#keepDraft();
    this.field.focus();
  }

  /** @param {string} fault */
  complain(fault) {
    this.fault.textContent = fault;
    this.fault.hidden = fault === '';
  }

  async #submit() {
    const text = this.field.value;
    const { charsMax, say } = this.#options;
    const chars = [...text].length;
    if (text.trim() === '' || this.#isBusy) return;
    if (chars > charsMax) {
      this.complain(`A message has at most ${charsMax} characters; this one has ${chars}.`);
    } else if (this.#editing !== null) {
      await this.#change(this.#editing, text);
    } else if (say(text)) {
      this.#write('');
      this.#keepDraft();
      this.complain('');
    } else {
      this.complain('Too much waits to be sent. Try again when the connection is back.');
    }
    this.field.focus();
  }

  /** @param {Message} message @param {string} text */
  async #change(message, text) {
    this.#isBusy = true;
    const fault = text === message.text ? null : await this.#options.change(message, text);
    this.#isBusy = false;
    if (fault === null) this.cancel();
    else this.complain(fault);
  }

  #typed() {
    this.#fit();
    if (this.#editing !== null) return;
    this.#keepDraft();
    this.#options.typing(this.field.value.trim() !== '');
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { key, shiftKey, isComposing } = event;
    // On glass there is no Shift to make a line break with.
    const isKeyboard = !matchMedia('(pointer: coarse)').matches;
    if (key === 'Enter' && !shiftKey && !isComposing && isKeyboard) {
      event.preventDefault();
      this.#submit();
    } else if (key === 'Escape') {
      if (this.#editing === null) this.#options.left();
      else this.cancel();
    } else if (key === 'ArrowUp' && this.field.value === '') {
      const last = this.#options.lastOwn();
      if (last === undefined) return;
      event.preventDefault();
      this.edit(last);
    }
  }

  /** @param {string} text */
  #write(text) {
    this.field.value = text;
    this.#fit();
  }

  #fit() {
    this.field.rows = Math.min(ROWS_MAX, this.field.value.split('\n').length);
  }

  #keepDraft() {
    try {
      if (this.field.value === '') storage()?.removeItem(this.#options.draftKey);
      else storage()?.setItem(this.#options.draftKey, this.field.value);
    } catch {
      // Then it lives as long as the page.
    }
  }
}

/** The tab's own storage, if the browser lets pages have one. */
export function storage() {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined;
  }
}
