import type { Outcome, RequestRef } from '@quorate/raft';
import { logIndex } from '@quorate/raft';
import { HistoryRecorder } from '../linearizability/history.ts';
import type { Operation } from '../linearizability/history.ts';
import type { RegisterInput, RegisterOutput } from '../linearizability/register.ts';
import { explainHistory } from './explained-history.ts';
import type { Generator } from '../random/generator.ts';
import type {
  RegisterCommand,
  RegisterEvent,
  RegisterMachine,
  RegisterReply,
} from './register-machine.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import { hold } from './violation.ts';

export type RegisterCluster = SimulatedCluster<
  RegisterMachine,
  RegisterCommand,
  RegisterReply,
  RegisterEvent
>;

export interface ClientCounts {
  acknowledged: number;
  ambiguous: number;
  refused: number;
  repeated: number;
  read: number;
  readLocally: number;
}

/** What one attempt at one node came to. */
type Attempt =
  | { readonly kind: 'answered'; readonly reply: RegisterReply; readonly repeated: boolean }
  | { readonly kind: 'refused' }
  | { readonly kind: 'lost' };

const attemptsMax = 6;

/**
 * Clients of the registers, each with one operation at a time through any node, that write down what
 * they did and saw. They know what a real client knows: an answer, a refusal, or that the connection
 * broke or the time ran out. Only with a request id do they repeat what may have happened.
 */
export class RegisterClients {
  readonly recorder = new HistoryRecorder<RegisterInput, RegisterOutput>();
  readonly counts: ClientCounts = {
    acknowledged: 0,
    ambiguous: 0,
    refused: 0,
    repeated: 0,
    read: 0,
    readLocally: 0,
  };
  /** Tags of commands that were answered: each must be found in every state at the end. */
  readonly acknowledged = new Set<string>();
  private readonly cluster: RegisterCluster;
  private readonly random: Generator;
  private readonly ids: readonly string[];
  private readonly patienceMs: number;
  /** For local reads: the newest log position at which each node has seen each key written. */
  private readonly appended = new Map<string, Map<string, number>>();
  private readonly onCrash = new Map<string, Set<() => void>>();
  private readonly knownVersions = new Map<string, number>();
  private readonly tags = new Map<number, string>();
  private stopped = false;
  private operations = 0;
  busy = 0;

  constructor(cluster: RegisterCluster, random: Generator) {
    this.cluster = cluster;
    this.random = random;
    this.ids = [...cluster.nodes.keys()];
    this.patienceMs = cluster.plan.timing.electionTimeoutMaxMs * random.pick([2, 5, 12]);
    cluster.onCrashed = (node) => {
      const waiting = this.onCrash.get(node);
      this.onCrash.delete(node);
      waiting?.forEach((tell) => tell());
    };
    cluster.onBooted = (node) => this.watchAppends(node);
  }

  start(): void {
    for (let i = 0; i < this.cluster.plan.clients; i++) this.think(`client-${i}`);
  }

  /** No new operations; those under way may still be answered. */
  stop(): void {
    this.stopped = true;
  }

  /** One write that must succeed in the end; `done` when it is acknowledged. */
  probe(nodes: readonly string[], done: () => void): void {
    const tag = `probe-${this.operations++}`;
    const command: RegisterCommand = { kind: 'set', tag, key: 'probe', value: tag };
    const request: RequestRef = { scope: 'probe', id: tag, fingerprint: '' };
    let open = true;
    // Through every node at once: one that cannot reach the leader keeps its caller waiting.
    const attempt = (node: string): void => {
      this.propose(node, command, request, (result) => {
        if (!open) return;
        if (result.kind !== 'answered') {
          this.cluster.time.after(this.random.exponential(20), () => attempt(node));
          return;
        }
        open = false;
        this.acknowledged.add(tag);
        done();
      });
    };
    for (const node of nodes) attempt(node);
  }

