import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildSync } from 'esbuild';
import supertest from 'supertest';
import { ListenError } from '../src/index.ts';
import { start } from './fixture.ts';

/** The process under test is a bundle, as the apps are, so that it runs on every Node we support. */
const folder = mkdtempSync(join(tmpdir(), 'service-kit-'));
const main = join(folder, 'main.mjs');
const children = new Set<ChildProcess>();

beforeAll(() => {
  buildSync({
    entryPoints: [join(__dirname, 'main.fixture.ts')],
    outfile: main,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
});

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Line {
  readonly level: string;
  readonly message: string;
  readonly url?: string;
}

function launch(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  const lines: Line[] = [];
  const output = createInterface({ input: child.stdout });
  output.on('line', (text) => lines.push(JSON.parse(text) as Line));
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const exited = once(child, 'close').then(([code]) => ({ code: code as number, stderr, lines }));
  const said = async (message: string): Promise<Line> => {
    for (;;) {
      const line = lines.find((candidate) => candidate.message === message);
      if (line !== undefined) return line;
      await Promise.race([once(output, 'line'), exited.then(endedEarly)]);
    }
  };
  return { child, exited, said };
}

describe('a process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('stops in order on %s and exits 0', async (signal) => {
    const { child, exited, said } = launch({});
    const { url } = await said('listening');
    const parked = fetch(`${url}/echo/held`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"wait_ms":60000}',
    });
    await waitUntilParked(url!);
    child.kill(signal);
    expect((await parked).status).toBe(503);
    const { code, lines, stderr } = await exited;
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(lines.map(({ message }) => message).filter((text) => text.startsWith('stop:'))).toEqual([
      'stop: hand over leadership',
      'stop: flush',
    ]);
  });

  it('goes on stopping when a step fails', async () => {
    const { child, exited, said } = launch({ MISHAP: 'failing hook' });
    await said('listening');
    child.kill('SIGTERM');
    const { code, lines } = await exited;
    expect(code).toBe(0);
    expect(lines.map(({ message }) => message).slice(-3)).toEqual([
      'stop: hand over leadership',
      'while stopping, "hand over leadership" failed',
      'stop: flush',
    ]);
  });

  it('is gone within five seconds when a step hangs', async () => {
    const { child, exited, said } = launch({ MISHAP: 'hanging hook' });
    await said('listening');
    const startMs = performance.now();
    child.kill('SIGTERM');
    const { code, lines } = await exited;
    expect(performance.now() - startMs).toBeLessThan(5_000);
    expect(code).toBe(0);
    expect(lines.at(-1)!.message).toBe('stop: flush');
  }, 10_000);

  it.each([
    ['invariant', 'InvariantError: the log went backwards'],
    ['rejection', 'Error: nobody listens'],
  ])('crashes with 70 and one line on a broken %s', async (mishap, what) => {
    const { exited } = launch({ MISHAP: mishap, LOG_FORMAT: 'pretty', LOG_LEVEL: 'error' });
    const { code, stderr } = await exited;
    expect(code).toBe(70);
    expect(stderr).toMatch(
      new RegExp(`^test-cluster crashed, exit code 70: ${what} \\(at .*\\)\\n$`),
    );
  });

  it('ends with 2 and a line per mistake when it is configured wrongly', async () => {
    const { exited } = launch({ NODE_PORT: 'abc', STORAGE: 'tape' });
    expect(await exited).toMatchObject({
      code: 2,
      stderr:
        'NODE_PORT = "abc": takes a port number from 1 to 65535\n' +
        'STORAGE = "tape": takes one of file, memory, redis\n',
    });
  });

  it('ends with one line when its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const env = { MISHAP: 'taken', NODE_PORT: String(port), LOG_FORMAT: 'pretty' };
    const { code, stderr } = await launch(env).exited;
    expect(code).toBe(1);
    expect(stderr).toBe(
      `test-cluster cannot start: port ${port} is taken: something else listens on ` +
        `127.0.0.1:${port}; stop it, or set NODE_PORT\n`,
    );
    other.close();
  });
});

describe('a server', () => {
  it('refuses a port that is taken by name', async () => {
    const running = await start();
    const again = start({}, { port: running.server.port });
    await expect(again).rejects.toThrow(ListenError);
    await expect(again).rejects.toThrow(`port ${running.server.port} is taken`);
    await running.server.stop();
  });

  it('hands upgrades over, and closes them when it stops', async () => {
    const running = await start(
      {},
      { onUpgrade: (_request, socket) => socket.write('HTTP/1.1 101 Switching\r\n\r\nhello') },
    );
    const socket = connect(running.server.port, '127.0.0.1');
    socket.write(
      'GET /raft HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: quorate\r\n\r\n',
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toContain('hello');
    const closed = once(socket, 'close');
    await running.server.stop();
    await closed;
  });

  it('refuses upgrades that nobody takes', async () => {
    const running = await start();
    const socket = connect(running.server.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 426 /);
    await running.server.stop();
  });

  it('is not ready while it stops, answers what is open and closes the connection', async () => {
    let release = (): void => undefined;
    let begun = (): void => undefined;
    const stopBegun = new Promise<void>((resolve) => (begun = resolve));
    const hook = new Promise<void>((resolve) => (release = resolve));
    const running = await start(
      {},
      {
        stopHooks: [
          {
            name: 'hand over',
            run: () => {
              begun();
              return hook;
            },
          },
        ],
      },
    );
    const pending = supertest(running.url)
      .post('/echo/held')
      .send({})
      .then((response) => response);
    await running.held.arrived(1);
    const stopped = running.server.stop();
    await stopBegun;
    await expect(supertest(running.url).get('/health')).rejects.toThrow('ECONNREFUSED');
    running.held.answerAll();
    const response = await pending;
    expect(response.status).toBe(200);
    expect(response.headers['connection']).toBe('close');
    release();
    await stopped;
    expect(running.service.openRequests).toMatchObject({ inFlight: 0, parked: 0 });
  });
});

function endedEarly({ code, stderr }: { code: number; stderr: string }): never {
  throw new Error(`the process ended early with ${code}: ${stderr}`);
}

async function waitUntilParked(url: string): Promise<void> {
  for (let asked = 0; asked < 1_000; asked += 1) {
    const text = await (await fetch(`${url}/metrics`)).text();
    if (text.includes('http_requests_parked 1')) return;
  }
  throw new Error('the request was never parked');
}
