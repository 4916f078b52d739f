import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { aborted, isGantryError } from '@gantry/core';
import { type AnyInput, plainData } from '@gantry/core/model';
import { type Document, parseAllDocuments } from 'yaml';
import type { Input } from '../io/io.ts';
import { CliError, usage } from '../output/problem.ts';

/** An object from a file, with its place there. */
export interface Manifest {
  readonly object: AnyInput;
  /** Place of the object: `web.yaml`, or `web.yaml document 2`. */
  readonly source: string;
}

export interface ManifestOptions {
  readonly cwd: string;
  readonly stdin: Input;
  readonly signal: AbortSignal;
  /** Descends into subdirectories. */
  readonly recursive?: boolean | undefined;
}

/** Maximum nesting of lists of objects. */
const MAX_LISTS = 16;
const EXTENSIONS: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json']);

/** Reads objects from files, from the YAML and JSON files of directories, and from standard input (`-`). */
export async function readManifests(paths: readonly string[], options: ManifestOptions): Promise<Manifest[]> {
  if (paths.length === 0) throw usage('expected -f FILE, a folder, or - for standard input');
  const manifests: Manifest[] = [];
  for (const path of paths) {
    for (const { name, text } of await texts(path, options)) manifests.push(...parseManifests(text, name));
  }
  if (manifests.length === 0) throw new CliError('INVALID_OBJECT', `no objects in ${paths.join(', ')}`);
  return manifests;
}

async function texts(path: string, options: ManifestOptions): Promise<{ name: string; text: string }[]> {
  if (path === '-') return [{ name: 'standard input', text: await readAll(options.stdin, options.signal) }];
  const full = resolve(options.cwd, path);
  const found = await stat(full).catch(() => undefined);
  if (found === undefined)
    throw new CliError('NOT_FOUND', `file ${path} not found`, 'name a file, a folder, or -');
  if (!found.isDirectory()) return [{ name: path, text: await readFile(full, 'utf8') }];
  const entries = await readdir(full, { withFileTypes: true });
  const result: { name: string; text: string }[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) {
      if (options.recursive === true) result.push(...(await texts(inner, options)));
    } else if (EXTENSIONS.has(extname(entry.name))) {
      result.push({ name: inner, text: await readFile(resolve(options.cwd, inner), 'utf8') });
    }
  }
  return result;
}

/**
 * Reads an input to its end, as text.
 *
 * @throws `ABORTED` if the signal fires first; the input is closed then.
 */
export async function readAll(input: Input, signal: AbortSignal): Promise<string> {
  const read = async (): Promise<string> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of input.read()) chunks.push(chunk);
    return Buffer.concat(chunks).toString('utf8');
  };
  let leave = (): void => {};
  const stopped = new Promise<never>((_, reject) => {
    leave = () => {
      reject(aborted(signal));
      input.close?.();
    };
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
  });
  try {
    return await Promise.race([read(), stopped]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/**
 * Parses the objects of a text: YAML or JSON, possibly with several documents, each of which may be a list of objects.
 *
 * @throws `INVALID_OBJECT` with line and column
 */
export function parseManifests(text: string, name: string): Manifest[] {
  const documents = readYaml(
    name,
    () => parseAllDocuments(text, { merge: true, uniqueKeys: true }) as Document[],
  );
  return documents.flatMap((document, index) => {
    const source = documents.length > 1 ? `${name} document ${index + 1}` : name;
    const [error] = document.errors;
    if (error !== undefined) throw invalid(source, error.message.split('\n')[0]?.replace(/:$/, '') ?? '');
    return objectsOf(
      readYaml(source, () => document.toJS() as unknown),
      source,
    );
  });
}

/**
 * Reports errors of the YAML library: too many aliases, an alias without an anchor, nesting that exhausts the stack.
 */
function readYaml<T>(source: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw invalid(source, (error as Error).message);
  }
}

function invalid(source: string, why: string): CliError {
  const text = why.startsWith('Maximum call stack') ? 'nests too deeply' : why;
  return new CliError('INVALID_OBJECT', `${source}: ${text}`, 'fix the YAML');
}

function objectsOf(value: unknown, source: string, depth = 0): Manifest[] {
  if (value === null || value === undefined) return [];
  if (depth > MAX_LISTS) throw invalid(source, `lists nest deeper than ${MAX_LISTS} levels`);
  if (Array.isArray(value)) return value.flatMap((each) => objectsOf(each, source, depth + 1));
  if (typeof value !== 'object')
    throw new CliError(
      'INVALID_OBJECT',
      `${source}: expected an object, got ${String(JSON.stringify(value)).slice(0, 80)}`,
    );
  const { kind, items } = value as { kind?: unknown; items?: unknown };
  if (Array.isArray(items) && (kind === 'list' || kind === undefined)) {
    return items.flatMap((each) => objectsOf(each, source, depth + 1));
  }
  if (typeof kind !== 'string') {
    throw new CliError(
      'INVALID_OBJECT',
      `${source}: expected an object with a kind`,
      'an object has kind, meta and spec',
    );
  }
  try {
    return [{ object: plainData(value as AnyInput, kind), source }];
  } catch (error) {
    throw isGantryError(error) ? new CliError(error.code, `${source}: ${error.message}`) : error;
  }
}
