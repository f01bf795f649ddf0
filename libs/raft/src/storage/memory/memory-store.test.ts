import { describeLogStore } from '../test/describe-log-store.ts';
import { createMemoryLog, openMemoryStore } from './memory-store.ts';

describeLogStore('memory', () => {
  const log = createMemoryLog();
  return Promise.resolve({
    open: () => Promise.resolve(openMemoryStore(log)),
    dispose: () => Promise.resolve(),
  });
});
