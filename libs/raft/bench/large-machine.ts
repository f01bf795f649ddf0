import {
  type Applied,
  type Codec,
  SnapshotParts,
  SnapshotTable,
  type StateMachine,
} from '../src/index.ts';

/** `fill`: values for keys from `key` on, made where they are applied; `put`: one value sent whole. */
export type LargeCommand =
  | { readonly kind: 'fill'; readonly key: number; readonly count: number }
  | { readonly kind: 'put'; readonly key: number; readonly value: Uint8Array };

export const valueBytes = 10 * 1024;

/** Many values of 10 KiB, overwritten now and then: a state worth a large snapshot. */
export class LargeMachine implements StateMachine<LargeCommand, number, never> {
  readonly values = new SnapshotTable<number, Uint8Array>({
    encode: (key, value) => {
      const out = Buffer.allocUnsafe(4 + value.length);
      out.writeUInt32BE(key, 0);
      out.set(value, 4);
      return out;
    },
    decode: (bytes) => {
      const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return [view.readUInt32BE(0), Uint8Array.from(view.subarray(4))];
    },
  });
  readonly #parts = new SnapshotParts([this.values]);

  apply(command: LargeCommand): Applied<number, never> {
    if (command.kind === 'put') {
      this.values.set(command.key, Uint8Array.from(command.value));
    } else {
      for (let key = command.key; key < command.key + command.count; key++) {
        this.values.set(key, Buffer.alloc(valueBytes, key % 251));
      }
    }
    return { reply: this.values.size, events: [] };
  }

  notice = () => [];
  nextDeadline = () => undefined;
  snapshot = () => this.#parts.snapshot();
  restore = () => this.#parts.restore();
}

export const largeCommands: Codec<LargeCommand> = {
  encode(command) {
    const value = command.kind === 'put' ? command.value : new Uint8Array(0);
    const out = Buffer.allocUnsafe(9 + value.length);
    out.writeUInt8(command.kind === 'put' ? 1 : 0, 0);
    out.writeUInt32BE(command.key, 1);
    out.writeUInt32BE(command.kind === 'fill' ? command.count : 0, 5);
    out.set(value, 9);
    return out;
  },
  decode(bytes) {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const key = view.readUInt32BE(1);
    return view.readUInt8(0) === 1
      ? { kind: 'put', key, value: view.subarray(9) }
      : { kind: 'fill', key, count: view.readUInt32BE(5) };
  },
};

export const replyCodec: Codec<number> = {
  encode: (value) => Buffer.from(String(value)),
  decode: (bytes) => Number(Buffer.from(bytes).toString()),
};
