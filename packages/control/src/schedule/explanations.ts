import type { Explanation } from '@gantry/core/model';

/** Maximum number of rounds remembered per template, and of tasks remembered by name per round. */
const ROUNDS = 8;
const TASKS = 1000;

interface Round {
  readonly explanation: Explanation;
  /** The tasks of the round; absent if there were too many to remember. */
  readonly tasks: ReadonlySet<string> | undefined;
}

/** The scheduler's explanations for each service's template; kept as long as the service exists. */
export class Explanations {
  readonly #rounds = new Map<string, Map<string, Round[]>>();

  set(service: string, template: string, tasks: readonly string[], explanation: Explanation): void {
    let templates = this.#rounds.get(service);
    if (templates === undefined) {
      templates = new Map();
      this.#rounds.set(service, templates);
    }
    const rounds = templates.get(template) ?? [];
    rounds.push({ explanation, tasks: tasks.length > TASKS ? undefined : new Set(tasks) });
    if (rounds.length > ROUNDS) rounds.shift();
    templates.set(template, rounds);
  }

  /**
   * Returns the explanation of the last round with this task, as far as it is known; without a task, of the last round.
   */
  get(service: string, template: string, task?: string): Explanation | undefined {
    const rounds = this.#rounds.get(service)?.get(template);
    const about = task === undefined ? undefined : rounds?.findLast(({ tasks }) => tasks?.has(task) === true);
    const any = task === undefined ? undefined : rounds?.findLast(({ tasks }) => tasks === undefined);
    return (about ?? any ?? rounds?.at(-1))?.explanation;
  }

  forget(service: string): void {
    this.#rounds.delete(service);
  }
}
