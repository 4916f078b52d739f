import { describe, expect, it } from 'vitest';
import { circlesOf, lintText } from '../scripts/lint-house.mjs';

const pkg = (dependencies: string[], exports: string[] = ['.']) => ({ dependencies, exports });
const world = new Map([
  ['@gantry/core', pkg(['zod', '@noble/hashes'])],
  ['@gantry/host', pkg(['@gantry/core', 'tsyringe', 'reflect-metadata'])],
  ['@gantry/scheduling', pkg(['@gantry/core'])],
  ['@gantry/testing', pkg(['@gantry/core'], ['.', './vitest'])],
  ['@gantry/presets', pkg(['@gantry/core', '@gantry/host', '@gantry/testing'])],
  ['@gantry/store-memory', pkg(['@gantry/core', '@gantry/scheduling', '@gantry/testing'])],
  ['@gantry/scheduler-spread', pkg(['@gantry/core', '@gantry/scheduling', '@gantry/testing'])],
]);

const rules = (text: string, file: string) => lintText(file, text, world).map(({ rule }) => rule);

const CORE = 'packages/core/src/thing.ts';
const HOST = 'packages/host/src/thing.ts';
const SCOPE = 'packages/host/src/scope.ts';
const SYSTEM = 'packages/system/src/clock.ts';
const STORE = 'plugins/store-memory/src/store.ts';
const SPREAD = 'plugins/scheduler-spread/src/index.ts';

/** Each: what is broken, where, and the rule that must say so. */
const bad: readonly [rule: string, text: string, file?: string][] = [
  ['one-container', `import { container } from 'tsyringe';\nexport const a = container;`, HOST],
  ['one-container', `export const a = () => import('tsyringe');`, HOST],
  ['one-container', `import type { X } from 'reflect-metadata';\nexport type Y = X;`, HOST],
  ['import-direction', `export * from '@gantry/host';`],
  ['import-direction', `export { spread } from '@gantry/scheduling';`, HOST],
  ['import-direction', `export type A = import('@gantry/host').Host;`, STORE],
  ['import-direction', `import { x } from '@gantry/scheduling';\nexport const y = x;`, STORE],
  ['import-direction', `import { x } from '@gantry/testing';\nexport const y = x;`, SPREAD],
  ['import-direction', `import { x } from '@gantry/core';\nexport const y = x;`, CORE],
  ['import-border', `export * from '../../core/src/token.ts';`, HOST],
  ['import-border', `export * from '../test/helper.ts';`, HOST],
  ['import-border', `export * from '@gantry/core/src/token.ts';`, HOST],
  ['import-border', `export * from '@gantry/testing/inner';`, 'packages/presets/src/index.ts'],
  ['import-declared', `export { x } from 'lodash';`],
  ['import-effect', `import './register.ts';`],
  ['import-effect', `import 'reflect-metadata';`, HOST],
  ['import-effect', `register();`],
  ['import-effect', `globalThis.gantry = 1;`],
  ['import-effect', `await start();`],
  ['import-effect', `ready || start();`],
  ['no-clock', `export const a = () => setTimeout(() => {}, 1);`],
  ['no-clock', `export const a = () => globalThis.setInterval(() => {}, 1);`],
  ['no-clock', `export const a = { later: setImmediate };`],
  ['no-clock', `export const a = () => new Date();`],
  ['no-clock', `export const a = () => Date.now();`],
  ['no-clock', `export const a = () => Date();`],
  ['no-clock', `export const a = () => { const { now } = Date; return now(); };`],
  ['no-clock', `export const a = () => performance.now();`, STORE],
  ['no-clock', `export const a = () => process.hrtime.bigint();`],
  ['no-clock', `export const a = () => AbortSignal.timeout(5);`],
  ['no-clock', `import { setTimeout as sleep } from 'node:timers/promises';\nexport const a = sleep;`],
  ['no-clock', `import { performance as p } from 'perf_hooks';\nexport const a = p;`],
  ['no-chance', `export const a = () => Math.random();`],
  ['no-chance', `export const a = () => Math['random']();`],
  ['no-chance', `export const a = () => { const { random } = Math; return random(); };`],
  ['no-chance', `import { randomUUID } from 'node:crypto';\nexport const a = randomUUID;`],
  ['no-chance', `import * as crypto from 'node:crypto';\nexport const a = () => crypto.randomBytes(4);`],
  ['no-chance', `export const a = () => globalThis.crypto.getRandomValues(new Uint8Array(4));`],
  ['no-default-export', `export default 1;`],
  ['no-default-export', `export default function run() {}`],
  ['no-default-export', `const a = 1;\nexport { a as default };`],
  ['no-module-state', `let count = 0;\nexport const next = () => ++count;`],
  ['no-module-state', `export var a = 1;`],
  [
    'no-module-state',
    `const cache = new Map<string, string>();\nexport const get = (k: string) => cache.get(k);`,
  ],
  ['no-module-state', `export const a = { seen: new WeakMap() };`],
  ['no-module-state', `import { EventEmitter } from 'node:events';\nexport const bus = new EventEmitter();`],
  ['no-module-state', `const list: string[] = [];\nexport const add = (s: string) => list.push(s);`],
  ['no-module-state', `const last = { id: '' };\nexport const note = (s: string) => { last.id = s; };`],
  ['no-module-state', `const counts = [0];\nexport const bump = () => counts[0]++;`],
  ['no-module-state', `export class A { static count = 0; }`],
  ['no-module-state', `export class A { static readonly all = new Set<string>(); }`],
  ['erasable', `export enum Colour { red }`],
  ['erasable', `export namespace Inner { export const a = 1; }`],
  ['erasable', `export class A { @logged run() {} }`],
  ['file-name', `export const a = 1;`, 'packages/core/src/taskState.ts'],
  ['file-name', `export const a = 1;`, 'packages/core/src/task_state.ts'],
  ['file-length', 'export {};\n'.repeat(401)],
];

