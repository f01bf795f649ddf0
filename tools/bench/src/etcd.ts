import { join } from 'node:path';
import { findProgram, freePorts, startMembers, untilAnswers, type Server } from './processes.ts';

const names = ['a', 'b', 'c'] as const;

/** Three nodes of etcd on loopback, as it comes (it syncs before it answers); undefined without one. */
export async function startEtcd(): Promise<Server | undefined> {
  const program = findProgram('etcd');
  if (program === undefined) return undefined;
  const ports = await freePorts(2 * names.length);
  const clientUrl = (i: number): string => `http://127.0.0.1:${ports[i]}`;
  const peerUrl = (i: number): string => `http://127.0.0.1:${ports[names.length + i]}`;
  const cluster = names.map((name, i) => `${name}=${peerUrl(i)}`).join(',');
  const { processes, stop } = await startMembers((folder) =>
    names.map((name, i) => ({
      name: `etcd ${name}`,
      command: program,
      args: [
        ...['--name', name, '--data-dir', join(folder, name), '--log-level', 'error'],
        ...['--listen-client-urls', clientUrl(i), '--advertise-client-urls', clientUrl(i)],
        ...['--listen-peer-urls', peerUrl(i), '--initial-advertise-peer-urls', peerUrl(i)],
        ...['--initial-cluster', cluster, '--initial-cluster-state', 'new'],
      ],
      env: { ETCD_UNSUPPORTED_ARCH: process.arch },
    })),
  );
  const leader = await untilAnswers('etcd', processes, async () => {
    const all = await Promise.all(
      names.map((_, i) => ask(ports[i]!, '/v3/maintenance/status', {})),
    );
    const found = all.findIndex(
      ({ header, leader: led }) => led !== undefined && led === header?.member_id,
    );
    return found < 0 ? undefined : found;
  });
  return {
    name: 'etcd',
    port: ports[leader]!,
    ports: ports.slice(0, names.length),
    pid: processes[leader]!.pid,
    stop,
  };
}

/** A lease for as long as the benchmark runs; etcd's locks need one. */
export async function grantLease({ port }: Server): Promise<string> {
  const { ID } = await ask(port, '/v3/lease/grant', { TTL: 600 });
  return ID ?? '';
}

interface EtcdAnswer {
  readonly header?: { readonly member_id: string };
  readonly leader?: string;
  readonly ID?: string;
}

async function ask(port: number, path: string, body: object): Promise<EtcdAnswer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return (await response.json()) as EtcdAnswer;
}
