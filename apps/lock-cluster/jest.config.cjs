module.exports = { ...require('../../jest.preset.cjs'), displayName: 'lock-cluster' };
