/** Runs the example against a NATS server and a cluster of its own, and checks what it prints. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { natsBus } from '@gantry/bus-nats';
import { createCluster, joinCluster } from '@gantry/host';
import { server } from '@gantry/presets';
import { fakeNode } from '@gantry/presets/fake';
import { memoryStore } from '@gantry/store-memory';

const port = await freePort();
const url = `nats://127.0.0.1:${port}`;
const folder = await mkdtemp(join(tmpdir(), 'gantry-event-tail-'));
const nats = spawn('nats-server', ['--addr', '127.0.0.1', '--port', String(port)], {
  cwd: folder,
  stdio: 'ignore',
});
nats.on('error', (error) => {
  console.error(`nats-server cannot be started: ${error.message}`);
  process.exit(1);
});
let tail: ChildProcess | undefined;
try {
  const bus = () => natsBus({ servers: url });
  await using servers = await createCluster(server({ store: memoryStore(), bus: bus() }), {
    name: 'shop',
    nodes: 0,
  });
  tail = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('./tail.ts', import.meta.url)), url],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const lines: string[] = [];
  const told = new Promise<void>((resolve) => {
    createInterface({ input: tail?.stdout as NodeJS.ReadableStream }).on('line', async (line) => {
      console.log(line);
      lines.push(line);
      if (lines.length === 1) {
        await using _node = await joinCluster(fakeNode({ bus: bus() }), {
          name: 'shop',
          nodes: [{ name: 'n1' }],
        });
        const template = { image: 'web:1' };
        await servers.api.apply({ kind: 'service', meta: { name: 'web' }, spec: { replicas: 2, template } });
        await servers.api.wait('service', 'web', 'Available', { timeoutMs: 20_000 });
        resolve();
      }
    });
  });
  await told;
  const wanted = [
    /node\.ready {2}default\/n1/,
    /task\.running {2}default\/web\.1/,
    /task\.running {2}default\/web\.2/,
  ];
  const deadline = Date.now() + 10_000;
  while (!wanted.every((line) => lines.some((each) => line.test(each)))) {
    if (Date.now() > deadline) throw new Error(`it printed:\n${lines.join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  console.log('event-tail: ok');
} finally {
  for (const child of [tail, nats]) {
    if (child === undefined || child.exitCode !== null) continue;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }
  await rm(folder, { recursive: true, force: true });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port: free } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return free;
}
