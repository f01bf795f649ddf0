import type { Applied, AppliedAt, Codec, Notice, SnapshotSink, StateMachine } from '@quorate/raft';
import { hold } from './violation.ts';

/**
 * The state machine that simulations run: registers that can be set, compared and set, and leased
 * for a time. It remembers every command it was ever given, by a tag that no two share, and so sees
 * when one is applied a second time.
 */
export type RegisterCommand =
  | {
      readonly kind: 'set';
      readonly tag: string;
      readonly key: string;
      readonly value: string;
      /** The register empties itself when the log's time has come this far from the write. */
      readonly ttlMs?: number;
    }
  | {
      readonly kind: 'compare-and-set';
      readonly tag: string;
      readonly key: string;
      readonly value: string;
      readonly expectedVersion: number;
    };

export type RegisterReply =
  { readonly kind: 'written'; readonly version: number } | { readonly kind: 'conflict' };

export type RegisterEvent =
  | { readonly kind: 'changed'; readonly key: string; readonly version: number }
  | { readonly kind: 'expired'; readonly key: string };

export interface Register {
  readonly value: string | undefined;
  readonly version: number;
  readonly expiresAtMs: number | undefined;
}

const never: Register = { value: undefined, version: 0, expiresAtMs: undefined };

/** One notice expires at most so many registers; what is left is still due. */
const expiriesMax = 3;

export class RegisterMachine implements StateMachine<
  RegisterCommand,
  RegisterReply,
  RegisterEvent
> {
  private registers = new Map<string, Register>();
  /** The version that each command wrote, or 0 where it met a conflict. */
  private applied = new Map<string, number>();
  private readonly pieceBytes: number;

  constructor(pieceBytes = 512) {
    this.pieceBytes = pieceBytes;
  }

  read(key: string): Register {
    return this.registers.get(key) ?? never;
  }

  wasApplied(tag: string): boolean {
    return this.applied.has(tag);
  }

  /** What the command was answered, if it was ever applied. */
  replyTo(tag: string): RegisterReply | undefined {
    const version = this.applied.get(tag);
    if (version === undefined) return undefined;
    return version === 0 ? { kind: 'conflict' } : { kind: 'written', version };
  }

  apply(command: RegisterCommand, at: AppliedAt): Applied<RegisterReply, RegisterEvent> {
    const { tag } = command;
    hold(!this.wasApplied(tag), 'applied once', () => `command ${tag} again at ${at.index}`);
    const { key, value } = command;
    if (command.kind === 'compare-and-set' && this.read(key).version !== command.expectedVersion) {
      this.applied.set(tag, 0);
      return { reply: { kind: 'conflict' }, events: [] };
    }
    const version: number = at.index;
    const ttlMs = command.kind === 'set' ? command.ttlMs : undefined;
    const expiresAtMs = ttlMs === undefined ? undefined : at.atMs + ttlMs;
    this.registers.set(key, { value, version, expiresAtMs });
    this.applied.set(tag, version);
    return { reply: { kind: 'written', version }, events: [{ kind: 'changed', key, version }] };
  }

  notice(notice: Notice, at: AppliedAt): readonly RegisterEvent[] {
    if (notice.kind !== 'clock') return [];
    const events: RegisterEvent[] = [];
    for (const [key, register] of this.registers) {
      if (register.expiresAtMs === undefined || register.expiresAtMs > at.atMs) continue;
      if (events.length === expiriesMax) break;
      this.registers.set(key, { value: undefined, version: at.index, expiresAtMs: undefined });
      events.push({ kind: 'expired', key });
    }
    return events;
  }

  nextDeadline(): number | undefined {
    let earliest: number | undefined;
    for (const { expiresAtMs } of this.registers.values()) {
      if (expiresAtMs === undefined) continue;
      if (earliest === undefined || expiresAtMs < earliest) earliest = expiresAtMs;
    }
    return earliest;
  }

  private *pieces(): Iterable<Uint8Array> {
    const whole = Buffer.from(
      JSON.stringify({ registers: [...this.registers], applied: [...this.applied] }),
    );
    for (let at = 0; at < whole.length; at += this.pieceBytes) {
      yield whole.subarray(at, at + this.pieceBytes);
    }
  }

  /** All pieces are made now: the state may change while they are being read. */
  snapshot(): Iterable<Uint8Array> {
    return [...this.pieces()];
  }

  restore(): SnapshotSink {
    this.registers = new Map();
    this.applied = new Map();
    const pieces: Uint8Array[] = [];
    return {
      write: (piece) => pieces.push(Uint8Array.from(piece)),
      end: () => {
        const state = JSON.parse(Buffer.concat(pieces).toString()) as {
          registers: [string, Register][];
          applied: [string, number][];
        };
        this.registers = new Map(state.registers);
        this.applied = new Map(state.applied);
      },
    };
  }
}

export const registerCommandCodec: Codec<RegisterCommand> = {
  encode: (command) => Buffer.from(JSON.stringify(command)),
  decode: (bytes) =>
    JSON.parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(),
    ) as RegisterCommand,
};

export const registerReplyCodec: Codec<RegisterReply> = {
  encode: (reply) => Buffer.from(JSON.stringify(reply)),
  decode: (bytes) =>
    JSON.parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(),
    ) as RegisterReply,
};
