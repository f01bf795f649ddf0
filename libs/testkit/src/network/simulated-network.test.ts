import { Generator } from '../random/generator.ts';
import { VirtualTime } from '../virtual-time/virtual-time.ts';
import { drawPartition, partitionShapes } from './partition.ts';
import type { NetworkConditions } from './simulated-network.ts';
import { SimulatedNetwork, calmNetwork } from './simulated-network.ts';

function bench(conditions: Partial<NetworkConditions> = {}, mayDuplicate = true) {
  const time = new VirtualTime();
  const arrived: { to: string; message: number; atMs: number }[] = [];
  const network = new SimulatedNetwork<number>({
    time,
    random: new Generator(1),
    conditions: { ...calmNetwork, ...conditions },
    deliver: (_from, to, message) => arrived.push({ to, message, atMs: time.nowMs }),
    mayDuplicate: () => mayDuplicate,
  });
  const sendMany = (count: number): void => {
    for (let i = 0; i < count; i++) network.send('a', 'b', i);
  };
  const messages = (): number[] => arrived.map(({ message }) => message);
  const run = (): void => {
    while (time.step());
  };
  return { time, network, arrived, sendMany, messages, run };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('the simulated network', () => {
  it('delivers in order and exactly once while it is calm', () => {
    const { sendMany, messages, run } = bench();
    sendMany(200);
    run();
    expect(messages()).toEqual(upTo(200));
  });

  it('lets messages overtake each other where it may', () => {
    const { sendMany, messages, run } = bench({ reorders: true });
    sendMany(200);
    run();
    expect(messages()).not.toEqual(upTo(200));
    expect(messages().sort((a, b) => a - b)).toEqual(upTo(200));
  });

  it('loses about the share it is told to', () => {
    const { sendMany, messages, network, run } = bench({ lossProbability: 0.3 });
    sendMany(1_000);
    run();
    expect(messages().length).toBeGreaterThan(640);
    expect(messages().length).toBeLessThan(760);
    expect(network.counts.lost + messages().length).toBe(1_000);
  });

  it('duplicates only what may be duplicated', () => {
    const generous = bench({ duplicationProbability: 0.5 });
    generous.sendMany(100);
    generous.run();
    expect(generous.messages().length).toBeGreaterThan(130);
    const strict = bench({ duplicationProbability: 0.5 }, false);
    strict.sendMany(100);
    strict.run();
    expect(strict.messages()).toEqual(upTo(100));
  });

  it('cuts one direction and leaves the other', () => {
    const { network, arrived, run } = bench();
    network.cut('a', 'b');
    network.send('a', 'b', 1);
    network.send('b', 'a', 2);
    run();
    network.heal('a', 'b');
    network.send('a', 'b', 3);
    run();
    expect(arrived.map(({ message }) => message)).toEqual([2, 3]);
  });

  it('loses what is under way when a link is reset, and carries what is sent after', () => {
    const { network, messages, run } = bench();
    network.send('a', 'b', 1);
    network.reset('b', 'a');
    network.send('a', 'b', 2);
    run();
    expect(messages()).toEqual([2]);
  });

  it('slows one direction of one link', () => {
    const { network, arrived, run } = bench();
    network.slow('a', 'b', 500);
    network.send('a', 'b', 1);
    network.send('b', 'a', 2);
    run();
    expect(arrived.map(({ message, atMs }) => [message, atMs > 500])).toEqual([
      [2, false],
      [1, true],
    ]);
  });
});

describe('a partition', () => {
  it('of every shape cuts something between five nodes, and never a node from itself', () => {
    const nodes = ['a', 'b', 'c', 'd', 'e'];
    for (const shape of partitionShapes) {
      const directions = drawPartition(new Generator(shape), nodes, shape);
      expect(directions.length).toBeGreaterThan(0);
      expect(directions.filter(({ from, to }) => from === to)).toEqual([]);
    }
  });

  it('in the shape of a ring leaves each node its two neighbours', () => {
    const nodes = ['a', 'b', 'c', 'd', 'e'];
    const cut = drawPartition(new Generator(2), nodes, 'ring');
    for (const node of nodes) expect(cut.filter(({ from }) => from === node)).toHaveLength(2);
  });
});