/** Each: what looks like a breach of a rule, and is none. */
const good: readonly [law: string, text: string, file?: string][] = [
  [
    'the scope knows its container',
    `import 'reflect-metadata';\nexport { container } from 'tsyringe';`,
    SCOPE,
  ],
  [
    'the system adapters know the time',
    `export const a = () => setTimeout(() => Date.now() + Math.random());`,
    SYSTEM,
  ],
  ['a scheduler plugin depends on scheduling', `export { p } from '@gantry/scheduling';`, SPREAD],
  [
    'presets compose anything',
    `export * from '@gantry/host';\nexport * from '@gantry/testing/vitest';`,
    'packages/presets/src/index.ts',
  ],
  ['Node is always there', `import { createHash } from 'node:crypto';\nexport const a = createHash;`],
  ['neighbours import each other', `export * from './model/task.ts';`],
  ['a date of a number reads no clock', `export const a = (ms: number) => new Date(ms).toISOString();`],
  ['parsing a date reads no clock', `export const a = (s: string) => Date.parse(s);`],
  ['Date is a fine type', `export type A = { at: Date };`],
  [
    "another object's setTimeout is its own",
    `export const a = (s: { setTimeout(ms: number): void }) => s.setTimeout(5);`,
  ],
  ['a type may speak of timers', `export type Timer = ReturnType<typeof setTimeout>;`],
  ['a property may be called now', `export const a = (clock: { now(): number }) => clock.now();`],
  ['frozen constants are not state', `export const a = Object.freeze({ b: [1, 2] });`],
  [
    'a regular expression is not state',
    `export const a = new RegExp('x');\nexport const b = new TextEncoder();`,
  ],
  ['a set declared read-only is not state', `export const a: ReadonlySet<string> = new Set(['x']);`],
  [
    'a value made by a function is not state',
    `export const a = () => { let n = 0; return new Map([[n++, 1]]); };`,
  ],
  [
    'reading a list is not changing it',
    `const list = [1, 2];\nexport const a = () => list.map((n) => n + 1);`,
  ],
  ['a global may be typed', `declare global { interface A { b: 1 } }\nexport {};`],
  ['four hundred lines are allowed', 'export {};\n'.repeat(400)],
];

describe('the house rules', () => {
  it.each(bad)('%s fires on %j', (rule, text, file = CORE) => {
    expect(rules(text, file)).toContain(rule);
  });

  it.each(good)('%s', (_law, text, file = CORE) => {
    expect(lintText(file, text, world)).toEqual([]);
  });

  it('finds files that import each other in a circle, however long, and those alone', () => {
    const imports = new Map([
      ['a.ts', ['b.ts', 'd.ts']],
      ['b.ts', ['c.ts']],
      ['c.ts', ['a.ts', 'd.ts']],
      ['d.ts', ['e.ts']],
      ['e.ts', []],
      ['f.ts', ['f.ts']],
    ]);
    expect(circlesOf(imports)).toEqual([['a.ts', 'b.ts', 'c.ts'], ['f.ts']]);
  });

  it('says where: the line of the finding', () => {
    const [finding] = lintText(CORE, 'export const a = 1;\n\nexport default a;\n', world);
    expect(finding).toMatchObject({ line: 3, rule: 'no-default-export' });
  });
});
