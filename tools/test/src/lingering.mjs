import { readResults } from './results.mjs';

const lookMs = 500;

/**
 * Ends the processes that go on after the last of their tests: a loop or a timer that a test began and
 * nobody stopped would hold up the run until its time is over, and then nothing would tell which
 * project it was. From outside, since a process that spins runs no timer of its own.
 *
 * @param {string} directory of the results
 * @param {number} lingerMs
 * @returns {() => void} stops watching
 */
export function endLingering(directory, lingerMs) {
  /** @type {Map<number, number>} */
  const completeSinceMs = new Map();
  const look = async () => {
    const nowMs = performance.now();
    // A file may be replaced while it is read; the next look finds it.
    const results = await readResults(directory).catch(() => []);
    for (const { pid, complete, ended } of results) {
      if (!complete || ended) continue;
      const sinceMs = completeSinceMs.get(pid) ?? nowMs;
      completeSinceMs.set(pid, sinceMs);
      if (nowMs - sinceMs >= lingerMs) tryToKill(pid);
    }
  };
  const timer = setInterval(() => void look(), lookMs);
  return () => {
    clearInterval(timer);
  };
}

/** @param {number} pid */
function tryToKill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended in between.
  }
}
