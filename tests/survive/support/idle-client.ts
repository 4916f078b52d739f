/** A program that opens idle connections to a port, says how many it has opened, and ends with its standard input. */
import { IdleConnections } from './idle-connections.ts';

const [port, count] = process.argv.slice(2).map(Number) as [number, number];
process.stdin.on('end', () => process.exit(0)).resume();
const idle = await IdleConnections.open(port, count);
process.stdout.write(`${JSON.stringify({ opened: count, open: idle.open })}\n`);
