import { resolve } from 'node:path';
import type { ConvertedProject } from '@gantry/compose';
import type { Cx } from '../session.ts';

export interface StackFiles {
  /** The usual names in this folder without them. */
  readonly files?: readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly profiles?: readonly string[] | undefined;
  /** What cannot be honoured is left out and told, in place of refusing the file. */
  readonly lenient?: boolean | undefined;
}

/** Reads a Compose project as objects, and says what is worth saying about it. */
export async function readStack(
  cx: Cx,
  { files, name, profiles, lenient }: StackFiles,
): Promise<ConvertedProject> {
  const { convertProject, loadCompose, nodeFiles } = await import('@gantry/compose');
  const { cwd, env } = cx.io;
  const project = await loadCompose({
    ...(files === undefined ? { directory: cwd } : { files: files.map((file) => resolve(cwd, file)) }),
    ...(name === undefined ? {} : { projectName: name }),
    ...(profiles === undefined ? {} : { profiles }),
    env,
    read: nodeFiles(),
  });
  // A file can be read without a cluster to bring it to.
  const namespace = await cx.target().then(
    (target) => target.namespace,
    () => cx.globals.namespace ?? 'default',
  );
  const converted = convertProject(project, {
    ...(lenient === undefined ? {} : { lenient }),
    ...(namespace === 'default' ? {} : { namespace }),
  });
  for (const { severity, file, line, path, message } of converted.warnings) {
    const text = `${file}:${line} ${path === '' ? '' : `${path}: `}${message}`;
    if (severity === 'note') cx.note(text);
    else cx.warn(`${text} (left out)`);
  }
  return converted;
}
