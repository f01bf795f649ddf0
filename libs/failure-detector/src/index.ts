export {
  FailureDetector,
  defaultFailureDetectorOptions,
  phiMax,
  type FailureDetectorOptions,
  type PeerState,
} from './failure-detector.ts';
