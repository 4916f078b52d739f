import { type Bus, GantryError, isGantryError, type Views } from '@gantry/core';
import type { ExecOptions, ExecSession, OutputChunk } from '@gantry/core/api';
import {
  idOf,
  invalidObject,
  type Node,
  pathOf,
  plainData,
  runAsSchema,
  type Task,
} from '@gantry/core/model';
import type { Subjects, WireChunk } from '@gantry/core/protocol';
import { AgentStream } from './agent-stream.ts';

export interface ExecParts {
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly views: Views;
}

/** Runs a command inside a task, through its agent. */
export async function execInTask(
  { bus, subjects, views }: ExecParts,
  task: Task,
  options: ExecOptions,
): Promise<ExecSession> {
  checkCommand(idOf(task.meta), options);
  const { node } = task.spec;
  if (node === undefined || task.status.state !== 'running') {
    throw new GantryError('CONFLICT', `task ${idOf(task.meta)} is ${task.status.state}, not running`);
  }
  const { user, workingDir } = options;
  if (user !== undefined || workingDir !== undefined)
    checkFeatures(idOf(task.meta), node, views.of('node').get(node)?.value, options);
  const request = {
    op: 'exec' as const,
    task: idOf(task.meta),
    command: options.command,
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(user === undefined ? {} : { user }),
    ...(workingDir === undefined ? {} : { workingDir }),
    ...(options.tty === undefined ? {} : { tty: options.tty }),
  };
  const stream = await AgentStream.open(bus, subjects.agent(node), request, options.signal);
  let settle: (code: number) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const exitCode = new Promise<number>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  exitCode.catch(() => undefined); // a caller that awaits it sees the error; awaiting is optional
  let failed: { readonly error: unknown } | undefined;
  // Without input, a command that reads it sees its end immediately.
  feed(stream, options.stdin ?? nothing(), options.signal).catch((error: unknown) => {
    if (isGantryError(error, 'NOT_FOUND')) return; // the stream has ended; its reader learns why
    failed = { error };
    void stream.close(); // the read below ends
  });
  async function* output(): AsyncIterable<OutputChunk> {
    try {
      for (;;) {
        const { items, done, exitCode: code } = await stream.read<WireChunk>(options.signal);
        for (const chunk of items) yield { stream: chunk.stream, data: Buffer.from(chunk.data, 'base64') };
        if (!done) continue;
        settle(code ?? -1);
        return;
      }
    } catch (error) {
      const why = failed?.error ?? error;
      fail(why);
      throw why;
    } finally {
      fail(new GantryError('ABORTED', 'the output was not read to its end'));
      await stream.close();
    }
  }
  return { output: output(), exitCode, resize: (columns, rows) => stream.resize(columns, rows) };
}

/**
 * @throws `INVALID_OBJECT` for a command that no system can run (an empty one, and one with NUL), and for a user or a
 * directory that is malformed.
 */
function checkCommand(task: string, { command, env = {}, user, workingDir }: ExecOptions): void {
  const what = `exec in task ${task}`;
  plainData(command, what);
  plainData(env, what);
  const { error } = runAsSchema.safeParse({ user, workingDir });
  if (error !== undefined) {
    const issues = error.issues.map(({ path, message }) => ({ path: pathOf(path), message }));
    throw invalidObject(what, issues);
  }
  if (command.length > 0 && command[0] !== '') return;
  throw invalidObject(what, [{ path: 'command', message: 'expected a command' }]);
}

/**
 * An agent of an earlier version ignores fields that it does not know, so the node must report the feature.
 *
 * @throws `UNSUPPORTED` naming the node and its runtime
 */
function checkFeatures(
  task: string,
  name: string,
  node: Node | undefined,
  { user, workingDir }: ExecOptions,
): void {
  const { attributes, features } = node?.status ?? {};
  const needed = [
    user === undefined ? undefined : ({ feature: 'exec.user', why: 'as another user' } as const),
    workingDir === undefined
      ? undefined
      : ({ feature: 'exec.workingDir', why: 'in another directory' } as const),
  ].filter((need) => need !== undefined);
  const missing = needed.find(({ feature }) => features?.includes(feature) !== true);
  if (missing === undefined) return;
  const runtime = attributes?.runtime === undefined ? 'its runtime' : `its runtime "${attributes.runtime}"`;
  throw new GantryError(
    'UNSUPPORTED',
    `exec in task ${task}: node "${name}" cannot run commands ${missing.why}: ${runtime} or its agent's version does not have the feature "${missing.feature}"`,
    { details: { task, node: name, feature: missing.feature } },
  );
}

async function* nothing(): AsyncIterable<Uint8Array> {}

/** Sends all input to a stream, at the pace of its reader, and then its end. */
export async function feed(
  stream: AgentStream,
  input: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const data of input) await stream.write(data, signal);
  await stream.end(signal);
}
