import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { RuntimeName } from './workload.ts';

/** What is to be gone at the end: what names this cluster, or has one of these folders. */
export interface Guarded {
  readonly cluster: string;
  readonly runtime: RuntimeName;
  readonly folders: readonly string[];
}

const program = fileURLToPath(new URL('./guard.mjs', import.meta.url));

/** A process that clears away what agents leave, once this one ends or disposes of it. */
export function guard(guarded: Guarded): AsyncDisposable {
  const child = spawn(process.execPath, [program, JSON.stringify(guarded)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const gone = once(child, 'exit');
  child.unref();
  return {
    async [Symbol.asyncDispose]() {
      child.ref();
      child.stdin.end();
      await gone;
    },
  };
}