  private think(client: string): void {
    this.cluster.time.after(this.random.exponential(this.cluster.plan.thinkMs), () => {
      if (this.stopped) return;
      this.busy++;
      const next = (): void => {
        this.busy--;
        this.think(client);
      };
      const key = `k${this.random.integer(0, this.cluster.plan.keys - 1)}`;
      if (this.random.chance(0.4)) this.read(client, key, next);
      else this.write(client, key, next);
    });
  }

  private write(client: string, key: string, next: () => void): void {
    const { random } = this;
    const tag = `${client}/${this.operations++}`;
    const request: RequestRef | undefined = random.chance(0.5)
      ? { scope: client, id: tag, fingerprint: key }
      : undefined;
    if (random.chance(0.1)) {
      // Registers with a deadline stay out of the history, where nobody could say when they empty.
      const ttlMs = random.exponential(this.patienceMs);
      const command: RegisterCommand = { kind: 'set', tag, key: `t${key}`, value: tag, ttlMs };
      this.pursue(command, request, undefined, next);
      return;
    }
    const expectedVersion = this.knownVersions.get(key);
    const compares = expectedVersion !== undefined && random.chance(0.3);
    const command: RegisterCommand = compares
      ? { kind: 'compare-and-set', tag, key, value: tag, expectedVersion }
      : { kind: 'set', tag, key, value: tag };
    const input: RegisterInput = compares
      ? { kind: 'compare-and-set', key, value: tag, expectedVersion }
      : { kind: 'write', key, value: tag };
    const operation = this.recorder.invoke(client, input);
    this.tags.set(operation, tag);
    this.pursue(command, request, operation, next);
  }

  /** What was done and seen, with the writes in doubt as the final state explains them. */
  history(final: RegisterMachine): Operation<RegisterInput, RegisterOutput>[] {
    return explainHistory(this.recorder.history(), (operation) => {
      const tag = this.tags.get(operation);
      return tag === undefined ? undefined : final.replyTo(tag);
    });
  }

  /** Tries until there is an answer, or it makes no sense to try again. */
  private pursue(
    command: RegisterCommand,
    request: RequestRef | undefined,
    operation: number | undefined,
    next: () => void,
  ): void {
    let inDoubt = false;
    const attempt = (left: number): void => {
      this.propose(this.random.pick(this.ids), command, request, (result) => {
        if (result.kind === 'answered') {
          this.answered(command, result, operation);
          next();
          return;
        }
        if (result.kind === 'lost') inDoubt = true;
        const mayTryAgain = left > 1 && (!inDoubt || request !== undefined);
        if (mayTryAgain) {
          this.cluster.time.after(this.random.exponential(10), () => attempt(left - 1));
          return;
        }
        if (inDoubt) this.counts.ambiguous++;
        else {
          this.counts.refused++;
          if (operation !== undefined) this.recorder.refuse(operation);
        }
        next();
      });
    };
    attempt(attemptsMax);
  }

  private answered(
    command: RegisterCommand,
    { reply, repeated }: Attempt & { kind: 'answered' },
    operation: number | undefined,
  ): void {
    this.counts.acknowledged++;
    if (repeated) this.counts.repeated++;
    this.acknowledged.add(command.tag);
    if (reply.kind === 'written') this.knownVersions.set(command.key, reply.version);
    if (operation !== undefined) this.recorder.complete(operation, reply);
  }

  private propose(
    id: string,
    command: RegisterCommand,
    request: RequestRef | undefined,
    done: (result: Attempt) => void,
  ): void {
    const node = this.cluster.node(id);
    const once = this.connect<Attempt>(id, { kind: 'lost' }, done);
    if (once === undefined) {
      done({ kind: 'refused' });
      return;
    }
    node.process.take(() => {
      const deadlineMs = node.nowMs() + this.patienceMs * 0.9;
      const options = request === undefined ? { deadlineMs } : { deadlineMs, request };
      node.replica?.proposeWith(command, options, (outcome) => {
        const result = judge(outcome);
        if (result.kind !== 'answered' || !('index' in outcome)) {
          once(result);
          return;
        }
        // The answer shows the state at its index; it may leave when that is settled.
        this.whenSettled(id, Math.max(outcome.index, node.appliedIndex), (settled) => {
          once(settled ? result : { kind: 'lost' });
        });
      });
    });
  }

