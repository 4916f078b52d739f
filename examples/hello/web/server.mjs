// The web service of the demo: says who it is, and on /healthz how it is. No dependencies, so that it also runs in a
// container that has nothing but Node.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const instance = randomUUID();
const version = process.env.VERSION ?? 'v1';
const broken = process.env.BROKEN === '1';

const server = createServer((request, response) => {
  if (request.url === '/healthz') {
    response.statusCode = broken ? 500 : 200;
    response.end(broken ? 'broken\n' : 'ok\n');
    return;
  }
  response.setHeader('content-type', 'application/json');
  response.end(`${JSON.stringify({ hello: 'from gantry', instance, version })}\n`);
});

server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? '0.0.0.0');

// Finish what is under way, take nothing new, and go.
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
