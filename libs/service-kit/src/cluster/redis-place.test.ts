import { readRedisUrl } from '../config/redis-target.ts';
import { redisPrefix, redisServerUrl } from './redis-place.ts';

const urlOf = (text: string): string => redisServerUrl(readRedisUrl(text)!);

describe('the place of a log in Redis', () => {
  it.each([
    ['redis://cache', 'redis://cache:6379/0'],
    ['rediss://u:p%40ss@10.0.0.1:7000/3', 'rediss://u:p%40ss@10.0.0.1:7000/3'],
    ['redis://:secret@cache:6380', 'redis://:secret@cache:6380/0'],
  ])('is one server: %s', (text, url) => {
    expect(urlOf(text)).toBe(url);
  });

  it.each(['redis+sentinel://a,b/main', 'redis+cluster://a,b'])(
    'is not behind replicas that may have forgotten something: %s',
    (text) => {
      expect(() => urlOf(text)).toThrow('STORAGE = redis keeps the log on one server');
    },
  );

  it('is a node’s own', () => {
    expect(redisPrefix({ clusterName: 'locks', nodeId: 'a' })).toBe('quorate/locks/a');
  });
});
