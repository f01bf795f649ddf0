import process from 'node:process';
import { compare, readSettings, type Case } from './compare.ts';
import { startNats } from './nats.ts';
import type { Server } from './processes.ts';
import { startQuorate } from './quorate.ts';
import { startRabbit } from './rabbitmq.ts';
import { describeRows, keep, machine } from './report.ts';

/**
 * Messages of 200 bytes, one by one and in batches; an operation is a message. Quorate over REST, NATS
 * JetStream (three replicas, files) and RabbitMQ (quorum queue) over their own protocols. Quorate and
 * RabbitMQ sync to the disks of a majority before they answer, NATS as it comes does not.
 *
 *   npx nx bench queue-cluster [-- --quick --rounds 3 --seconds 2 --connections 1,50,256]
 */
type Workload = Case['workload'];

const settings = readSettings();
const running: Server[] = [];
try {
  const quorate = await startQuorate('queue-cluster');
  running.push(quorate);
  const cases = casesOf(quorate, ['enqueue', 'enqueueDequeueAck']);
  const nats = await startNats();
  if (nats === undefined) say('nats-server is not installed, and so not compared with');
  else {
    running.push(nats);
    cases.push(...casesOf(nats, ['natsPublish', 'natsPipeline']));
  }
  const rabbit = await startRabbit();
  if (rabbit === undefined) say('rabbitmq-server is not installed, and so not compared with');
  else {
    running.push(rabbit);
    cases.push(...casesOf(rabbit, ['rabbitPublish', 'rabbitPipeline']));
  }
  const rows = await compare(cases, settings);
  const isBase = (row: { server: string; what: string }): boolean =>
    row.server === quorate.name && row.what === 'enq';
  process.stdout.write(
    `\n${machine()}\nratio: to single enqs of Quorate at as many connections\n\n`,
  );
  process.stdout.write(`${describeRows(rows, isBase)}\n\n`);
  process.stdout.write(`kept in ${keep('queue-cluster', { settings, rows })}\n`);
} finally {
  for (const server of running) await server.stop();
}

function casesOf(server: Server, [enqueue, pipeline]: [Workload, Workload]): Case[] {
  return [1, 10, 100].flatMap((batch): Case[] => {
    const by = batch === 1 ? '' : `, batches of ${batch}`;
    const args = { batch };
    return [
      { server, what: `enq${by}`, workload: enqueue, args },
      { server, what: `enq → deq → ack${by}`, workload: pipeline, args },
    ];
  });
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
