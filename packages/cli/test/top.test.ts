import type { AnyObject, Event, Node, Service, Task } from '@gantry/core/model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { colorsFor } from '../src/output/colors.ts';
import { safe } from '../src/output/safe-text.ts';
import { displayWidth } from '../src/output/table.ts';
import type { Key } from '../src/top/keys.ts';
import { LiveView } from '../src/top/live-view.ts';
import { cut, plainLine } from '../src/top/plain-text.ts';
import { VIEW_KINDS } from '../src/top/view-kinds.ts';

const NOW = 1_900_000_000_000;
const plain = colorsFor({ isTTY: false }, {});
const colourful = colorsFor({ isTTY: true }, {});

const meta = (name: string, namespace?: string) => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
  uid: name,
  generation: 1,
  createdAt: NOW - 60_000,
  labels: {},
});

const node = (name: string): Node =>
  ({
    kind: 'node',
    meta: meta(name),
    spec: { availability: 'active', taints: [] },
    status: { state: 'ready', capacity: { cpu: 4000, memory: 2 ** 33 }, attributes: { runtime: 'process' } },
  }) as unknown as Node;

const service = (name: string, namespace = 'default', ready = 1): Service =>
  ({
    kind: 'service',
    meta: meta(name, namespace),
    spec: {
      mode: 'replicated',
      replicas: 1,
      paused: false,
      template: { image: `registry/${name}:1`, command: [], ports: [] },
    },
    status: {
      ready,
      desired: 1,
      updated: 1,
      observedGeneration: 1,
      published: [],
      progress: { state: 'stable', reason: 'Ready', message: '' },
    },
  }) as unknown as Service;

const task = (
  name: string,
  more: { node?: string; service?: string; state?: string; message?: string } = {},
): Task =>
  ({
    kind: 'task',
    meta: meta(name, 'default'),
    spec: {
      service: more.service ?? 'web',
      slot: '1',
      node: more.node ?? 'node-1',
      restarts: 0,
      desired: 'running',
      template: 't',
    },
    status: {
      state: more.state ?? 'running',
      ready: (more.state ?? 'running') === 'running',
      since: NOW - 1000,
      message: more.message,
    },
  }) as unknown as Task;

const event = (name: string, kind: string, about: string, message = 'done'): Event =>
  ({
    kind: 'event',
    meta: meta(name, 'default'),
    spec: {
      regarding: { kind, name: about },
      type: 'normal',
      reason: 'Started',
      message,
      count: 1,
      firstAt: NOW - 5000,
      lastAt: NOW - 5000,
    },
  }) as unknown as Event;

function open(
  objects: readonly AnyObject[],
  options: { rows?: number; columns?: number; colors?: typeof plain } = {},
): LiveView {
  const { rows = 24, columns = 140, colors = plain } = options;
  const view = new LiveView({ cluster: 'test', colors, rows, columns });
  for (const kind of VIEW_KINDS)
    view.catalog.replace(
      kind,
      objects.filter((object) => object.kind === kind),
    );
  return view;
}

const key = (name: string, more: Partial<Key> = {}): Key => ({
  name: /^[a-z0-9]/i.test(name) ? name.toLowerCase() : undefined,
  text: name.length === 1 ? name : '',
  ctrl: false,
  shift: /^[A-Z]$/.test(name),
  ...more,
});

/** Presses keys: single characters, or names of keys. */
function press(view: LiveView, ...names: readonly string[]): string {
  for (const name of names) {
    const single = name.length > 1 && name === name.toLowerCase() && !NAMED.has(name) ? [...name] : [name];
    for (const each of single) view.press(key(each));
  }
  return view.frame(NOW).join('\n');
}
const NAMED = new Set([
  'up',
  'down',
  'pageup',
  'pagedown',
  'home',
  'end',
  'return',
  'escape',
  'backspace',
  'left',
  'right',
]);

