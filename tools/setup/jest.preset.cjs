const preset = require('../../jest.preset.cjs');

const [swc] = Object.values(preset.transform);

/**
 * The tools are plain ES modules, since they run before anything is installed. Jest runs CommonJS, so
 * for the tests swc turns them into that as well.
 */
module.exports = { ...preset, transform: { ...preset.transform, '^.+\\.mjs$': swc } };
