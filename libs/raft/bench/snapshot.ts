import { performance } from 'node:perf_hooks';

import { BenchCluster } from './bench-cluster.ts';
import { heard, startBenchNode, tell, untilLed } from './bench-node.ts';
import { type LoopHeld, LoopWatch } from './loop-watch.ts';
import { largeCommands, LargeMachine, replyCodec, valueBytes } from './large-machine.ts';

/**
 * A state of 1 GB (100,000 values of 10 KiB) written as a snapshot and installed on a node that was
 * away, both under load. What is measured is how long the event loop of each node was held, and that
 * nobody stood for election: a snapshot must not delay heartbeats.
 *
 *   npx nx bench-snapshot raft [-- --values 100000 --puts 300]
 */
interface Held extends LoopHeld {
  readonly kind: 'held-is';
  readonly campaigns: number;
  readonly snapshots: readonly string[];
}

async function runNode(id: string, directory: string, port: number): Promise<void> {
  const machine = new LargeMachine();
  const loop = new LoopWatch();
  let campaigns = 0;
  let snapshots: string[] = [];
  const note = (what: string, { bytes, durationMs }: { bytes: number; durationMs: number }) => {
    snapshots.push(`${what} ${Math.round(bytes / 1e6)} MB in ${(durationMs / 1_000).toFixed(1)} s`);
    tell({ kind: what });
  };
  const { replica, host } = await startBenchNode(
    { id, directory, port },
    {
      machine,
      commands: largeCommands,
      replies: replyCodec,
      // Taken when the benchmark says so.
      replica: { snapshotLogBytesMin: Number.MAX_SAFE_INTEGER },
      // Else the log would do for the node that was away: filling took few bytes of it.
      limits: { trailingBytesMax: 0 },
      observer: {
        campaigned: () => void (campaigns += 1),
        snapshotTaken: (snapshot) => note('taken', snapshot),
        snapshotRestored: (snapshot) => note('restored', snapshot),
      },
    },
  );
  const deadline = () => ({ deadlineMs: performance.now() + 20_000 });
  let putting = false;
  const asked: Record<string, (message: { kind: string; count: number }) => void> = {
    office: () =>
      void untilLed(replica as never).then(() =>
        tell({ kind: 'office-is', leader: replica.core.office.leader }),
      ),
    fill: ({ count }) => {
      void (async () => {
        for (let key = 0; key < count; key += 100) {
          const outcome = await replica.propose({ kind: 'fill', key, count: 100 }, deadline());
          if (outcome.kind !== 'applied') throw new Error(`filling failed: ${outcome.kind}`);
        }
        tell({ kind: 'filled' });
      })();
    },
    // Open loop: so many puts a second, whatever becomes of them.
    put: ({ count }) => {
      putting = true;
      let done = 0;
      let failed = 0;
      const startMs = performance.now();
      const timer = setInterval(() => {
        if (!putting) {
          clearInterval(timer);
          tell({ kind: 'put-done', done, failed });
          return;
        }
        const due = Math.floor(((performance.now() - startMs) / 1_000) * count);
        for (; done < due; done++) {
          const key = Math.floor(Math.random() * machine.values.size);
          const value = Buffer.alloc(valueBytes, done % 251);
          replica.proposeWith({ kind: 'put', key, value }, deadline(), ({ kind }) => {
            if (kind !== 'applied') failed += 1;
          });
        }
      }, 10);
      tell({ kind: 'putting' });
    },
    'put-stop': () => void (putting = false),
    take: () => void replica.takeSnapshot(),
    size: () => tell({ kind: 'size-is', values: machine.values.size }),
    reset: () => {
      loop.reset();
      campaigns = 0;
      snapshots = [];
      tell({ kind: 'reset-done' });
    },
    held: () =>
      tell({
        kind: 'held-is',
        ...loop.report(),
        campaigns,
        snapshots,
      }),
  };
  process.on('message', (message: { kind: string; count: number }) =>
    asked[message.kind]?.(message),
  );
  await heard('stop');
  await host.stop();
  process.exit(0);
}

async function main(args: readonly string[]): Promise<void> {
  const option = (name: string, otherwise: number): number => {
    const at = args.indexOf(`--${name}`);
    return at < 0 ? otherwise : Number(args[at + 1]);
  };
  const count = option('values', 100_000);
  const puts = option('puts', 300);
  const at = args.indexOf('--cpu-prof');
  const cpuProfiles = at < 0 ? undefined : args[at + 1];
  const cluster = await BenchCluster.start(process.argv[1]!, { cpuProfiles });
  const offices = await cluster.ask<{ leader: string }>({ kind: 'office' }, 'office-is');
  const leader = [...offices.values()][0]!.leader;
  const away = [...cluster.nodes.keys()].find((id) => id !== leader)!;
  await cluster.kill(away);
  await cluster.askOne(leader, { kind: 'fill', count }, 'filled');
  print(`state: ${count} values of ${valueBytes} bytes; ${puts} puts of the same size a second`);

  await cluster.ask({ kind: 'reset' }, 'reset-done');
  await cluster.askOne(leader, { kind: 'put', count: puts }, 'putting');
  await cluster.askOne(leader, { kind: 'take' }, 'taken');
  print('\ntaken on the leader under load');
  report(await cluster.ask<Held>({ kind: 'held' }, 'held-is'));

  await cluster.ask({ kind: 'reset' }, 'reset-done');
  const restored = cluster.hear(await cluster.restart(process.argv[1]!, away), 'restored');
  await cluster.askOne(away, { kind: 'reset' }, 'reset-done');
  await restored;
  print('\ninstalled on the node that was away, under load');
  report(await cluster.ask<Held>({ kind: 'held' }, 'held-is'));
  const sizes = await cluster.ask<{ values: number }>({ kind: 'size' }, 'size-is');
  print(`\nvalues on each node: ${[...sizes].map(([id, s]) => `${id} ${s.values}`).join(', ')}`);
  const load = await cluster.askOne<{ done: number; failed: number }>(
    leader,
    { kind: 'put-stop' },
    'put-done',
  );
  print(`puts: ${load.done} proposed, ${load.failed} failed`);
  await cluster.stop();
}

function report(held: ReadonlyMap<string, Held>): void {
  print(
    '| node | loop held p99.9 ms | longest | own CPU p99.9 ms | longest | elections | snapshots |',
  );
  print('| --- | ---: | ---: | ---: | ---: | ---: | --- |');
  for (const [id, node] of held) {
    const { p999Ms, maxMs, cpuP999Ms, cpuMaxMs } = node;
    const times = [p999Ms, maxMs, cpuP999Ms, cpuMaxMs].map((ms) => ms.toFixed(1));
    print(`| ${[id, ...times, node.campaigns, node.snapshots.join(', ')].join(' | ')} |`);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const args = process.argv.slice(2);
if (args[0] === '--node') await runNode(args[1]!, args[2]!, Number(args[3]));
else await main(args);
