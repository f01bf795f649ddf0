import type { LogIndex } from '@quorate/raft';

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** The log index of the entry that granted the hold: it grows across all keys, modes and leaders. */
export type FencingToken = Branded<number, 'FencingToken'>;
/** The log index of the entry that began the wait. To a user it is the ticket. */
export type WaitId = Branded<number, 'WaitId'>;

export const fencingToken = (value: number): FencingToken => value as FencingToken;
export const waitId = (value: number): WaitId => value as WaitId;

export const tokenAt = (index: LogIndex): FencingToken => fencingToken(index);
export const waitAt = (index: LogIndex): WaitId => waitId(index);
