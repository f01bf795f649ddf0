import { logIndex, type LogIndex } from './ids.ts';
import type { Leadership } from './leadership.ts';
import type { LeaseEcho, Stamp } from './message.ts';
import type { Progress } from './progress.ts';
import type { State } from './state.ts';

export function echoFor(
  _state: State,
  _leadership: Leadership,
  _peer: Progress,
): LeaseEcho | undefined {
  return undefined;
}
export function noteStamp(
  _state: State,
  _leadership: Leadership,
  _peer: Progress,
  _stamp: Stamp | undefined,
): void {}
export function settle(state: State, _leadership: Leadership): void {
  state.settled = logIndex(Math.max(state.settled, state.commit));
}
export function noteSent(_state: State, _peer: Progress, _end: LogIndex): void {}
export function confirmStamps(_state: State, _leadership: Leadership): void {}
export function tickLeases(_state: State, _leadership: Leadership): void {}
export function leaderServes(_state: State, _leadership: Leadership, _nowMs: number): boolean {
  return false;
}
export function peerMayServe(
  _state: State,
  _leadership: Leadership,
  _peer: Progress,
  _nowMs: number,
): boolean {
  return false;
}
