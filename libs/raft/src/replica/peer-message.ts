import type { LogIndex, NodeId, Term } from '../core/ids.ts';
import type { Message } from '../core/message.ts';

/** A follower hands its callers' envelopes to the leader; `id` is unique in the sender's incarnation. */
export interface Forward {
  readonly kind: 'forward';
  readonly id: number;
  readonly payloads: readonly Uint8Array[];
}

/** What became of a forward: a promise of place, or a refusal that proves nothing was appended. */
export interface ForwardAnswer {
  readonly kind: 'forward-answer';
  readonly id: number;
  readonly result:
    | { readonly kind: 'appended'; readonly firstIndex: LogIndex; readonly term: Term }
    | { readonly kind: 'refused'; readonly why: 'not-leader' | 'overloaded' | 'storage-full' };
}

/** A node that was asked to have leadership moved asks the leader; it sees for itself what comes of it. */
export interface TransferRequest {
  readonly kind: 'transfer-request';
  /** `undefined`: whoever is furthest along. */
  readonly to: NodeId | undefined;
}

export type PeerMessage = Message | Forward | ForwardAnswer | TransferRequest;
