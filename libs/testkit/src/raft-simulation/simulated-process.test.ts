import { VirtualTime } from '../virtual-time/virtual-time.ts';
import { SimulatedProcess } from './simulated-process.ts';

function bench() {
  const time = new VirtualTime();
  const ran: string[] = [];
  const process = new SimulatedProcess(time, () => ran.push('turn'));
  const run = (): void => {
    while (time.step());
  };
  return { time, process, ran, run, note: (what: string) => () => ran.push(what) };
}

describe('a simulated process', () => {
  it('takes what it had planned with it when it dies', () => {
    const { process, ran, run, note } = bench();
    process.begin();
    process.after(5, note('old life'));
    process.end();
    process.begin();
    process.after(1, note('new life'));
    run();
    expect(ran).toEqual(['new life', 'turn']);
  });

  it('finds everything waiting, in order, when it goes on after a pause', () => {
    const { time, process, ran, run, note } = bench();
    process.begin();
    process.after(1, note('first'));
    process.after(2, note('second'));
    process.pause();
    time.runUntil(10);
    expect(ran).toEqual([]);
    process.resume();
    run();
    expect(ran).toEqual(['first', 'turn', 'second', 'turn']);
  });

  it('loses what was held back when it is killed during a pause', () => {
    const { time, process, ran, run, note } = bench();
    process.begin();
    process.after(1, note('never'));
    process.pause();
    time.runUntil(10);
    process.end();
    process.begin();
    run();
    expect(ran).toEqual([]);
  });

  it('takes nothing in while it is down', () => {
    const { process, ran, note } = bench();
    process.take(note('nobody there'));
    expect(ran).toEqual([]);
  });
});
