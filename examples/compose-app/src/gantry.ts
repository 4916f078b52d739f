import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The command line, as this workspace has it. */
const program = fileURLToPath(new URL('../bin/gantry.js', import.meta.resolve('@gantry/cli')));

/** Runs `gantry` in a folder, with a home of its own: it sees no other cluster and no context of yours. */
export class Gantry {
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(folder: string, home: string) {
    this.#folder = folder;
    const own = Object.entries(process.env).filter(([name]) => !/^(GANTRY|COMPOSE|SHOP)_/.test(name));
    this.#env = {
      ...Object.fromEntries(own),
      HOME: home,
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_STATE_HOME: join(home, 'state'),
    };
  }

  /** Runs a command to its end, shows it with what it says, and answers what it wrote to its standard output. */
  async run(line: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value} `);
    console.log(`\n$ ${variables.join('')}gantry ${line}`);
    const child = this.start(line, env);
    let output = '';
    child.stdout?.on('data', (text: string) => {
      output += text;
      process.stdout.write(text);
    });
    child.stderr?.on('data', (text: string) => process.stdout.write(text));
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`gantry ${line} ended with ${code}`);
    return output;
  }

  /** Starts a command; its output is text. */
  start(line: string, env: Readonly<Record<string, string>> = {}): ChildProcess {
    const child = spawn(process.execPath, ['--', program, ...line.split(' ')], {
      cwd: this.#folder,
      env: { ...this.#env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout?.setEncoding('utf8');
    child.stderr?.setEncoding('utf8');
    return child;
  }
}
