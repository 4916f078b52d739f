/** The first process, or the container, of a task as reported by the machine itself. */
export interface Living {
  readonly task: string;
  /** Process or container id, as the agent is to report it. */
  readonly id: string;
  readonly pid: number;
  /** With the pid, or the container id, this names one start for good. */
  readonly startedAt: string;
}

/** The machine that the tasks of a cluster run on, asked without Gantry. */
export interface Machine {
  /** All that lives of the cluster, whoever knows of it. */
  look(): Promise<readonly Living[]>;
  /** Ends a task behind the back of its agent. */
  kill(one: Living): Promise<void>;
  /** All that is left of its tasks: processes, containers (ended ones as well), folders. */
  leftovers(): Promise<readonly string[]>;
  /** Those that were made for the cluster. */
  networks(): Promise<readonly string[]>;
}

export const startOf = ({ id, pid, startedAt }: Living): string => `${id}, pid ${pid}, started ${startedAt}`;
