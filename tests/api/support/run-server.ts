import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Write } from './server-program.ts';

const program = fileURLToPath(new URL('./server-program.ts', import.meta.url));

export interface Written {
  readonly ticks: number;
  readonly perSecond: number;
  readonly cpu: number;
  readonly rssMiB: number;
}

export interface RunningServer {
  readonly url: string;
  write(write: Write): Promise<Written>;
  kill(): Promise<void>;
}

/** The server in a process of its own. */
export async function runServer(port = 0, historyBytes = 16 * 1024 * 1024): Promise<RunningServer> {
  const child: ChildProcess = fork(program, [String(port), String(historyBytes)], {
    execArgv: ['--conditions=@gantry/source', '--import', 'tsx'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the server ended with ${String(code)}`);
  });
  ended.catch(() => undefined);
  const [url] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  return {
    url,
    write: async (write) => {
      child.send(write);
      const [written] = (await Promise.race([once(child, 'message'), ended])) as [Written];
      return written;
    },
    kill: async () => {
      const exit = once(child, 'exit');
      if (child.kill('SIGKILL')) await exit;
    },
  };
}
