import { lint, type Complaint, type Snippet } from './lint.ts';

jest.setTimeout(120_000);

interface Case extends Snippet {
  readonly title: string;
}

/** Every folder that has to stay pure, and a file that stands in it. */
const pureFiles = {
  'the Raft core': 'libs/raft/src/core/sample.ts',
  hashing: 'libs/hashing/src/sample.ts',
  mesi: 'libs/mesi/src/sample.ts',
  'the failure detector': 'libs/failure-detector/src/sample.ts',
  'the lock state machine': 'apps/lock-cluster/src/state-machine/sample.ts',
  'the queue state machine': 'apps/queue-cluster/src/state-machine/sample.ts',
  'the cache state machine': 'apps/cache-cluster/src/state-machine/sample.ts',
};

/** What such a folder must not do, and the rule that has to say so. */
const impurities = [
  ['reads a disk', 'no-restricted-imports', "import 'node:fs/promises';"],
  ['opens a socket', 'no-restricted-imports', "import 'net';"],
  ['serves HTTP', 'no-restricted-imports', "import 'express';"],
  ['talks to Redis', 'no-restricted-imports', "import 'ioredis';"],
  ['logs', 'no-restricted-imports', "import 'winston';"],
  ['reads the clock', 'no-restricted-properties', 'export const now = Date.now();'],
  ['asks for the date', 'no-restricted-syntax', 'export const now = new Date();'],
  ['throws dice', 'no-restricted-properties', 'export const die = Math.random();'],
  ['measures time', 'no-restricted-globals', 'export const now = performance.now();'],
  ['sets a timer', 'no-restricted-globals', 'setTimeout(() => undefined, 1);'],
  ['repeats itself', 'no-restricted-globals', 'setInterval(() => undefined, 1);'],
  ['defers itself', 'no-restricted-globals', 'setImmediate(() => undefined);'],
  ['queues a microtask', 'no-restricted-globals', 'queueMicrotask(() => undefined);'],
  ['goes around by globalThis', 'no-restricted-globals', 'export const all = globalThis;'],
  ['starts a thread', 'no-restricted-imports', "import 'worker_threads';"],
  ['reads the environment', 'no-restricted-globals', 'export const env = process.env;'],
  ['makes random bytes', 'no-restricted-globals', 'export const id = crypto.randomUUID();'],
  ['calls out', 'no-restricted-globals', "export const answer = fetch('http://localhost');"],
] as const;

const impure = Object.entries(pureFiles).flatMap(([folder, path]) =>
  impurities.map(([what, rule, code]) => ({ title: `${folder} ${what}`, path, code, rule })),
);

const nx = '@nx/enforce-module-boundaries';
const restricted = 'no-restricted-imports';
const appByName = '@typescript-eslint/no-restricted-imports';

const wrongImports: readonly (Case & { readonly rule: string })[] = [
  {
    title: 'an app imports an app',
    path: 'apps/lock-cluster/src/sample.ts',
    code: "import '@quorate/queue-cluster';",
    rule: appByName,
  },
  {
    title: 'an app reaches into an app by path',
    path: 'apps/lock-cluster/src/sample.ts',
    code: "import '../../queue-cluster/src/main.ts';",
    rule: nx,
  },
  {
    title: 'a test of an app imports an app',
    path: 'apps/lock-cluster/src/sample.test.ts',
    code: "import '@quorate/queue-cluster';",
    rule: appByName,
  },
  {
    title: 'an app imports testkit',
    path: 'apps/lock-cluster/src/sample.ts',
    code: "import '@quorate/testkit';",
    rule: nx,
  },
  {
    title: 'service-kit imports testkit',
    path: 'libs/service-kit/src/sample.ts',
    code: "import '@quorate/testkit';",
    rule: nx,
  },
  {
    title: 'raft imports testkit',
    path: 'libs/raft/src/replica/sample.ts',
    code: "import '@quorate/testkit';",
    rule: nx,
  },
  {
    title: 'raft imports service-kit',
    path: 'libs/raft/src/replica/sample.ts',
    code: "import '@quorate/service-kit';",
    rule: nx,
  },
  {
    title: 'a pure lib imports raft',
    path: 'libs/mesi/src/sample.ts',
    code: "import '@quorate/raft';",
    rule: nx,
  },
  {
    title: 'a lib imports an app',
    path: 'libs/service-kit/src/sample.ts',
    code: "import '@quorate/lock-cluster';",
    rule: appByName,
  },
  {
    title: 'the Raft core imports a package',
    path: 'libs/raft/src/core/sample.ts',
    code: "import 'msgpackr';",
    rule: restricted,
  },
  {
    title: 'the Raft core imports another lib',
    path: 'libs/raft/src/core/sample.ts',
    code: "import '@quorate/hashing';",
    rule: restricted,
  },
  {
    title: 'the Raft core imports its storage',
    path: 'libs/raft/src/core/sample.ts',
    code: "import '../storage/sample.ts';",
    rule: restricted,
  },
  {
    title: 'the Raft core imports the barrel of its lib',
    path: 'libs/raft/src/core/sample.ts',
    code: "import '../index.ts';",
    rule: restricted,
  },
  {
    title: 'a folder in the Raft core imports from beside the core',
    path: 'libs/raft/src/core/roles/sample.ts',
    code: "import '../../index.ts';",
    rule: restricted,
  },
];

const rightImports: readonly Case[] = [
  {
    title: 'an app imports service-kit, raft and a pure lib',
    path: 'apps/cache-cluster/src/sample.ts',
    code: "import '@quorate/service-kit';\nimport '@quorate/raft';\nimport '@quorate/mesi';",
  },
  {
    title: 'a test of an app imports testkit',
    path: 'apps/lock-cluster/src/sample.test.ts',
    code: "import '@quorate/testkit';",
  },
  {
    title: 'service-kit imports raft and the disk',
    path: 'libs/service-kit/src/sample.ts',
    code: "import '@quorate/raft';\nimport 'node:fs';",
  },
  {
    title: 'the Raft core imports its neighbours',
    path: 'libs/raft/src/core/sample.ts',
    code: "import './log.ts';",
  },
  {
    title: 'a folder in the Raft core imports from the core',
    path: 'libs/raft/src/core/roles/sample.ts',
    code: "import '../log.ts';",
  },
  {
    title: 'a state machine imports a folder that is called as a module of Node',
    path: 'apps/lock-cluster/src/state-machine/sample.ts',
    code: "import './events/granted.ts';",
  },
  {
    title: 'a test in a pure folder reads a file and the clock',
    path: 'libs/hashing/src/sample.test.ts',
    code: "import 'node:fs';\nexport const now = Date.now();",
  },
];

describe('the boundaries of the workspace', () => {
  const cases = [...impure, ...wrongImports, ...rightImports];
  let answers: Complaint[][];
  const complaintsAbout = (one: Snippet): Complaint[] =>
    answers[cases.findIndex((other) => other === one)] ?? [];

  beforeAll(async () => {
    answers = await lint(cases);
  });

  it.each(impure)('are crossed when $title', (one) => {
    expect(complaintsAbout(one).map(({ ruleId }) => ruleId)).toContain(one.rule);
  });

  it.each(wrongImports)('are crossed when $title', (one) => {
    expect(complaintsAbout(one).map(({ ruleId }) => ruleId)).toContain(one.rule);
  });

  it.each(rightImports)('are kept when $title', (one) => {
    expect(complaintsAbout(one)).toEqual([]);
  });
});
