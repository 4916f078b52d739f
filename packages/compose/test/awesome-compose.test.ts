import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { convertProject, loadCompose, nodeFiles, type Problem, problemsOf } from '../src/index.ts';
import { unaccounted } from './support/accounting.ts';

/** Real files of other people: docker/awesome-compose, one file per application. */
const folder = process.env.GANTRY_COMPOSE_CORPUS ?? '';
const files = existsSync(folder) ? readdirSync(folder).filter((file) => /\.ya?ml$/.test(file)) : [];

interface Outcome {
  readonly outcome: string;
  readonly problems: readonly Problem[];
}

async function outcomeOf(file: string, lenient: boolean): Promise<Outcome> {
  try {
    const project = await loadCompose({
      files: [join(folder, file)],
      projectName: 'app',
      env: { HOME: '/home/me' },
      read: nodeFiles(),
    });
    const { objects, warnings } = convertProject(project, { lenient });
    return { outcome: `${objects.length} objects`, problems: warnings };
  } catch (error) {
    const problems = problemsOf(error);
    if (problems.length === 0) throw error;
    return { outcome: 'refused', problems };
  }
}

const name = 'awesome-compose';
describe.skipIf(files.length === 0)(
  files.length === 0 ? `${name} (set GANTRY_COMPOSE_CORPUS to its folder)` : name,
  () => {
    test('every file is converted, or rejected with file, line, field and reason', async () => {
      const rows: string[] = [];
      for (const file of files) {
        for (const lenient of [false, true]) {
          const { outcome, problems } = await outcomeOf(file, lenient);
          const [first] = problems;
          const why =
            first === undefined ? '' : `${first.line}:${first.column} ${first.path}: ${first.message}`;
          rows.push(`${file.padEnd(36)} ${lenient ? 'lenient' : 'strict '} ${outcome.padEnd(10)} ${why}`);
          if (outcome === 'refused') expect(problems.length).toBeGreaterThan(0);
          for (const problem of problems) {
            expect(problem.file).toBe(join(folder, file));
            expect(problem.line).toBeGreaterThan(0);
            expect(problem.path).not.toBe('');
            expect(problem.message.length).toBeGreaterThan(10);
          }
        }
      }
      console.log(rows.join('\n'));
    });

    test.each(files)('every value of %s is read, harmless, or named', async (file) => {
      const path = join(folder, file);
      const project = await loadCompose({
        files: [path],
        projectName: 'app',
        env: { HOME: '/home/me' },
        read: nodeFiles(),
      });
      expect(unaccounted(project, path, readFileSync(path, 'utf8'))).toEqual([]);
    });
  },
);
