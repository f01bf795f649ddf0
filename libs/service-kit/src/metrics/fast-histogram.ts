import type { Metric, Registry } from 'prom-client';

/**
 * A histogram without labels for what happens tens of thousands of times a second: counts in a typed
 * array, turned into samples when somebody scrapes.
 */
export class FastHistogram {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;
  #count = 0;

  constructor(
    registry: Registry,
    { name, help, buckets }: { name: string; help: string; buckets: readonly number[] },
  ) {
    this.#bounds = buckets;
    this.#counts = new Float64Array(buckets.length + 1);
    const metric = {
      name,
      help,
      type: 'histogram',
      aggregator: 'sum',
      get: () =>
        Promise.resolve({
          name,
          help,
          type: 'histogram',
          aggregator: 'sum',
          values: this.#samples(name),
        }),
      reset: () => this.#reset(),
    };
    // The registry only ever asks a metric for its name and its samples.
    registry.registerMetric(metric as unknown as Metric);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]!) bucket += 1;
    this.#counts[bucket]! += 1;
    this.#sum += value;
    this.#count += 1;
  }

  #samples(name: string): readonly object[] {
    let value = 0;
    const samples: object[] = [];
    for (const [index, count] of this.#counts.entries()) {
      value += count;
      const le = this.#bounds[index] ?? '+Inf';
      samples.push({ metricName: `${name}_bucket`, labels: { le }, value });
    }
    samples.push({ metricName: `${name}_sum`, labels: {}, value: this.#sum });
    samples.push({ metricName: `${name}_count`, labels: {}, value: this.#count });
    return samples;
  }

  #reset(): void {
    this.#counts.fill(0);
    this.#sum = 0;
    this.#count = 0;
  }
}
