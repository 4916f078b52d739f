/** A cache in miniature: numbers by name, and a queue of words. */
import { createServer } from 'node:http';

const counts = new Map();
const queue = [];

createServer(async (request, response) => {
  const [, kind = '', name = ''] = (request.url ?? '').split('/');
  if (request.method === 'POST' && kind === 'count') {
    counts.set(name, (counts.get(name) ?? 0) + 1);
    queue.push(name);
    return response.end(String(counts.get(name)));
  }
  if (request.method === 'POST' && kind === 'take') return response.end(queue.shift() ?? '');
  response.end(JSON.stringify(Object.fromEntries(counts)));
}).listen(7000, () => console.log('cache: ready'));

process.on('SIGTERM', () => process.exit(0));
