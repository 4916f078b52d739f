import { hostname } from 'node:os';
import { GantryError } from '@gantry/core';
import type { AttachRequest } from '@gantry/core/contracts';
import type { Protocol } from '@gantry/core/model';
import { canListen } from '@gantry/system/can-listen';
import type Docker from 'dockerode';
import { engineError } from './engine-error.ts';

type PublishedPort = { readonly protocol: Protocol; readonly port: number };

export interface HostPortsOptions {
  readonly docker: Pick<Docker, 'info' | 'listContainers'>;
  /** Label `name=value` of the containers of this cluster. */
  readonly label: string;
  /** Name of the host of this process (default: found out from the system). */
  readonly hostname?: string;
}

/** Ports of the host: which task holds which, and whether another program does. */
export class HostPorts {
  readonly #options: HostPortsOptions;
  /** `tcp:8080` → the task that holds this port. */
  readonly #owners = new Map<string, string>();
  #isLocal: boolean | undefined;

  constructor(options: HostPortsOptions) {
    this.#options = options;
  }

  /** Gives ports to a task: all of them or, with `CONFLICT`, none. */
  take(task: string, ports: readonly PublishedPort[]): void {
    for (const each of ports) {
      const owner = this.#owners.get(keyOf(each));
      if (owner !== undefined) throw portTaken(each, `"${owner}"`);
    }
    for (const each of ports) this.#owners.set(keyOf(each), task);
  }

  release(ports: readonly PublishedPort[]): void {
    for (const each of ports) this.#owners.delete(keyOf(each));
  }

  /**
   * Rejects with `CONFLICT` if anything other than a container of this cluster holds one of the ports. Only an engine on
   * this host can be checked: for any other one, this resolves.
   */
  async check({ ports }: Pick<AttachRequest, 'ports'>): Promise<void> {
    for (const { protocol, host } of ports) {
      if (host === undefined) continue;
      const port = { protocol, port: host };
      if ((await this.#isHeldByOther(port)) && (await this.#engineIsLocal())) {
        throw portTaken(port, 'another program on this host');
      }
    }
  }

  async #isHeldByOther(port: PublishedPort): Promise<boolean> {
    // A process that is not permitted to find out has no objection.
    const isFree = async (): Promise<boolean> =>
      this.#owners.has(keyOf(port)) ||
      (await canListen('0.0.0.0', port.protocol, port.port).catch(() => true));
    // Checked again: a container of this cluster may have ended after the first time.
    return !(await isFree()) && !(await this.#hasContainer(port)) && !(await isFree());
  }

  /** After a restart of the agent, the owner of a port may not be attached yet. */
  async #hasContainer({ protocol, port }: PublishedPort): Promise<boolean> {
    const { docker, label } = this.#options;
    try {
      const filters = JSON.stringify({ label: [label], publish: [`${port}/${protocol}`] });
      return (await docker.listContainers({ filters })).length > 0;
    } catch (error) {
      throw engineError(error, `list the containers that publish port ${port}/${protocol}`);
    }
  }

  /** Another host, or a container with a network of its own, has other ports than the engine publishes. */
  async #engineIsLocal(): Promise<boolean> {
    if (this.#isLocal === undefined) {
      try {
        const { Name } = (await this.#options.docker.info()) as { readonly Name?: string };
        this.#isLocal = Name === (this.#options.hostname ?? hostname());
      } catch (error) {
        throw engineError(error, 'read the name of its host');
      }
    }
    return this.#isLocal;
  }
}

function keyOf({ protocol, port }: PublishedPort): string {
  return `${protocol}:${port}`;
}

function portTaken({ protocol, port }: PublishedPort, owner: string): GantryError {
  return new GantryError('CONFLICT', `network-docker: port ${port}/${protocol} is taken by ${owner}`, {
    details: { reason: 'PortTaken' },
  });
}
