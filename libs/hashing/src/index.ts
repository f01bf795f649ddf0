export { keyHash } from './key-hash.ts';
export {
  createRing,
  defaultVirtualNodes,
  ownerOf,
  ownersOf,
  type Member,
  type Ring,
  type RingOptions,
} from './ring.ts';
