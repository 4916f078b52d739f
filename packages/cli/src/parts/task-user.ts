import { usage } from '../output/problem.ts';

/** Rejects a default user of tasks that cannot be applied: otherwise tasks would silently run as another user. */
export function checkTaskUser(user: string | undefined, runtime: string, uid = process.getuid?.()): void {
  if (user === undefined) return;
  if (runtime !== 'process')
    throw usage(`--task-user: only processes have a default user, and the runtime is ${runtime}`);
  if (uid !== 0) throw usage('--task-user: only root can switch the user, and Gantry does not run as root');
}
