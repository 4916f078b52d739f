import type { Controller } from '@gantry/core';
import type { ViewEvent } from '@gantry/core/contracts';
import { idOf } from '@gantry/core/model';
import { createCluster } from '@gantry/host';
import { fakeCluster } from '@gantry/presets/fake';
import { type ControllerSubject, controllerKit, type Wreck } from '@gantry/testing';
import { conformance, sabotage } from '@gantry/testing/vitest';
import { expect, test } from 'vitest';
import { type Needs, SquadController, squadSubject } from './support/squad.ts';

type Squad = Parameters<SquadController['turn']>[0];

const fixture = (make: (needs: Needs) => Controller) => () => ({ subject: squadSubject(make) });

const broken = (
  name: string,
  caughtBy: string,
  make: (needs: Needs) => Controller,
): Wreck<ControllerSubject> => ({ name, caughtBy, make: fixture(make) });

class Nameless extends SquadController {
  override readonly name = '';
}

class Idle extends SquadController {
  override async reconcile(): Promise<undefined> {}
}

class Fickle extends SquadController {
  #asked = 0;
  override keysFor(event: ViewEvent): readonly string[] {
    return [...super.keysFor(event), `key-${this.#asked++ % 2}`];
  }
}

class Restless extends SquadController {
  override async scale(squad: Squad): Promise<void> {
    await super.scale(squad);
    const touched = String(this.needs.clock.elapsed());
    await this.needs.writer.patch('squad', idOf(squad.meta), { meta: { labels: { touched } } });
  }
}

class Presuming extends SquadController {
  override missing(id: string): undefined {
    throw new TypeError(`there must be a squad ${id}`);
  }
}

class Deaf extends SquadController {
  override async reconcile(id: string, signal: AbortSignal): Promise<undefined> {
    if (signal.aborted) await new Promise(() => {});
    return super.reconcile(id, signal);
  }
}

class Clinging extends SquadController {
  override async leave(): Promise<undefined> {}
}

class Littering extends SquadController {
  override async leave({ meta }: Squad): Promise<undefined> {
    await this.needs.writer.finalize('squad', idOf(meta));
  }
}

class GivingUp extends SquadController {
  readonly #tried = new Set<string>();
  override async scale(squad: Squad): Promise<void> {
    if (this.#tried.has(squad.meta.uid)) return;
    this.#tried.add(squad.meta.uid);
    await super.scale(squad);
  }
}

class Counting extends SquadController {
  readonly #turned = new Set<string>();
  override async turn({ meta }: Squad): Promise<void> {
    if (this.#turned.has(meta.uid)) return;
    await this.needs.writer.setStatus('squad', idOf(meta), ({ status }) => ({
      turns: status.turns === 0 || status.turns === 1 ? status.turns + 1 : status.turns,
    }));
    this.#turned.add(meta.uid);
  }
}

class Forgetful extends SquadController {
  readonly #begun = new Set<string>();
  override async turn(squad: Squad): Promise<void> {
    if (squad.status.turns === 0) this.#begun.add(squad.meta.uid);
    await super.turn(squad);
  }
  override async scale(squad: Squad): Promise<void> {
    if (this.#begun.has(squad.meta.uid)) await super.scale(squad);
  }
}

class Careless extends SquadController {
  readonly #labelled = new Set<string>();
  override async label(squad: Squad): Promise<void> {
    if (this.#labelled.has(squad.meta.uid)) return;
    await this.write(squad);
    this.#labelled.add(squad.meta.uid);
  }
}

const wrecks: readonly Wreck<ControllerSubject>[] = [
  broken(
    'has no name',
    'it has a name, and watches kinds that the cluster knows',
    (needs) => new Nameless(needs),
  ),
  broken('does nothing', 'the controller does what its spec requests', (needs) => new Idle(needs)),
  broken(
    'has other keys each time',
    'the keys of an event are texts, the same each time, whether an object comes, changes or goes',
    (needs) => new Fickle(needs),
  ),
  broken(
    'writes each time it runs',
    'reconciling a finished object changes nothing',
    (needs) => new Restless(needs),
  ),
  broken(
    'throws for what is gone',
    'a key for which nothing is stored is ignored',
    (needs) => new Presuming(needs),
  ),
  broken(
    'never settles once it is aborted',
    'a reconcile whose signal has fired settles',
    (needs) => new Deaf(needs),
  ),
  broken(
    'does not finalize',
    'a deleted object is gone, with everything the controller made for it',
    (needs) => new Clinging(needs),
  ),
  broken(
    'leaves behind what it made',
    'a deleted object is gone, with everything the controller made for it',
    (needs) => new Littering(needs),
  ),
  broken(
    'gives up after one attempt',
    'the controller completes its work if any one of its writes is rejected',
    (needs) => new GivingUp(needs),
  ),
  broken(
    'writes what depends on how often it was written',
    'the controller completes its work if the answer to any one of its writes is lost',
    (needs) => new Counting(needs),
  ),
  broken(
    'knows only in memory how far it came',
    'a controller that is stopped at one of its writes leaves nothing that its successor cannot finish',
    (needs) => new Forgetful(needs),
  ),
  broken(
    'takes a conflict for a success',
    'the controller completes its work if others change objects that it is about to write',
    (needs) => new Careless(needs),
  ),
];

sabotage(
  controllerKit,
  fixture((needs) => new SquadController(needs)),
  wrecks,
  { patienceMs: 600 },
);

test('every case of the controller kit catches a wreck', () => {
  const caught = new Set(wrecks.map(({ caughtBy }) => caughtBy));
  expect(controllerKit.cases.map(({ name }) => name).filter((name) => !caught.has(name))).toEqual([]);
});

const template = { image: 'web:1' };
const service = { kind: 'service', meta: { name: 'web' }, spec: { replicas: 2, template } } as const;

conformance(controllerKit, 'controller-service', () => ({
  subject: {
    plugin: 'controller-service',
    plugins: () => fakeCluster({ logLevel: 'silent' }),
    create: createCluster,
    inputs: [service],
    done: async (api) => (await api.get('service', 'web')).status.ready === 2,
    undone: async (api) => (await api.list('task')).items.length === 0,
  },
}));
