import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTutorial, waitUntil } from '@quorate/testkit';
import { patience, QueueNodes } from './queue-nodes.ts';

const tutorial = readFileSync(join(__dirname, '../../../docs/tutorial/queues.md'), 'utf8');
const posix = process.platform === 'win32' ? describe.skip : describe;

posix('the tutorial', () => {
  const nodes = new QueueNodes();

  beforeAll(() => nodes.start(), 60_000);
  afterAll(() => nodes.close());

  it('says what one sees, command by command', async () => {
    await waitUntil(
      'the nodes',
      async () => (await nodes.get('a', '/ready')).status === 200,
      patience,
    );
    const ports = ['a', 'b', 'c'].map((name, i): [string, string] => [
      `810${i}`,
      new URL(nodes.cluster.url(name)).port,
    ]);
    const { steps, wrong } = await runTutorial(tutorial, new Map(ports));
    expect(wrong).toEqual([]);
    expect(steps).toBeGreaterThan(30);
  }, 60_000);
});
