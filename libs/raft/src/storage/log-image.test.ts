import type { DurableWrite } from '../core/effects.ts';
import type { SnapshotMeta } from '../core/entry.ts';
import { logIndex, term } from '../core/ids.ts';
import { LogImage } from './log-image.ts';

const snapshot = (index: number): SnapshotMeta => ({
  index: logIndex(index),
  term: term(1),
  atMs: index,
  membership: { voters: [], outgoing: [], learners: [] },
});

const install = (id: number, meta: SnapshotMeta): DurableWrite => ({
  id,
  hardState: undefined,
  entries: [],
  install: meta,
  keepSuffix: false,
  thenSend: [],
});

it('keeps the newer snapshot when the install of an older one was held up by a full disk', () => {
  const image = new LogImage();
  image.adopt(snapshot(10));
  image.adopt(snapshot(20));
  image.apply(install(1, snapshot(10)));
  expect(image.durableState()).toMatchObject({ snapshot: { index: 20 }, entries: [] });
  image.apply(install(2, snapshot(20)));
  expect(image.durableState().snapshot?.index).toBe(20);
  expect(image.lastIndex).toBe(20);
});
