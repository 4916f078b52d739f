import { type Component, contracts, definePlugin, type Logger, type Store } from '@gantry/core';
import { SCHEMA_VERSION } from '@gantry/core/model';
import { MIGRATIONS, migrate } from './migrate.ts';

/** Lets a control plane start only on a state that it can read, and migrates the state if necessary. */
export class SchemaGuard implements Component {
  readonly name = 'schema-guard';
  readonly #store: Store;
  readonly #logger: Logger;

  constructor(store: Store, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  async start(signal: AbortSignal): Promise<void> {
    if (!this.#store.supports.durable) return; // it begins empty
    const wanted = { version: SCHEMA_VERSION, migrations: MIGRATIONS, signal };
    const { from, changed } = await migrate(this.#store, wanted);
    if (from !== undefined && from !== SCHEMA_VERSION)
      this.#logger.info('stored objects migrated', { from, to: SCHEMA_VERSION, changed });
  }
}

/** Plugin: checks the version of the stored objects. It comes before every plugin that reads them. */
export const schemaGuard = definePlugin({
  name: 'component-schema-guard',
  provides: contracts.component,
  needs: { store: contracts.store, logger: contracts.logger },
  create: (_options, { store, logger }) => new SchemaGuard(store, logger),
});
