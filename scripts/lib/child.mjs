/** Runs a program in the foreground as if it had been started directly: its exit code, signals, terminal. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** npm, the shell and the terminal may each deliver the same Ctrl-C: within this time it counts as one. */
const sameSignalMs = 300;

/**
 * The child gets a process group of its own, so that a Ctrl-C reaches it through this process only, once.
 * This process then waits for the child to clean up, however long that takes; each further signal is passed
 * on as well.
 *
 * @param {readonly string[]} args arguments for node
 * @param {{ cwd: string }} options
 * @returns {Promise<number>} the exit code, 128 + the signal's number when a signal ended it
 */
export function foreground(args, { cwd }) {
  const child = spawn(process.execPath, args, { cwd, stdio: 'inherit', detached: true });
  /** @type {Map<NodeJS.Signals, number>} */
  const last = new Map();
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      const now = performance.now();
      if (now - (last.get(signal) ?? Number.NEGATIVE_INFINITY) < sameSignalMs) return;
      last.set(signal, now);
      child.kill(signal);
    });
  }
  // The terminal tells only its own foreground group that it was resized.
  process.on('SIGWINCH', () => child.kill('SIGWINCH'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));
  });
}
