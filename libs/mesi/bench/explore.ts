/**
 * The large explorations, for whoever changes a rule: `npx node libs/mesi/bench/explore.ts`, or
 * with a part of a title to run only some. They take minutes and a few gigabytes; the tests explore
 * smaller bounds of the same models.
 */
import { explore, type Model } from '../src/model/checker.ts';
import { LeaseModel } from '../src/model/lease-model.ts';
import { MesiModel } from '../src/model/mesi-model.ts';

const leader = 0b001;
const follower = 0b100;
const everybody = 0b111;

const explorations: readonly (readonly [title: string, model: () => Model])[] = [
  ['lease: a follower, longer leases', () => new LeaseModel({ holders: follower, leaseTicks: 2 })],
  [
    'lease: the leader, longer leases and a restart',
    () => new LeaseModel({ holders: leader, leaseTicks: 2, restartsMax: 1 }),
  ],
  [
    'lease: a follower that restarts',
    () => new LeaseModel({ holders: follower, leaseTicks: 1, restartsMax: 1 }),
  ],
  [
    'lease: three leaders',
    () => new LeaseModel({ holders: follower, leaseTicks: 1, termsMax: 3, exchangesMax: 1 }),
  ],
  [
    'lease: a learner',
    () =>
      new LeaseModel({
        learners: 1,
        holders: 0b1000,
        leaseTicks: 1,
        candidates: 0b010,
        exchangesMax: 2,
      }),
  ],
  [
    'lease: five voters (too many to finish)',
    () =>
      new LeaseModel({
        voters: 5,
        holders: follower,
        leaseTicks: 1,
        candidates: 0b010,
        exchangesMax: 1,
      }),
  ],
  [
    'mesi: two keys, memory, two leaders',
    () => new MesiModel({ keys: 2, holders: follower, entriesMax: 4, memory: true, termsMax: 2 }),
  ],
  [
    'mesi: two keys, memory and its writers alone, a longer log',
    () => new MesiModel({ keys: 2, holders: 0, entriesMax: 5, memory: true }),
  ],
  [
    'mesi: three caches, everything at once',
    () =>
      new MesiModel({
        holders: everybody,
        entriesMax: 4,
        memory: true,
        cleanAtStart: true,
        drops: true,
        snapshots: true,
        restartsMax: 1,
        termsMax: 2,
      }),
  ],
];

/** About four gigabytes of the largest states. What does not fit is explored breadth first up to here. */
const statesMax = 8_000_000;

const wanted = process.argv[2] ?? '';
let isSound = true;
for (const [title, model] of explorations.filter(([name]) => name.includes(wanted))) {
  const startMs = performance.now();
  const { states, steps, depth, complete, counterexample } = explore(model(), { statesMax });
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(0);
  const outcome =
    counterexample?.violation ?? (complete ? 'sound' : `nothing found, but not finished`);
  process.stdout.write(
    `${title}: ${states} states, ${steps} steps, depth ${depth}, ${seconds} s: ${outcome}\n`,
  );
  for (const step of counterexample?.trace ?? []) {
    process.stdout.write(`  ${step}\n`);
  }
  isSound &&= counterexample === undefined;
}
process.exitCode = isSound ? 0 : 1;
