import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

const answerMs = 2_000;
const redisPort = 6379;

/**
 * Whether a Redis answers at a URL. An answer that asks for a password counts: the tests have the
 * URL, and with it the password.
 *
 * @param {string} url
 * @returns {Promise<boolean>}
 */
export function answersPing(url) {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (target === undefined || !/^rediss?:$/.test(target.protocol)) return Promise.resolve(false);
  const host = target.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1';
  const port = Number(target.port || redisPort);
  return new Promise((resolve) => {
    const socket =
      target.protocol === 'rediss:' ? connectTls({ host, port }) : connect({ host, port });
    /** @param {boolean} answer */
    const settle = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(answerMs);
    socket.once('timeout', () => {
      settle(false);
    });
    socket.once('error', () => {
      settle(false);
    });
    socket.once('data', (data) => {
      settle(/^(\+PONG|-NOAUTH)/.test(data.toString('latin1')));
    });
    socket.write('PING\r\n');
  });
}
