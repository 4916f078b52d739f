import type { Explanation } from '@gantry/core/model';

/** So many rounds of each template are remembered, and of each round so many tasks by name. */
const ROUNDS = 8;
const TASKS = 1000;

interface Round {
  readonly explanation: Explanation;
  /** Those it was about; absent if there were too many to remember. */
  readonly tasks: ReadonlySet<string> | undefined;
}

/** What the scheduler said of the tasks of each service's template; kept as long as the service is there. */
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

  /** Of the last round about this task, as far as that is known; without one, of the last round of all. */
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
