import type { RuntimeTask } from '@gantry/core/contracts';
import type { Engine } from './engine.ts';

/** Exit codes of runc 1.0 to 1.3 if the kernel cannot execute the command. */
const CODES: readonly number[] = Object.freeze([1, 255]);
/** The error occurs immediately, so an older container did not end because of it. */
const MAX_AGE_MS = 5000;

/**
 * Whether a task ended because its command is for another architecture, or has a format that the kernel does not know.
 * The engine reports a successful start, and an exit code like any other; only the log shows the cause.
 */
export async function formatError(
  engine: Engine,
  { id, exitCode, startedAt, finishedAt = 0 }: RuntimeTask,
): Promise<string | undefined> {
  if (exitCode === undefined || !CODES.includes(exitCode)) return undefined;
  if (startedAt !== undefined && finishedAt - startedAt > MAX_AGE_MS) return undefined;
  try {
    const log = await engine.calls
      .getContainer(id)
      .logs({ stdout: true, stderr: true, tail: 2, follow: false });
    if (!/exec format error/i.test(log.toString())) return undefined;
    return `exec format error: the command of the image is not for this node's architecture, or not executable`;
  } catch {
    return undefined; // the log is only a hint
  }
}
