import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Snapshot, snapshotLines } from '@gantry/storing';
import { expect, test } from 'vitest';
import { Terminal } from './support/terminal.ts';

test('a state is restored into a store, saved from it again and inspected; existing contents are not overwritten', async () => {
  await using terminal = await Terminal.open();
  const entries = Array.from({ length: 2000 }, (_, index) => ({ key: `tasks/${index}`, value: { index } }));
  const takenAt = '2026-01-01T00:00:00.000Z';
  const header = {
    gantry: 'snapshot',
    format: 1,
    cluster: 'shop',
    takenAt,
    revision: 7,
    entries: 2000,
  } as const;
  const snapshot: Snapshot = { header, entries };
  await writeFile(join(terminal.home, 'a.snap'), [...snapshotLines(snapshot, createHash('sha256'))].join(''));
  const restore = 'snapshot restore a.snap --store lmdb:data';
  expect(await terminal.run(restore)).toMatchObject({ code: 0, out: '2000 entries restored from a.snap\n' });
  expect(await terminal.run(restore)).toMatchObject({
    err: expect.stringMatching(/ALREADY_EXISTS[\s\S]*--replace/),
  });
  expect(await terminal.run('snapshot save b.snap --store lmdb:data --name shop')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^2000 entries at revision \d+ saved to b\.snap\n$/),
  });
  expect(await readFile(join(terminal.home, 'b.snap'), 'utf8')).toContain('"tasks/1999"');
  const { out } = await terminal.run('snapshot inspect b.snap -o json');
  expect(JSON.parse(out)).toMatchObject({ cluster: 'shop', entries: 2000, kinds: { tasks: 2000 } });
  await writeFile(join(terminal.home, 'c.snap'), 'nonsense');
  expect(await terminal.run('snapshot inspect c.snap')).toMatchObject({
    err: expect.stringMatching(/c\.snap: snapshot, line 1/),
  });
});
