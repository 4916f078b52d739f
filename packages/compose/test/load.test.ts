import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { validateInput } from '@gantry/core/model';
import { describe, expect, test } from 'vitest';
import {
  type ComposeProject,
  convertProject,
  type LoadComposeOptions,
  loadCompose,
  nodeFiles,
} from '../src/index.ts';
import { interpolate } from '../src/syntax/interpolate.ts';
import { convert, load } from './support/project.ts';

const COMPOSE = 'services: { web: { image: x } }\n';

type Texts = Readonly<Record<string, string>>;

/** Loads from texts by path. */
function loadTexts(texts: Texts, options: Omit<LoadComposeOptions, 'read'>): Promise<ComposeProject> {
  return loadCompose({ ...options, read: async (path) => texts[path] });
}

describe('files that are not named', () => {
  interface Row {
    readonly about: string;
    readonly texts: Texts;
    readonly options?: Omit<LoadComposeOptions, 'read'>;
    readonly files: readonly string[];
    readonly notes?: readonly string[];
  }
  const rows: readonly Row[] = [
    ...['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'].flatMap((base) =>
      ['compose', 'docker-compose']
        .flatMap((name) => [`${name}.override.yml`, `${name}.override.yaml`])
        .map((override) => ({
          about: `${base} goes with ${override}`,
          texts: { [`/app/${base}`]: COMPOSE, [`/app/${override}`]: '' },
          files: [`/app/${base}`, `/app/${override}`],
        })),
    ),
    {
      about: 'the first of several usual names counts, and the others are reported',
      texts: { '/app/docker-compose.yml': COMPOSE, '/app/compose.yaml': COMPOSE },
      files: ['/app/compose.yaml'],
      notes: ['used instead of /app/docker-compose.yml'],
    },
    {
      about: 'the first of several override files counts, and the others are reported',
      texts: {
        '/app/compose.yaml': COMPOSE,
        '/app/compose.override.yaml': '',
        '/app/docker-compose.override.yml': '',
      },
      files: ['/app/compose.yaml', '/app/compose.override.yaml'],
      notes: ['used instead of /app/docker-compose.override.yml'],
    },
    {
      about: 'a directory above is looked in if there is no file',
      texts: { '/srv/compose.yaml': COMPOSE, '/srv/compose.override.yml': '' },
      options: { cwd: '/srv/app/deep' },
      files: ['/srv/compose.yaml', '/srv/compose.override.yml'],
    },
    {
      about: 'the project directory is looked in if it is given',
      texts: { '/elsewhere/compose.yaml': COMPOSE, '/app/compose.yaml': COMPOSE },
      options: { directory: '/elsewhere', cwd: '/app' },
      files: ['/elsewhere/compose.yaml'],
    },
    {
      about: 'COMPOSE_FILE names several files, relative to the working directory',
      texts: { '/app/a.yml': COMPOSE, '/app/sub/b.yml': '', '/abs.yml': '' },
      options: { cwd: '/app', env: { COMPOSE_FILE: 'a.yml:sub/b.yml:/abs.yml' } },
      files: ['/app/a.yml', '/app/sub/b.yml', '/abs.yml'],
    },
    {
      about: 'COMPOSE_FILE of .env counts, with the separator that is set there',
      texts: {
        '/app/.env': 'COMPOSE_FILE=a.yml;b.yml\nCOMPOSE_PATH_SEPARATOR=;\n',
        '/app/a.yml': COMPOSE,
        '/app/b.yml': '',
      },
      files: ['/app/a.yml', '/app/b.yml'],
    },
    {
      about: 'COMPOSE_FILE of the environment goes before the one of .env',
      texts: { '/app/.env': 'COMPOSE_FILE=a.yml\n', '/app/b.yml': COMPOSE },
      options: { cwd: '/app', env: { COMPOSE_FILE: 'b.yml' } },
      files: ['/app/b.yml'],
    },
    {
      about: 'an empty COMPOSE_FILE is as good as none',
      texts: { '/app/compose.yaml': COMPOSE },
      options: { cwd: '/app', env: { COMPOSE_FILE: '' } },
      files: ['/app/compose.yaml'],
    },
    {
      about: 'no override file is added to those of COMPOSE_FILE',
      texts: { '/app/compose.yaml': COMPOSE, '/app/compose.override.yaml': '' },
      options: { cwd: '/app', env: { COMPOSE_FILE: 'compose.yaml' } },
      files: ['/app/compose.yaml'],
    },
  ];
  test.each(rows.map((row) => [row.about, row] as const))('%s', async (_, row) => {
    const project = await loadTexts(row.texts, row.options ?? { cwd: '/app' });
    expect(project.files).toEqual(row.files);
    expect(project.notes.map(({ message }) => message)).toEqual(row.notes ?? []);
  });

  test('are NOT_FOUND if there are none', async () => {
    await expect(loadTexts({}, { cwd: '/app' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/none of compose.yaml.* in "\/app" or a directory above/),
    });
  });
});

