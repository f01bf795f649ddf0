import type { LogIndex } from './ids.ts';
import type { LeaseEcho, Stamp } from './message.ts';
import type { State } from './state.ts';

export function takeLease(_state: State, _echo: LeaseEcho | undefined): void {}
export function noteMatched(state: State, matched: LogIndex): void {
  state.following.matched = matched;
}
export function stampNow(_state: State): Stamp | undefined {
  return undefined;
}
export function dropLease(_state: State): void {}
export function followerServes(_state: State, _nowMs: number): boolean {
  return false;
}
