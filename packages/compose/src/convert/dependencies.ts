import type { ServiceInput } from '@gantry/core/model';
import type { Cursor } from '../model/cursor.ts';
import { healthChecksOf } from './health.ts';
import { restartOf } from './restart.ts';
import type { Stack } from './stack.ts';

type DependencyInput = NonNullable<ServiceInput['spec']['dependsOn']>[number];
type Condition = NonNullable<DependencyInput['condition']>;

const CONDITIONS: Readonly<Record<string, Condition>> = Object.freeze({
  service_started: 'started',
  service_healthy: 'healthy',
  service_completed_successfully: 'completed',
});

/** Dependencies from `depends_on`, and from links without an alias, which are equivalent. */
export function dependenciesOf(service: Cursor, stack: Stack): readonly DependencyInput[] {
  const found = new Map<string, Condition>();
  for (const [key, cursor] of service.get('depends_on')?.entries() ?? []) {
    const condition = conditionOf(key, cursor, stack);
    if (condition !== undefined) found.set(key, condition);
  }
  for (const cursor of service.get('links')?.items() ?? []) {
    const key = linkOf(cursor, stack);
    if (key !== undefined && !found.has(key)) found.set(key, 'started');
  }
  return [...found].map(([key, condition]) => ({ service: stack.names.get(key) as string, condition }));
}

function conditionOf(key: string, cursor: Cursor, stack: Stack): Condition | undefined {
  const written = cursor.get('condition');
  const name = written?.oneOf(...Object.keys(CONDITIONS)) ?? 'service_started';
  const required = cursor.get('required')?.boolean() ?? true;
  const target = stack.services.get(key);
  if (target === undefined) {
    const why = stack.project.inactive.includes(key)
      ? `"${key}" has profiles, none of which is active`
      : `service "${key}" not found`;
    if (required) cursor.invalid(why);
    else cursor.note(`${why}: nothing is waited for`);
    return undefined;
  }
  const condition = CONDITIONS[name] as Condition;
  const checks = condition === 'healthy' ? healthChecksOf(target, false) : undefined;
  if (condition === 'healthy' && checks?.image === false) {
    (written ?? cursor).invalid(`"${key}" has its healthcheck disabled, so it never becomes healthy`);
  } else if (condition === 'healthy' && checks === undefined) {
    (written ?? cursor).note(
      `"${key}" has no healthcheck in the file: the image's own healthcheck counts; without any it counts as healthy once it runs`,
    );
  }
  if (condition === 'completed' && restartOf(target, stack.dialect).condition === 'any') {
    (written ?? cursor).invalid(
      `"${key}" is always restarted, so it never completes: it needs restart: "no" or on-failure`,
    );
  }
  return condition;
}

function linkOf(cursor: Cursor, stack: Stack): string | undefined {
  const [key = '', alias = key] = (cursor.text() ?? '').split(':');
  if (!stack.services.has(key)) return cursor.invalid(`service "${key}" not found`);
  if (alias === key) return key;
  return (
    cursor.unsupported(`a name for one service alone: make "${alias}" an alias of "${key}" on a network`) ??
    key
  );
}

/** Rejects dependency cycles, whose services would wait for each other indefinitely. */
export function refuseCycles(services: ReadonlyMap<string, Cursor>): void {
  const done = new Set<string>();
  for (const first of services.keys()) {
    // The services on the current path, each with its dependencies that have not been visited yet.
    const way: { readonly key: string; readonly next: string[] }[] = [];
    const open = new Set<string>();
    const enter = (key: string): void => {
      const service = services.get(key);
      if (service === undefined || done.has(key)) return;
      if (open.has(key)) {
        const keys = way.map((step) => step.key);
        const circle = [...keys.slice(keys.indexOf(key)), key].join(' → ');
        (service.get('depends_on') ?? service).invalid(`they wait for each other: ${circle}`);
        return;
      }
      open.add(key);
      way.push({ key, next: waitedFor(service) });
    };
    enter(first);
    for (let last = way.at(-1); last !== undefined; last = way.at(-1)) {
      const next = last.next.shift();
      if (next !== undefined) enter(next);
      else {
        way.pop();
        open.delete(last.key);
        done.add(last.key);
      }
    }
  }
}

function waitedFor(service: Cursor): string[] {
  const dependencies = service.get('depends_on');
  const links = service.get('links');
  const keys = dependencies?.tree.kind === 'dict' ? [...dependencies.tree.entries.keys()] : [];
  const linked = links?.tree.kind === 'list' ? links.texts().map((text) => text.split(':')[0] as string) : [];
  return [...keys, ...linked];
}
