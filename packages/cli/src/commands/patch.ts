import type { InputKind, Kind, KindMap } from '@gantry/core/model';
import { printObjects } from '../actions/print-objects.ts';
import { parseSelection, type Ref, showRef, withSuggestion } from '../cluster/refs.ts';
import { readAll } from '../input/manifests.ts';
import { FORMATS, parseFormat } from '../output/format.ts';
import { CliError, problemOf, usage } from '../output/problem.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

interface Options {
  readonly patch?: string;
  readonly patchFile?: string;
  readonly type: string;
  readonly dryRun?: boolean;
  readonly output?: string;
}

/** Defines `gantry patch KIND NAME -p '{"spec": {"replicas": 3}}'`. */
export const patch: Define = (command, act) => {
  command
    .argument('<objects...>', 'KIND NAME… or KIND/NAME…')
    .option('-p, --patch <patch>', 'fields to change, as JSON or YAML; null removes a field')
    .option('--patch-file <file>', 'file with the patch; - for standard input')
    .option('--type <type>', 'kind of patch; only merge is supported', 'merge')
    .option('--dry-run', 'validate without storing anything')
    .option('-o, --output <format>', FORMATS)
    .action(
      act<[string[]], Options>(async (cx, [words], options) => {
        const change = await readPatch(cx, options);
        const { refs } = await parseSelection(cx, words);
        if (refs === undefined) throw usage('expected the name of an object');
        for (const ref of refs) await patchOne(cx, ref, change, options);
      }),
    );
};

async function readPatch(cx: Cx, { patch: given, patchFile, type }: Options): Promise<object> {
  if (type !== 'merge')
    throw usage(`--type: expected merge, got "${type}"`, 'lists are replaced as a whole (RFC 7396)');
  if ((given === undefined) === (patchFile === undefined)) throw usage('expected either -p or --patch-file');
  const text = given ?? (await readFrom(cx, patchFile as string));
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw usage(`the patch is not valid JSON or YAML: ${problemOf(error).message.split('\n')[0]}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw usage('the patch must be an object', `gantry patch service web -p '{"spec": {"replicas": 3}}'`);
  return value;
}

async function readFrom(cx: Cx, file: string): Promise<string> {
  if (file === '-') return readAll(cx.io.stdin, cx.signal);
  const { readFile } = await import('node:fs/promises');
  const { resolve } = await import('node:path');
  return readFile(resolve(cx.io.cwd, file), 'utf8').catch((error: unknown) => {
    throw new CliError('NOT_FOUND', `${file} cannot be read: ${problemOf(error).message}`);
  });
}

async function patchOne(cx: Cx, ref: Ref, change: object, options: Options): Promise<void> {
  const { kind, id } = ref;
  if (!kind.writable) throw new CliError('UNSUPPORTED', `${kind.kind} objects are written by the cluster`);
  const api = await cx.api();
  const before = await withSuggestion(cx, kind.kind, id, () =>
    api.get(kind.kind as Kind, id, { signal: cx.signal }),
  );
  const call = { dryRun: options.dryRun, signal: cx.signal };
  const after: KindMap[Kind] = await api.patch(kind.kind as InputKind, id, change, call);
  if (options.output !== undefined) {
    const print = { format: parseFormat(options.output), headers: true, namespaces: false, single: true };
    await printObjects(cx, [after], print);
    return;
  }
  const same = after.meta.revision === before.meta.revision;
  cx.print(`${showRef(ref)} ${same ? 'unchanged' : 'patched'}${options.dryRun === true ? ' (dry run)' : ''}`);
}
