import type { Network } from '@gantry/core';
import type { NetworkSpec } from '@gantry/core/model';
import { attachRequest } from './attach-request.ts';
import type { NeedRequest, Provision, TaskNeed } from './task-need.ts';

/** The networks and ports of a task. */
export class NetworkNeed implements TaskNeed {
  readonly name = 'network';
  readonly retryReason = 'NetworkUnavailable';
  readonly check?: (request: NeedRequest) => Promise<void>;
  readonly #network: Network;
  readonly #specOf: (name: string) => NetworkSpec | undefined;

  /** @param specOf specifications of the networks that templates name */
  constructor(network: Network, specOf: (name: string) => NetworkSpec | undefined) {
    this.#network = network;
    this.#specOf = specOf;
    if (network.check !== undefined) this.check = (request) => this.#check(request);
  }

  /** Creates the networks that the task joins, and attaches it to them. */
  async prepare({ assignment, template }: NeedRequest): Promise<Provision> {
    const request = attachRequest(assignment, template);
    for (const { name } of request.networks) {
      const spec = this.#specOf(name);
      if (spec !== undefined) await this.#network.ensure({ name, spec });
    }
    return { attachment: await this.#network.attach(request) };
  }

  async undo(task: string): Promise<void> {
    await this.#network.detach(task);
  }

  async #check({ assignment, template }: NeedRequest): Promise<void> {
    await this.#network.check?.(attachRequest(assignment, template));
  }
}
