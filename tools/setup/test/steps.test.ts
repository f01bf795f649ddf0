import { createSteps } from '../src/steps.mjs';
import { createPaint, wantsColour } from '../src/terminal.mjs';

const setUp = (isTTY: boolean) => {
  let shown = '';
  let nowMs = 0;
  const output = { isTTY, write: (text: string) => (shown += text) };
  return {
    steps: createSteps({ output, paint: createPaint(false), nowMs: () => nowMs }),
    shown: () => shown,
    pass: (ms: number) => {
      nowMs += ms;
      jest.advanceTimersByTime(ms);
    },
  };
};

describe('steps', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('announce themselves, remind of themselves and end with their time in a log', async () => {
    const { steps, shown, pass } = setUp(false);
    await steps.run('building', () => {
      pass(20_000);
      return Promise.resolve('3 apps');
    });
    expect(shown()).toBe(
      '  building …\n  building: still at it after 20.0 s\n✔ building: 3 apps 20.0 s\n',
    );
  });

  it('spin on a terminal, each time on the same line', async () => {
    const { steps, shown, pass } = setUp(true);
    await steps.run('building', () => {
      pass(250);
      return Promise.resolve(undefined);
    });
    expect(shown()).toMatch(
      /^(\r\u001b\[2K. building \d\.\d s){3}\r\u001b\[2K✔ building 0\.3 s\n$/u,
    );
  });

  it('say that they failed and pass the reason on', async () => {
    const { steps, shown } = setUp(false);
    const failing = steps.run('building', () => Promise.reject(new Error('no disk')));
    await expect(failing).rejects.toThrow('no disk');
    expect(shown()).toContain('✘ building 0.0 s');
  });
});

describe('colour', () => {
  it('is for people, unless NO_COLOR or FORCE_COLOR say otherwise', () => {
    const terminal = { isTTY: true, write: () => true };
    const pipe = { write: () => true };
    expect(wantsColour(terminal, {})).toBe(true);
    expect(wantsColour(pipe, {})).toBe(false);
    expect(wantsColour(terminal, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour(pipe, { FORCE_COLOR: '1' })).toBe(true);
    expect(wantsColour(terminal, { FORCE_COLOR: '0' })).toBe(false);
    expect(wantsColour(terminal, { FORCE_COLOR: 'false' })).toBe(false);
  });
});
