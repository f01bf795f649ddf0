import { randomBytes } from 'node:crypto';

const sane = /^[\w.:/+=-]{1,128}$/;

/**
 * The caller's own `x-request-id` if it can safely stand in a header and a log line, otherwise one that
 * no other process makes: a random prefix per generator and a counter, which costs no entropy per
 * request.
 */
export function requestIds(): (given: string | string[] | undefined) => string {
  const prefix = `${randomBytes(8).toString('hex')}-`;
  let count = 0;
  return (given) =>
    typeof given === 'string' && sane.test(given) ? given : prefix + (++count).toString(36);
}
