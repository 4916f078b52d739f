/**
 * An ordinary Compose file, from the first `up` to the last `down`, on the command line: a web service behind the
 * proxy, a cache that it finds by name, a worker that is not reachable from outside. Every step is checked; everything
 * started is removed again.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Gantry } from './gantry.ts';
import { freePort, isAlive, leftovers, needDocker } from './machine.ts';
import { Traffic, type Visit, visit } from './visits.ts';
import { untilWorkerDid } from './worker-log.ts';

const NAME = 'compose-app';
const VISITS = 6;
const folder = fileURLToPath(new URL('..', import.meta.url));

/** Ends the example with a message if what was expected does not hold. */
function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
  console.log(`ok: ${what}`);
}

async function deployAndUpdate(gantry: Gantry): Promise<void> {
  const port = await freePort();
  const env = { SHOP_PORT: String(port) };
  const url = `http://127.0.0.1:${port}/`;
  await gantry.run('compose up -f compose.yaml', env);
  await gantry.run('compose ps -f compose.yaml', env);

  const visits: Visit[] = [];
  for (let index = 0; index < VISITS; index++) visits.push(await visit(url));
  for (const { greeting, host, count } of visits) console.log(`${greeting} from ${host}, visit ${count}`);
  expect(new Set(visits.map(({ host }) => host)).size === 2, 'both replicas of web answer');
  expect(
    visits.every(({ count }, index) => index === 0 || count === (visits[index - 1]?.count ?? 0) + 1),
    'each visit is counted, whichever of them it came to',
  );
  await untilWorkerDid(gantry, VISITS, env);
  expect(true, `the worker's log says that it did ${VISITS} visits`);

  const traffic = new Traffic(url, 4);
  await gantry.run('compose up -f compose.yaml', { ...env, GREETING: 'ahoy' });
  const after = await visit(url);
  const { greetings, failures } = await traffic.stop();
  const counts = [...greetings].map(([greeting, count]) => `${count} × ${greeting}`).join(', ');
  console.log(`visits during the update: ${counts}; failed: ${failures.length}`);
  expect(failures.length === 0, `no request failed while it was updated${failures.map((f) => `\n  ${f}`)}`);
  expect(after.greeting === 'ahoy' && greetings.has('hello'), 'the greeting is the new one');
  expect(after.count > VISITS, 'the cache was not touched: it counts on');

  await gantry.run('compose down -f compose.yaml', env);
  await gantry.run('get services,tasks');
}

async function main(): Promise<void> {
  needDocker();
  const images = fileURLToPath(new URL('../../../scripts/test-images.mjs', import.meta.url));
  execFileSync(process.execPath, [images], { stdio: 'inherit' });

  const home = mkdtempSync(join(tmpdir(), 'gantry-compose-app-'));
  const gantry = new Gantry(folder, home);
  try {
    const started = await gantry.run(`up -d --runtime docker --name ${NAME}`);
    const pid = Number(/^Process: +(\d+)$/m.exec(started)?.[1]);
    try {
      await deployAndUpdate(gantry);
    } finally {
      await gantry.run(`down ${NAME} --kill`);
    }
    const left = [...leftovers(NAME), ...(isAlive(pid) ? [`process ${pid}`] : [])];
    const states = readdirSync(join(home, 'state', 'gantry'));
    expect(
      left.length + states.length === 0,
      `nothing is left behind${[...left, ...states].map((each) => `\n  ${each}`)}`,
    );
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

// The running command is interrupted together with this process and fails; the cleanup follows.
process.on('SIGINT', () => console.error('\ninterrupted'));
try {
  await main();
} catch (error) {
  console.error(`\n${NAME}: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