const rowsOf = (frame: string): string[] =>
  frame
    .split('\n')
    .slice(4, -1)
    .filter((line) => line.trim() !== '');

const CLUSTER: readonly AnyObject[] = [
  node('node-1'),
  node('node-2'),
  node('node-10'),
  service('web'),
  service('db', 'team-a', 0),
  task('web.1.a'),
  task('web.2.b', { node: 'node-2' }),
  task('web.10.c', { node: 'node-2', state: 'failed', message: 'exit code 3' }),
  event('e1', 'task', 'web.1.a'),
  event('e2', 'node', 'node-2'),
];

describe('the live view', () => {
  test('counts healthy objects, and shows services first', () => {
    const frame = press(open(CLUSTER));
    expect(frame).toContain(
      'gantry top: test  connected  nodes 3/3 ready  services 1/2 ready  tasks 2/2 ready',
    );
    expect(frame).toContain('[2 services]');
    expect(rowsOf(frame).map((row) => row.split(/\s+/)[2])).toEqual(['web', 'db']);
  });

  test.each([
    ['1', 'nodes', ['node-1', 'node-2', 'node-10']],
    ['3', 'tasks', ['web.1.a', 'web.2.b', 'web.10.c']],
    [':pods', 'tasks', ['web.1.a', 'web.2.b', 'web.10.c']],
    [':no', 'nodes', ['node-1', 'node-2', 'node-10']],
  ])('%s shows %s in natural order', (typed, title, names) => {
    const frame = press(open(CLUSTER), typed, ...(typed.startsWith(':') ? ['return'] : []));
    expect(frame).toContain(`[${VIEW_KINDS.findIndex((kind) => `${kind}s` === title) + 1} ${title}]`);
    for (const [index, name] of names.entries()) expect(rowsOf(frame)[index]).toContain(` ${name} `);
  });

  test('an unknown view is answered with the known ones', () => {
    expect(press(open(CLUSTER), ':', 'x', 'y', 'return')).toContain(
      'unknown view "xy": expected nodes, services, tasks, events, ns, help or q',
    );
  });

  test('a filter selects while it is typed; Esc removes it', () => {
    const view = open(CLUSTER);
    const filtered = press(view, '3', '/', 'f', 'a', 'i', 'l');
    expect(rowsOf(filtered)).toEqual([expect.stringContaining('web.10.c')]);
    expect(filtered).toContain('/fail█');
    expect(rowsOf(press(view, 'return'))).toHaveLength(1);
    expect(rowsOf(press(view, 'escape'))).toHaveLength(3);
    expect(press(view, '/', 'z', 'z')).toContain('no tasks contain this text: Esc removes the filter');
    expect(rowsOf(press(view, 'backspace', 'backspace'))).toHaveLength(3);
  });

  test('Enter leads from a node to its tasks, and Esc back to the node', () => {
    const view = open(CLUSTER);
    const tasks = press(view, '1', 'down', 'return');
    expect(tasks).toContain('tasks of node/node-2');
    expect(rowsOf(tasks)).toHaveLength(2);
    expect(
      press(view, 'escape')
        .split('\n')
        .find((line) => line.startsWith('>')),
    ).toContain('node-2');
  });

  test('the selection stays with its object while rows come and go', () => {
    const view = open(CLUSTER);
    press(view, '3', 'down');
    view.catalog.apply('task', [{ type: 'added', object: task('app.1.x') }]);
    const selected = (): string | undefined =>
      press(view)
        .split('\n')
        .find((line) => line.startsWith('>'));
    expect(selected()).toContain('web.2.b');
    view.catalog.apply('task', [{ type: 'deleted', object: task('web.2.b') }]);
    expect(selected()).toContain('>');
  });

  test('s sorts by the next column, r reverses', () => {
    const view = open(CLUSTER);
    expect(press(view, '1', 'r')).toContain('NAME↑');
    expect(rowsOf(press(view))[0]).toContain('node-10');
    expect(press(view, 's')).toContain('STATE↓');
    view.catalog.measured([
      { task: 'web.1.a', node: 'node-1', time: 0, cpuMs: 0, memory: 5 },
      { task: 'web.2.b', node: 'node-2', time: 0, cpuMs: 0, memory: 5 },
    ]);
    view.catalog.measured([
      { task: 'web.1.a', node: 'node-1', time: 1000, cpuMs: 100, memory: 5 },
      { task: 'web.2.b', node: 'node-2', time: 1000, cpuMs: 500, memory: 5 },
    ]);
    const byCpu = press(view, 's');
    expect(byCpu).toContain('CPU↓');
    expect(rowsOf(byCpu)[0]).toContain('500m of 4 (13%)');
    expect(rowsOf(byCpu)[2]).toContain('node-10');
  });

  test('e lists the events of the selected object', () => {
    const view = open(CLUSTER);
    expect(rowsOf(press(view, '3', 'e'))).toEqual([expect.stringContaining('task/web.1.a')]);
  });

  test.each([
    ['3', 'd', 'describe task/web.1.a'],
    ['3', 'x', 'explain task/web.1.a'],
    ['3', 'l', 'logs task/web.1.a'],
    ['3', 'return', 'logs task/web.1.a'],
    ['2', 'l', 'logs service/web'],
    ['1', 'y', 'yaml node/node-1'],
    ['4', 'd', 'describe task/web.1.a'],
    ['4', 'y', 'yaml event/e1'],
  ])('shows %s, where %s opens: %s', (view, opener, title) => {
    const live = open(CLUSTER);
    live.press(key(view));
    expect(live.press(key(opener))).toBe('load');
    expect(press(live)).toContain(title);
  });

  test('logs and explanations of a node are answered with the kinds that have them', () => {
    expect(press(open(CLUSTER), '1', 'l')).toContain('only services and tasks have logs');
    expect(press(open(CLUSTER), '1', 'x')).toContain('only services and tasks are placed');
  });

  test('logs stay at the end until the user scrolls up', () => {
    const view = open(CLUSTER);
    press(view, '3', 'l');
    const page = view.page as NonNullable<typeof view.page>;
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
    view.fill(page, { lines, note: undefined });
    expect(press(view)).toContain('line 99');
    const before = press(view, 'up');
    expect(before).not.toContain('line 99');
    view.fill(page, { lines: [...lines, 'line 100'], note: undefined });
    expect(press(view).split('\n').slice(3, -1)).toEqual(before.split('\n').slice(3, -1));
    expect(press(view, 'G')).toContain('line 100');
    expect(press(view, '/', '4', '2', 'return').split('\n')[3]).toBe('line 42');
    expect(press(view, 'escape')).toContain('line 100');
    expect(press(view, 'escape')).toContain('[3 tasks]');
  });

  test('a page that was left is no longer filled', () => {
    const view = open(CLUSTER);
    press(view, '3', 'd');
    const page = view.page as NonNullable<typeof view.page>;
    press(view, 'escape', 'down', 'd');
    view.fill(page, { lines: ['of the other task'], note: undefined });
    expect(press(view)).not.toContain('of the other task');
  });

  test('? explains every key; q and Ctrl-C quit, and q leaves a page first', () => {
    const view = open(CLUSTER, { rows: 60 });
    const help = press(view, '?');
    for (const word of ['describe it', 'explain where', 'follow its logs', 'sort by', 'quit'])
      expect(help).toContain(word);
    expect(view.press(key('q'))).toBeUndefined();
    expect(view.press(key('q'))).toBe('quit');
    expect(view.press(key('c', { ctrl: true }))).toBe('quit');
  });

  test('a lost server is named, with since when and why', () => {
    const view = open(CLUSTER);
    view.reached('connection refused', NOW - 9000);
    view.reached('connection refused', NOW - 2000);
    expect(press(view)).toContain('connection lost 9s ago, reconnecting: connection refused');
    view.reached(undefined, NOW);
    expect(press(view)).toContain('  connected  ');
  });

  test('a namespace can be chosen, and nodes belong to none', () => {
    const view = open(CLUSTER);
    expect(rowsOf(press(view, ':', 'n', 's', ' ', 't', 'e', 'a', 'm', '-', 'a', 'return'))).toEqual([
      expect.stringContaining('db'),
    ]);
    expect(rowsOf(press(view, '1'))).toHaveLength(3);
    expect(press(view)).toContain('namespace team-a');
  });
});

