import { TcpProxy } from './tcp-proxy.ts';
import type { Treatment } from './tcp-proxy.ts';

/**
 * The links between the nodes of one cluster: for each node its own way to every other, so that a
 * direction can be cut whoever of the two has dialled.
 */
export class PeerLinks {
  private readonly proxies = new Map<string, TcpProxy>();

  /** Opens the way on which `from` dials `to`; gives the port that `from` must be told. */
  async open(from: string, to: string, targetPort: number): Promise<number> {
    const proxy = await TcpProxy.open(targetPort);
    this.proxies.set(key(from, to), proxy);
    return proxy.port;
  }

  /** What `from` says no longer reaches `to`, on either's connections; the reverse still does. */
  cut(from: string, to: string): void {
    this.treat(from, to, { kind: 'hold' });
  }

  cutBoth(one: string, other: string): void {
    this.cut(one, other);
    this.cut(other, one);
  }

  delay(from: string, to: string, delayMs: number): void {
    this.treat(from, to, { kind: 'pass', delayMs });
  }

  heal(from: string, to: string): void {
    this.treat(from, to, { kind: 'pass', delayMs: 0 });
  }

  healBoth(one: string, other: string): void {
    this.heal(one, other);
    this.heal(other, one);
  }

  /** Breaks the connections between two nodes; they may dial again. */
  reset(one: string, other: string): void {
    this.between(one, other).forEach((proxy) => proxy.reset());
  }

  refuse(one: string, other: string, refusing: boolean): void {
    this.between(one, other).forEach((proxy) => proxy.refuse(refusing));
  }

  async close(): Promise<void> {
    await Promise.all([...this.proxies.values()].map((proxy) => proxy.close()));
    this.proxies.clear();
  }

  private treat(from: string, to: string, treatment: Treatment): void {
    this.proxies.get(key(from, to))?.treat('forth', treatment);
    this.proxies.get(key(to, from))?.treat('back', treatment);
  }

  private between(one: string, other: string): TcpProxy[] {
    const both = [this.proxies.get(key(one, other)), this.proxies.get(key(other, one))];
    return both.filter((proxy) => proxy !== undefined);
  }
}

const key = (from: string, to: string): string => `${from}→${to}`;
