import { createServer } from 'node:http';
import { Redis } from 'ioredis';

/**
 * The ceiling: node:http alone, or with one question to Redis, parsing a body as our services do,
 * checking that it has a key, and answering with JSON. Started as a process of its own.
 *
 *   node bare-server.ts <port> [<url of a Redis>]
 */
const [port, redisUrl] = process.argv.slice(2);
const redis = redisUrl === undefined ? undefined : new Redis(redisUrl);
const answer = { key: '', value: 'v'.repeat(200), version: 1, state: 'M', source: 'cache' };

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const text = chunks.length === 1 ? chunks[0]!.toString() : Buffer.concat(chunks).toString();
    const body = text === '' ? {} : (JSON.parse(text) as { readonly key?: unknown });
    const { key } = body;
    if (request.method === 'POST' && (typeof key !== 'string' || key.length === 0)) {
      response.writeHead(400).end();
      return;
    }
    const end = (value: string): void => {
      const json = JSON.stringify({ ...answer, key, value });
      const headers = { 'content-type': 'application/json', 'content-length': json.length };
      response.writeHead(200, headers).end(json);
    };
    if (redis === undefined || request.method !== 'POST') end(answer.value);
    else void redis.get(key as string).then((value) => end(value ?? ''));
  });
}).listen(Number(port), '127.0.0.1');
