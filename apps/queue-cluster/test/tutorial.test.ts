import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '@quorate/testkit';
import { patience, QueueNodes } from './queue-nodes.ts';

interface Step {
  readonly command: string;
  expected: string | undefined;
}

/** The commands of the shell blocks in their order; a comment below one is what it answers. */
function stepsOf(markdown: string): readonly Step[] {
  const steps: Step[] = [];
  for (const [, block] of markdown.matchAll(/```sh\n([^]*?)```/g)) {
    for (const line of block!.trimEnd().split('\n')) {
      if (line.startsWith('# ')) steps.at(-1)!.expected = line.slice(2);
      else steps.push({ command: line, expected: undefined });
    }
  }
  return steps;
}

const mark = '-- end of step --';

/**
 * As written, with a mark after each. What a command in the background says comes whenever it comes on
 * a terminal; here it is kept until it is waited for.
 */
function scriptOf(steps: readonly Step[]): string {
  const lines = steps.map(({ command }) => {
    if (command.endsWith(' &')) return `${command.slice(0, -2)} > "$kept" &`;
    const run = command === 'wait' ? 'wait; cat "$kept"' : command;
    return `${run}\necho '${mark}'`;
  });
  return ['kept=$(mktemp)', `trap 'rm -f "$kept"' EXIT`, ...lines].join('\n');
}

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
const patternOf = (expected: string): RegExp =>
  new RegExp(`^${expected.split('…').map(literally).join('.*')}$`);

function runShell(script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('sh', ['-c', script], { timeout: 50_000 }, (error, output) => {
      if (error === null) resolve(output);
      else reject(new Error(`the shell failed: ${output}`, { cause: error }));
    });
  });
}

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
    const path = join(__dirname, '../../../docs/tutorial/queues.md');
    const steps = stepsOf(readFileSync(path, 'utf8'));
    const ports = ['a', 'b', 'c'].map((name) => new URL(nodes.cluster.url(name)).port);
    const script = scriptOf(steps).replace(
      /\b810([012])\b/g,
      (_, at: string) => ports[Number(at)]!,
    );
    const outputs = (await runShell(script)).split(`${mark}\n`);
    const foreground = steps.filter(({ command }) => !command.endsWith('&'));
    expect(foreground.length).toBeGreaterThan(30);
    const wrong = foreground.flatMap(({ command, expected }, i) => {
      const output = outputs[i]!.trim();
      const right = expected === undefined || patternOf(expected).test(output);
      return right ? [] : [{ command, expected, output }];
    });
    expect(wrong).toEqual([]);
  }, 60_000);
});
