const subBuckets = 64;
const octaves = 32;

export type Counts = Float64Array<ArrayBuffer>;

/**
 * Latencies in microseconds, in buckets that grow with the value: a quantile is right to 1.6 %, and
 * to note a value costs an addition however many there are.
 */
export class Histogram {
  readonly counts: Counts;
  count = 0;

  constructor(counts: Counts = new Float64Array(subBuckets * octaves)) {
    this.counts = counts;
    for (const count of counts) this.count += count;
  }

  note(micros: number): void {
    this.counts[bucketOf(micros)]! += 1;
    this.count += 1;
  }

  /** The upper end of the bucket in which the quantile lies; 0 without any values. */
  quantile(q: number): number {
    let left = q * this.count;
    for (const [bucket, count] of this.counts.entries()) {
      left -= count;
      if (count > 0 && left <= 0) return upperEnd(bucket);
    }
    return 0;
  }
}

function bucketOf(micros: number): number {
  const value = Math.max(0, Math.floor(micros));
  if (value < subBuckets) return value;
  const octave = Math.min(Math.floor(Math.log2(value)) - 5, octaves - 1);
  return Math.min(
    octave * subBuckets + Math.floor(value / 2 ** (octave - 1)) - subBuckets,
    subBuckets * octaves - 1,
  );
}

function upperEnd(bucket: number): number {
  if (bucket < subBuckets) return bucket + 1;
  const octave = Math.floor(bucket / subBuckets);
  return ((bucket % subBuckets) + subBuckets + 1) * 2 ** (octave - 1);
}
