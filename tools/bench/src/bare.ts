import { fileURLToPath } from 'node:url';
import { freePorts, startMembers, untilAnswers, type Server } from './processes.ts';

/** A bare handler on node:http; with a Redis, one that asks it for each key. */
export async function startBare(redisUrl?: string): Promise<Server> {
  const [port] = await freePorts(1);
  const main = fileURLToPath(new URL('bare-server.ts', import.meta.url));
  const { processes, stop } = await startMembers(() => [
    {
      name: 'bare',
      command: process.execPath,
      args: [main, String(port), ...(redisUrl === undefined ? [] : [redisUrl])],
    },
  ]);
  await untilAnswers('the bare handler', processes, async () =>
    (await fetch(`http://127.0.0.1:${port}/`)).ok ? true : undefined,
  );
  const name = redisUrl === undefined ? 'bare node:http' : 'bare node:http + Redis';
  return { name, port: port!, ports: [port!], pid: processes[0]!.pid, stop };
}
