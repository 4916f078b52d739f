import { usage } from '../output/problem.ts';

/** Rejects a default user of tasks that could not be switched to: silence would leave them running as another user. */
export function checkTaskUser(user: string | undefined, runtime: string, uid = process.getuid?.()): void {
  if (user === undefined) return;
  if (runtime !== 'process')
    throw usage(`--task-user: only processes have a default user, and the runtime is ${runtime}`);
  if (uid !== 0) throw usage('--task-user: only root can switch the user, and Gantry does not run as root');
}
