import process from 'node:process';
import { compare, type Case } from './compare.ts';
import { publish } from './publish.ts';
import { clearNats, startNats } from './nats.ts';
import type { Server } from './processes.ts';
import { startQuorate } from './quorate.ts';
import { clearRabbit, startRabbit } from './rabbitmq.ts';
import { readSettings } from './settings.ts';

/**
 * Messages of 200 bytes, one by one and in batches; an operation is a message. Quorate over REST, NATS
 * JetStream (three replicas, files) and RabbitMQ (quorum queue) over their own protocols. Quorate and
 * RabbitMQ sync to the disks of a majority before they answer, NATS as it comes does not.
 *
 *   npx nx bench queue-cluster [-- --quick --rounds 3 --seconds 2 --connections 1,50,256 --write-docs]
 */
type Workload = Case['workload'];

const running: Server[] = [];
try {
  const quorate = await startQuorate('queue-cluster');
  running.push(quorate);
  const cases = casesOf(quorate, ['enqueue', 'enqueueDequeueAck'], (run) => forget(quorate, run));
  const nats = await startNats();
  if (nats === undefined) say('nats-server is not installed, and so not compared with');
  else {
    running.push(nats);
    cases.push(...casesOf(nats, ['natsPublish', 'natsPipeline'], () => clearNats(nats)));
  }
  const rabbit = await startRabbit();
  if (rabbit === undefined) say('rabbitmq-server is not installed, and so not compared with');
  else {
    running.push(rabbit);
    cases.push(...casesOf(rabbit, ['rabbitPublish', 'rabbitPipeline'], () => clearRabbit(rabbit)));
  }
  const settings = readSettings(cases.length);
  publish({
    name: 'queue-cluster',
    settings,
    rows: await compare(cases, settings),
    isBase: ({ server, what }) => server === quorate.name && what === 'enq',
    notes: [
      'Ratio: to single enqs of Quorate at as many connections.',
      'Quorate and RabbitMQ sync to the disks of a majority before they answer, NATS does not.',
    ],
  });
} finally {
  for (const server of running) await server.stop();
}

function casesOf(
  server: Server,
  [enqueue, pipeline]: [Workload, Workload],
  clear: NonNullable<Case['clear']>,
): Case[] {
  return [1, 10, 100].flatMap((batch): Case[] => {
    const by = batch === 1 ? '' : `, batches of ${batch}`;
    const args = { batch };
    return [
      { server, what: `enq${by}`, workload: enqueue, args, clear },
      { server, what: `enq → deq → ack${by}`, workload: pipeline, args, clear },
    ];
  });
}

async function forget({ port }: Server, run: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/queue/bench-${run}`, { method: 'DELETE' });
  if (!response.ok) throw new Error(`the queue stays: ${await response.text()}`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
