/** One prefix for each group of each node; the braces keep all of it in one slot of a Redis Cluster. */
export class RedisKeys {
  readonly state: string;
  readonly log: string;
  private readonly base: string;

  constructor(prefix: string) {
    this.base = `{${prefix}}`;
    this.state = `${this.base}:state`;
    this.log = `${this.base}:log`;
  }

  /** A snapshot is cut into parts, for a Redis string has an end (512 MiB). */
  snapshotPart(id: string, part: number): string {
    return `${this.base}:snapshot:${id}:${part}`;
  }

  snapshotParts(id: string, count: number): string[] {
    return Array.from({ length: count }, (_, part) => this.snapshotPart(id, part));
  }
}
