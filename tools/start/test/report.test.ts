import { placeClusters, planNodes } from '../src/clusters.mjs';
import { formatCommands, formatTable, restartCommand } from '../src/report.mjs';

const plansOf = (env: NodeJS.ProcessEnv = {}) =>
  placeClusters(env).clusters.flatMap((cluster) =>
    planNodes(cluster, { dataRoot: '/data', secure: false }),
  );

const standingsOf = (names: readonly string[]) =>
  plansOf()
    .filter(({ cluster }) => names.includes(cluster.name))
    .map((plan) => ({
      node: {
        plan,
        ended: Promise.resolve({ code: 0, signal: null }),
        hasEnded: () => false,
        stop: () => undefined,
        kill: () => undefined,
      },
      health: { role_name: 'follower', leader: `${plan.cluster.name}-2`, term: 7 },
      why: plan.id === 'lock-3' ? 'answers 503' : undefined,
    }));

const plain = (_style: string, text: string): string => text;

describe('the table', () => {
  it('has a line for each node, and says what is wrong where a role would stand', () => {
    expect(formatTable(standingsOf(['lock']), plain).split('\n')).toEqual([
      '  node     address                 role          leader   term',
      '  lock-1   http://127.0.0.1:8000   follower      lock-2   7',
      '  lock-2   http://127.0.0.1:8001   follower      lock-2   7',
      '  lock-3   http://127.0.0.1:8002   answers 503   lock-2   7',
    ]);
  });
});

describe('what to try', () => {
  it.each([[['lock']], [['queue', 'cache']], [['lock', 'queue', 'cache']]])(
    'is at most three commands for %j, for the shell at hand first',
    (names) => {
      const linesOf = (platform: NodeJS.Platform) =>
        formatCommands(standingsOf(names), plain, platform).split('\n');
      const curl = linesOf('linux').filter((line) => line.startsWith('  curl '));
      expect(curl.length).toBeGreaterThanOrEqual(names.length);
      expect(curl.length).toBeLessThanOrEqual(3);
      const windows = linesOf('win32');
      expect(windows.filter((line) => line.includes('curl'))).toEqual([]);
      expect(windows[1]).toMatch(/^ {2}Invoke-RestMethod http:.* -Body '\{.*\}'$/);
    },
  );
});

describe('how a node is started again', () => {
  const commandFor = (env: NodeJS.ProcessEnv, platform: NodeJS.Platform) => {
    const plan = plansOf(env).find(({ id }) => id === 'lock-2');
    if (plan === undefined) throw new Error('there is no lock-2');
    return restartCommand(plan, platform);
  };

  it('is by its name', () => {
    expect(commandFor({}, 'linux')).toBe('npm start -- lock-2');
  });

  it('names the ports if they were moved', () => {
    const env = { LOCK_PORT: '9000' };
    expect(commandFor(env, 'linux')).toBe('LOCK_PORT=9000 npm start -- lock-2');
    expect(commandFor(env, 'win32')).toBe('$env:LOCK_PORT = 9000; npm start -- lock-2');
  });
});
