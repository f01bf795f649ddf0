import { explore } from './checker.ts';
import { MesiModel } from './mesi-model.ts';
import type { MesiBounds, MesiGuards } from './mesi-rules.ts';

/**
 * Every rule of the line protocol, taken away: the exploration must find what it prevents, and the
 * shortest way there is kept here. Versions are indexes of the log, which starts with a write of x
 * at 1 (and, where memory has it already, its flush at 2).
 */
interface Counterexample {
  readonly title: string;
  readonly without: readonly (keyof MesiGuards)[];
  readonly bounds: Partial<MesiBounds>;
  readonly violation: string;
  readonly trace: readonly string[];
}

const counterexamples: Counterexample[] = [
  {
    title: 'lines that go when an entry is applied, not when it is appended',
    without: ['invalidatesAtAppend'],
    bounds: { holders: 0b110, entriesMax: 3 },
    violation: 'b serves version 2 of x after 3 was answered',
    trace: [
      '2: BusRdX x by b is appended by the leader',
      '3: BusRdX x by a is appended by the leader',
      'b appends 2',
      'b applies 2',
      'b appends 3',
      'c loses its lease',
    ],
  },
  {
    title:
      'a value kept although a newer write is in the log (a BusRd applied after a later BusRdX was appended)',
    without: ['fillSeesLog'],
    bounds: { holders: 0b110, entriesMax: 3 },
    violation: 'b serves version 2 of x after 3 was answered',
    trace: [
      '2: BusRdX x by b is appended by the leader',
      '3: BusRdX x by a is appended by the leader',
      'b appends 2',
      'b appends 3',
      'b applies 2',
      'c loses its lease',
    ],
  },
  {
    title: 'an exclusive line given below a foreign read',
    without: ['grantSeesReads'],
    bounds: { holders: 0b110, entriesMax: 3 },
    violation: 'b has x for itself, and another serves it too',
    trace: [
      '2: BusRdX x by b is appended by the leader',
      '3: BusRd x by c is appended by the leader',
      'b appends 2',
      'b appends 3',
      'b applies 2',
      'c appends 2',
      'c appends 3',
      'c applies 2',
      'c applies 3',
    ],
  },
  {
    title: 'a late fill that overwrites an invalidation',
    without: ['appendCancelsFill'],
    bounds: { holders: 0b010, entriesMax: 4, memory: true, cleanAtStart: true },
    violation: 'b serves version 1 of x after 4 was answered',
    trace: [
      '3: BusRd x by b is appended by the leader',
      '4: BusRdX x by a is appended by the leader',
      'b appends 3',
      'b applies 3',
      'b appends 4',
      'b fetches x: version 1',
      'b answers x with version 1',
    ],
  },
  {
    title: 'lines that outlive a snapshot',
    without: ['snapshotDropsLines'],
    bounds: { holders: 0b110, entriesMax: 3, snapshots: true },
    violation: 'b serves version 2 of x after 3 was answered',
    trace: [
      '2: BusRdX x by b is appended by the leader',
      '3: BusRdX x by a is appended by the leader',
      'b appends 2',
      'b applies 2',
      'c appends 2',
      'c appends 3',
      'b installs a snapshot up to 3',
    ],
  },
  {
    title: 'a fill that outlives a snapshot',
    without: ['snapshotCancelsFills'],
    bounds: { holders: 0b010, entriesMax: 4, memory: true, cleanAtStart: true, snapshots: true },
    violation: 'b serves version 1 of x after 4 was answered',
    trace: [
      '3: BusRd x by b is appended by the leader',
      '4: BusRdX x by a is appended by the leader',
      'b appends 3',
      'b applies 3',
      'c appends 3',
      'c appends 4',
      'b installs a snapshot up to 4',
      'b fetches x: version 1',
      'b answers x with version 1',
    ],
  },
  {
    title: 'answers at commit, not at settlement',
    without: ['answerWaitsUntilSettled'],
    bounds: { holders: 0b110, entriesMax: 3 },
    violation: 'b serves version 2 of x after 3 was answered',
    trace: [
      '2: BusRdX x by b is appended by the leader',
      '3: BusRdX x by a is appended by the leader',
      'b appends 2',
      'b applies 2',
      'c appends 2',
      'c appends 3',
    ],
  },
  {
    title: 'hits on a line that is not settled',
    without: ['hitWaitsUntilSettled'],
    bounds: { holders: 0b110, entriesMax: 3 },
    violation: 'c has x for itself, and another serves it too',
    trace: [
      '2: BusRdX x by b is appended by the leader',
      '3: BusRdX x by c is appended by the leader',
      'b appends 2',
      'b applies 2',
      'c appends 2',
      'c appends 3',
      'c applies 2',
      'c applies 3',
    ],
  },
  {
    title: 'a lease for a node whose log lacks what is settled (a paused sharer waking up)',
    without: ['leaseImpliesSettledLog'],
    bounds: { holders: 0b110, entriesMax: 3 },
    violation: 'b serves version 2 of x after 3 was answered',
    trace: [
      '2: BusRdX x by b is appended by the leader',
      '3: BusRdX x by a is appended by the leader',
      'b appends 2',
      'b applies 2',
      'c appends 2',
      'c appends 3',
      'b loses its lease',
      'b gets its lease',
    ],
  },
  {
    title: 'unsettled versions in memory, shown to whoever fetches them',
    without: ['flushesSettledOnly', 'answerCoversVersionShown'],
    bounds: { holders: 0b110, entriesMax: 5, memory: true, cleanAtStart: true },
    violation: 'b serves version 4 of x after 5 was answered',
    trace: [
      '3: BusRd x by b is appended by the leader',
      '4: BusRdX x by b is appended by the leader',
      '5: BusRdX x by a is appended by the leader',
      'b appends 3',
      'b appends 4',
      'b applies 3',
      'c appends 3',
      'c appends 4',
      'c appends 5',
      'a sends version 5 of x to memory, term 1',
      'memory takes version 5 of x, term 1',
      'b fetches x: version 5',
      'b answers x with version 5, and does not keep it',
      'b applies 4',
    ],
  },
  {
    title: 'a new leader that flushes before it has applied what it was elected with',
    without: ['leaderAppliesBeforeFlushing'],
    bounds: { holders: 0b100, entriesMax: 4, memory: true, drops: true, termsMax: 2 },
    violation: 'x is gone, and memory has version 1',
    trace: [
      '2: Drop x is appended by the leader',
      'c appends 2',
      'a sends the drop 2 of x to memory, term 1',
      'memory takes version 2 of x, term 1',
      '3: Flush x version 2 is appended by the leader',
      'c appends 3',
      'c becomes leader of term 2',
      'c sends version 1 of x to memory, term 2',
      'memory takes version 1 of x, term 2',
    ],
  },
  {
    title: "a former leader's delayed flush",
    without: ['flushFencedByTerm'],
    bounds: { holders: 0b000, entriesMax: 4, memory: true, drops: true, termsMax: 2 },
    violation: 'x is gone, and memory has version 1',
    trace: [
      '2: Drop x is appended by the leader',
      'a sends version 1 of x to memory, term 1',
      'b appends 2',
      'b becomes leader of term 2',
      'b sends the drop 2 of x to memory, term 2',
      'memory takes version 2 of x, term 2',
      '3: Flush x version 2 is appended by the leader',
      'a appends 3',
      'memory takes version 1 of x, term 1',
    ],
  },
  {
    title: 'two writes of one key under way: a put lands after the delete that followed it',
    without: ['oneFlushPerKey'],
    bounds: { holders: 0b100, entriesMax: 4, memory: true, drops: true },
    violation: 'x is gone, and memory has version 1',
    trace: [
      '2: Drop x is appended by the leader',
      'a sends version 1 of x to memory, term 1',
      'c appends 2',
      'a sends the drop 2 of x to memory, term 1',
      'memory takes version 2 of x, term 1',
      '3: Flush x version 2 is appended by the leader',
      'c appends 3',
      'memory takes version 1 of x, term 1',
    ],
  },
  {
    title: 'the same without deletes, where memory does not compare versions',
    without: ['oneFlushPerKey', 'flushFencedByVersion'],
    bounds: { holders: 0b100, entriesMax: 4, memory: true },
    violation: 'x is clean at version 2, and memory has version 1',
    trace: [
      '2: BusRdX x by a is appended by the leader',
      'a sends version 1 of x to memory, term 1',
      'c appends 2',
      'a sends version 2 of x to memory, term 1',
      'memory takes version 2 of x, term 1',
      '3: Flush x version 2 is appended by the leader',
      'c appends 3',
      'memory takes version 1 of x, term 1',
    ],
  },
  {
    title: 'a Flush that makes clean whatever version there is',
    without: ['flushNamesVersion'],
    bounds: { holders: 0b100, entriesMax: 4, memory: true },
    violation: 'x is clean at version 2, and memory has version 1',
    trace: [
      '2: BusRdX x by a is appended by the leader',
      'a sends version 1 of x to memory, term 1',
      'b appends 2',
      'memory takes version 1 of x, term 1',
      '3: Flush x version 1 is appended by the leader',
      'b appends 3',
    ],
  },
  {
    title: 'a drop that is forgotten before memory has dropped the key',
    without: ['dropLeavesTombstone'],
    bounds: { holders: 0b100, entriesMax: 4, memory: true, drops: true },
    violation: 'x is gone, and memory has version 1',
    trace: [
      '2: Drop x is appended by the leader',
      'a sends version 1 of x to memory, term 1',
      'b appends 2',
      'memory takes version 1 of x, term 1',
    ],
  },
];

describe('lines and memory go wrong with', () => {
  it.each(counterexamples)('$title', ({ without, bounds, violation, trace }) => {
    const guards = Object.fromEntries(without.map((guard) => [guard, false]));
    const { counterexample } = explore(new MesiModel(bounds, guards));
    expect(counterexample).toEqual({ violation, trace });
  });
});
