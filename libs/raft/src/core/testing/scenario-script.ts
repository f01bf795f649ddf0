import {
  ScenarioCluster,
  type InTransit,
  type ScenarioOptions,
  type StartEntry,
} from './scenario-cluster.ts';
import { traceEntries, traceMessage } from './trace.ts';
import { quorumValue, tallyVotes } from '../quorum.ts';
import { nodeId, type NodeId } from '../ids.ts';

/**
 * A scenario is text: paragraphs of commands, each followed by `----` and the trace that is expected.
 * Lines that begin with `#` say what it is about. `UPDATE=1 npx jest scenarios` writes the traces anew,
 * to be read before they are committed.
 */
export function runScript(text: string): string {
  const script = new ScenarioScript();
  const paragraphs = text.trimEnd().split(/\n\n+/);
  return `${paragraphs.map((paragraph) => script.run(paragraph)).join('\n\n')}\n`;
}

class ScenarioScript {
  private cluster: ScenarioCluster | undefined;
  private readonly logs = new Map<string, StartEntry[]>();
  private readonly terms = new Map<string, number>();

  run(paragraph: string): string {
    const lines = paragraph.split('\n');
    const end = lines.indexOf('----');
    const commands = end < 0 ? lines : lines.slice(0, end);
    const spoken = commands.filter((line) => line !== '' && !line.startsWith('#'));
    if (spoken.length === 0) return paragraph;
    const trace = spoken.flatMap((command) => this.command(command.split(/\s+/)));
    return [...commands, '----', ...trace].join('\n');
  }

  private command([name = '', ...words]: readonly string[]): string[] {
    switch (name) {
      case 'log-at-start':
        this.logs.set(words[0]!, words.slice(1).map(startEntry));
        return [];
      case 'term-at-start':
        this.terms.set(words[0]!, Number(words[1]));
        return [];
      case 'cluster':
        this.cluster = new ScenarioCluster(this.clusterOptions(words));
        return [];
      case 'majority':
      case 'votes':
        return [arithmetic(name, words)];
    }
    if (this.cluster === undefined) throw new Error('a scenario begins with its cluster');
    return act(this.cluster, name, words);
  }

  private clusterOptions(words: readonly string[]): ScenarioOptions {
    const after = (mark: string): string[] => {
      const at = words.indexOf(mark);
      if (at < 0) return [];
      const rest = words.slice(at + 1);
      const end = rest.findIndex((word) => marks.includes(word));
      return end < 0 ? rest : rest.slice(0, end);
    };
    const first = words.findIndex((word) => marks.includes(word));
    return {
      voters: first < 0 ? words : words.slice(0, first),
      outgoing: after('outgoing'),
      learners: after('learners'),
      localReads: words.includes('local-reads'),
      logs: this.logs,
      terms: this.terms,
    };
  }
}

/** `3` is an entry of term 3, `3:500` one that carries 500 bytes. */
function startEntry(word: string): StartEntry {
  const [term, bytes = 0] = word.split(':').map(Number);
  return { term: term!, bytes };
}

const marks = ['outgoing', 'learners', 'local-reads'];

