// The browser's half of Campanile.

/** A client of one gateway. */
export class Campanile extends EventTarget {}
