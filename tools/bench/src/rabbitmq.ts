import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type Channel } from 'amqplib';
import { findProgram, freePorts, startMembers, untilAnswers, type Server } from './processes.ts';

const names = ['a', 'b', 'c'] as const;

/**
 * Three nodes of RabbitMQ that find each other by a list in their configuration; undefined without
 * one. They have an Erlang port mapper of their own, so that nobody else's is disturbed.
 */
export async function startRabbit(): Promise<Server | undefined> {
  // Debian keeps the program itself behind a script that insists on a user of its own.
  const path = `/usr/lib/rabbitmq/bin:${process.env['PATH'] ?? ''}`;
  const program = findProgram('rabbitmq-server', path);
  const mapper = findProgram('epmd');
  if (program === undefined || mapper === undefined) return undefined;
  const ports = await freePorts(2 * names.length + 1);
  const mapperPort = String(ports[2 * names.length]);
  const cookie = randomUUID();
  const { processes, stop } = await startMembers((folder) => [
    {
      name: 'epmd',
      command: mapper,
      args: ['-port', mapperPort, '-address', '127.0.0.1'],
    },
    ...names.map((name, i) => {
      const home = join(folder, name);
      mkdirSync(home, { recursive: true });
      writeFileSync(join(home, '.erlang.cookie'), cookie, { mode: 0o400 });
      writeFileSync(join(home, 'rabbitmq.conf'), configuration(ports[i]!));
      writeFileSync(join(home, 'plugins'), '[].');
      return {
        name: `rabbitmq ${name}`,
        command: program,
        args: [],
        env: {
          HOME: home,
          ERL_EPMD_PORT: mapperPort,
          // The script becomes the server instead of waiting for it, so that ending one ends the other.
          RABBITMQ_ALLOW_INPUT: 'true',
          RABBITMQ_SERVER_START_ARGS: '-noinput',
          RABBITMQ_NODENAME: nodeName(name),
          RABBITMQ_NODE_PORT: String(ports[i]),
          RABBITMQ_DIST_PORT: String(ports[names.length + i]),
          RABBITMQ_CONFIG_FILE: join(home, 'rabbitmq.conf'),
          RABBITMQ_ENABLED_PLUGINS_FILE: join(home, 'plugins'),
          RABBITMQ_MNESIA_BASE: join(home, 'data'),
          RABBITMQ_LOG_BASE: join(home, 'log'),
          RABBITMQ_PID_FILE: join(home, 'pid'),
          RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-setcookie ${cookie}`,
        },
      };
    }),
  ]);
  try {
    await untilAnswers('RabbitMQ', processes, () =>
      withChannel(ports[0]!, async (channel) => {
        await channel.assertQueue('bench', quorumOfThree);
        return true;
      }),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name: 'RabbitMQ',
    port: ports[0]!,
    ports: ports.slice(0, names.length),
    pid: processes[1]!.pid,
    stop,
  };
}

/**
 * A new queue in place of the old one, with what a run left in it: a purge would leave what is still
 * counted as delivered to connections that were cut.
 */
export async function clearRabbit({ port }: Server): Promise<void> {
  await withChannel(port, async (channel) => {
    await channel.deleteQueue('bench');
    await channel.assertQueue('bench', quorumOfThree);
  });
}

async function withChannel<T>(port: number, use: (channel: Channel) => Promise<T>): Promise<T> {
  const connection = await connect(`amqp://127.0.0.1:${port}`);
  connection.on('error', () => undefined);
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    return await use(channel);
  } finally {
    await connection.close();
  }
}

export const quorumOfThree = {
  durable: true,
  arguments: { 'x-queue-type': 'quorum', 'x-quorum-initial-group-size': 3 },
};

const nodeName = (name: string): string => `bench-${name}@localhost`;

function configuration(port: number): string {
  const nodes = names.map(
    (name, i) => `cluster_formation.classic_config.nodes.${i + 1} = ${nodeName(name)}`,
  );
  return [
    `listeners.tcp.default = 127.0.0.1:${port}`,
    'cluster_formation.peer_discovery_backend = classic_config',
    ...nodes,
    'cluster_formation.target_cluster_size_hint = 3',
    '',
  ].join('\n');
}
