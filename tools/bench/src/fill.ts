import type { Server } from './processes.ts';

const batch = 100;

export async function ask<T>(port: number, path: string, body: object): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok)
    throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** Keys `<prefix>-0` and so on, each with a value of 200 bytes. */
export async function putMany({ port }: Server, prefix: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += batch) {
    const size = Math.min(batch, count - from);
    const entries = Array.from({ length: size }, (_, i) => ({
      key: `${prefix}-${from + i}`,
      val: 'v'.repeat(200),
    }));
    await ask(port, '/cache/mput', { entries });
  }
}
