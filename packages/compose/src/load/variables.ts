import type { Log } from '../model/log.ts';
import { scalar } from '../model/tree.ts';
import { parseEnvFile } from '../syntax/env-file.ts';
import type { ReadText } from './reader.ts';

/** Reads the variables of `.env` files: later files override earlier ones, and `given` overrides all of them. */
export async function readVariables(
  files: readonly { readonly file: string; readonly required: boolean }[],
  given: ReadonlyMap<string, string>,
  read: ReadText,
  log: Log,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { file, required } of files) {
    const text = await read(file);
    const at = (line: number) =>
      scalar(null, { source: { file, directory: '', variables: given }, line, column: 1 }).at;
    if (text === undefined) {
      if (required) log.invalid(at(1), '', 'file not found');
      continue;
    }
    const { entries, problems } = parseEnvFile(text, (name) => given.get(name) ?? found.get(name));
    for (const { line, message } of problems) log.invalid(at(line), '', message);
    for (const [name, value] of entries) if (value !== undefined) found.set(name, value);
  }
  return new Map([...found, ...given]);
}
