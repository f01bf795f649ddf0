/** A small server for the harness's own tests: echoes, asks its peers, writes to a directory. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

let files = 0;
const peers = JSON.parse(process.env.PEERS ?? '[]');
const answer = (response, status, body) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname === '/health') return answer(response, 200, { name: process.env.NAME });
  if (url.pathname === '/write') {
    try {
      writeFileSync(`${process.env.DIRECTORY}/file-${files++}`, Buffer.alloc(64 * 1024));
      return answer(response, 200, {});
    } catch (error) {
      return answer(response, 507, { code: error.code });
    }
  }
  const peer = peers.find(({ name }) => name === url.searchParams.get('peer'));
  try {
    const asked = await fetch(`http://127.0.0.1:${peer.port}/health`, {
      signal: AbortSignal.timeout(300),
    });
    return answer(response, 200, await asked.json());
  } catch (error) {
    return answer(response, 502, { error: error.name });
  }
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
