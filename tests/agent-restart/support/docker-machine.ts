import Docker, { type ContainerInspectInfo } from 'dockerode';
import type { Living, Machine } from './machine.ts';

/** Containers with the name of the cluster, as reported by the engine. */
export class DockerMachine implements Machine {
  readonly #docker = new Docker();
  readonly #filters: { readonly label: string[] };

  constructor(cluster: string) {
    this.#filters = { label: [`gantry.cluster=${cluster}`] };
  }

  async look(): Promise<readonly Living[]> {
    const all = await Promise.all((await this.#list()).map(({ Id }) => this.#inspect(Id)));
    return all.flatMap((info) => (info?.State.Running === true ? [livingOf(info)] : []));
  }

  async kill({ id }: Living): Promise<void> {
    await this.#docker.getContainer(id).kill();
  }

  async leftovers(): Promise<readonly string[]> {
    return (await this.#list()).map(({ Names, Status }) => `container ${Names.join(' ')}: ${Status}`);
  }

  async networks(): Promise<readonly string[]> {
    const networks = await this.#docker.listNetworks({ filters: JSON.stringify(this.#filters) });
    return networks.map(({ Name }) => Name);
  }

  async #list(): Promise<readonly Docker.ContainerInfo[]> {
    return await this.#docker.listContainers({ all: true, filters: this.#filters });
  }

  async #inspect(id: string): Promise<ContainerInspectInfo | undefined> {
    try {
      return await this.#docker.getContainer(id).inspect();
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 404) return undefined; // removed meanwhile
      throw error;
    }
  }
}

function livingOf({ Id, Config, State, RestartCount }: ContainerInspectInfo): Living {
  const task = Config.Labels['gantry.task'] ?? '';
  return { task, id: Id, pid: State.Pid, startedAt: `${State.StartedAt}, restarted ${RestartCount} times` };
}
