import { performance } from 'node:perf_hooks';

import { type Codec, SnapshotParts, SnapshotTable, type StateMachine } from '../src/index.ts';
import { BenchCluster } from './bench-cluster.ts';
import { heard, startBenchNode, tell, untilLed } from './bench-node.ts';

/**
 * kill -9 of the leader under load, again and again: the time from the kill to the first answer to a
 * proposal made after it, on either survivor. In the end nothing that was acknowledged may be missing
 * and nothing may have been applied twice.
 *
 *   npx nx bench-failover raft [-- --rounds 20]
 */
interface Checked {
  readonly kind: 'checked';
  readonly acknowledged: number;
  readonly missing: number;
  readonly twice: number;
  readonly refused: number;
  readonly unknown: number;
}

const inFlight = 32;
const numbers: Codec<number> = {
  encode(value) {
    const out = Buffer.allocUnsafe(6);
    out.writeUIntBE(value, 0, 6);
    return out;
  },
  decode: (bytes) => Buffer.from(bytes).readUIntBE(0, 6),
};

/** Remembers every number it was given, and how often. */
class Tally implements StateMachine<number, number, never> {
  readonly counts = new SnapshotTable<number, number>({
    encode: (key, count) => Buffer.concat([numbers.encode(key), numbers.encode(count)]),
    decode: (bytes) => [numbers.decode(bytes), numbers.decode(bytes.subarray(6))],
  });
  readonly #parts = new SnapshotParts([this.counts]);
  apply(value: number) {
    const count = (this.counts.get(value) ?? 0) + 1;
    this.counts.set(value, count);
    return { reply: count, events: [] };
  }
  notice = () => [];
  nextDeadline = () => undefined;
  snapshot = () => this.#parts.snapshot();
  restore = () => this.#parts.restore();
}

async function runNode(id: string, directory: string, port: number): Promise<void> {
  const machine = new Tally();
  const { replica } = await startBenchNode(
    { id, directory, port },
    { machine, commands: numbers, replies: numbers },
  );
  const acknowledged: number[] = [];
  const ends = { refused: 0, unknown: 0 };
  // Unique over nodes and lives.
  let next = (id.charCodeAt(0) - 96) * 2 ** 44 + (Date.now() % 2 ** 34) * 1_000;
  let running = true;
  let mark = Infinity;
  const one = () => {
    const value = next++;
    const startedMs = performance.now();
    replica.proposeWith(value, { deadlineMs: startedMs + 15_000 }, (outcome) => {
      if (outcome.kind === 'applied') acknowledged.push(value);
      else if (outcome.kind !== 'repeated') ends[outcome.kind] += 1;
      if (outcome.kind === 'applied' && startedMs >= mark) {
        mark = Infinity;
        tell({ kind: 'answered' });
      }
      // A timer, so that a refusal at once does not become a loop.
      if (running) setTimeout(one, 1);
    });
  };
  const asked: Record<string, () => void> = {
    office: () =>
      void untilLed(replica as never).then(() =>
        tell({ kind: 'office-is', leader: replica.core.office.leader }),
      ),
    load: () => {
      for (let i = 0; i < inFlight; i++) one();
      tell({ kind: 'loading' });
    },
    mark: () => void (mark = performance.now()),
    check: () => {
      running = false;
      void replica.readBarrier(performance.now() + 15_000).then((read) => {
        if (read.kind !== 'ready') throw new Error('the cluster did not become ready');
        let twice = 0;
        for (const count of machine.counts.values()) if (count > 1) twice += 1;
        const missing = acknowledged.filter((value) => !machine.counts.has(value)).length;
        const kind = 'checked';
        tell({ kind, acknowledged: acknowledged.length, missing, twice, ...ends });
      });
    },
  };
  process.on('message', (message: { kind: string }) => asked[message.kind]?.());
  await heard('stop');
  process.exit(0);
}

async function main(args: readonly string[]): Promise<void> {
  const at = args.indexOf('--rounds');
  const rounds = at < 0 ? 20 : Number(args[at + 1]);
  const file = process.argv[1]!;
  const cluster = await BenchCluster.start(file);
  await cluster.ask({ kind: 'office' }, 'office-is');
  await cluster.ask({ kind: 'load' }, 'loading');
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const offices = await cluster.ask<{ leader: string }>({ kind: 'office' }, 'office-is');
    const leader = [...offices.values()][0]!.leader;
    const survivors = [...cluster.nodes.keys()].filter((id) => id !== leader);
    const answers = survivors.map((id) => cluster.hear(id, 'answered'));
    const killedMs = performance.now();
    await cluster.kill(leader);
    for (const id of survivors) cluster.nodes.get(id)!.send({ kind: 'mark' });
    await Promise.race(answers);
    times.push(performance.now() - killedMs);
    await Promise.all(answers);
    await cluster.restart(file, leader);
    await cluster.askOne(leader, { kind: 'load' }, 'loading');
  }
  const sorted = times.toSorted((a, b) => a - b).map(Math.round);
  const print = (line: string) => process.stdout.write(`${line}\n`);
  print(`from kill -9 to the first answer, ${rounds} rounds: median ${sorted[rounds >> 1]} ms,`);
  print(`least ${sorted[0]} ms, greatest ${sorted.at(-1)} ms\n`);
  print('| node | acknowledged | missing | applied twice | refused | unknown |');
  print('| --- | ---: | ---: | ---: | ---: | ---: |');
  for (const [id, c] of await cluster.ask<Checked>({ kind: 'check' }, 'checked')) {
    print(
      `| ${id} | ${c.acknowledged} | ${c.missing} | ${c.twice} | ${c.refused} | ${c.unknown} |`,
    );
    if (c.missing + c.twice > 0) process.exitCode = 1;
  }
  await cluster.stop();
}

const args = process.argv.slice(2);
if (args[0] === '--node') await runNode(args[1]!, args[2]!, Number(args[3]));
else await main(args);
