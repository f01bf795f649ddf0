import { get } from 'node:http';

/** The part of `GET /health` that the launcher shows. */
/** @typedef {{ role_name?: string, term?: number, leader?: string | null }} Health */

const answerMs = 1_000;
const answerCharsMax = 65_536;

/**
 * @param {{ host: string, port: number }} node
 * @returns {Promise<{ status: number, health: Health } | undefined>} undefined if it does not answer
 */
export function askHealth({ host, port }) {
  return new Promise((resolve) => {
    const request = get(
      { host, port, path: '/health', agent: false, timeout: answerMs },
      (response) => {
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
      },
    );
    request.once('timeout', () => request.destroy());
    request.once('error', () => {
      resolve(undefined);
    });
  });
}
