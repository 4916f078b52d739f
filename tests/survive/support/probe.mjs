/** Loaded into a program under test with `--import`: answers on a Unix socket what keeps the program alive. */
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';

const path = String(process.env.GANTRY_PROBE);
rmSync(path, { force: true });
createServer((socket) => {
  socket.on('error', () => undefined);
  const { rss, heapUsed } = process.memoryUsage();
  socket.end(JSON.stringify({ resources: process.getActiveResourcesInfo(), rss, heapUsed }));
})
  .listen(path)
  .unref();
