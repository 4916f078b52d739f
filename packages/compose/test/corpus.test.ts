import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyInput } from '@gantry/core/model';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { composeConfig, convertProject, formatProblems } from '../src/index.ts';
import { unaccounted } from './support/accounting.ts';
import { convert, type Files, load, refusal, type Setup } from './support/project.ts';

/**
 * One file per feature: Compose files and the expected result. `web.template.ports` is a part of the spec of the
 * service web, `networks.front` the spec of a network, `meta.web` the metadata; every value must be equal, and null
 * stands for an absent value.
 */
interface Case {
  readonly about: string;
  readonly files?: Files;
  readonly compose?: string;
  readonly options?: Setup;
  readonly expect?: Readonly<Record<string, unknown>>;
  /** All of them, if it is refused. */
  readonly problems?: readonly string[];
  /** All of them, if it is not. */
  readonly warnings?: readonly string[];
}

const folder = join(import.meta.dirname, 'corpus');
const cases = readdirSync(folder).flatMap((file) => {
  const read = parse(readFileSync(join(folder, file), 'utf8')) as Case | readonly Case[];
  return (Array.isArray(read) ? (read as readonly Case[]) : [read as Case]).map(
    (one) => [file, one.about, one] as const,
  );
});

describe('the corpus', () => {
  test.each(cases)('%s: %s', async (_file, _about, one) => {
    const files = one.files ?? { 'compose.yaml': one.compose ?? '' };
    if (one.problems !== undefined) {
      expect([...(await refusal(files, one.options))].sort()).toEqual([...one.problems].sort());
      return;
    }
    const { objects, warnings } = await convert(files, one.options);
    expect(warnings.map((warning) => formatProblems([warning])).sort()).toEqual(
      [...(one.warnings ?? [])].sort(),
    );
    for (const [path, value] of Object.entries(one.expect ?? {})) {
      expect({ [path]: at(objects, path) }).toEqual({ [path]: value ?? undefined });
    }
  });

  const single = cases.filter(([, , { files, compose }]) => files === undefined && compose !== undefined);
  test.each(single)('%s: %s: every value is read, harmless, or named', async (_file, _about, one) => {
    const compose = one.compose ?? '';
    const project = await load({ 'compose.yaml': compose }, one.options).catch(() => undefined);
    if (project !== undefined) expect(unaccounted(project, 'compose.yaml', compose)).toEqual([]);
  });

  const accepted = single.filter(([, , one]) => one.problems === undefined);
  test.each(accepted)('%s: %s: the printed file gives the same objects', async (_file, _about, one) => {
    const options = { ...one.options, projectName: 'app' };
    const before = await load({ 'compose.yaml': one.compose ?? '' }, options);
    const printed = stringify(composeConfig(before));
    const { objects } = await convert({ 'compose.yaml': printed }, options);
    const { lenient = false, dialect = 'compose' } = one.options ?? {};
    expect(objects).toEqual(convertProject(before, { lenient, dialect }).objects);
  });
});

function at(objects: readonly AnyInput[], path: string): unknown {
  const [first = '', ...rest] = path.split('.');
  if (first === 'names') return objects.map(({ kind, meta }) => `${kind} ${meta.name}`);
  const special = first === 'networks' || first === 'meta';
  const [name = '', ...keys] = special ? rest : [first, ...rest];
  const found = objects.find(
    ({ kind, meta }) => meta.labels?.['gantry.stack.service'] === name && kind === 'service',
  );
  const network = objects.find(
    ({ kind, meta }) => meta.labels?.['gantry.stack.network'] === name && kind === 'network',
  );
  const start: unknown =
    first === 'networks' ? network?.spec : first === 'meta' ? (found ?? network)?.meta : found?.spec;
  return keys.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], start);
}
