import type { Logger } from '@gantry/core';
import type { Exchange } from './exchange.ts';
import type { Route } from './route.ts';

/** Audit log of changes and attempted changes: which token, which object, with what outcome; never the content. */
export class Audit {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger.child({ part: 'audit' });
  }

  write(
    { method, path, kind, action, socket }: Route,
    { namespace, name }: { readonly namespace?: string; readonly name?: string },
    status: number,
    { who, code, notes }: Exchange,
  ): void {
    // Unauthenticated requests are not logged: they could flood the log.
    if (who === undefined || (method === 'GET' && socket === undefined)) return;
    this.#logger.info(`${method} ${path}`, {
      token: who.id,
      who: who.name,
      action,
      ...(kind === undefined ? {} : { kind: kind.kind }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
      ...notes,
      status,
      outcome: status < 400 ? 'done' : 'refused',
      ...(code === undefined ? {} : { code }),
    });
  }
}
