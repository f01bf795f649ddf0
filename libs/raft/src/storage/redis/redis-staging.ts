import { noRoom } from '../no-room.ts';
import type { StagingPlace } from '../staged-snapshot.ts';
import type { RedisKeys } from './redis-keys.ts';
import { listOf, textOf } from './redis-link.ts';
import type { RedisLink } from './redis-link.ts';
import { isForNow } from './redis-outcomes.ts';
import type { RedisOutcomes } from './redis-outcomes.ts';
import { adoptScript } from './redis-scripts.ts';

export interface RedisStagingOptions {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly outcomes: RedisOutcomes;
  readonly ownerToken: string;
  readonly partBytes: number;
  readonly id: string;
  /** Runs `commit` unless a newer snapshot is there by now, and removes what it replaces. */
  readonly adopt: (footer: Buffer, commit: () => Promise<void>) => Promise<void>;
  readonly remove: (parts: number) => Promise<void>;
}

/**
 * A snapshot put together under keys of its own. Every command names its place in the bytes, so that
 * one whose answer was lost is simply sent again; whether all of it is there is checked at the end.
 */
export class RedisStaging implements StagingPlace {
  readonly name: string;
  private readonly options: RedisStagingOptions;
  private parts = 0;

  constructor(options: RedisStagingOptions) {
    this.options = options;
    this.name = options.keys.snapshotPart(options.id, 0);
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    const { keys, id, partBytes } = this.options;
    for (let at = 0; at < bytes.length;) {
      const part = Math.floor((position + at) / partBytes);
      const inPart = position + at - part * partBytes;
      const piece = bytes.subarray(at, at + partBytes - inPart);
      if (part >= this.parts) await this.beginPart(part);
      await this.call('SETRANGE', keys.snapshotPart(id, part), inPart, asBuffer(piece));
      at += piece.length;
    }
  }

  commit(footer: Buffer, payloadBytes: number): Promise<void> {
    const { keys, id, outcomes, ownerToken } = this.options;
    return this.options.adopt(footer, async () => {
      const parts = keys.snapshotParts(id, this.parts);
      const answer = await this.call(
        'EVAL',
        adoptScript,
        1 + parts.length,
        keys.state,
        ...parts,
        ownerToken,
        outcomes.counter,
        footer,
        id,
        payloadBytes,
      );
      const [verdict, found] = listOf(answer).map(textOf);
      if (verdict !== 'adopted') throw new Error(outcomes.break(verdict, found).detail);
    });
  }

  discard(): Promise<void> {
    return this.options.remove(this.parts);
  }

  /** Noted before it is there, so that whoever cleans up after us knows of it. */
  private async beginPart(part: number): Promise<void> {
    const { keys, id } = this.options;
    await this.call('HSET', keys.state, `staged:${id}`, part + 1);
    this.parts = part + 1;
  }

  private async call(command: string, ...parameters: (string | number | Buffer)[]) {
    const answer = await this.options.link.callUntilAnswered(command, ...parameters);
    if (answer.kind === 'reply') return answer.value;
    throw isForNow(answer.message) ? noRoom(answer.message) : new Error(answer.message);
  }
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
