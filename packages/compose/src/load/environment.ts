import { isGantryError } from '@gantry/core';
import { type MetaInput, validateInput } from '@gantry/core/model';
import type { Cursor } from '../model/cursor.ts';
import { type EnvFile, parseEnvFile, parseRawEnvFile } from '../syntax/env-file.ts';
import { locate } from './reader.ts';

/** Prefix that labels must not have: Gantry would overwrite them. */
const OWN = 'gantry.';

type Contents = ReadonlyMap<string, string | undefined>;

/** Returns the environment: later env files override earlier ones, and `environment` overrides all of them. */
export function environmentOf(service: Cursor, contents: Contents): Readonly<Record<string, string>> {
  const result = new Map<string, string>();
  for (const file of service.get('env_file')?.items() ?? []) {
    for (const [name, value] of readEnvFile(file, contents, result)) {
      if (value === undefined) result.delete(name);
      else result.set(name, value);
    }
  }
  for (const [name, cursor] of service.get('environment')?.entries() ?? []) {
    const { value, at } =
      cursor.tree.kind === 'scalar' ? cursor.tree : { value: undefined, at: cursor.tree.at };
    const text = value === null ? at.source.variables.get(name) : cursor.text();
    if (text === undefined) result.delete(name);
    else result.set(name, text);
  }
  return Object.fromEntries(result);
}

function readEnvFile(
  file: Cursor,
  contents: Contents,
  before: ReadonlyMap<string, string>,
): EnvFile['entries'] {
  const path = file.get('path');
  const written = path?.text();
  const required = file.get('required')?.boolean() ?? true;
  const format = file.get('format')?.oneOf('raw');
  if (path === undefined || written === undefined) {
    file.invalid('expected a path');
    return new Map();
  }
  const { directory, variables } = path.tree.at.source;
  const located = locate(directory, written);
  const text = contents.get(located);
  if (text === undefined) {
    if (required) path.invalid(`file "${located}" not found`);
    return new Map();
  }
  const lookup = (name: string): string | undefined => variables.get(name) ?? before.get(name);
  const { entries, problems, unset } = format === 'raw' ? parseRawEnvFile(text) : parseEnvFile(text, lookup);
  for (const { line, message } of problems) path.invalid(`${located}:${line}: ${message}`);
  for (const name of unset)
    path.note(`${located}: the variable "${name}" is not set: an empty text stands for it`);
  return entries;
}

/** Returns the labels: `labels` overrides label files. */
export function labelsOf(service: Cursor, contents: Contents): Readonly<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const file of service.get('label_file')?.items() ?? []) {
    const located = locate(file.tree.at.source.directory, file.text() ?? '');
    const text = contents.get(located);
    if (text === undefined) {
      file.invalid(`file "${located}" not found`);
      continue;
    }
    const { variables } = file.tree.at.source;
    const { entries, problems } = parseEnvFile(text, (name) => variables.get(name));
    for (const { line, message } of problems) file.invalid(`${located}:${line}: ${message}`);
    for (const [name, value] of entries) {
      if (name.startsWith(OWN)) file.invalid(`"${name}": labels that begin with "${OWN}" are Gantry's own`);
      result[name] = value ?? '';
    }
  }
  return { ...result, ...pairsOf(service.get('labels')) };
}

/** Labels of a service or network, by which it can be selected. Not every label of a container is valid here. */
export function objectLabelsOf(labels: Cursor | undefined): Readonly<Record<string, string>> {
  const cursors = new Map(labels?.entries() ?? []);
  const pairs = Object.entries(pairsOf(labels)).filter(([key, value]) => {
    if (isValid({ labels: { [key]: value } })) return true;
    cursors
      .get(key)
      ?.unsupported(
        'labels of a service are selected by: a key has at most 63 letters, digits, "-", "_" and ".", with a prefix like example.com/, a value at most 253 characters; use labels of the container',
      );
    return false;
  });
  return Object.fromEntries(pairs);
}

/** Annotations of a service, whose values are free text. */
export function annotationsOf(annotations: Cursor | undefined): Readonly<Record<string, string>> {
  const cursors = new Map(annotations?.entries() ?? []);
  const pairs = Object.entries(pairsOf(annotations, 'annotations')).filter(([key]) => {
    if (isValid({ annotations: { [key]: '' } })) return true;
    cursors
      .get(key)
      ?.unsupported(
        'an annotation has a key of at most 63 letters, digits, "-", "_" and ".", with a prefix like example.com/',
      );
    return false;
  });
  return Object.fromEntries(pairs);
}

/** Whether the core accepts an object with these labels or annotations. */
function isValid(meta: Partial<Pick<MetaInput, 'labels' | 'annotations'>>): boolean {
  try {
    validateInput({ kind: 'network', meta: { name: 'labelled', ...meta } });
    return true;
  } catch (error) {
    if (isGantryError(error, 'INVALID_OBJECT')) return false;
    throw error;
  }
}

/** Labels or annotations as a mapping; one without a value is empty. */
export function pairsOf(
  labels: Cursor | undefined,
  what: 'labels' | 'annotations' = 'labels',
): Readonly<Record<string, string>> {
  const pairs = (labels?.entries() ?? []).map(([name, cursor]) => {
    const empty = cursor.tree.kind === 'scalar' && cursor.tree.value === null;
    if (name.startsWith(OWN)) cursor.invalid(`${what} that begin with "${OWN}" are Gantry's own`);
    return [name, empty ? '' : (cursor.text() ?? '')] as const;
  });
  return Object.fromEntries(pairs);
}
