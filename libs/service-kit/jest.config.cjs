const preset = require('../../jest.preset.cjs');
const [swc] = Object.values(preset.transform);

// The OpenAPI validator comes as ES modules only, which Jest on Node 20 cannot require.
module.exports = {
  ...preset,
  displayName: 'service-kit',
  transform: { ...preset.transform, '@seriousme.+\\.js$': swc },
  transformIgnorePatterns: ['/node_modules/(?!@seriousme/)'],
};
