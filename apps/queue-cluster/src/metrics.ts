import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Shard } from './shards/shard.ts';
import type { QueueEvent } from './state-machine/commands.ts';

const isCounted = ({ kind }: QueueEvent): boolean =>
  kind === 'redelivered' || kind === 'dead-lettered' || kind === 'expired';

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600];

/** What is counted where it came in, and what is told by whoever leads the shard. */
export class QueueMetrics {
  readonly enqueued: Counter;
  readonly dequeued: Counter;
  readonly acked: Counter;
  readonly nacked: Counter;
  readonly redelivered: Counter<'queue'>;
  readonly deadLettered: Counter<'queue'>;
  readonly expired: Counter<'queue'>;
  readonly deliveryLatency: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
      new Counter<L>({ name, help, labelNames, registers });
    this.enqueued = counter('queue_enq_total', 'Messages enqueued through this node');
    this.dequeued = counter('queue_deq_total', 'Messages delivered through this node');
    this.acked = counter('queue_ack_total', 'Messages acked through this node');
    this.nacked = counter('queue_nack_total', 'Messages nacked through this node');
    const led = 'in shards this node leads';
    this.redelivered = counter(
      'queue_redelivered_total',
      `Deliveries after the first, ${led}`,
      'queue',
    );
    this.deadLettered = counter('queue_dead_lettered_total', `Messages given up, ${led}`, 'queue');
    this.expired = counter('queue_expired_total', `Messages whose time was over, ${led}`, 'queue');
    this.deliveryLatency = new Histogram({
      name: 'queue_delivery_latency_seconds',
      help: 'From enqueue to delivery, in cluster time',
      buckets: seconds,
      registers,
    });
  }

  /** What the log did by itself happens on every node; the leader counts it. */
  listen(shards: readonly Shard[]): void {
    for (const { group } of shards) {
      group.onEvents((events) => {
        // Nearly all events are waits that were served; what a group stands at is dear to ask.
        if (!events.some(isCounted) || group.status().role !== 'leader') return;
        for (const event of events) {
          if (event.kind === 'redelivered') this.redelivered.inc({ queue: event.queue });
          else if (event.kind === 'dead-lettered') this.deadLettered.inc({ queue: event.queue });
          else if (event.kind === 'expired')
            this.expired.inc({ queue: event.queue }, event.messages);
        }
      });
    }
  }
}

/** Gauges are read from the state when somebody looks. */
export function watchQueues(registry: Registry, shards: readonly Shard[]): void {
  const registers = [registry];
  const gauges = {
    depth: gauge('queue_depth', 'Messages not acked by every group', 'queue'),
    inFlight: gauge('queue_in_flight', 'Messages leased to consumers', 'queue', 'group'),
    lag: gauge('queue_consumer_lag', 'Messages a group has still to ack', 'queue', 'group'),
  };
  function gauge(name: string, help: string, ...labelNames: string[]) {
    return new Gauge({ name, help, labelNames, registers });
  }
  // One pass fills all three when the first of them is collected.
  Object.assign(gauges.depth, {
    collect() {
      for (const one of Object.values(gauges)) one.reset();
      for (const { state } of shards) {
        for (const [queue, { messageCount, groups }] of state.byName) {
          gauges.depth.set({ queue }, messageCount);
          for (const { name: group, inFlight, depth } of groups.values()) {
            gauges.inFlight.set({ queue, group }, inFlight);
            gauges.lag.set({ queue, group }, depth);
          }
        }
      }
    },
  });
}
