// The part of a conversation that is shown: bounded, however long the conversation is.

/** How many messages are held; those far from what is read go. */
const HELD_MAX = 300;

/** How many are asked for at once. */
const PAGE = 50;

/**
 * A message.
 *
 * @typedef {object} Message
 * @property {string} id
 * @property {number} seq Its place in the conversation.
 * @property {string} user Who has said it.
 * @property {string} text
 * @property {string} sentAt
 * @property {string | null} editedAt
 * @property {boolean} isDeleted
 *
 * @typedef {{ messages: Message[], hasMore: boolean }} Page
 * @typedef {{ before: string } | { after: string } | { around: string } | {}} Where
 * @typedef {(where: Where, limit: number) => Promise<Page>} Load Asks the server for a page.
 */

/**
 * What the server says of a message, by REST or in a frame.
 *
 * @param {any} said
 * @returns {Message}
 */
export function messageOf(said) {
  return {
    id: String(said.message_id),
    seq: Number(said.seq),
    user: String(said.user),
    text: String(said.message ?? ''),
    sentAt: String(said.sent_at),
    editedAt: said.edited_at ?? null,
    // No message is empty but one that was deleted meanwhile.
    isDeleted: said.deleted ?? said.message === '',
  };
}

/** A window over the messages of a conversation, without gaps. */
export class History {
  /** The oldest first. @type {readonly Message[]} */
  messages = [];
  hasOlder = false;
  /** Whether the newest message of all is beyond the window: then live ones are not shown. */
  hasNewer = false;
  #load;
  #changed;
  /** Whether somebody looks at the newest end, or at the oldest. */
  #isAtEnd;
  /** Counts what is asked for; an answer to anything but the last question is late, and dropped. */
  #asked = 0;
  #isLoading = false;
  /** What happened while a page was on its way, which may not hold it. @type {(() => void)[]} */
  #meanwhile = [];

  /**
   * @param {{ load: Load, changed: () => void, isAtEnd: () => boolean }} options
   * @param {{ messages: Message[], hasOlder: boolean, hasNewer: boolean }} shown
   */
  constructor({ load, changed, isAtEnd }, shown) {
    this.#load = load;
    this.#changed = changed;
    this.#isAtEnd = isAtEnd;
    Object.assign(this, shown);
  }

  get isLoading() {
    return this.#isLoading;
  }

  /** The last message that fulfils this. @param {(message: Message) => boolean} is */
  last(is) {
    return this.messages.findLast(is);
  }

  /** @param {string} id */
  find(id) {
    return this.messages.find((message) => message.id === id);
  }

  /** Adds a new message. @param {Message} message */
  add(message) {
    this.#do(() => {
      if (this.hasNewer || message.seq <= (this.messages.at(-1)?.seq ?? 0)) return;
      this.messages = [...this.messages, message];
      if (this.#isAtEnd()) this.#trimOldest();
      else this.#trimNewest();
    });
  }

  /** Changes a message, if it is held. @param {string} id @param {Partial<Message>} change */
  change(id, change) {
    this.#do(() => {
      const changed = (/** @type {Message} */ it) => (it.id === id ? { ...it, ...change } : it);
      this.messages = this.messages.map(changed);
    });
  }

  /** Takes in what is before the oldest. */
  async older() {
    const [first] = this.messages;
    if (this.#isLoading || !this.hasOlder || first === undefined) return;
    await this.#ask({ before: first.id }, ({ messages, hasMore }) => {
      this.messages = [...messages, ...this.messages];
      this.hasOlder = hasMore;
      this.#trimNewest();
    });
  }

  /** Takes in what is after the newest. */
  async newer() {
    const last = this.messages.at(-1);
    if (this.#isLoading || !this.hasNewer || last === undefined) return;
    await this.#ask({ after: last.id }, ({ messages, hasMore }) => {
      this.messages = [...this.messages, ...messages];
      this.hasNewer = hasMore;
      this.#trimOldest();
    });
  }

  /** Begins anew with the newest. */
  async newest() {
    // If it fails, what is live shall not stand next to what was held: there may be more between.
    this.hasNewer = true;
    await this.#ask({}, ({ messages, hasMore }) => {
      Object.assign(this, { messages, hasOlder: hasMore, hasNewer: false });
    });
  }

  /** @param {Where} where @param {(page: Page) => void} take */
  async #ask(where, take) {
    const asked = ++this.#asked;
    this.#isLoading = true;
    try {
      const page = await this.#load(where, PAGE);
      if (asked === this.#asked) take(page);
    } finally {
      if (asked === this.#asked) this.#settle();
    }
  }

  #settle() {
    this.#isLoading = false;
    for (const change of this.#meanwhile.splice(0)) change();
    this.#changed();
  }

  /** Does it now, and again to the page that is on its way. @param {() => void} change */
  #do(change) {
    change();
    if (this.#isLoading) this.#meanwhile.push(change);
    this.#changed();
  }

  #trimOldest() {
    if (this.messages.length <= HELD_MAX) return;
    this.messages = this.messages.slice(-HELD_MAX);
    this.hasOlder = true;
  }

  #trimNewest() {
    if (this.messages.length <= HELD_MAX) return;
    this.messages = this.messages.slice(0, HELD_MAX);
    this.hasNewer = true;
  }
}