function act(cluster: ScenarioCluster, name: string, words: readonly string[]): string[] {
  const [first = '', second = ''] = words;
  const { nowMs } = cluster;
  switch (name) {
    case 'time-out': {
      // Only this node acts on the time that passes; the others merely grow old with it.
      const node = cluster.node(first);
      const end = nowMs + 400;
      while (cluster.nowMs < end && !node.core.hasEffects()) cluster.pass(10, [node]);
      return cluster.take(node);
    }
    case 'pass':
      cluster.pass(
        Number(first),
        words.slice(1).map((of) => cluster.node(of)),
      );
      return [];
    case 'run':
      for (const end = nowMs + Number(first); cluster.nowMs < end; cluster.settle()) {
        cluster.pass(
          10,
          words.slice(1).map((of) => cluster.node(of)),
        );
      }
      return [];
    case 'take':
      return cluster.take(cluster.node(first));
    case 'persist':
      return cluster.persist(cluster.node(first));
    case 'deliver':
      return cluster.deliver(matching(words));
    case 'deliver-copy':
      return cluster.deliverCopies(matching(words));
    case 'lose':
      return cluster.drop(matching(words));
    case 'settle':
      return cluster.settle();
    case 'settle-quietly':
      cluster.settle();
      return [];
    case 'propose':
      return [cluster.propose(first, words.slice(1))];
    case 'read':
      cluster.node(first).step({ kind: 'read', nowMs, id: Number(second) });
      return cluster.take(cluster.node(first));
    case 'apply':
      while (cluster.node(first).toApply.length > 0) cluster.node(first).applyNext(nowMs);
      return [];
    case 'snapshot':
      cluster.node(first).takeSnapshot(nowMs);
      return cluster.take(cluster.node(first));
    case 'read-piece':
      cluster.node(first).readNextChunk(nowMs, 3);
      return cluster.take(cluster.node(first));
    case 'store-piece':
      cluster.node(first).storeNextChunk(nowMs, second === 'failing');
      return cluster.take(cluster.node(first));
    case 'hang':
      cluster.hung.add(cluster.node(first));
      return [];
    case 'unhang':
      cluster.hung.delete(cluster.node(first));
      return [];
    case 'crash':
      cluster.node(first).crash();
      return [];
    case 'start':
      cluster.node(first).start(nowMs);
      return [];
    case 'cut':
    case 'mend':
      cluster.setCut(first, second, name === 'cut');
      return [];
    case 'transfer':
      cluster.node(first).step({ kind: 'transfer', nowMs, to: nodeId(second) });
      return cluster.take(cluster.node(first));
    case 'link-reset': {
      const refused = words[2] === 'refused';
      cluster.node(first).step({ kind: 'peer-reset', nowMs, peer: nodeId(second), refused });
      return cluster.take(cluster.node(first));
    }
    case 'disk-full':
      cluster.node(first).step({ kind: 'storage-full', nowMs, full: second !== 'no' });
      return cluster.take(cluster.node(first));
    case 'show':
      return words.map((of) => show(cluster, of));
    default:
      throw new Error(`no such command: ${name}`);
  }
}

/** `deliver a→b append`, `deliver →b [2@1]`, `lose from_0`, `deliver`: all that is named must fit. */
function matching(words: readonly string[]): (sent: InTransit) => boolean {
  return ({ from, to, message }) => {
    const text = traceMessage(from, to, message);
    return words.every((word) => {
      if (/^\[|_/.test(word)) return text.includes(word.replaceAll('_', ' '));
      if (!word.includes('→')) return message.kind === word;
      const [sender, receiver] = word.split('→');
      return (sender === '' || sender === from) && (receiver === '' || receiver === to);
    });
  };
}

function show(cluster: ScenarioCluster, name: string): string {
  const node = cluster.node(name);
  if (!node.alive) return `${name} is down`;
  const { core } = node;
  const { role, term, leader } = core.office;
  const entries = [];
  for (let index = 1; index <= core.lastIndex; index++) {
    const entry = core.entryAt(index as typeof core.lastIndex);
    if (entry !== undefined) entries.push(entry);
  }
  const peers = core
    .progress(cluster.nowMs)
    .filter(() => role === 'leader')
    .map(
      (peer) => ` ${peer.id}:${peer.state}@${peer.match}${peer.mayServeLocally ? ' serving' : ''}`,
    )
    .join(',');
  return (
    `${name} ${role} T${term} leader ${leader ?? 'none'} commit ${core.commit}` +
    (core.settled === core.commit ? '' : ` settled ${core.settled}`) +
    ` log [${traceEntries(entries)}]` +
    (peers === '' ? '' : ` peers${peers}`) +
    (core.mayServeLocally(cluster.nowMs) ? ' may serve' : '')
  );
}

/** `majority a:5 b:7 / b:7 c:2` and `votes a:yes b:no / c:?`: the arithmetic alone, joint after `/`. */
function arithmetic(name: string, words: readonly string[]): string {
  const bar = words.indexOf('/');
  const halves = bar < 0 ? [words, []] : [words.slice(0, bar), words.slice(bar + 1)];
  const [voters = [], outgoing = []] = halves.map((half) =>
    half.map((word) => nodeId(word.split(':')[0]!)),
  );
  const values = new Map(
    words.filter((word) => word !== '/').map((word) => word.split(':') as [NodeId, string]),
  );
  const membership = { voters, outgoing, learners: [] };
  if (name === 'majority') {
    return String(quorumValue(membership, (id) => Number(values.get(id))));
  }
  const votes = new Map<NodeId, boolean>();
  for (const [id, said] of values) if (said !== '?') votes.set(id, said === 'yes');
  return tallyVotes(membership, votes);
}
