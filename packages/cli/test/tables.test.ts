import type { ClusterApi, ListOptions } from '@gantry/core/api';
import type { AnyObject, Kind } from '@gantry/core/model';
import picocolors from 'picocolors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Field, renderFields } from '../src/output/fields.ts';
import { inNaturalOrder } from '../src/output/natural-order.ts';
import { displayWidth, renderTable } from '../src/output/table.ts';
import { type Bench, openBench, serviceYaml } from './support/cluster.ts';
import { Terminal } from './support/terminal.ts';

let bench: Bench;
let run: Bench['run'];
beforeAll(async () => {
  bench = await openBench(12);
  run = bench.run;
  for (const name of ['web', 'api']) await run('apply --wait -f -', { stdin: serviceYaml(name) });
});
afterAll(() => bench[Symbol.asyncDispose]());

/** The cluster's API with one method replaced. */
function replaced(method: keyof ClusterApi, by: unknown): ClusterApi {
  return new Proxy(bench.cluster.api, {
    get: (api, name) => {
      if (name === method) return by;
      const value: unknown = Reflect.get(api, name, api);
      return typeof value === 'function' ? value.bind(api) : value;
    },
  });
}

describe('a table', () => {
  test('measures every cell of 10,000 rows once', () => {
    const rows = Array.from({ length: 10_000 }, (_, index) => [`task-${index}`, 'running', 'node-1']);
    let measured = 0;
    const widthOf = (text: string): number => {
      measured++;
      return text.length;
    };
    expect(renderTable(rows, { widthOf }).split('\n')).toHaveLength(10_001);
    expect(measured).toBe(30_000);
  });

  test('aligns wide characters, cells of several lines and rows of different lengths', () => {
    expect(
      renderTable([
        ['名前', 'A'],
        ['x', '1\n2', 'z'],
      ]),
    ).toBe('名前   A\nx      1   z\n       2\n');
    expect(displayWidth('\u001b[31mred\u001b[39m')).toBe(3);
    expect(renderTable([])).toBe('');
  });
});

test('numbers in names are ordered by value, and names that only differ in case have a fixed order', () => {
  const names = ['node-10', 'node-2', 'B', 'a', 'b', 'node-1'];
  expect(inNaturalOrder(names, (name) => name)).toEqual(['a', 'b', 'B', 'node-1', 'node-2', 'node-10']);
});

test.each([
  'get nodes -o name',
  'node ls',
  'top nodes --interval 50ms --no-headers',
  'get nodes --no-headers',
])('%s lists node-2 before node-10', async (line) => {
  const { out } = await run(line);
  const numbers = [...out.matchAll(/^(?:node\/)?node-(\d+)/gm)].map(([, number]) => Number(number));
  expect(numbers).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
});

test('describe shows the first entries and counts the rest', async () => {
  await run('scale api=4 --wait');
  const limited = await run('describe service api --limit 1');
  expect(limited.out.match(/^ {2}api\.\d+\./gm)).toHaveLength(1);
  expect(limited.out).toMatch(/… and \d+ more tasks?\n/);
  const { items } = await bench.cluster.api.list('event', { limit: 1 });
  const events = [...items, ...items, ...items];
  const list = async (kind: Kind, options: ListOptions): Promise<unknown> =>
    kind === 'event' ? { items: events, revision: 1 } : bench.cluster.api.list(kind, options);
  await using terminal = await Terminal.open({ api: replaced('list', list) });
  expect((await terminal.run('describe node node-1 --limit 1')).out).toMatch(/\n {2}… 2 earlier events\n/);
  const all = await run('describe services --limit 1');
  expect(all.out.match(/^Name:/gm)).toHaveLength(1);
  expect(all.err).toContain('… and 1 more; show them with names, -l or --limit');
});

describe('text that would change a terminal', () => {
  const evil = 'a\u001b]0;title\u0007\u001b[2J\u009b8mb\u202ec\r\u001b[8mhidden';
  const shown = 'a·]0;title··[2J·8mb·c··[8mhidden';

  test('is shown as dots in a table and its widths, and colours end with their line', () => {
    const text = renderTable([
      [evil, '\u001b[32mgreen\u001b[39m', '|'],
      ['b', '\u001b[31mred\nnot red', '|'],
    ]);
    expect(text.split('\n')).toEqual([
      `${shown}   \u001b[32mgreen\u001b[39m     |`,
      `b${' '.repeat(shown.length - 1)}   \u001b[31mred\u001b[0m       |`,
      `${' '.repeat(shown.length)}   not red`,
      '',
    ]);
  });

  test('is shown as dots in the fields of a description, and a value cannot pose as another field', () => {
    const fields: Field[] = [
      ['Name', evil],
      ['Labels', [`x=${evil}`, 'y=1\nStatus:   forged']],
      { title: 'Spec', text: `  ${evil}\n` },
    ];
    expect(renderFields(fields, picocolors.createColors(false)).split('\n')).toEqual([
      `Name:    ${shown}`,
      `Labels:  x=${shown}`,
      '         y=1',
      '         Status:   forged',
      '',
      'Spec:',
      `    ${shown}`,
      '',
    ]);
  });

  test('stays unchanged in JSON and YAML', async () => {
    await using bench = await openBench(1);
    const annotations = { note: evil };
    const meta = { name: 'evil', annotations };
    await bench.cluster.api.apply({ kind: 'service', meta, spec: { template: { image: 'a' } } });
    const { out: json } = await bench.run('get service/evil -o json');
    expect(JSON.parse(json)).toMatchObject({ meta: { annotations } });
    const { out: yaml } = await bench.run('get service/evil -o yaml');
    expect(parse(yaml)).toMatchObject({ meta: { annotations } });
    const { out } = await bench.run('describe service/evil');
    expect(out).toContain(`note=${shown}`);
    const { out: columns } = await bench.run('get services -o custom-columns=NOTE:.meta.annotations.note');
    expect(columns).toBe(`NOTE\n${shown}\n`);
  });
});

