import type { PlantedBug } from './planted-bug.ts';

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'a vote is answered before it is durable',
    file: 'core/election.ts',
    find: 'if (answer.preVote && answer.granted) post(state.outbox, to, answer);',
    replace: 'if (answer.granted) post(state.outbox, to, answer);',
    seed: 1,
  },
  {
    name: 'entries are acknowledged before they are durable',
    file: 'core/follower-log.ts',
    find: 'sendOnceDurable(state, to, answer, answer.result.match);',
    replace: 'state.outbox.send.push({ to, message: answer });',
    seed: 1,
  },
  {
    name: 'the up-to-date check compares index and term each by itself',
    file: 'core/election.ts',
    find: 'return lastTerm > log.lastTerm || (lastTerm === log.lastTerm && lastIndex >= log.lastIndex);',
    replace: 'return lastTerm >= log.lastTerm || lastIndex > log.lastIndex;',
    seed: 10,
  },
  {
    name: 'the vote is forgotten within its term',
    file: 'core/election.ts',
    find: 'const free = state.vote === from || (state.vote === undefined && state.leader === undefined);',
    replace: 'const free = state.leader === undefined;',
    seed: 20,
  },
  {
    name: 'half of an even number of voters is taken for a majority',
    file: 'core/quorum.ts',
    find: 'export const majorityOf = (size: number): number => Math.floor(size / 2) + 1;',
    replace: 'export const majorityOf = (size: number): number => Math.ceil(size / 2);',
    seed: 5,
  },
  {
    name: 'match indexes are sorted as text',
    file: 'core/quorum.ts',
    find: 'while (at > 0 && values[at - 1]! < value) {',
    replace: 'while (at > 0 && String(values[at - 1]) < String(value)) {',
    seed: 1,
  },
  {
    name: 'a short, late append cuts the log',
    file: 'core/follower-log.ts',
    find: 'takeEntries(state, firstNew(state, append), entries);',
    replace:
      'if (end < log.lastIndex && end >= state.commit && end >= log.baseIndex) {\n' +
      '    log.truncateFrom(logIndex(end + 1));\n' +
      '    forgetFrom(state.durability, logIndex(end + 1));\n' +
      '    keepUnwritten(state.outbox, (entry) => entry.index <= end);\n' +
      '  }\n' +
      '  takeEntries(state, firstNew(state, append), entries);',
    seed: 4,
  },
  {
    name: 'the previous entry’s term is not compared',
    file: 'core/follower-log.ts',
    find: 'if (prevIndex >= log.baseIndex && known !== prevTerm) {',
    replace: 'if (prevIndex >= log.baseIndex && known === undefined) {',
    seed: 35,
  },
  {
    name: 'a heartbeat tells the commit index beyond what the peer matches',
    file: 'core/rounds.ts',
    find: 'const commit = logIndex(Math.min(state.commit, peer.match));',
    replace: 'const commit = state.commit;',
    seed: 1,
  },
  {
    name: 'no no-op at the start of a term',
    file: 'core/roles.ts',
    find: "appendOwn(state, leadership, [{ kind: 'noop', payload: new Uint8Array(0) }]);",
    replace: '',
    seed: 4,
  },
  {
    name: 'the leader counts its own entries before its disk has them',
    file: 'core/leadership.ts',
    find: '(id === state.id ? state.durability.index : (byId.get(id)?.match ?? 0)),',
    replace: '(id === state.id ? state.log.lastIndex : (byId.get(id)?.match ?? 0)),',
    seed: 1,
  },
  {
    name: 'a late completion marks newer entries durable (the append ABA race)',
    file: 'core/durability.ts',
    find: 'if (write.lastIndex > before) write.lastIndex = before;',
    replace: 'if (write.lastIndex > before) continue;',
    seed: 131,
  },
  {
    name: 'a window that is full never opens again after a loss',
    file: 'core/replication.ts',
    find: 'peer.nudge = true;',
    replace: 'peer.nudge = false;',
    seed: 10,
  },
  {
    name: 'a probe that was lost is never repeated',
    file: 'core/replication.ts',
    find: '    peer.paused = false;\n    peer.next = logIndex(Math.max(',
    replace: '    peer.next = logIndex(Math.max(',
    seed: 3,
  },
  {
    name: 'a snapshot leaves out the table of requests',
    file: 'replica/replicated-state.ts',
    find: 'new SnapshotParts([this.sessions.part(), this.requests.part()]);',
    replace: 'new SnapshotParts([this.sessions.part()]);',
    seed: 6,
  },
  {
    name: 'a forwarded proposal is applied twice',
    file: 'replica/sessions.ts',
    find: 'if (sequence < session.floor || session.above.has(sequence)) return false;\n    if (sequence === session.floor)',
    replace: 'if (sequence === session.floor)',
    seed: 6,
  },
  {
    name: 'a read is served before the leader has committed in its own term',
    file: 'core/read-index.ts',
    find: 'if (readers.length === 0 || state.commit < leadership.noopIndex) return false;',
    replace: 'if (readers.length === 0) return false;',
    seed: 1,
  },
  {
    name: 'a read is served before its index is applied',
    file: 'replica/reads.ts',
    find: 'this.#confirmed.add(index, deadlineMs, (reached) =>',
    replace: 'this.#confirmed.add(logIndex(0), deadlineMs, (reached) =>',
    seed: 1,
  },
  {
    name: 'a new leader does not wait for the leases of the last one',
    file: 'core/leadership.ts',
    find: 'servingUntilMs: state.nowMs + (state.localReads?.leaseMs ?? 0),',
    replace: 'servingUntilMs: state.nowMs,',
    seed: 6,
  },
  {
    name: 'a lease counts from when it comes, not from the stamp',
    file: 'core/held-lease.ts',
    find: 'const untilMs = echo.stamp.atMs + localReads.leaseMs - localReads.driftMs;',
    replace: 'const untilMs = state.nowMs + localReads.leaseMs - localReads.driftMs;',
    seed: 6,
  },
  {
    name: 'a follower whose log is behind takes a lease',
    file: 'core/held-lease.ts',
    find: 'if (log.lastTerm !== state.term || log.lastIndex < echo.floor) return;',
    replace: '',
    seed: 21,
  },
];
