import { resolve } from 'node:path';
import type { ComposeProject, ConvertedProject, Dialect, ReadText } from '@gantry/compose';
import { isGantryError } from '@gantry/core';
import type { Cx } from '../session.ts';

/** Selects a Compose project and how to read it. */
export interface StackFiles {
  /**
   * Compose files; `-` is standard input (default: `COMPOSE_FILE`, or the usual names in the working directory or above
   * it).
   */
  readonly files?: readonly string[] | undefined;
  /** Base of relative paths in the files (default: the directory of the first file). */
  readonly directory?: string | undefined;
  /** Files with variables instead of `.env`. */
  readonly envFiles?: readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly profiles?: readonly string[] | undefined;
  /** Services that are active whatever their profiles. */
  readonly enabled?: readonly string[] | undefined;
  /** Omits what Gantry does not support, and reports it, instead of rejecting the file. */
  readonly lenient?: boolean | undefined;
  /** Which defaults apply (default: `compose`). */
  readonly dialect?: Dialect | undefined;
}

/** Objects of a project, and the project from which they were converted. */
export interface ReadStack extends ConvertedProject {
  readonly project: ComposeProject;
}

/** Loads the files of a Compose project. */
export async function loadStack(cx: Cx, stack: StackFiles): Promise<ComposeProject> {
  const { loadCompose, nodeFiles } = await import('@gantry/compose');
  const { cwd, env } = cx.io;
  const { files, directory, envFiles, name, profiles, enabled } = stack;
  return loadCompose({
    cwd,
    ...(directory === undefined ? {} : { directory: resolve(cwd, directory) }),
    ...(files === undefined
      ? {}
      : { files: files.map((file) => (file === '-' ? file : resolve(cwd, file))) }),
    ...(envFiles === undefined ? {} : { envFiles }),
    ...(name === undefined ? {} : { projectName: name }),
    ...(profiles === undefined ? {} : { profiles }),
    ...(enabled === undefined ? {} : { enabled }),
    env: { ...env, PWD: cwd },
    read: withStdin(cx, nodeFiles()),
  });
}

/** Converts a Compose project to objects, and prints its warnings. */
export async function readStack(cx: Cx, stack: StackFiles): Promise<ReadStack> {
  const { convertProject } = await import('@gantry/compose');
  const project = await loadStack(cx, stack);
  // Reading a file does not require a cluster.
  const namespace = await cx.target().then(
    (target) => target.namespace,
    () => cx.globals.namespace ?? 'default',
  );
  const { lenient, dialect } = stack;
  const converted = convertProject(project, {
    ...(lenient === undefined ? {} : { lenient }),
    ...(dialect === undefined ? {} : { dialect }),
    ...(namespace === 'default' ? {} : { namespace }),
  });
  for (const { severity, file, line, path, message } of converted.warnings) {
    const text = `${file}:${line} ${path === '' ? '' : `${path}: `}${message}`;
    if (severity === 'note') cx.note(text);
    else cx.warn(`${text} (left out)`);
  }
  return { ...converted, project };
}

/** Finds the project; `project` is absent if a name is given and there is no file. */
export async function findStack(
  cx: Cx,
  stack: StackFiles,
): Promise<{ readonly name: string; readonly project?: ComposeProject }> {
  try {
    const project = await loadStack(cx, stack);
    const { stackName } = await import('@gantry/compose');
    return { name: stackName(project.name), project };
  } catch (error) {
    const named = stack.name ?? cx.io.env.COMPOSE_PROJECT_NAME;
    if (!isGantryError(error, 'NOT_FOUND') || stack.files !== undefined || !named) throw error;
    const { stackName } = await import('@gantry/compose');
    return { name: stackName(named) };
  }
}

/** Reads standard input once, as the file `-`. */
function withStdin(cx: Cx, read: ReadText): ReadText {
  let text: Promise<string> | undefined;
  return (path) => {
    if (path !== '-') return read(path);
    text ??= readAll(cx.io.stdin.read());
    return text;
  };
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}
