import {
  type ComposeProject,
  type ConvertedProject,
  convertProject,
  type Dialect,
  formatProblems,
  type LoadComposeOptions,
  loadCompose,
  problemsOf,
} from '../../src/index.ts';

export type Files = Readonly<Record<string, string>>;

export interface Setup extends Omit<LoadComposeOptions, 'read'> {
  readonly lenient?: boolean;
  readonly dialect?: Dialect;
}

/** Loads from texts; `compose.yaml` unless other files are named. */
export function load(files: Files, setup: Setup = {}): Promise<ComposeProject> {
  const { lenient: _, dialect: __, ...options } = setup;
  return loadCompose({
    files: ['compose.yaml'],
    projectName: 'app',
    env: {},
    ...options,
    read: async (path) => files[path],
  });
}

export async function convert(files: Files, setup: Setup = {}): Promise<ConvertedProject> {
  const { lenient = false, dialect = 'compose' } = setup;
  return convertProject(await load(files, setup), { lenient, dialect });
}

/** The problems for which a project is refused, as text; fails if it is not. */
export async function refusal(files: Files, setup: Setup = {}): Promise<readonly string[]> {
  try {
    await convert(files, setup);
  } catch (error) {
    const problems = problemsOf(error);
    if (problems.length === 0) throw error;
    return problems.map((problem) => formatProblems([problem]));
  }
  throw new Error('the project was accepted');
}