describe('variables, names and profiles', () => {
  const NAMED = `services: { web: { image: "x:\${TAG:-none}" }, dbg: { image: y, profiles: [debug] } }\n`;
  interface Row {
    readonly about: string;
    readonly texts: Texts;
    readonly options: Omit<LoadComposeOptions, 'read'>;
    readonly image?: string;
    readonly name?: string;
    readonly services?: readonly string[];
  }
  const rows: readonly Row[] = [
    {
      about: '.env of the directory of the first file counts',
      texts: { '/app/sub/c.yml': NAMED, '/app/sub/.env': 'TAG=sub\n', '/app/.env': 'TAG=app\n' },
      options: { cwd: '/app', files: ['/app/sub/c.yml'] },
      image: 'x:sub',
      name: 'sub',
    },
    {
      about: '.env of the project directory counts',
      texts: { '/app/sub/c.yml': NAMED, '/app/sub/.env': 'TAG=sub\n', '/app/.env': 'TAG=app\n' },
      options: { directory: '/app', files: ['/app/sub/c.yml'] },
      image: 'x:app',
      name: 'app',
    },
    {
      about: 'both count if COMPOSE_FILE leads elsewhere, the nearer one first',
      texts: {
        '/app/.env': 'COMPOSE_FILE=sub/c.yml\n',
        '/app/sub/c.yml': NAMED,
        '/app/sub/.env': 'TAG=sub\n',
      },
      options: { cwd: '/app' },
      image: 'x:sub',
      name: 'sub',
    },
    {
      about: 'env files that are named replace .env, and the later one goes first',
      texts: { '/app/c.yml': NAMED, '/app/.env': 'TAG=dot\n', '/app/a.env': 'TAG=a\n', '/b.env': 'TAG=b\n' },
      options: { cwd: '/app', files: ['/app/c.yml'], envFiles: ['a.env', '/b.env'] },
      image: 'x:b',
    },
    {
      about: 'COMPOSE_ENV_FILES of the environment does the same',
      texts: { '/app/c.yml': NAMED, '/app/.env': 'TAG=dot\n', '/app/a.env': 'TAG=a\n' },
      options: { cwd: '/app', files: ['/app/c.yml'], env: { COMPOSE_ENV_FILES: 'a.env' } },
      image: 'x:a',
    },
    {
      about: 'COMPOSE_DISABLE_ENV_FILE leaves .env alone',
      texts: { '/app/c.yml': NAMED, '/app/.env': 'TAG=dot\n' },
      options: { files: ['/app/c.yml'], env: { COMPOSE_DISABLE_ENV_FILE: 'true' } },
      image: 'x:none',
    },
    {
      about: 'the environment goes before env files',
      texts: { '/app/c.yml': NAMED, '/app/.env': 'TAG=dot\n' },
      options: { files: ['/app/c.yml'], env: { TAG: 'env' } },
      image: 'x:env',
    },
    {
      about: 'COMPOSE_PROJECT_NAME of .env names the project',
      texts: { '/app/c.yml': `name: own\n${NAMED}`, '/app/.env': 'COMPOSE_PROJECT_NAME=dot\n' },
      options: { files: ['/app/c.yml'] },
      name: 'dot',
    },
    {
      about: 'an empty COMPOSE_PROJECT_NAME is as good as none',
      texts: { '/app/c.yml': `name: own\n${NAMED}` },
      options: { files: ['/app/c.yml'], env: { COMPOSE_PROJECT_NAME: '' } },
      name: 'own',
    },
    {
      about: 'COMPOSE_PROFILES of .env activates, with spaces or without',
      texts: { '/app/c.yml': NAMED, '/app/.env': 'COMPOSE_PROFILES=a, debug\n' },
      options: { files: ['/app/c.yml'] },
      services: ['web', 'dbg'],
    },
    {
      about: 'profiles that are given replace COMPOSE_PROFILES',
      texts: { '/app/c.yml': NAMED },
      options: { files: ['/app/c.yml'], profiles: ['x'], env: { COMPOSE_PROFILES: 'debug' } },
      services: ['web'],
    },
    {
      about: 'a service that is asked for by name is active whatever its profiles',
      texts: { '/app/c.yml': NAMED },
      options: { files: ['/app/c.yml'], enabled: ['dbg'] },
      services: ['web', 'dbg'],
    },
    {
      about: 'an image of an earlier file counts for a service that a later one changes',
      texts: { '/app/c.yml': NAMED, '/app/over.yml': 'services: { web: { environment: { A: b } } }\n' },
      options: { files: ['/app/c.yml', '/app/over.yml'] },
      image: 'x:none',
    },
    {
      about: 'an image of a later file counts for a service that an earlier one begins',
      texts: { '/app/c.yml': 'services: { web: { environment: { A: b } } }\n', '/app/over.yml': NAMED },
      options: { files: ['/app/c.yml', '/app/over.yml'] },
      image: 'x:none',
    },
    {
      about: 'later documents of one file are merged over earlier ones',
      texts: { '/app/c.yml': `${NAMED}---\nservices: { web: { image: "z:\${TAG:-two}" } }\n` },
      options: { files: ['/app/c.yml'] },
      image: 'z:two',
    },
  ];
  test.each(rows.map((row) => [row.about, row] as const))('%s', async (_, row) => {
    const project = await loadTexts(row.texts, { env: {}, ...row.options });
    if (row.name !== undefined) expect(project.name).toBe(row.name);
    if (row.services !== undefined) expect(project.services).toEqual(row.services);
    const { objects } = convertProject(project);
    const web = objects.find(({ meta }) => meta.labels?.['gantry.stack.service'] === 'web');
    if (row.image !== undefined) expect(web).toMatchObject({ spec: { template: { image: row.image } } });
  });
});

