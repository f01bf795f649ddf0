import type { Core } from '../core/core.ts';
import type { Office } from '../core/effects.ts';
import type { NodeId } from '../core/ids.ts';

interface Transfer {
  /** Who led when it was asked for. */
  readonly from: NodeId;
  readonly deadlineMs: number;
  readonly callback: (handedOver: boolean) => void;
}

/** Callers that wait until the leader of that time has handed its office over: until another leads. */
export class Transfers {
  readonly #core: Core;
  #open: Transfer[] = [];

  constructor(core: Core) {
    this.#core = core;
  }

  add(transfer: Transfer): void {
    this.#open.push(transfer);
  }

  officeChanged({ leader }: Office): void {
    if (leader === undefined) return;
    this.#end(({ from }) => from !== leader);
  }

  tick(nowMs: number): void {
    if (this.#open.length === 0) return;
    this.#end(({ deadlineMs }) => deadlineMs <= nowMs);
  }

  clear(): void {
    this.#end(() => true);
  }

  #end(over: (transfer: Transfer) => boolean): void {
    const ended = this.#open.filter(over);
    if (ended.length === 0) return;
    this.#open = this.#open.filter((transfer) => !ended.includes(transfer));
    const { leader } = this.#core.office;
    for (const { from, callback } of ended) callback(leader !== undefined && leader !== from);
  }
}
