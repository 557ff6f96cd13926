// Asks the node, with the key if it wants one.

const KEPT = 'campanile-key';

/** The node said no, or nothing. `status` is 0 if it did not answer. */
export class Refusal extends Error {
  /**
   * @param {string} message
   * @param {number} status
   */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** @returns {boolean} whether a key is kept in this tab. */
export function hasKey() {
  return sessionStorage.getItem(KEPT) !== null;
}

/** @param {string} key */
export function keepKey(key) {
  sessionStorage.setItem(KEPT, key);
}

export function forgetKey() {
  sessionStorage.removeItem(KEPT);
}

/**
 * Asks for a path, and returns the body as text.
 *
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<string>}
 */
export async function text(path, options = {}) {
  const headers = new Headers(options.headers);
  const key = sessionStorage.getItem(KEPT);
  if (key !== null) {
    headers.set('authorization', `Bearer ${key}`);
  }
  let response;
  try {
    response = await fetch(path, { ...options, headers, cache: 'no-store' });
  } catch {
    throw new Refusal('The node does not answer.', 0);
  }
  const body = await response.text();
  if (!response.ok) {
    throw new Refusal(reason(body) ?? `The node answered ${response.status}.`, response.status);
  }
  return body;
}

/** @param {string} body what an error came with. */
function reason(body) {
  try {
    return JSON.parse(body).error.message;
  } catch {
    return body.trim() || undefined;
  }
}

/**
 * Asks the API, and returns what it says.
 *
 * @param {string} path behind `/api/v1`
 * @param {Record<string, string | number | undefined>} [query] what is undefined or empty is left out
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
export async function api(path, query = {}, options = {}) {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const search = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]));
  const body = await text(`/api/v1${path}${pairs.length > 0 ? `?${search}` : ''}`, options);
  return body === '' ? undefined : JSON.parse(body);
}

/**
 * Posts JSON to the API.
 *
 * @param {string} path
 * @param {unknown} [body]
 * @param {Record<string, string | number | undefined>} [query]
 */
export function post(path, body, query = {}) {
  const options = { method: 'POST', headers: { 'content-type': 'application/json' } };
  return api(path, query, { ...options, body: body === undefined ? undefined : JSON.stringify(body) });
}
