import { connect, type ConfirmChannel } from 'amqplib';
import { NatsClient } from './nats-client.ts';

/** What one connection to a server with a protocol of its own does, over and over. */
export interface Pipeline {
  /** Operations that one round stands for. */
  readonly weight: number;
  round(): Promise<void>;
  close(): void;
}

type Open = (port: number, args: Readonly<Record<string, string | number>>) => Promise<Pipeline>;

const value200 = 'v'.repeat(200);

const batchOf = (args: Readonly<Record<string, string | number>>): number =>
  Number(args['batch'] ?? 1);

export const pipelines = {
  async natsPublish(port, args) {
    const client = await NatsClient.open(port);
    const weight = batchOf(args);
    const batch = Array.from({ length: weight }, () => ({ subject: 'bench.q', payload: value200 }));
    return {
      weight,
      async round() {
        await client.request(batch);
      },
      close: () => client.close(),
    };
  },

  /** Publish, pull as many, and acknowledge each with an answer (a double ack). */
  async natsPipeline(port, args) {
    const client = await NatsClient.open(port);
    const weight = batchOf(args);
    const batch = Array.from({ length: weight }, () => ({ subject: 'bench.q', payload: value200 }));
    const pull = {
      subject: '$JS.API.CONSUMER.MSG.NEXT.bench.worker',
      payload: JSON.stringify({ batch: weight, expires: 20_000_000_000 }),
    };
    return {
      weight,
      async round() {
        await client.request(batch);
        const taken = await client.request([pull], weight);
        await client.request(taken.map(({ reply }) => ({ subject: reply!, payload: '+ACK' })));
      },
      close: () => client.close(),
    };
  },

  async rabbitPublish(port, args) {
    const { channel, close } = await openRabbit(port);
    const weight = batchOf(args);
    return { weight, round: () => publish(channel, weight), close };
  },

  /** Publish with confirms, be sent as many (prefetch), acknowledge. */
  async rabbitPipeline(port, args) {
    const weight = batchOf(args);
    // Alone, a message would wait some 40 ms for the system to confirm the packet of the ack before it;
    // in batches, and where nothing is acknowledged, gathering packets is what serves RabbitMQ best.
    const { channel, close } = await openRabbit(port, { noDelay: weight === 1 });
    await channel.prefetch(weight);
    let arrived = 0;
    let wake: (() => void) | undefined;
    await channel.consume('bench', (message) => {
      if (message === null) return;
      channel.ack(message);
      arrived += 1;
      wake?.();
    });
    return {
      weight,
      async round() {
        await publish(channel, weight);
        while (arrived < weight) await new Promise<void>((resolve) => (wake = resolve));
        arrived -= weight;
      },
      close,
    };
  },
} satisfies Record<string, Open>;

export type PipelineName = keyof typeof pipelines;

export const isPipeline = (name: string): name is PipelineName => name in pipelines;

async function openRabbit(
  port: number,
  { noDelay = false } = {},
): Promise<{ readonly channel: ConfirmChannel; readonly close: () => void }> {
  const connection = await connect(`amqp://127.0.0.1:${port}`, { noDelay });
  const channel = await connection.createConfirmChannel();
  // What is cut off in the middle of a round, when the time is over, fails; nobody needs to know.
  connection.on('error', () => undefined);
  channel.on('error', () => undefined);
  return { channel, close: () => void connection.close().catch(() => undefined) };
}

async function publish(channel: ConfirmChannel, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    channel.sendToQueue('bench', Buffer.from(value200), { persistent: true });
  }
  await channel.waitForConfirms();
}
