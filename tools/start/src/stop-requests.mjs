const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * One Ctrl-C arrives twice when npm started us: once from the terminal and once passed on by npm.
 * Only what comes after this pause is a second wish.
 */
const sameWishMs = 500;
const parentCheckMs = 250;

/**
 * Calls `first` when the launcher shall stop and `again` when it shall not wait any longer.
 *
 * npm does not always pass on its own end (it cannot when it is killed), and the launcher would go on
 * without a terminal. So under npm the launcher also stops when its parent is another process than at
 * the start.
 *
 * @param {{ first: () => void, again: () => void, env: NodeJS.ProcessEnv }} options
 * @returns {() => void} stops listening
 */
export function onStopRequest({ first, again, env }) {
  let firstMs = -Infinity;
  const request = () => {
    const nowMs = performance.now();
    if (firstMs === -Infinity) {
      firstMs = nowMs;
      first();
    } else if (nowMs - firstMs > sameWishMs) again();
  };
  for (const signal of signals) process.on(signal, request);

  const parent = process.ppid;
  const timer = setInterval(() => {
    if (firstMs === -Infinity && process.ppid !== parent) request();
  }, parentCheckMs).unref();
  if (env['npm_lifecycle_event'] === undefined) clearInterval(timer);

  return () => {
    clearInterval(timer);
    for (const signal of signals) process.off(signal, request);
  };
}
