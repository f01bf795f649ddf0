import type { Metric, Registry } from 'prom-client';

const bucketsSeconds = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/**
 * What one route template has answered. prom-client hashes the labels of every observation; these are
 * plain numbers that are only turned into samples when somebody scrapes. Labels are the template and
 * the status, so their number is bounded by the code and not by what clients send.
 */
export class RouteRecorder {
  readonly method: string;
  readonly route: string;
  readonly countByStatus = new Map<number, number>();
  readonly countByBucket = new Float64Array(bucketsSeconds.length + 1);
  sumSeconds = 0;
  count = 0;

  constructor(method: string, route: string) {
    this.method = method;
    this.route = route;
  }

  record(status: number, durationMs: number): void {
    const seconds = durationMs / 1_000;
    this.countByStatus.set(status, (this.countByStatus.get(status) ?? 0) + 1);
    let bucket = 0;
    while (bucket < bucketsSeconds.length && seconds > bucketsSeconds[bucket]!) bucket += 1;
    this.countByBucket[bucket]! += 1;
    this.sumSeconds += seconds;
    this.count += 1;
  }

  /** Routes hold on to their recorder, so it is emptied and never replaced. */
  reset(): void {
    this.countByStatus.clear();
    this.countByBucket.fill(0);
    this.sumSeconds = 0;
    this.count = 0;
  }
}

export interface OpenRequests {
  readonly inFlight: number;
  readonly parked: number;
}

export class HttpMetrics {
  readonly #recorders = new Map<string, RouteRecorder>();

  constructor(registry: Registry, open: OpenRequests) {
    this.#register(registry, 'counter', {
      name: 'http_requests_total',
      help: 'HTTP requests answered, by route template and status (499: the client was gone)',
      values: () => this.#counts(),
    });
    this.#register(registry, 'histogram', {
      name: 'http_request_duration_seconds',
      help: 'Time from the head of a request to its answer, by route template',
      values: () => this.#durations(),
    });
    this.#register(registry, 'gauge', {
      name: 'http_requests_in_flight',
      help: 'HTTP requests at work',
      values: () => [{ metricName: 'http_requests_in_flight', labels: {}, value: open.inFlight }],
    });
    this.#register(registry, 'gauge', {
      name: 'http_requests_parked',
      help: 'HTTP requests that wait for something other than work',
      values: () => [{ metricName: 'http_requests_parked', labels: {}, value: open.parked }],
    });
  }

  recorder(method: string, route: string): RouteRecorder {
    const key = `${method} ${route}`;
    let recorder = this.#recorders.get(key);
    if (recorder === undefined) {
      recorder = new RouteRecorder(method, route);
      this.#recorders.set(key, recorder);
    }
    return recorder;
  }

  /** The registry only ever asks a metric for its name and its samples. */
  #register(
    registry: Registry,
    type: string,
    { name, help, values }: { name: string; help: string; values: () => readonly Sample[] },
  ): void {
    const metric = {
      name,
      help,
      type,
      aggregator: 'sum',
      get: () => Promise.resolve({ name, help, type, aggregator: 'sum', values: values() }),
      reset: () => this.#recorders.forEach((recorder) => recorder.reset()),
    };
    registry.registerMetric(metric as unknown as Metric);
  }

  #counts(): readonly Sample[] {
    const samples: Sample[] = [];
    for (const { method, route, countByStatus } of this.#recorders.values()) {
      for (const [status, value] of countByStatus) {
        const labels = { method, route, status };
        samples.push({ metricName: 'http_requests_total', labels, value });
      }
    }
    return samples;
  }

  #durations(): readonly Sample[] {
    const metricName = 'http_request_duration_seconds';
    const samples: Sample[] = [];
    for (const recorder of this.#recorders.values()) {
      if (recorder.count === 0) continue;
      const labels = { method: recorder.method, route: recorder.route };
      let value = 0;
      for (const [index, count] of recorder.countByBucket.entries()) {
        value += count;
        const le = bucketsSeconds[index] ?? '+Inf';
        samples.push({ metricName: `${metricName}_bucket`, labels: { le, ...labels }, value });
      }
      samples.push({ metricName: `${metricName}_sum`, labels, value: recorder.sumSeconds });
      samples.push({ metricName: `${metricName}_count`, labels, value: recorder.count });
    }
    return samples;
  }
}
