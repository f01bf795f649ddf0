import { explore } from './checker.ts';
import { LeaseModel } from './lease-model.ts';
import type { LeaseBounds, LeaseGuards } from './lease-rules.ts';

/** Explores all of it, prints how much that was, and expects to find nothing wrong. */
function expectSound(bounds: Partial<LeaseBounds>, guards: Partial<LeaseGuards> = {}): void {
  const model = new LeaseModel(bounds, guards);
  const { states, steps, depth, complete, counterexample } = explore(model);
  process.stdout.write(
    `${model.name} ${JSON.stringify(bounds)}: ${states} states, ${steps} steps, depth ${depth}\n`,
  );
  expect(counterexample).toBeUndefined();
  expect(complete).toBe(true);
}

const follower = 0b100;
const leader = 0b001;

describe('no node serves what an answer has made old', () => {
  it('where a follower has leases, through a change of leader', () => {
    expectSound({ holders: follower, leaseTicks: 1 });
  });

  it('where the first leader has them, whatever it is later', () => {
    // Transfers are elections like any other here: without its rule for them nothing changes.
    expectSound({ holders: leader, leaseTicks: 1 }, { transferEndsLease: false });
  });

  it('where leases are longer than a tick and the follower restarts, under one leader', () => {
    expectSound({ holders: follower, leaseTicks: 3, termsMax: 1, restartsMax: 1 });
    expectSound({ holders: leader, leaseTicks: 3, termsMax: 1, restartsMax: 1 });
  });

  it('where several followers have leases at once, under one leader', () => {
    expectSound({ holders: 0b110, leaseTicks: 1, termsMax: 1, exchangesMax: 2 });
  });

  it('where a learner has leases, under one leader', () => {
    expectSound({ learners: 1, holders: 0b1000, leaseTicks: 1, termsMax: 1 });
  });
});

describe("stopping leased reads at a transfer's go-ahead", () => {
  const sticky = { stickyVotes: true, followerLeases: false, exchangesMax: 2, leaseTicks: 1 };

  it('makes sticky votes as good as the wait, for a leader that alone has a lease', () => {
    expectSound({ ...sticky, holders: leader }, { newLeaderWaits: false });
  });

  it('does not make them so where followers have leases: the wait is what protects those', () => {
    const bounds = { ...sticky, followerLeases: true, holders: follower, candidates: 0b010 };
    const { counterexample } = explore(new LeaseModel(bounds, { newLeaderWaits: false }));
    expect(counterexample?.violation).toBe('c serves w0 after w1 was answered');
    expect(counterexample?.trace).toContain("a sends b a transfer's go-ahead");
  });
});
