/** What a person sees of a long step: its name, its seconds, and its output when it fails. */
import { spawn } from 'node:child_process';

const tty = process.stdout.isTTY === true && process.env.TERM !== 'dumb';
/** Interval at which a long step reports itself on a terminal that cannot be rewritten. */
const plainTickMs = 20_000;

/** @param {number} since @returns {string} */
export const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** @param {string} name */
const label = (name) => name.padEnd(38);

/**
 * Runs a command as one named step. Its output is kept, and shown in full when it fails; with
 * `verbose` it is shown as it comes.
 *
 * @param {string} name
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, verbose?: boolean }} [options]
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export async function step(name, command, args, { cwd, env = process.env, verbose = false } = {}) {
  const began = performance.now();
  const rewrite = tty && !verbose;
  if (rewrite) process.stdout.write(`  ${label(name)} …`);
  else console.log(`  ${label(name)} started`);
  const tick = setInterval(
    () => {
      if (rewrite) process.stdout.write(`\r  ${label(name)} … ${seconds(began)}`);
      else if (!verbose) console.log(`  ${label(name)} … ${seconds(began)}`);
    },
    rewrite ? 500 : plainTickMs,
  );
  const { code, signal, output } = await capture(command, args, { cwd, env, verbose });
  clearInterval(tick);
  const ok = code === 0;
  const fate = ok ? 'ok' : `FAILED (${signal ?? `exit code ${code}`})`;
  console.log(
    `${rewrite ? '\r' : ''}  ${label(name)} ${fate.padEnd(4)} ${seconds(began)}${rewrite ? '   ' : ''}`,
  );
  if (!ok && !verbose) process.stdout.write(`\n${output.trimEnd()}\n\n`);
  return { ok, output };
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string | undefined, env: NodeJS.ProcessEnv, verbose: boolean }} options
 * @returns {Promise<{ code: number | null, signal: string | null, output: string }>}
 */
function capture(command, args, { cwd, env, verbose }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...(cwd ? { cwd } : {}), env, stdio: ['ignore', 'pipe', 'pipe'] });
    /** @type {string[]} */
    const chunks = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        chunks.push(text);
        if (verbose) process.stdout.write(text);
      });
    }
    child.on('error', (error) =>
      resolve({ code: 127, signal: null, output: `${command}: ${error.message}` }),
    );
    child.on('close', (code, signal) => resolve({ code, signal, output: chunks.join('') }));
  });
}
