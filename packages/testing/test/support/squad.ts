import {
  type Clock,
  type Controller,
  contracts,
  definePlugin,
  GantryError,
  type Plugin,
  provide,
  type Store,
  type Views,
  type Writer,
} from '@gantry/core';
import type { ViewEvent } from '@gantry/core/contracts';
import {
  idOf,
  inputSchema,
  type KindDefinition,
  keyOf,
  type ObjectInput,
  type ObjectMeta,
} from '@gantry/core/model';
import { createCluster } from '@gantry/host';
import { fakeCluster } from '@gantry/presets/fake';
import type { ControllerSubject } from '@gantry/testing';
import { z } from 'zod';

interface Squad {
  readonly kind: 'squad';
  readonly meta: ObjectMeta;
  readonly spec: { readonly service: string };
  readonly status: { readonly turns: number };
}

declare module '@gantry/core/model' {
  interface KindMap {
    squad: Squad;
  }
  interface InputMap {
    squad: ObjectInput<'squad', Squad['spec']>;
  }
}

const squadKind: KindDefinition<'squad'> = {
  kind: 'squad',
  plural: 'squads',
  shortNames: [],
  namespaced: true,
  description: 'Gives a service three replicas and a label.',
  input: inputSchema('squad', z.strictObject({ service: z.string() })),
  status: z.strictObject({ turns: z.int() }),
  initialStatus: { turns: 0 },
  applyOrder: 1,
  deletion: { finalizer: 'squads' },
};

export interface Needs {
  readonly views: Views;
  readonly writer: Writer;
  readonly store: Store;
  readonly clock: Clock;
}

/** A sound controller; a wreck overrides one of its parts. */
export class SquadController implements Controller {
  readonly name: string = 'squads';
  readonly watches = ['squad', 'service'] as const;
  readonly needs: Needs;

  constructor(needs: Needs) {
    this.needs = needs;
  }

  keysFor({ kind, name }: ViewEvent): readonly string[] {
    if (kind === 'squad') return [name];
    return [...this.needs.views.of('squad').all()].map(({ value }) => idOf(value.meta));
  }

  async reconcile(id: string, _signal: AbortSignal): Promise<undefined> {
    const squad = this.needs.views.of('squad').get(id)?.value;
    if (squad === undefined) return this.missing(id);
    if (squad.meta.deletedAt !== undefined) return await this.leave(squad);
    await this.turn(squad);
    await this.label(squad);
    await this.scale(squad);
  }

  missing(_id: string): undefined {}

  async leave({ meta, spec }: Squad): Promise<undefined> {
    await this.needs.writer.scale(spec.service, 1);
    await this.needs.writer.finalize('squad', idOf(meta));
  }

  async turn({ meta }: Squad): Promise<void> {
    await this.needs.writer.setStatus('squad', idOf(meta), () => ({ turns: 1 }));
  }

  /** Through the store itself, as a controller that writes in batches. */
  async label(squad: Squad): Promise<void> {
    const outcome = await this.write(squad);
    if (outcome?.ok === false) throw new GantryError('CONFLICT', 'the service was changed meanwhile');
  }

  async write({ meta, spec }: Squad) {
    const entry = this.needs.views.of('service').get(spec.service);
    if (entry === undefined) throw new GantryError('NOT_FOUND', 'the service is not visible yet');
    const { value, revision } = entry;
    if (value.meta.labels.squad === meta.name) return undefined;
    const labels = { ...value.meta.labels, squad: meta.name };
    const change = {
      key: keyOf('service', spec.service),
      value: { ...value, meta: { ...value.meta, labels } },
      expect: revision,
    };
    const [outcome] = await this.needs.store.commit([change]);
    return outcome;
  }

  async scale({ spec }: Squad): Promise<void> {
    await this.needs.writer.scale(spec.service, 3);
  }
}

/** A cluster with the controller, and a squad for it. */
export function squadSubject(make: (needs: Needs) => Controller): ControllerSubject {
  const controller = definePlugin({
    name: 'squads',
    provides: contracts.controller,
    needs: {
      views: contracts.views,
      writer: contracts.writer,
      store: contracts.store,
      clock: contracts.clock,
    },
    create: (_options, needs) => make(needs),
  });
  const plugins = (): readonly Plugin[] => [
    ...fakeCluster({ logLevel: 'silent' }),
    provide(contracts.kind, squadKind, 'squad-kind'),
    controller(),
  ];
  return {
    plugin: 'squads',
    plugins,
    create: createCluster,
    inputs: [
      { kind: 'service', meta: { name: 'web' }, spec: { replicas: 2, template: { image: 'web:1' } } },
      { kind: 'squad', meta: { name: 'a' }, spec: { service: 'web' } },
    ],
    done: async (api) => {
      const { meta, spec } = await api.get('service', 'web');
      const { status } = await api.get('squad', 'a');
      return spec.replicas === 3 && meta.labels.squad === 'a' && status.turns === 1;
    },
    undone: async (api) => (await api.get('service', 'web')).spec.replicas === 1,
  };
}