  private read(client: string, key: string, next: () => void): void {
    const id = this.random.pick(this.ids);
    const node = this.cluster.node(id);
    const operation = this.recorder.invoke(client, { kind: 'read', key });
    const once = this.connect<RegisterOutput | undefined>(id, undefined, (output) => {
      if (output === undefined) this.recorder.refuse(operation);
      else {
        this.counts.read++;
        this.recorder.complete(operation, output);
      }
      next();
    });
    if (once === undefined) {
      this.recorder.refuse(operation);
      next();
      return;
    }
    node.process.take(() => {
      const show = (): RegisterOutput => {
        const { value, version } = node.machine!.read(key);
        this.knownVersions.set(key, version);
        return { kind: 'value', value, version };
      };
      if (this.mayReadLocally(id, key)) {
        this.counts.readLocally++;
        once(show());
        return;
      }
      const deadlineMs = node.nowMs() + this.patienceMs * 0.9;
      node.replica?.readBarrierWith(deadlineMs, (outcome) => {
        if (outcome.kind === 'refused') {
          once(undefined);
          return;
        }
        const output = show();
        this.whenSettled(id, node.appliedIndex, (settled) => once(settled ? output : undefined));
      });
    });
  }

  /** A hit: the node holds a lease, and no write to the key waits in its log above what it shows. */
  private mayReadLocally(id: string, key: string): boolean {
    const { replica, core, machine, appliedIndex } = this.cluster.node(id);
    if (this.cluster.plan.localReads === undefined || replica === undefined) return false;
    if ((this.appended.get(id)?.get(key) ?? 0) > appliedIndex) return false;
    return replica.mayServeLocally() && machine!.read(key).version <= core!.settled;
  }

  private whenSettled(id: string, index: number, done: (settled: boolean) => void): void {
    if (this.cluster.plan.localReads === undefined) {
      done(true);
      return;
    }
    const node = this.cluster.node(id);
    const deadlineMs = node.nowMs() + this.patienceMs;
    node.replica?.whenSettledWith(logIndex(index), deadlineMs, done);
  }

  private watchAppends(id: string): void {
    const appended = new Map<string, number>();
    this.appended.set(id, appended);
    this.cluster.node(id).replica?.onAppended((commands) => {
      for (const { index, command } of commands) appended.set(command.key, index);
    });
  }

  /**
   * A connection to a node for one question: `done` runs once, with the answer, or with `lost` when
   * the node dies or the client's patience ends. `undefined`: nobody answers the door.
   */
  private connect<T>(
    id: string,
    lost: T,
    done: (result: T) => void,
  ): ((result: T) => void) | undefined {
    if (!this.cluster.node(id).process.isUp) return undefined;
    const waiting = this.onCrash.get(id) ?? new Set<() => void>();
    this.onCrash.set(id, waiting);
    let open = true;
    const finish = (result: T): void => {
      if (!open) return;
      open = false;
      waiting.delete(lose);
      done(result);
    };
    const lose = (): void => finish(lost);
    waiting.add(lose);
    this.cluster.time.after(this.patienceMs * 1.1, lose);
    return finish;
  }
}

function judge(outcome: Outcome<RegisterReply>): Attempt {
  switch (outcome.kind) {
    case 'applied':
      return { kind: 'answered', reply: outcome.reply, repeated: false };
    case 'repeated':
      return { kind: 'answered', reply: outcome.reply, repeated: true };
    case 'refused':
      hold(
        outcome.why !== 'request-id-reused',
        'a repeated request is recognised',
        () => 'the same request was taken for another',
      );
      return { kind: 'refused' };
    case 'unknown':
      return { kind: 'lost' };
  }
}
