import {
  type Bus,
  type ClusterInfo,
  type Component,
  contracts,
  definePlugin,
  type Views,
} from '@gantry/core';
import type { ViewEvent } from '@gantry/core/contracts';
import { type Subjects, subjects } from '@gantry/core/protocol';
import { publicationsOf } from './cloud-events.ts';

/**
 * Publishes changes as CloudEvents for subscribers of the bus. Each is published once, to the current subscribers; only
 * the events in the store are durable.
 */
export class EventPublisher implements Component {
  readonly name = 'event-publisher';
  readonly #views: Views;
  readonly #bus: Bus;
  readonly #cluster: string;
  readonly #subjects: Subjects;
  #unsubscribe: (() => void)[] = [];

  constructor(views: Views, bus: Bus, cluster: ClusterInfo) {
    this.#views = views;
    this.#bus = bus;
    this.#cluster = cluster.name;
    this.#subjects = subjects(cluster.name);
  }

  async start(): Promise<void> {
    const tell = (events: readonly ViewEvent<'event' | 'task' | 'node'>[]): void => {
      for (const { subject, event } of publicationsOf(events, this.#cluster, this.#subjects))
        this.#bus.publish(subject, event);
    };
    this.#unsubscribe = (['event', 'task', 'node'] as const).map((kind) =>
      this.#views.of<'event' | 'task' | 'node'>(kind).subscribe(tell),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
  }
}

/** Plugin: publishes what happens in the cluster as CloudEvents on the bus, from its leader. */
export const eventPublisher = definePlugin({
  name: 'component-event-publisher',
  provides: contracts.leaderComponent,
  needs: { views: contracts.views, bus: contracts.bus, cluster: contracts.cluster },
  create: (_options, { views, bus, cluster }) => new EventPublisher(views, bus, cluster),
});
