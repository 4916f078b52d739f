import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '@gantry/system';

const TIMEOUT_MS = 45_000;
const POLL_MS = 50;

/** A shell on a pseudo-terminal of a tmux server of its own. */
export class Tmux implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'gantry-tmux-'));
  readonly #clock = new SystemClock();

  /** @param env the only variables of the shell besides PATH and HOME */
  constructor(env: Readonly<Record<string, string>>, columns = 100, rows = 20) {
    const variables = Object.entries({
      PATH: process.env.PATH ?? '',
      HOME: this.#folder,
      PS1: 'shell$ ',
      ...env,
    });
    const shell = [
      'env',
      '-i',
      'TERM=screen-256color',
      ...variables.map(([name, value]) => `${name}=${value}`),
      'sh',
    ];
    this.#run('new-session', '-d', '-x', String(columns), '-y', String(rows), '-c', this.#folder, ...shell);
  }

  /** Types text, without a line end. */
  type(text: string): void {
    this.#run('send-keys', '-l', text);
  }

  /** Presses keys by tmux's names: `Enter`, `Down`, `Escape`, `C-c`. */
  press(...keys: readonly string[]): void {
    this.#run('send-keys', ...keys);
  }

  line(text: string): void {
    this.type(text);
    this.press('Enter');
  }

  resize(columns: number, rows: number): void {
    this.#run('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** What the terminal shows. */
  screen(): string {
    return this.#run('capture-pane', '-p');
  }

  /** Whether a program uses the alternate screen, and whether the cursor is visible. */
  modes(): { readonly alternate: boolean; readonly cursor: boolean } {
    const [alternate, cursor] = this.#run('display-message', '-p', '#{alternate_on} #{cursor_flag}')
      .trim()
      .split(' ');
    return { alternate: alternate === '1', cursor: cursor === '1' };
  }

  /** The id that a program has written into the file `pid` of its folder. */
  pid(): number {
    return Number(readFileSync(join(this.#folder, 'pid'), 'utf8'));
  }

  /** Resolves with the screen once it shows the text; fails with what it shows instead. */
  async shows(wanted: string | RegExp): Promise<string> {
    const started = this.#clock.elapsed();
    for (;;) {
      const screen = this.screen();
      if (typeof wanted === 'string' ? screen.includes(wanted) : wanted.test(screen)) return screen;
      if (this.#clock.elapsed() - started > TIMEOUT_MS)
        throw new Error(`the terminal does not show ${wanted}:\n${screen}`);
      await this.#clock.sleep(POLL_MS);
    }
  }

  [Symbol.dispose](): void {
    try {
      this.#run('kill-server');
    } catch {
      // Its shell has ended, and it with it.
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(...args: readonly string[]): string {
    const server = ['-S', join(this.#folder, 'socket'), '-f', '/dev/null'];
    return execFileSync('tmux', [...server, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}
