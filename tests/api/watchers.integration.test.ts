import { afterEach, expect, test } from 'vitest';
import { RawWatcher } from './support/raw-watcher.ts';
import { type RunningServer, runServer } from './support/run-server.ts';
import { ADMIN_TOKEN } from './support/served.ts';

const WATCHERS = 1000;
const PER_SECOND = 1000;
const MS = 3000;
const OBJECTS = 100;
/** Small, so that who does not read is out of it within the test. */
const HISTORY_BYTES = 256 * 1024;
/** Large enough for all changes, so that no watcher is dropped on a machine that is too slow for the rate. */
const WHOLE_HISTORY_BYTES = 16 * 1024 * 1024;

let server: RunningServer | undefined;
const watchers: RawWatcher[] = [];
afterEach(async () => {
  for (const { socket } of watchers.splice(0)) socket.destroy();
  await server?.kill();
});

test(`${WATCHERS} watchers see every one of ${PER_SECOND} changes a second, in order`, async () => {
  server = await runServer(0, WHOLE_HISTORY_BYTES);
  await server.write({ objects: OBJECTS, perSecond: 1, ms: 0 });
  for (let index = 0; index < WATCHERS; index++) {
    watchers.push(new RawWatcher(server.url, index % 10 === 0 ? PER_SECOND * (MS / 1000) : 0));
    if (index % 100 === 99) await Promise.all(watchers.slice(-100).map((each) => each.ready()));
  }
  const idle = await server.write({ objects: OBJECTS, perSecond: 1, ms: 0 });

  const written = await server.write({ objects: OBJECTS, perSecond: PER_SECOND, ms: MS });
  const behind = (): number => watchers.filter(({ last, closed }) => last < written.ticks && !closed).length;
  await expect.poll(behind, { timeout: 300_000 }).toBe(0);
  const delays = Float64Array.from(watchers.flatMap((each) => [...each.delays])).sort();
  const at = (share: number) => delays[Math.floor(delays.length * share)];
  const { ticks, perSecond, cpu, rssMiB } = written;
  console.log(
    `${ticks} changes (${perSecond.toFixed(0)}/s) to ${WATCHERS} watchers: ` +
      `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms; server: ${cpu.toFixed(2)} cores, ${rssMiB.toFixed(0)} MiB (${idle.rssMiB.toFixed(0)} before)`,
  );
  expect(watchers.filter(({ wrong, closed }) => wrong > 0 || closed)).toHaveLength(0);
  expect(watchers.filter(({ seen }) => seen !== ticks)).toHaveLength(0);
  expect(rssMiB - idle.rssMiB).toBeLessThan(200);
}, 600_000);

test('a watcher that stops reading is disconnected without affecting others', async () => {
  server = await runServer(0, HISTORY_BYTES);
  await server.write({ objects: 1, perSecond: 1, ms: 0, padding: 60 });
  for (let index = 0; index < 20; index++) watchers.push(new RawWatcher(server.url, 0));
  const deaf = new RawWatcher(server.url, 0);
  await Promise.all([...watchers, deaf].map((each) => each.ready()));
  deaf.socket.pause();
  const { ticks } = await server.write({ objects: 1, perSecond: 1000, ms: 2000, padding: 60 });
  const behind = (): number => watchers.filter(({ last, closed }) => last < ticks && !closed).length;
  await expect.poll(behind, { timeout: 120_000 }).toBe(0);
  expect(watchers.filter(({ wrong, closed, seen }) => wrong > 0 || closed || seen !== ticks)).toHaveLength(0);
  const metrics = await fetch(`${server.url}/metrics`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  expect(await metrics.text()).toContain('gantry_api_watches_dropped_total 1');
  deaf.socket.resume();
  while (!deaf.closed) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(deaf.last).toBeLessThan(ticks);
  expect(deaf.wrong).toBe(0);
  deaf.socket.destroy();
}, 300_000);
