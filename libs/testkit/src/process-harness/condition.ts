import { setTimeout as delay } from 'node:timers/promises';

export interface Patience {
  readonly timeoutMs: number;
  readonly intervalMs?: number;
}

/**
 * Asks until the answer is something other than `undefined` or `false`, within bounded time. The
 * error says what was waited for and what the last attempt ran into.
 */
export async function waitUntil<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs, intervalMs = 20 }: Patience,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadline) {
      const reason = last instanceof Error ? ` (last error: ${last.message})` : '';
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}${reason}`);
    }
    await delay(intervalMs);
  }
}

/** Waits until a GET answers with a status below 400; gives the body parsed as JSON where it is. */
export async function waitForHttp(url: string, patience: Patience): Promise<unknown> {
  const found = await waitUntil(
    `GET ${url}`,
    async () => {
      const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
      const body = await response.text();
      if (!response.ok) throw new Error(`status ${response.status}`);
      return { body };
    },
    patience,
  );
  try {
    return JSON.parse(found.body) as unknown;
  } catch {
    return found.body;
  }
}