describe('a project', () => {
  test('is named after its folder, made a name', async () => {
    const read = async (): Promise<string | undefined> => COMPOSE;
    const project = await loadCompose({
      files: ['/srv/_My.App 2/compose.yaml'],
      read: async (path) => (path.endsWith('.env') ? undefined : read()),
    });
    expect(project.name).toBe('myapp2');
  });

  test('is the same from the file system as from texts', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gantry-compose-'));
    try {
      await writeFile(join(folder, 'compose.yaml'), 'services: { web: { image: "x:$TAG" } }\n');
      await writeFile(join(folder, '.env'), 'TAG=7\n');
      const project = await loadCompose({
        files: [join(folder, 'compose.yaml')],
        projectName: 'app',
        read: nodeFiles(),
      });
      const texts = { 'compose.yaml': 'services: { web: { image: "x:7" } }\n' };
      expect(convertProject(project).objects).toEqual((await convert(texts)).objects);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('is UNAVAILABLE, with the path, if it cannot be read', async () => {
    const read = nodeFiles();
    await expect(read(tmpdir())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await read(join(tmpdir(), 'missing'))).toBeUndefined();
  });

  test('gives the same objects each time, which the core accepts unchanged', async () => {
    const project = await load({
      'compose.yaml': 'services: { web: { image: x, depends_on: [db] }, db: { image: y } }\n',
    });
    const { objects } = convertProject(project);
    expect(convertProject(project).objects).toEqual(objects);
    expect(objects.map(({ kind }) => kind)).toEqual(['network', 'service', 'service']);
    for (const object of objects) expect(() => validateInput(object)).not.toThrow();
  });

  test('may live in a namespace, which its objects then have', async () => {
    const project = await load({ 'compose.yaml': COMPOSE });
    const { objects } = convertProject(project, { namespace: 'team-a' });
    expect(objects.map(({ meta }) => meta.namespace)).toEqual(['team-a', 'team-a']);
  });
});

const tenfold = (item: string): string => Array.from({ length: 10 }, () => item).join(', ');
const levels = (first: string, next: (level: number) => string): string =>
  [first, ...Array.from({ length: 9 }, (_, index) => next(index + 1))].join('\n');

/** Files that are wrong in ways that may trip up a program, with the reported place and reason. */
const HOSTILE: Readonly<Record<string, readonly [text: string, problem: RegExp]>> = {
  'a huge tree by aliases': [
    levels('a0: &a0 [x, x, x, x, x, x, x, x, x, x]', (n) => `a${n}: &a${n} [${tenfold(`*a${n - 1}`)}]`),
    /compose.yaml:1:1.*too large/,
  ],
  'a huge tree by merge keys': [
    levels('x0: &a0 { k: v }', (n) => `x${n}: &a${n} { <<: [${tenfold(`*a${n - 1}`)}] }`),
    /compose.yaml:1:1.*too large/,
  ],
  'a huge tree by list aliases in a merge key': [
    `${levels('x0: &a0 [{ k: v }]', (n) => `x${n}: &a${n} [${tenfold(`*a${n - 1}`)}]`)}\nservices: { web: { <<: *a9 } }`,
    /too large/,
  ],
  'an alias that contains itself': ['x-a: &a { b: *a }\n', /compose.yaml:1:14 x-a.b: .*contains itself/],
  'a merge key that merges itself': ['x-a: &a [*a]\nservices: { web: { <<: *a } }\n', /compose.yaml/],
  'a list in a merge key that contains itself': ['services: { web: { <<: &a [*a] } }\n', /compose.yaml/],
  'an alias without an anchor': ['services: *nothing\n', /compose.yaml:1:11.*alias/i],
  'deep flow lists': [`a: ${'['.repeat(100_000)}`, /compose.yaml:1:\d+: .*nested more than 100 deep/],
  'deep flow mappings': ['{a: '.repeat(20_000), /nested more than 100 deep/],
  'deep block lists': [`${'- '.repeat(5000)}x`, /nested more than 100 deep/],
  'deep keys of keys': [`${'? '.repeat(5000)}x`, /nested more than 100 deep/],
  'deep indentation': [
    Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
    /nested more than 100 deep/,
  ],
  'a NUL': ['services:\n  web: { image: "x\0y" }\n', /compose.yaml:2:19: .*NUL/],
  'an escaped NUL': ['services:\n  web: { image: "x\\0y" }\n', /compose.yaml:2:17 services.web.image: .*NUL/],
  'a duplicate key': [
    'services:\n  a: {image: x}\n  a: {image: y}\n',
    /compose.yaml:3:3 services.a: duplicate key/,
  ],
  'a number as key': [
    'services:\n  1: { image: x }\n',
    /compose.yaml:2:3 services: expected a text as key, got 1/,
  ],
  'a mapping as key': ['services:\n  ? { a: b }\n  : { image: x }\n', /services: expected a text as key/],
  'an unknown tag': [
    'services: { web: !foo { image: x } }\n',
    /compose.yaml:1:23 services.web: unknown tag "!foo"/,
  ],
  'a binary value': ['services: { web: { image: !!binary eA== } }\n', /services.web.image: unknown tag/],
  'an unclosed quote': ['services: { web: { image: "x } }\n', /compose.yaml:\d+:\d+: .*quote/i],
  'a list instead of a mapping': ['- a\n- b\n', /compose.yaml:1:1: expected a mapping/],
  'a text instead of a mapping': ['hello\n', /compose.yaml:1:1: expected a mapping/],
  'a text instead of services': ['services: web\n', /compose.yaml:1:11 services: expected a mapping/],
  'an empty file': ['', /compose.yaml:1:1: the file has no enabled service/],
  'a file of one comment': ['# nothing\n', /compose.yaml:1:1: the file has no enabled service/],
  'a variable that is nested too deep': [
    `services: { web: { image: "${'${A:-'.repeat(1000)}x${'}'.repeat(1000)}" } }\n`,
    /services.web.image: .*nested more than 100 deep/,
  ],
  'a variable without an end': [
    `services: { web: { image: "${'${A:-'.repeat(50)}" } }\n`,
    /services.web.image: .*no closing brace/,
  ],
  'more than 4 Mi characters': [
    `a: "${'x'.repeat(4_200_000)}"`,
    /compose.yaml:1:1: .*more than 4194304 characters/,
  ],
};

describe('a hostile file', () => {
  test.each(Object.entries(HOSTILE))('%s is INVALID_OBJECT, with the place', async (_, [text, problem]) => {
    const failure: unknown = await convert({ 'compose.yaml': text }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'INVALID_OBJECT', message: expect.stringMatching(problem) });
  });

  test('an env file with exponentially growing lines is rejected', async () => {
    const lines = Array.from({ length: 40 }, (_, n) => `V${n + 1}=$V${n}$V${n}`);
    const failure: unknown = await load({
      'compose.yaml': COMPOSE,
      '.env': ['V0=xx', ...lines].join('\n'),
    }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'INVALID_OBJECT',
      message: expect.stringMatching(/^.env:\d+:1: V\d+: the result has more than 1048576 characters/m),
    });
  });

  test('a chain of 1,000 services that wait for one another is converted, and a circle of them rejected', async () => {
    const chain = (last: string): string =>
      Array.from(
        { length: 1000 },
        (_, n) => `  s${n}: { image: x, depends_on: [${n === 0 ? last : `s${n - 1}`}] }`,
      ).join('\n');
    const fine = await convert({ 'compose.yaml': `services:\n  end: { image: x }\n${chain('end')}\n` });
    expect(fine.objects).toHaveLength(1002);
    await expect(convert({ 'compose.yaml': `services:\n${chain('s999')}\n` })).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
      message: expect.stringContaining('wait for each other: s0 → s999 →'),
    });
  });

  test('a chain of 200 services that extend one another is rejected', async () => {
    const chain = Array.from({ length: 200 }, (_, n) => `  s${n}: { extends: { service: s${n - 1} } }`).slice(
      1,
    );
    await expect(
      convert({ 'compose.yaml': `services:\n  s0: { image: x }\n${chain.join('\n')}\n` }),
    ).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
      message: expect.stringMatching(/extends: more than 100 services extend one another/),
    });
  });

  test('a file that many services extend is read once', async () => {
    const reads: string[] = [];
    const texts: Texts = {
      'compose.yaml': `services:\n${Array.from({ length: 50 }, (_, n) => `  s${n}: { extends: { file: base.yaml, service: base } }`).join('\n')}\n`,
      'base.yaml': 'services: { base: { image: x } }\n',
    };
    const project = await loadCompose({
      files: ['compose.yaml'],
      read: async (path) => {
        reads.push(path);
        return texts[path];
      },
    });
    expect(project.services).toHaveLength(50);
    expect(reads.filter((path) => path === 'base.yaml')).toHaveLength(1);
  });

  test('an error shows the first 100 problems, and carries all', async () => {
    const services = Array.from({ length: 150 }, (_, n) => `  s${n}: { image: x, privileged: true }`).join(
      '\n',
    );
    const failure: unknown = await convert({ 'compose.yaml': `services:\n${services}\n` }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ message: expect.stringMatching(/… and 50 more$/) });
    expect((failure as { issues: readonly unknown[] }).issues).toHaveLength(150);
  });

  test('a byte order mark is not part of the text', async () => {
    const { objects } = await convert({ 'compose.yaml': `\uFEFF${COMPOSE}` });
    expect(objects).toHaveLength(2);
  });

  test('interpolation reads a long text once', () => {
    const nested = `${'${A:-'.repeat(99)}x${'}'.repeat(99)}`;
    const text = nested.repeat(2000);
    let lookups = 0;
    const result = interpolate(text, () => {
      lookups++;
      return undefined;
    });
    expect(result).toEqual({ text: 'x'.repeat(2000), unset: [] });
    expect(lookups).toBe(99 * 2000);
  });

  test('cannot reach the prototype of anything', async () => {
    const environment = '{ __proto__: "1", constructor: "2" }';
    await expect(
      convert({ 'compose.yaml': `services: { web: { image: x, environment: ${environment} } }\n` }),
    ).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
      message: expect.stringContaining('spec.template.env.__proto__: not allowed as a key'),
    });
    const { objects } = await convert({
      'compose.yaml': 'services: { web: { image: x, environment: { constructor: "2" } } }\n',
    });
    const env = (objects[1] as { spec: { template: { env: object } } }).spec.template.env;
    expect(Object.entries(env)).toContainEqual(['constructor', '2']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
