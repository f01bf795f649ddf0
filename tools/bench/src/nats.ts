import { join } from 'node:path';
import { NatsClient } from './nats-client.ts';
import { findProgram, freePorts, startMembers, untilAnswers, type Server } from './processes.ts';

const names = ['a', 'b', 'c'] as const;
const answerMs = 2_000;

/** Three NATS servers with JetStream, a stream of three replicas in files; undefined without one. */
export async function startNats(): Promise<Server | undefined> {
  const program = findProgram('nats-server');
  if (program === undefined) return undefined;
  const ports = await freePorts(2 * names.length);
  const routes = names.map((_, i) => `nats://127.0.0.1:${ports[names.length + i]}`).join(',');
  const { processes, stop } = await startMembers((folder) =>
    names.map((name, i) => ({
      name: `nats ${name}`,
      command: program,
      args: [
        ...['--name', name, '--addr', '127.0.0.1', '--port', String(ports[i])],
        ...['--cluster_name', 'bench', '--routes', routes],
        ...['--cluster', `nats://127.0.0.1:${ports[names.length + i]}`],
        ...['--jetstream', '--store_dir', join(folder, name)],
      ],
    })),
  );
  const stream = {
    name: 'bench',
    subjects: ['bench.>'],
    storage: 'file',
    num_replicas: 3,
    retention: 'workqueue',
    max_age: 0,
  };
  const consumer = {
    stream_name: 'bench',
    config: { durable_name: 'worker', ack_policy: 'explicit', max_ack_pending: -1 },
  };
  await untilAnswers('NATS', processes, async () => {
    const client = await NatsClient.open(ports[0]!);
    try {
      await ask(client, '$JS.API.STREAM.CREATE.bench', stream);
      await ask(client, '$JS.API.CONSUMER.DURABLE.CREATE.bench.worker', consumer);
      return true;
    } finally {
      client.close();
    }
  });
  return {
    name: 'NATS JetStream',
    port: ports[0]!,
    ports: ports.slice(0, names.length),
    pid: processes[0]!.pid,
    stop,
  };
}

/** What a run left in the stream, delivered or not, is not work for the next one. */
export async function clearNats({ port }: Server): Promise<void> {
  const client = await NatsClient.open(port);
  try {
    await ask(client, '$JS.API.STREAM.PURGE.bench', {});
  } finally {
    client.close();
  }
}

async function ask(client: NatsClient, subject: string, body: object): Promise<void> {
  const asked = client.request([{ subject, payload: JSON.stringify(body) }]);
  // Servers that have not found each other yet say nothing at all.
  const silence = new Promise<never>((_, reject) =>
    setTimeout(() => reject(new Error('no answer')), answerMs),
  );
  const [answer] = await Promise.race([asked, silence]);
  const { error } = JSON.parse(answer!.payload.toString()) as {
    readonly error?: { readonly description: string };
  };
  // Asked again after a time-out, it is there already.
  if (error !== undefined && !error.description.includes('already'))
    throw new Error(error.description);
}
