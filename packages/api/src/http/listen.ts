import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { GantryError } from '@gantry/core';
import type { FastifyInstance } from 'fastify';
import type { Settings } from '../options.ts';

/**
 * Starts listening and returns the URL. A Unix socket is accessible to its owner only; a stale one, left by a killed
 * server, is replaced.
 * @throws `EXHAUSTED` if the address is in use.
 */
export async function listen(
  app: FastifyInstance,
  where: Settings['listen'],
  scheme: 'http' | 'https',
): Promise<string> {
  if ('host' in where) {
    const { host, port } = where;
    const url = await attempt(() => app.listen({ host, port }), `${host}:${port}`);
    return url.replace(/^[a-z]+:/, `${scheme}:`);
  }
  const { socket } = where;
  if (await isDeserted(socket)) await unlink(socket);
  await attempt(() => app.listen({ path: socket }), socket);
  await chmod(socket, 0o600);
  return `unix:${socket}`;
}

async function attempt<T>(begin: () => Promise<T>, where: string): Promise<T> {
  try {
    return await begin();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new GantryError(
        'EXHAUSTED',
        `api-server: cannot listen on ${where}: the address is in use; choose another port`,
        {
          cause: error,
        },
      );
    }
    throw new GantryError('UNAVAILABLE', `api-server: cannot listen on ${where}: ${code}`, { cause: error });
  }
}

/** Whether the path is a socket on which no process listens. A file that is not a socket is left alone. */
async function isDeserted(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() !== true) return false;
  return await new Promise((resolve) => {
    const probe = connect(path);
    probe.on('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}
