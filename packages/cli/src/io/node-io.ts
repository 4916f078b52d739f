import { writeSync } from 'node:fs';
import type { LossyOutput } from '@gantry/system/output';
import type { Connection, Input, Io, Output, System, Target } from './io.ts';
import type { ProcessOutputs } from './process-outputs.ts';

/** This process's terminal, environment and clock. */
export function nodeIo(signal: AbortSignal, outputs: ProcessOutputs): Io {
  return {
    stdout: outputOf(process.stdout, outputs.stdout),
    stderr: outputOf(process.stderr, outputs.stderr),
    keepRunning: () => outputs.keepRunning(),
    stdin: inputOf(process.stdin),
    env: process.env,
    cwd: process.cwd(),
    system,
    signal,
    onResize: (callback) => {
      process.stdout.on('resize', callback);
      return () => process.stdout.off('resize', callback);
    },
    guardTerminal,
    connect,
    // `--`: Node must not interpret what follows, such as the --env-file of a container.
    self: [process.execPath, ...process.execArgv, '--', process.argv[1] as string],
    tellParent:
      process.send === undefined ? undefined : (message) => process.send?.(message, () => undefined),
  };
}

async function system(): Promise<System> {
  const { SystemClock, SystemRandom } = await import('@gantry/system');
  return { clock: new SystemClock(), random: new SystemRandom() };
}

function guardTerminal(restore: string): () => void {
  const onExit = (): void => {
    try {
      process.stdin.setRawMode?.(false);
      writeSync(process.stdout.fd, restore);
    } catch {
      // The terminal is gone, so there is nothing to restore.
    }
  };
  process.on('exit', onExit);
  return () => process.off('exit', onExit);
}

async function connect(target: Target): Promise<Connection> {
  return (await import('./connect.ts')).connectTo(target);
}

function outputOf(stream: NodeJS.WriteStream, output: LossyOutput): Output {
  return {
    write: (text) => output.write(text),
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
  };
}

function inputOf(stream: NodeJS.ReadStream): Input {
  return {
    isTTY: stream.isTTY === true,
    read: () => stream,
    close: () => void stream.destroy(),
    setRawMode: (on) => {
      stream.setRawMode?.(on);
    },
  };
}
