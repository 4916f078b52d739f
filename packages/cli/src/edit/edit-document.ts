import { type AnyObject, canonicalJson } from '@gantry/core/model';
import { parseManifests } from '../input/manifests.ts';
import { renderYaml } from '../output/format.ts';
import { CliError, type Problem } from '../output/problem.ts';
import { mergePatchOf } from './merge-patch.ts';

/** The part of an object that a user may edit. */
export interface Editable {
  readonly kind: string;
  readonly meta: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly labels: unknown;
    readonly annotations?: unknown;
  };
  readonly spec: unknown;
}

export function editableOf(object: AnyObject): Editable {
  const { name, namespace, labels, annotations } = object.meta;
  const { spec } = object as { readonly spec?: unknown };
  return {
    kind: object.kind,
    meta: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: spec ?? {},
  };
}

export const isSame = (a: Editable, b: Editable): boolean => canonicalJson(a) === canonicalJson(b);

/** Renders an object as the file that the editor opens. */
export async function renderDocument(object: Editable): Promise<string> {
  return renderYaml(object);
}

/** Adds comments above the object: what it is, and why the last attempt failed. */
export function withHeader(body: string, ref: string, problem?: Problem): string {
  const lines = [
    `Edit ${ref}. Lines that begin with # are ignored; an empty file cancels the edit.`,
    'If the object cannot be stored, the file is opened again with the reason.',
  ];
  if (problem !== undefined) {
    lines.push('', `error: ${problem.code} ${problem.message}`);
    for (const { path, message } of problem.issues)
      lines.push(`  ${path === '' ? '' : `${path}: `}${message}`);
    if (problem.hint !== undefined) lines.push(`hint: ${problem.hint}`);
  }
  const comments = lines.flatMap((line) => line.split('\n')).map((line) => `# ${line}`.trimEnd());
  return `${comments.join('\n')}\n${body}`;
}

/** Removes the comments above the object. */
export function withoutHeader(text: string): string {
  return text.replace(/^(?:[ \t]*(?:#[^\n]*)?(?:\r?\n|$))+/, '');
}

/**
 * Returns the merge patch for an edited file; undefined if nothing has changed.
 *
 * @throws `INVALID_OBJECT` unless the file contains one object of the same kind, name and namespace
 */
export function changeOf(before: Editable, text: string, ref: string): object | undefined {
  const manifests = parseManifests(text, ref);
  const [manifest] = manifests;
  if (manifest === undefined || manifests.length > 1)
    throw new CliError('INVALID_OBJECT', `${ref}: expected one object, got ${manifests.length}`);
  const after = manifest.object as unknown as {
    kind: unknown;
    meta?: Partial<Editable['meta']>;
    spec?: unknown;
  };
  for (const [field, was, is] of [
    ['kind', before.kind, after.kind],
    ['meta.name', before.meta.name, after.meta?.name],
    ['meta.namespace', before.meta.namespace, after.meta?.namespace],
  ] as const) {
    if (was !== is)
      throw new CliError('INVALID_OBJECT', `${ref}: ${field} cannot be changed from ${was} to ${is}`);
  }
  const { name: _name, namespace: _namespace, ...meta } = after.meta ?? {};
  const { kind: _kind, meta: _meta, ...rest } = after;
  const { labels, annotations } = before.meta;
  const was = { meta: { labels, ...(annotations === undefined ? {} : { annotations }) }, spec: before.spec };
  return mergePatchOf(was, { ...rest, meta }) as object | undefined;
}
