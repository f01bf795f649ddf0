module.exports = { ...require('../setup/jest.preset.cjs'), displayName: 'tool-test' };
