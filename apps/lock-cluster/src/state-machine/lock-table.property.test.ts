import fc from 'fast-check';
import { nodeId } from '@quorate/raft';
import type { LockCommand } from './commands.ts';
import { areCompatible } from './modes.ts';
import type { LockReply } from './replies.ts';
import { anyDraw, clients, keysOf, plainDraw, Script } from './testing/draws.ts';
import {
  applyPlainly,
  hasTie,
  nextDue,
  repeatPlainly,
  tickPlainly,
} from './testing/plain-commands.ts';
import { PlainModel, requestOf, type Said } from './testing/plain-model.ts';
import {
  eventsInPlainWords,
  inPlainWords,
  pictureOf,
  pictureOfModel,
  sorted,
} from './testing/plain-words.ts';
import { dump, restored, TestTable } from './testing/test-table.ts';

const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 400);

/** What must be true of any lock table, said of the model once both were seen to be the same. */
function expectSound(model: PlainModel): void {
  for (const [i, one] of model.holds.entries()) {
    for (const other of model.holds.slice(i + 1)) {
      if (one.key !== other.key) continue;
      expect(one.client).not.toBe(other.client);
      expect(areCompatible(one.mode, other.mode)).toBe(true);
    }
  }
  expect(model.waits.filter((wait) => model.mayGo(wait))).toEqual([]);
  for (const who of clients) expect(model.reachableFrom(who).has(who)).toBe(false);
}

/** The cycle that a refusal names is one: each step waits for the next, the last for the first. */
function expectCycle(
  model: PlainModel,
  reply: Extract<LockReply, { kind: 'deadlock' }>,
  who: string,
): void {
  const { cycle } = reply;
  expect(cycle[0]!.client).toBe(who);
  expect(cycle.at(-1)!.waitsFor).toBe(who);
  for (const [i, step] of cycle.entries()) {
    if (i === 0) continue;
    expect(cycle[i - 1]!.waitsFor).toBe(step.client);
    expect([...model.waitsFor(step.client)]).toContain(step.waitsFor);
  }
}

/** One client asks for one thing at a time at a key; the same again is the same request. */
function asksForTwoThings(model: PlainModel, command: LockCommand): boolean {
  if (command.kind !== 'acquire' && command.kind !== 'convert') return false;
  const request = requestOf(command);
  const same = model.sameWait(request);
  return model.waits.some(
    (wait) =>
      wait !== same &&
      wait.client === command.client &&
      wait.places.some((place) => keysOf(command).includes(place.key)),
  );
}

describe('the lock table', () => {
  it('does what a plain and slow model of it does, and stays sound at every step', () => {
    fc.assert(
      fc.property(fc.array(plainDraw, { minLength: 1, maxLength: 80, size: 'max' }), (draws) => {
        const table = new TestTable();
        const model = new PlainModel();
        const script = new Script();
        let newestToken = 0;
        const tokenOf = (who: string, name: string): number | undefined =>
          model.hold(name, who)?.token;
        const compare = (): void => {
          expect(eventsInPlainWords(table.events)).toEqual(
            model.said.map((one) => JSON.stringify(one)).sort(),
          );
          expect(pictureOf(table)).toEqual(pictureOfModel(model));
          expectSound(model);
          const newest = Math.max(0, ...model.holds.map((hold) => hold.token));
          expect(newest).toBeLessThanOrEqual(table.index);
          newestToken = Math.max(newestToken, newest);
        };
        for (const draw of draws) {
          if (draw.do === 'pass') {
            pass(table, model, draw.ms, compare);
            continue;
          }
          if (draw.do === 'repeat') {
            const asked = script.one(draw.nth);
            if (asked === undefined || asked.first.kind === 'overloaded') continue;
            if (asksForTwoThings(model, asked.command)) continue;
            model.begin(table.index + 1, table.nowMs);
            const { first, command } = asked;
            const isOpen =
              first.kind === 'granted' || first.kind === 'waiting' || first.kind === 'queued';
            const reply = table.repeat(command, first);
            if (isOpen)
              expect(inPlainWords(reply)).toEqual(
                repeatPlainly(model, requestOf(command), first.kind),
              );
            else expect(reply).toEqual(first);
            compare();
            continue;
          }
          const command = script.commandOf(draw, tokenOf);
          if (command === undefined || asksForTwoThings(model, command)) continue;
          model.begin(table.index + 1, table.nowMs);
          const reply = table.apply(command);
          if (reply.kind === 'deadlock')
            expectCycle(model, reply, (command as { client: string }).client);
          const plain = applyPlainly(model, command);
          expect(inPlainWords(reply)).toEqual(
            plain['kind'] === 'renewed'
              ? { ...plain, holds: sorted(plain['holds'] as Said[]) }
              : plain,
          );
          if (command.kind === 'acquire' || command.kind === 'convert') {
            script.asked.push({ command, first: reply, wait: table.index });
          }
          compare();
        }
      }),
      { numRuns },
    );
  });

  it('goes on alike on a node that was restored from a snapshot in the middle', () => {
    fc.assert(
      fc.property(fc.array(anyDraw, { minLength: 2, maxLength: 80, size: 'max' }), (draws) => {
        const table = new TestTable();
        const twin = new TestTable();
        const script = new Script();
        const both = [table, twin] as const;
        for (const draw of draws) {
          if (draw.do === 'snapshot') {
            twin.table = restored(twin.table.snapshot());
          } else if (draw.do === 'pass') {
            expect(twin.pass(draw.ms)).toEqual(table.pass(draw.ms));
          } else if (draw.do === 'move') {
            for (const one of both) one.node = draw.node;
          } else if (draw.do === 'node') {
            const [events, same] = both.map((one) =>
              one.notice(
                draw.what === 'node-gone'
                  ? { kind: 'node-gone', node: nodeId(draw.node) }
                  : { kind: 'node-started', node: nodeId(draw.node), incarnation: 1 + one.index },
              ),
            );
            expect(same).toEqual(events);
            if (draw.what === 'node-started') for (const one of both) one.incarnation = one.index;
          } else if (draw.do === 'repeat') {
            const asked = script.one(draw.nth);
            if (asked === undefined) continue;
            expect(twin.repeat(asked.command, asked.first)).toEqual(
              table.repeat(asked.command, asked.first),
            );
            expect(twin.events).toEqual(table.events);
          } else {
            const command = script.commandOf(draw, () => undefined);
            if (command === undefined) continue;
            const reply = table.apply(command);
            expect(twin.apply(command)).toEqual(reply);
            expect(twin.events).toEqual(table.events);
            if (command.kind === 'acquire' || command.kind === 'convert') {
              script.asked.push({ command, first: reply, wait: table.index });
            }
          }
          expect(twin.table.nextDeadline()).toEqual(table.table.nextDeadline());
        }
        expect(dump(restored(twin.table.snapshot()))).toEqual(
          dump(restored(table.table.snapshot())),
        );
      }),
      { numRuns },
    );
  });
});

/** The leader proposes a clock entry at each deadline. */
function pass(table: TestTable, model: PlainModel, ms: number, compare: () => void): void {
  const untilMs = table.nowMs + ms;
  for (;;) {
    const dueMs = table.table.nextDeadline();
    expect(dueMs).toBe(nextDue(model)?.dueMs);
    if (dueMs === undefined || dueMs > untilMs) break;
    fc.pre(!hasTie(model));
    table.nowMs = Math.max(table.nowMs, dueMs);
    model.begin(table.index + 1, table.nowMs);
    table.notice({ kind: 'clock' });
    tickPlainly(model);
    compare();
  }
  table.nowMs = untilMs;
}
