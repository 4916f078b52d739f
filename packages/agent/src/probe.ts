import { request } from 'node:http';
import { connect } from 'node:net';
import { type Clock, isGantryError, type Runtime, unlessAborted } from '@gantry/core';
import type { HealthCheck } from '@gantry/core/model';

/** Where a task's port can be reached. */
export type Resolve = (port: number) => { readonly address: string; readonly port: number };

/** What came of one look: healthy, or why not. */
export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly message: string };

/** Looks once, within the check's time. Never throws. */
export async function probe(
  check: HealthCheck,
  parts: {
    readonly task: string;
    readonly runtime: Runtime;
    readonly clock: Clock;
    readonly resolve: Resolve;
  },
): Promise<ProbeResult> {
  const { clock, resolve } = parts;
  const stop = new AbortController();
  const cancel = clock.after(check.timeoutMs, () => stop.abort());
  try {
    if (check.http !== undefined)
      return await probeHttp(resolve(check.http.port), check.http.path, stop.signal);
    if (check.tcp !== undefined) return await probeTcp(resolve(check.tcp.port), stop.signal);
    // The signal terminates the command; an engine that does not answer is not waited for either.
    return await unlessAborted(probeExec(parts, check.exec?.command ?? [], stop.signal), stop.signal);
  } catch (error) {
    if (stop.signal.aborted) return { ok: false, message: timedOut(check) };
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  } finally {
    cancel();
  }
}

function timedOut({ exec, timeoutMs }: HealthCheck): string {
  const what = exec === undefined ? 'no answer' : `${exec.command[0]} did not exit`;
  return `${what} in ${timeoutMs} ms`;
}

function probeHttp(at: ReturnType<Resolve>, path: string, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const call = request({ host: at.address, port: at.port, path, agent: false, signal }, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      const ok = status >= 200 && status < 400;
      resolve(ok ? { ok } : { ok, message: `${path} answered ${status}` });
      response.on('error', () => undefined); // the answer is in; how the body ends does not matter
    });
    call.on('error', reject);
    call.end();
  });
}

function probeTcp(at: ReturnType<Resolve>, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: at.address, port: at.port });
    const onAbort = (): void => {
      socket.destroy();
      reject(new Error('aborted'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve({ ok: true });
    });
    socket.once('error', reject);
  });
}

async function probeExec(
  { task, runtime }: { readonly task: string; readonly runtime: Runtime },
  command: readonly string[],
  signal: AbortSignal,
): Promise<ProbeResult> {
  if (runtime.exec === undefined) return { ok: false, message: 'the runtime cannot exec' };
  try {
    const session = await runtime.exec(task, { command, signal });
    let said = '';
    for await (const { data } of session.output) if (said.length < 200) said += Buffer.from(data).toString();
    const code = await session.exitCode;
    if (code === 0) return { ok: true };
    return { ok: false, message: `${command[0]} exited with ${code}: ${said.slice(0, 200).trim()}` };
  } catch (error) {
    if (isGantryError(error)) return { ok: false, message: error.message };
    throw error;
  }
}
