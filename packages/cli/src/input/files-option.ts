import type { AnyInput, KindInfo } from '@gantry/core/model';
import type { Command } from 'commander';
import { CORE_KINDS, findKind } from '../cluster/kinds.ts';
import type { Cx } from '../session.ts';
import { type Manifest, readManifests } from './manifests.ts';
import { placeAll } from './place.ts';

export interface FilesOptions {
  readonly filename?: readonly string[];
  readonly recursive?: boolean;
}

/** Adds `-f` and `-R`. */
export function filesOption(command: Command): Command {
  return command
    .option('-f, --filename <path...>', 'file, directory, or - for standard input; YAML or JSON')
    .option('-R, --recursive', 'include subdirectories');
}

/** Reads the objects given by `-f` and places them into the namespace. */
export async function readInputs(cx: Cx, { filename = [], recursive }: FilesOptions): Promise<AnyInput[]> {
  const manifests = await readManifests(filename, {
    cwd: cx.io.cwd,
    stdin: cx.io.stdin,
    signal: cx.signal,
    recursive,
  });
  return placeAll(manifests, await cx.target(), await kindsFor(cx, manifests));
}

/** Returns the kinds for these objects; asks the cluster only if one of them is not a core kind. */
async function kindsFor(cx: Cx, manifests: readonly Manifest[]): Promise<readonly KindInfo[]> {
  const known = manifests.every(({ object }) => findKind(object.kind, CORE_KINDS) !== undefined);
  return known ? CORE_KINDS : (await (await cx.api()).info({ signal: cx.signal })).kinds;
}
