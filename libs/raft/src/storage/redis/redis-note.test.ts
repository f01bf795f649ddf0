import { keepRedisNote } from './redis-note.ts';
import { findRedisServer, RedisServer } from './test/redis-server.ts';

const program = findRedisServer();
const describeWithServer = program === undefined ? describe.skip : describe;

describeWithServer('a note in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start(program!);
  });
  afterAll(() => server.dispose());

  it('is the first one that was kept, whatever is said later', async () => {
    expect(await keepRedisNote(server.url, 'node', 'three shards')).toBe('three shards');
    expect(await keepRedisNote(server.url, 'node', 'four shards')).toBe('three shards');
    expect(await keepRedisNote(server.url, 'other', 'four shards')).toBe('four shards');
  });
});
