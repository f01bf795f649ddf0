/* The test runner runs before npm has linked the workspace, so its neighbour is reached by path. */
// eslint-disable-next-line @nx/enforce-module-boundaries
export * from '../../setup/src/index.mjs';
