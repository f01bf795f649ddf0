/**
 * The numbers and names of the paper, made incompatible with each other on purpose: an index that is
 * passed where a term belongs is a compile error, not an outage.
 */
declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

export type NodeId = Branded<string, 'NodeId'>;
export type Term = Branded<number, 'Term'>;
export type LogIndex = Branded<number, 'LogIndex'>;

export const nodeId = (id: string): NodeId => id as NodeId;
export const term = (value: number): Term => value as Term;
export const logIndex = (value: number): LogIndex => value as LogIndex;

/** Term 0 and index 0 stand before the first election and the first entry; no entry carries them. */
export const termZero = term(0);
export const indexZero = logIndex(0);
