module.exports = { ...require('../../jest.preset.cjs'), displayName: 'failure-detector' };
