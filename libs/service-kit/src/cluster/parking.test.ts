import { Parking } from './parking.ts';

function parkingLot() {
  const unclaimed: string[] = [];
  const parking = new Parking<string>((key, result) => unclaimed.push(`${key}=${result}`));
  return { parking, unclaimed, signal: new AbortController().signal };
}

it('wakes the request that waits for the key, once', async () => {
  const { parking, unclaimed, signal } = parkingLot();
  const woken = parking.takePlace().wait('a', signal);
  parking.wake('a', 'granted');
  await expect(woken).resolves.toEqual({ kind: 'woken', result: 'granted' });
  parking.wake('a', 'again');
  expect(unclaimed).toEqual(['a=again']);
});

it('keeps what is said before the request knows that it waits', async () => {
  const { parking, unclaimed, signal } = parkingLot();
  const place = parking.takePlace();
  parking.wake('a', 'granted');
  await expect(place.wait('a', signal)).resolves.toEqual({ kind: 'woken', result: 'granted' });
  expect(unclaimed).toEqual([]);
});

it('gives back what nobody turned out to wait for, not before the last who might has said so', () => {
  const { parking, unclaimed } = parkingLot();
  const first = parking.takePlace();
  const second = parking.takePlace();
  parking.wake('a', 'granted');
  const third = parking.takePlace();
  second.close();
  expect(unclaimed).toEqual([]);
  first.close();
  expect(unclaimed).toEqual(['a=granted']);
  third.close();
  expect(unclaimed).toHaveLength(1);
});

it('lets a request leave, and gives back what comes for it afterwards', async () => {
  const { parking, unclaimed } = parkingLot();
  const leaving = new AbortController();
  const woken = parking.takePlace().wait('a', leaving.signal);
  leaving.abort();
  await expect(woken).resolves.toEqual({ kind: 'left' });
  parking.wake('a', 'granted');
  expect(unclaimed).toEqual(['a=granted']);
  expect(parking.size).toBe(0);
});

it('answers the newest of two requests that ask for the same wait', async () => {
  const { parking, signal } = parkingLot();
  const older = parking.takePlace().wait('a', signal);
  const newer = parking.takePlace().wait('a', signal);
  parking.wake('a', 'granted');
  await expect(older).resolves.toEqual({ kind: 'superseded' });
  await expect(newer).resolves.toEqual({ kind: 'woken', result: 'granted' });
});
