import { SnapshotParts } from '../../state/snapshot-parts.ts';
import { wholePart } from '../../state/snapshot-part.ts';
import { SnapshotTable } from '../../state/snapshot-table.ts';
import type { Applied, AppliedAt, Codec, Notice, StateMachine } from '../state-machine.ts';

/** Adds to accounts; an account may be told to lapse at a moment of cluster time. */
export type LedgerCommand =
  | { readonly kind: 'add'; readonly account: string; readonly amount: number }
  | { readonly kind: 'lapse'; readonly account: string; readonly afterMs: number };

export interface LedgerReply {
  readonly balance: number;
}

export type LedgerEvent =
  | { readonly kind: 'added'; readonly account: string; readonly balance: number }
  | { readonly kind: 'lapsed'; readonly account: string; readonly index: number }
  | { readonly kind: 'notice'; readonly notice: Notice };

export class LedgerMachine implements StateMachine<LedgerCommand, LedgerReply, LedgerEvent> {
  readonly accounts = new SnapshotTable<string, number>({
    encode: (account, balance) => Buffer.from(JSON.stringify([account, balance])),
    decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as [string, number],
  });
  /** What this machine was given, in order; not part of its state. */
  readonly seen: string[] = [];
  lapses: [string, number][] = [];
  repeat?: (command: LedgerCommand) => Applied<LedgerReply, LedgerEvent>;
  readonly #parts = new SnapshotParts([
    this.accounts,
    wholePart({
      encode: () => Buffer.from(JSON.stringify(this.lapses)),
      decode: (bytes) => {
        this.lapses = JSON.parse(Buffer.from(bytes).toString()) as [string, number][];
      },
    }),
  ]);

  apply(command: LedgerCommand, at: AppliedAt): Applied<LedgerReply, LedgerEvent> {
    const { account } = command;
    if (command.kind === 'lapse') {
      this.lapses.push([account, at.atMs + command.afterMs]);
      return { reply: { balance: 0 }, events: [] };
    }
    const balance = (this.accounts.get(account) ?? 0) + command.amount;
    this.accounts.set(account, balance);
    this.seen.push(`${at.index}:${account}+${command.amount}`);
    return { reply: { balance }, events: [{ kind: 'added', account, balance }] };
  }

  /** From now on a repeated request reports the balance as it is now. */
  answerRepeats(): void {
    this.repeat = ({ account }) => ({
      reply: { balance: this.accounts.get(account) ?? 0 },
      events: [],
    });
  }

  notice(notice: Notice, at: AppliedAt): readonly LedgerEvent[] {
    if (notice.kind !== 'clock') return [{ kind: 'notice', notice }];
    const due = this.lapses.filter(([, dueMs]) => dueMs <= at.atMs);
    this.lapses = this.lapses.filter(([, dueMs]) => dueMs > at.atMs);
    return due.map(([account]) => {
      this.accounts.delete(account);
      return { kind: 'lapsed', account, index: at.index };
    });
  }

  nextDeadline(): number | undefined {
    return this.lapses.length === 0 ? undefined : Math.min(...this.lapses.map(([, ms]) => ms));
  }

  snapshot(): Iterable<Uint8Array> {
    return this.#parts.snapshot();
  }

  restore() {
    return this.#parts.restore();
  }
}

export const jsonCodec = <T>(): Codec<T> => ({
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as T,
});

export const add = (account: string, amount = 1): LedgerCommand => ({
  kind: 'add',
  account,
  amount,
});
