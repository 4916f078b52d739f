import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { GantryError } from '@gantry/core';
import type { ClusterApi, ExecOptions, ExecSession, OutputChunk } from '@gantry/core/api';
import { Header } from 'tar';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parsePlace, splitPath } from '../src/copy/places.ts';
import { packRemote, unpackRemote } from '../src/copy/remote-tar.ts';
import { Terminal } from './support/terminal.ts';

let folder: string;
let here: string;
let there: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-cp-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  const own = mkdtempSync(join(folder, 't-'));
  here = join(own, 'here');
  there = join(own, 'there');
  mkdirSync(here);
  mkdirSync(there);
});

type Exec = (options: ExecOptions) => Promise<ExecSession>;

/** A task whose commands are processes of this machine, in a directory. */
const processes: Exec = async ({ command: [program = '', ...args], stdin, signal }) => {
  const child = spawn(program, args, {
    cwd: there,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  child.stdin.on('error', () => undefined);
  if (stdin === undefined) child.stdin.end();
  else Readable.from(stdin).pipe(child.stdin);
  const exited = once(child, 'close').then(([code]) => code as number);
  return {
    output: (async function* (): AsyncIterable<OutputChunk> {
      for await (const data of child.stdout) yield { stream: 'stdout', data };
      for await (const data of child.stderr) yield { stream: 'stderr', data };
    })(),
    exitCode: exited,
    resize: async () => undefined,
  };
};

const apiOf = (exec: Exec): ClusterApi =>
  ({
    get: async (kind: string, id: string) => {
      if (id !== 'web.1') throw new GantryError('NOT_FOUND', `${kind} "${id}" not found`);
      return {};
    },
    list: async () => ({ items: [], revision: 1 }),
    exec: async (id: string, options: ExecOptions) => {
      if (id !== 'web.1') throw new GantryError('NOT_FOUND', `task "${id}" not found`);
      return exec(options);
    },
  }) as unknown as ClusterApi;

async function run(args: readonly string[], exec: Exec = processes) {
  await using terminal = await Terminal.open({ api: apiOf(exec) });
  return terminal.run(['cp', ...args]);
}

/** Answers the probe as if there were a directory, and every other command with an archive. */
const archived =
  (...entries: readonly { path: string; type?: string; linkpath?: string; text?: string }[]): Exec =>
  async ({ command }) => {
    const blocks = entries.map(({ path, type = 'File', linkpath, text = '' }) => {
      const header = new Header({
        path,
        type: type as 'File',
        size: text.length,
        mode: 0o644,
        mtime: new Date(0),
        ...(linkpath === undefined ? {} : { linkpath }),
      });
      const block = Buffer.alloc(512);
      header.encode(block);
      return Buffer.concat([block, Buffer.from(text.padEnd(Math.ceil(text.length / 512) * 512, '\0'))]);
    });
    const data = Buffer.concat([...blocks, Buffer.alloc(1024)]);
    const isProbe = command[0] === 'sh';
    return {
      output: (async function* (): AsyncIterable<OutputChunk> {
        if (!isProbe) yield { stream: 'stdout', data };
      })(),
      exitCode: Promise.resolve(isProbe ? 10 : 0),
      resize: async () => undefined,
    };
  };

describe('gantry cp', () => {
  test.each([
    ['a new name', 'new.txt', 'new.txt'],
    ['a directory, into which it is put', '.', 'file.txt'],
  ])('copies a file from a task to %s, with its mode', async (_what, to, found) => {
    writeFileSync(join(there, 'file.txt'), 'hello', { mode: 0o750 });
    const { code, err } = await run([`web.1:${there}/file.txt`, join(here, to)]);
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('copied 1 file (5) to ') });
    expect(readFileSync(join(here, found), 'utf8')).toBe('hello');
    expect(statSync(join(here, found)).mode & 0o777).toBe(0o750);
    expect(readdirSync(here)).toEqual([found]);
  });

  test.each([
    ['a new name', 'new.sh', 'new.sh'],
    ['a directory, into which it is put', '', 'file.sh'],
    ['an existing file, which is replaced', 'old.sh', 'old.sh'],
  ])('copies a file to a task as %s, with its mode', async (_what, to, found) => {
    writeFileSync(join(here, 'file.sh'), 'echo hello', { mode: 0o711 });
    writeFileSync(join(there, 'old.sh'), 'old');
    expect(await run([join(here, 'file.sh'), `task/web.1:${there}/${to}`])).toMatchObject({ code: 0 });
    expect(readFileSync(join(there, found), 'utf8')).toBe('echo hello');
    expect(statSync(join(there, found)).mode & 0o777).toBe(0o711);
  });

  const tree = (root: string): void => {
    mkdirSync(join(root, 'dir/empty'), { recursive: true });
    writeFileSync(join(root, 'dir/a'), 'A', { mode: 0o600 });
    writeFileSync(join(root, 'dir/big'), Buffer.alloc(3_000_000, 7));
    symlinkSync('a', join(root, 'dir/link'));
    writeFileSync(join(root, 'dir/-rf'), 'a name like an option');
  };
  const isTree = (root: string): void => {
    expect(readdirSync(root).sort()).toEqual(['-rf', 'a', 'big', 'empty', 'link']);
    expect(statSync(join(root, 'a')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(root, 'big')).equals(Buffer.alloc(3_000_000, 7))).toBe(true);
    expect(lstatSync(join(root, 'link')).isSymbolicLink()).toBe(true);
    expect(readlinkSync(join(root, 'link'))).toBe('a');
  };

  test('copies directories in both directions, with their contents', async () => {
    tree(there);
    expect(await run([`web.1:${there}/dir`, join(here, 'copy')])).toMatchObject({ code: 0 });
    isTree(join(here, 'copy'));
    expect(await run([`web.1:${there}/dir`, here])).toMatchObject({ code: 0 });
    isTree(join(here, 'dir'));
    expect(await run([join(here, 'dir'), `web.1:${there}/again`])).toMatchObject({ code: 0 });
    isTree(join(there, 'again'));
    mkdirSync(join(there, 'inside'));
    expect(await run([join(here, 'dir'), `web.1:${there}/inside`])).toMatchObject({ code: 0 });
    isTree(join(there, 'inside/dir'));
  });

  test('copies the content of a directory that ends with /.', async () => {
    tree(there);
    mkdirSync(join(here, 'kept'));
    expect(await run([`web.1:${there}/dir/.`, here])).toMatchObject({ code: 0 });
    expect(readdirSync(here).sort()).toEqual(['-rf', 'a', 'big', 'empty', 'kept', 'link']);
    mkdirSync(join(there, 'target'));
    expect(await run([`${here}/.`, `web.1:${there}/target`])).toMatchObject({ code: 0 });
    expect(readdirSync(join(there, 'target')).sort()).toEqual(['-rf', 'a', 'big', 'empty', 'kept', 'link']);
  });

  test('merges into a directory that has the name already', async () => {
    tree(there);
    mkdirSync(join(here, 'dir'));
    writeFileSync(join(here, 'dir/mine'), 'kept');
    writeFileSync(join(here, 'dir/a'), 'old');
    expect(await run([`web.1:${there}/dir`, here])).toMatchObject({ code: 0 });
    expect([readFileSync(join(here, 'dir/mine'), 'utf8'), readFileSync(join(here, 'dir/a'), 'utf8')]).toEqual(
      ['kept', 'A'],
    );
  });

  test.each([
    ['a path above', { path: '../evil', text: 'x' }],
    ['a path above, further in', { path: 'dir/../../evil', text: 'x' }],
    ['an absolute path', { path: '/tmp/evil', text: 'x' }],
  ])('rejects an archive with %s, and leaves nothing behind', async (_what, entry) => {
    const { code, err } = await run(
      [`web.1:/dir`, join(here, 'out')],
      archived({ path: './dir/', type: 'Directory' }, entry),
    );
    expect(code).toBe(1);
    expect(err).toContain('leaves the directory');
    expect(readdirSync(join(here, '..')).sort()).toEqual(['here', 'there']);
    expect(readdirSync(here)).toEqual([]);
    expect(existsSync('/tmp/evil')).toBe(false);
  });

  test.each([
    ['an absolute link', { path: './dir/l', type: 'SymbolicLink', linkpath: '/etc' }],
    ['a link above', { path: './dir/l', type: 'SymbolicLink', linkpath: '../../..' }],
    ['a hard link above', { path: './dir/l', type: 'Link', linkpath: '../../../etc/passwd' }],
    ['a device', { path: './dir/l', type: 'CharacterDevice' }],
  ])('leaves out %s, says so, and copies the rest', async (_what, entry) => {
    const through = { path: './dir/l/written', text: 'x' };
    const rest = { path: './dir/ok', text: 'fine' };
    const { code, err } = await run(
      [`web.1:/dir`, join(here, 'out')],
      archived({ path: './dir/', type: 'Directory' }, entry, through, rest),
    );
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('warning: not copied: ') });
    expect(readFileSync(join(here, 'out/ok'), 'utf8')).toBe('fine');
    expect(lstatSync(join(here, 'out/l')).isDirectory()).toBe(true);
  });

  test('says that the workload has no shell or no tar', async () => {
    const missing: Exec = async () => {
      throw new GantryError('INVALID_OBJECT', 'sh: not found');
    };
    const exits =
      (code: number): Exec =>
      async () => ({
        output: (async function* (): AsyncIterable<OutputChunk> {})(),
        exitCode: Promise.resolve(code),
        resize: async () => undefined,
      });
    for (const exec of [missing, exits(126), exits(127)]) {
      const { code, err } = await run(['web.1:/a', here], exec);
      expect({ code, err }).toEqual({
        code: 1,
        err: expect.stringMatching(/UNSUPPORTED task web\.1 has no shell with tar/),
      });
    }
    const away: Exec = async () => {
      throw new GantryError('UNAVAILABLE', 'node-1 does not answer');
    };
    expect((await run(['web.1:/a', here], away)).code).toBe(5);
    expect((await run(['web.2:/a', here], missing)).code).toBe(3);
  });

  test.each([
    [() => [`web.1:${there}/none`, here], 3, 'has no file'],
    [() => [join(here, 'none'), `web.1:${there}`], 3, 'cannot be read'],
    [() => [here, `web.1:${there}/no/where`], 3, 'has no directory'],
    [() => ['/a', '/b'], 2, 'expected one path of a task'],
    [() => ['web.1:/a', 'web.1:/b'], 2, 'expected one path of a task'],
    [() => ['web.1:', '/b'], 2, 'expected a path behind the colon'],
  ])('answers %s with %d: %s', async (args, code, message) => {
    expect(await run(args())).toMatchObject({ code, err: expect.stringContaining(message) });
  });

  test('fails with what tar says if the copy is not complete', async () => {
    mkdirSync(join(there, 'x'));
    const broken: Exec = async (options) =>
      options.command[0] === 'sh'
        ? processes(options)
        : processes({ ...options, command: ['sh', '-c', 'echo no space left >&2; exit 2'] });
    const { code, err } = await run([`web.1:${there}/x`, join(here, 'y')], broken);
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringContaining('tar in task web.1 exited with 2: no space left'),
    });
    expect(readdirSync(here)).toEqual([]);
  });
});

