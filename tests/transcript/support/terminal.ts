import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../docs/support/documents.ts';

const PATIENCE_MS = 120_000;

/** What a line has come to: standard output and error as they came. */
export interface Ran {
  readonly output: string;
  /** As a shell says it: 128 and the signal, for one that a signal has ended. */
  readonly code: number;
}

export interface RunOptions {
  /** Typed into it. */
  readonly input?: string;
  /** Ctrl-C as soon as this number of lines has been written. */
  readonly interruptAfter?: number;
}

/** A shell in the root of the repository, with an unused home directory. */
export class Terminal implements AsyncDisposable {
  readonly home: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(home: string, bin: string) {
    this.home = home;
    const { PATH = '', DOCKER_HOST, LANG } = process.env;
    this.#env = {
      PATH: `${bin}:${PATH}`,
      HOME: home,
      TERM: 'xterm',
      ...(LANG === undefined ? {} : { LANG }),
      ...(DOCKER_HOST === undefined ? {} : { DOCKER_HOST }),
    };
  }

  /** @param bin where `gantry` is */
  static async open(bin: string): Promise<Terminal> {
    return new Terminal(await mkdtemp(join(tmpdir(), 'gantry-transcript-')), bin);
  }

  /** Runs a line to its end. A line that does not end in time is killed, and thrown. */
  async run(line: string, { input, interruptAfter }: RunOptions = {}): Promise<Ran> {
    const exec = interruptAfter === undefined ? '' : 'exec '; // else the signal would be the shell's
    const child = spawn('/bin/sh', ['-c', `exec 2>&1; ${exec}${line}`], {
      cwd: root,
      env: this.#env,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'ignore'],
      detached: true, // a group of its own, to be killed as a whole
    });
    let output = '';
    let interrupted = false;
    child.stdout?.setEncoding('utf8');
    child.stdout?.on('data', (text: string) => {
      output += text;
      if (interrupted || interruptAfter === undefined || linesOf(output).length < interruptAfter) return;
      interrupted = child.kill('SIGINT');
    });
    child.stdin?.end(input);
    const late = AbortSignal.timeout(PATIENCE_MS);
    const kill = (): boolean => process.kill(-(child.pid as number), 'SIGKILL');
    late.addEventListener('abort', kill);
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    late.removeEventListener('abort', kill);
    if (late.aborted) throw new Error(`$ ${line}\nhas not ended in ${PATIENCE_MS} ms:\n${output}`);
    return { output, code: code ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0) };
  }

  /** What of a cluster is kept here: its context and its state. */
  async traces(cluster: string): Promise<readonly string[]> {
    const contexts = await readFile(join(this.home, '.config/gantry/contexts.json'), 'utf8').catch(
      () => '{}',
    );
    const state = await readFile(join(this.home, '.local/state/gantry', cluster, 'state.json'), 'utf8').catch(
      () => '',
    );
    return [
      ...(contexts.includes(`"${cluster}"`) ? ['its context'] : []),
      ...(state === '' ? [] : ['its state']),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.home, { recursive: true, force: true });
  }
}

/** Lines that are complete. */
export function linesOf(text: string): readonly string[] {
  return text.split('\n').slice(0, -1);
}

/** Processes of the cluster that a terminal has in view, and of its tasks. */
export async function pidsOf(terminal: Terminal, cluster: string): Promise<readonly number[]> {
  const state = await readFile(join(terminal.home, '.local/state/gantry', cluster, 'state.json'), 'utf8');
  const { pid } = JSON.parse(state) as { pid: number };
  const { output } = await terminal.run('gantry get tasks -o json');
  const { items } = JSON.parse(output) as { items: readonly { status: { pid?: number } }[] };
  return [pid, ...items.flatMap(({ status }) => status.pid ?? [])];
}

/** Whether a process runs; one that has ended and waits for its parent to notice does not. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !'ZX'.includes(stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3));
  } catch {
    return false;
  }
}