describe('a frame', () => {
  const keys = fc.oneof(
    fc.constantFrom(...NAMED, ...'1234/:?dxlyesrgGhjkfq', 'tab', 'space').map((name) => key(name)),
    fc.string({ minLength: 1, maxLength: 1 }).map((text) => ({ text, ctrl: false, shift: false })),
    fc.constantFrom('l', 'f', 'b', 'u', 'w').map((name) => key(name, { ctrl: true })),
  );
  const hostile = fc.string({
    unit: fc.constantFrom('a', '\u001b[2J', '\u001b[31m', '\r', '\n', '漢', '🙂', '\t', '\u009b'),
  });

  test('fills the screen exactly, whatever is pressed, whatever its size and whatever objects contain', () => {
    fc.assert(
      fc.property(
        fc.array(keys, { maxLength: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 120 }),
        hostile,
        fc.boolean(),
        (pressed, rows, columns, text, coloured) => {
          const objects = [
            ...CLUSTER,
            event('bad', 'task', 'web.1.a', text),
            task('x.1.y', { message: text }),
          ];
          const view = open(objects, { colors: coloured ? colourful : plain });
          view.resize(rows, columns);
          for (const each of pressed) {
            view.press(each);
            if (view.page?.note !== undefined)
              view.fill(view.page, { lines: [plainLine(text), safe(text)], note: undefined });
            const frame = view.frame(NOW);
            expect(frame).toHaveLength(rows);
            for (const line of frame) {
              expect(displayWidth(line)).toBeLessThanOrEqual(columns);
              // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are all that may be left
              expect(line.replace(/\u001b\[[\d;]*m/g, '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
              if (!coloured && !text.includes('\u001b[31m')) expect(line).not.toContain('\u001b');
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('renders only the rows that are visible, and selects rows again only after a change', () => {
    const seen = new Set<string>();
    const counting = Array.from({ length: 10_000 }, (_, index) => {
      const object = task(`web.${index}.a`);
      const { status } = object;
      return Object.defineProperty({ ...object }, 'status', {
        get: () => {
          seen.add(object.meta.name);
          return status;
        },
      });
    });
    const view = open(counting, { rows: 30 });
    press(view, '3');
    seen.clear();
    expect(press(view, 'pagedown', 'pagedown')).toContain('web.51.a');
    expect(seen.size).toBeLessThanOrEqual(60);
    view.catalog.apply('task', [{ type: 'modified', object: task('web.3.a') }]);
    expect(press(view, 'home')).toContain('1 of 10000');
  });
});

describe('text on the screen', () => {
  test.each([
    ['漢字かな', 5, '漢字'],
    ['\u001b[31mred text\u001b[39m', 3, '\u001b[31mred\u001b[39m'],
    ['plain', 3, 'pla'],
  ])('%j is cut to %d columns', (text, width, shown) => {
    expect(cut(text, width)).toBe(shown);
  });

  test('escape sequences of a program are removed, other control characters are shown as a dot', () => {
    expect(plainLine('\u001b[2J\u001b[31ma\u001b[0m\u0008\tb')).toBe('a·    b');
    expect(safe('a\u001b[2Jb\n')).toBe('a·[2Jb·');
  });
});