describe('the streams of a copy', () => {
  const signal = new AbortController().signal;

  test('are read only as fast as the other side takes them', async () => {
    let read = 0;
    const endless: Exec = async () => ({
      output: (async function* (): AsyncIterable<OutputChunk> {
        for (;;) {
          read += 1;
          yield { stream: 'stdout', data: new Uint8Array(1024) };
        }
      })(),
      exitCode: Promise.resolve(0),
      resize: async () => undefined,
    });
    const remote = { api: apiOf(endless), task: 'web.1', signal };
    let taken = 0;
    for await (const _chunk of packRemote(remote, '/', 'a')) if (++taken === 5) break;
    expect(read).toBe(5);
  });

  test('pass the archive on unchanged', async () => {
    let command: readonly string[] = [];
    const seen: Exec = async (options) => {
      command = options.command;
      for await (const _chunk of options.stdin ?? []) break;
      return {
        output: (async function* (): AsyncIterable<OutputChunk> {})(),
        exitCode: Promise.resolve(0),
        resize: async () => undefined,
      };
    };
    await unpackRemote(
      { api: apiOf(seen), task: 'web.1', signal },
      '/data',
      Readable.from([Buffer.from('x')]),
    );
    expect(command).toEqual(['tar', 'xpof', '-', '-C', '/data']);
  });
});

describe('a path', () => {
  test.each([
    ['web.1:/a', { workload: 'web.1', path: '/a' }],
    ['service/web:a:b', { workload: 'service/web', path: 'a:b' }],
    ['./a:b', { path: './a:b' }],
    ['/a:b', { path: '/a:b' }],
    ['../a:b', { path: '../a:b' }],
    ['plain', { path: 'plain' }],
  ])('%s is %j', (word, place) => {
    expect(parsePlace(word)).toEqual(place);
  });

  test.each([
    ['/a/b', '/a', 'b'],
    ['/a/b/', '/a', 'b'],
    ['/a/.', '/a/.', '.'],
    ['/', '/', '.'],
    ['a', '.', 'a'],
    ['.', '.', '.'],
  ])('%s lies in %s and is called %s', (path, where, name) => {
    expect(splitPath(path)).toEqual({ folder: where, name });
  });
});
