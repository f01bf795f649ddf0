import { listeningInodes, listeningPid } from '../src/port-owner.mjs';

describe('who has a port', () => {
  it('is read from the listening sockets of /proc/net/tcp only', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1FA5 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1',
      '   1: 0100007F:1FA5 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4343 1',
      '   2: 0100007F:1FA6 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4444 1',
    ].join('\n');
    expect(listeningInodes(table, 8101)).toEqual(['4242']);
  });

  it('is read from netstat in any language', () => {
    const netstat = [
      'Aktive Verbindungen',
      '  Proto  Lokale Adresse         Remoteadresse          Status           PID',
      '  TCP    127.0.0.1:8101         127.0.0.1:50000        HERGESTELLT      17',
      '  TCP    0.0.0.0:8101           0.0.0.0:0              ABHÖREN          4711',
    ].join('\r\n');
    expect(listeningPid(netstat, 8101)).toBe('4711');
    expect(listeningPid(netstat, 8102)).toBeUndefined();
  });
});
