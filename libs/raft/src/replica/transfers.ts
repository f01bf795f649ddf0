import type { Core } from '../core/core.ts';
import type { Office } from '../core/effects.ts';

interface Transfer {
  readonly deadlineMs: number;
  readonly callback: (handedOver: boolean) => void;
}

/** Callers that wait until this node has handed its office over: until it knows another leader. */
export class Transfers {
  readonly #core: Core;
  #open: Transfer[] = [];

  constructor(core: Core) {
    this.#core = core;
  }

  add(deadlineMs: number, callback: (handedOver: boolean) => void): void {
    this.#open.push({ deadlineMs, callback });
  }

  officeChanged(office: Office): void {
    if (office.role === 'leader' || office.leader === undefined) return;
    this.#end(() => true, true);
  }

  tick(nowMs: number): void {
    if (this.#open.length === 0) return;
    const stillHere = this.#core.office.role === 'leader';
    this.#end(({ deadlineMs }) => deadlineMs <= nowMs, !stillHere);
  }

  clear(): void {
    this.#end(() => true, false);
  }

  #end(over: (transfer: Transfer) => boolean, handedOver: boolean): void {
    const ended = this.#open.filter(over);
    if (ended.length === 0) return;
    this.#open = this.#open.filter((transfer) => !ended.includes(transfer));
    for (const { callback } of ended) callback(handedOver);
  }
}