describe('output formats', () => {
  test.each([
    [
      '-o custom-columns=NAME:.meta.name,N:.spec.replicas,X:.spec.missing',
      'NAME   N   X\nweb    2   <none>\n',
    ],
    ['-o custom-columns=A:.x[0,1],B:.meta.name --no-headers', '<none>   web\n'],
    ['-o=custom-columns=NAME:.meta.name', 'NAME\nweb\n'],
    ['-o=jsonpath={.meta.name}', 'web\n'],
    ['-o=name', 'service/web\n'],
    ['-ojsonpath={.meta.labels.app}', 'web\n'],
  ])('get service web %s', async (format, out) => {
    expect(await run(`get service web ${format}`)).toMatchObject({ code: 0, out });
  });

  test.each(['custom-columns=', 'custom-columns=A', 'custom-columns=:.a', 'go-template={{.x}}'])(
    '-o %s is a usage error',
    async (format) => {
      expect(await run(['get', 'services', '-o', format])).toMatchObject({ code: 2 });
    },
  );

  test('a dot in a key is escaped as in kubectl', async () => {
    await run('label service web app.kubernetes.io/name=w --overwrite');
    for (const path of [
      '{.meta.labels.app\\.kubernetes\\.io/name}',
      'meta.labels.app\\.kubernetes\\.io/name',
    ])
      expect((await run(['get', 'svc', 'web', '-o', `jsonpath=${path}`])).out).toBe(
        path.startsWith('{') ? 'w\n' : `${path}\n`,
      );
    const sorted = await run([
      'get',
      'svc',
      '--sort-by',
      '.meta.labels.app\\.kubernetes\\.io/name',
      '-o',
      'name',
    ]);
    expect(sorted).toMatchObject({ code: 0, out: 'service/api\nservice/web\n' });
  });
});

test('several kinds are watched concurrently, and each row names its kind', async () => {
  const stop = new AbortController();
  const ended = await run('get services,nodes -w', {
    signal: stop.signal,
    onOut: (text) => {
      if (text.includes('service/web') && text.includes('node/node-12')) stop.abort();
    },
  });
  expect(ended).toMatchObject({ code: 130, out: expect.stringMatching(/^service\/api +replicated/m) });
});

describe('logs', () => {
  const lines = [1, 2].map((slot) => ({
    task: `web.${slot}.x`,
    node: 'node-1',
    time: 0,
    stream: 'stdout' as const,
    text: `line ${slot}`,
  }));
  const logging = (): ClusterApi =>
    replaced('logs', async function* () {
      yield lines;
    });

  test.each([
    ['logs web', 'web.1.x@node-1 line 1\nweb.2.x@node-1 line 2\n'],
    ['logs web --no-prefix', 'line 1\nline 2\n'],
    ['logs task/web.1.x', 'line 1\nline 2\n'],
    ['logs -l app=web', 'web.1.x@node-1 line 1\nweb.2.x@node-1 line 2\n'],
  ])('%s', async (line, out) => {
    await using terminal = await Terminal.open({ api: logging() });
    expect(await terminal.run(line)).toMatchObject({ code: 0, out, err: '' });
  });

  test('merge several workloads into one stream in which neighbouring tasks have different colours', async () => {
    await using terminal = await Terminal.open({ api: logging(), isTTY: true });
    const { out } = await terminal.run('logs web api');
    const esc = String.fromCharCode(27);
    const colours = out.split('\n').flatMap((line) => (line.startsWith(esc) ? [line.slice(1, 5)] : []));
    expect(colours).toHaveLength(4);
    expect(colours[0]).not.toBe(colours[1]);
  });

  test('a selector that selects nothing, and no workload at all, are errors', async () => {
    expect(await run('logs -l app=none')).toMatchObject({ code: 3 });
    expect(await run('logs')).toMatchObject({ code: 2 });
    expect(await run('logs web -l app=web')).toMatchObject({ code: 2 });
  });
});

test('events are listed in the order in which they last happened', async () => {
  const { out } = await run('get events -o json');
  const times = (JSON.parse(out) as { items: (AnyObject & { spec: { lastAt: number } })[] }).items.map(
    ({ spec }) => spec.lastAt,
  );
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

test('measuring many nodes concurrently does not leak listeners', async () => {
  const warnings: string[] = [];
  const note = ({ name }: Error): void => void warnings.push(name);
  process.on('warning', note);
  try {
    await bench.cluster.api.stats({ signal: new AbortController().signal });
    expect((await run('top nodes --interval 50ms --no-headers')).code).toBe(0);
    await new Promise((resolve) => setImmediate(resolve)); // warnings are emitted on the next tick
  } finally {
    process.off('warning', note);
  }
  expect(warnings).toEqual([]);
});
