import { get } from 'node:http';
import { get as getSecurely } from 'node:https';

/** The part of `GET /health` that the launcher shows. */
/** @typedef {{ role_name?: string, term?: number, leader?: string | null }} Health */

const answerMs = 1_000;
const answerCharsMax = 65_536;

/**
 * Whose certificate a node shows is not checked: it is our own child on this machine, and nothing but
 * its health is read.
 *
 * @param {{ host: string, port: number, secure: boolean }} node
 * @returns {Promise<{ status: number, health: Health } | undefined>} undefined if it does not answer
 */
export function askHealth({ host, port, secure }) {
  return new Promise((resolve) => {
    const target = { host, port, path: '/health', agent: false, timeout: answerMs };
    /** @param {import('node:http').IncomingMessage} response */
    const read = (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (/** @type {string} */ chunk) => {
        if (text.length < answerCharsMax) text += chunk;
      });
      response.once('error', () => {
        resolve(undefined);
      });
      response.once('end', () => {
        try {
          resolve({ status: response.statusCode ?? 0, health: JSON.parse(text) });
        } catch {
          resolve(undefined);
        }
      });
    };
    const request = secure
      ? getSecurely({ ...target, rejectUnauthorized: false }, read)
      : get(target, read);
    request.once('timeout', () => request.destroy());
    request.once('error', () => {
      resolve(undefined);
    });
  });
}
