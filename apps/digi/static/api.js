// What is asked of the server besides the WebSockets.

import { messageOf } from './history.js';

/** An answer that is none: `status` says why. */
export class ApiError extends Error {
  /** @param {number} status @param {string} detail */
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** @param {string} path @returns {Promise<any>} */
export async function get(path) {
  const answer = await fetch(`/api/v1/${path}`, { headers: { Accept: 'application/json' } });
  const said = await answer.json().catch(() => null);
  if (!answer.ok) throw new ApiError(answer.status, String(said?.detail ?? answer.statusText));
  return said;
}

/** The anti-forgery token of this page. */
export function csrf() {
  return document.querySelector('meta[name="csrf-token"]')?.getAttribute('content') ?? '';
}

/**
 * A page of a conversation's messages.
 *
 * @param {string} conversation
 * @param {import('./history.js').Where} where
 * @param {number} limit
 */
export async function messages(conversation, where, limit) {
  const query = new URLSearchParams({ limit: String(limit), ...where });
  const said = await get(`connections/${encodeURIComponent(conversation)}/messages/?${query}`);
  return { messages: said.results.map(messageOf), hasMore: said.has_more === true };
}

/** @returns {Promise<any[]>} */
export async function conversations() {
  return (await get('connections/')).results;
}

/** @param {string} prefix @returns {Promise<{ username: string, name: string }[]>} */
export async function people(prefix) {
  return (await get(`users/?${new URLSearchParams({ search: prefix })}`)).results;
}

/**
 * Asks why no connection is made.
 *
 * @param {string} [conversation]
 * @returns {Promise<import('./line.js').Reason | null>} null if the server does not say
 */
export async function why(conversation) {
  try {
    await get('users/me/');
    if (conversation === undefined) return null;
    const { state } = await get(`connections/${encodeURIComponent(conversation)}/`);
    return state === 'accepted' ? null : 'blocked';
  } catch (error) {
    if (!(error instanceof ApiError)) return null;
    if (error.status === 401 || error.status === 403) return 'logged-out';
    return error.status === 404 ? 'gone' : null;
  }
}
