/** Counts its visits in the cache, which it finds by name. */
import { createServer } from 'node:http';
import { hostname } from 'node:os';

const { CACHE_URL = '', GREETING = '' } = process.env;

createServer(async (request, response) => {
  if (request.url === '/health') return response.end('ok');
  const count = await (await fetch(`${CACHE_URL}/count/visits`, { method: 'POST' })).text();
  response.end(`${GREETING} from ${hostname()}, visit ${count}\n`);
}).listen(8080, () => console.log('web: ready'));

process.on('SIGTERM', () => process.exit(0));
