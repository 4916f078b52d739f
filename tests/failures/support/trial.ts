import { isGantryError } from '@gantry/core';
import {
  type Event,
  isFinal,
  type Service,
  type ServiceInput,
  type Task,
  type UpdatePolicy,
} from '@gantry/core/model';
import type { Bed } from './bed.ts';
import {
  causeOf,
  expectedOf,
  type Row,
  type RuntimeName,
  type SpecPart,
  type TemplatePart,
  type When,
} from './row.ts';

/** What a user got to see of one failure. */
export interface Outcome {
  readonly exit: number;
  /** What the command printed on both streams. */
  readonly printed: string;
  readonly tookMs: number;
  /** Reasons of the service, and of the task that shows the cause, as `describe` shows them. */
  readonly reason: string | undefined;
  readonly task: string | undefined;
  readonly events: readonly string[];
  readonly serving: { readonly old: number; readonly new: number };
  /** Commands that ought to show why, and do not. */
  readonly hides: readonly string[];
}

/** Tasks that start over quickly. */
const USUAL: SpecPart = { restart: { delayMs: 400 } };
/** Deadline of rows that end at it: long enough for a busy machine to get as far as the row expects. */
const DEADLINE_MS = 60_000;
/** Deadline of all other rows, which must not end at it. */
const NEVER_MS = 300_000;
/** How soon a failure counts as one of the new version: a busy engine may report an end late. */
const MONITOR_MS = 60_000;

/** Brings a row about as the first deployment of a service or as an update of one that is well. */
export async function tryRow(bed: Bed, row: Row, when: When, few = 2): Promise<Outcome> {
  const name = serviceName(row, when);
  const cause = causeOf(row, bed.runtime, when);
  const expected = expectedOf(row, bed.runtime, when);
  const fails = expected?.exit !== 0;
  const replicas = replicasOf(row, bed.runtime, when, few);
  const usual: TemplatePart = { drainMs: 0, stopGraceMs: 500, ...bed.good };
  const apply = async (
    template: TemplatePart,
    { update, ...spec }: SpecPart,
    limits: Partial<UpdatePolicy> = {},
  ) => {
    const policy = { monitorMs: 2000, progressDeadlineMs: NEVER_MS, ...limits, ...update };
    const whole = { ...USUAL, ...spec, update: policy, template };
    const input = { kind: 'service', meta: { name }, spec: whole } as ServiceInput;
    return bed.run(['apply', '-f', '-', '--wait', '--timeout', '6m'], { stdin: JSON.stringify(input) });
  };
  let before = '';
  if (when === 'update') {
    const first = await apply(
      { ...usual, env: { VERSION: '1' }, ...cause.before },
      { replicas: Math.min(2, replicas) },
    );
    if (first.code !== 0) throw new Error(`the first version of ${name} failed:\n${first.out}${first.err}`);
    before = (await bed.api.get('service', name)).status.template;
  }
  await using _prepared = await cause.prepare?.(bed, name);
  const began = bed.clock.elapsed();
  const ran = await apply(
    { ...usual, env: { VERSION: '2' }, ...local(bed, cause.template) },
    { replicas, ...row.spec, ...cause.spec },
    row.overdue === true ? { progressDeadlineMs: DEADLINE_MS } : fails ? { monitorMs: MONITOR_MS } : {},
  );
  const tookMs = bed.clock.elapsed() - began;
  const service = await find(bed, name);
  const tasks = (await bed.api.list('task', { fields: `spec.service=${name}` })).items;
  const ready = tasks.filter(({ status, spec }) => status.ready && spec.desired === 'running');
  const old = ready.filter(({ spec }) => spec.template === before).length;
  // In a crash loop, a task is ready for a moment: that is not serving.
  const stays = bed.clock.now() - (service?.spec.update.monitorMs ?? 0);
  const fresh = ready.filter(({ spec, status }) => spec.template !== before && status.since <= stays).length;
  let events: readonly string[] = [];
  const event = expected?.event;
  // An event is recorded right after what it reports.
  await bed.until(async () => {
    events = await eventsOf(bed, name);
    return event === undefined || events.includes(event);
  });
  return {
    exit: ran.code,
    printed: `${ran.out}${ran.err}`,
    tookMs,
    reason:
      service === undefined
        ? undefined
        : await described(bed, `service/${name}`, /^Progress:\s+\w+ \((\w+)\)/m),
    task: await taskReason(bed, name, expected?.task),
    events,
    serving: { old, new: fresh },
    hides: service?.status.progress?.state !== 'failed' ? [] : await stillHiding(bed, name),
  };
}

/** The reason of the task that shows why; in real time the next attempt may end in between: the expected one at some moment. */
async function taskReason(bed: Bed, name: string, expected: string | undefined): Promise<string | undefined> {
  let reason: string | undefined;
  await bed.until(async () => {
    const tasks = (await bed.api.list('task', { fields: `spec.service=${name}` })).items;
    const shown = shownTask(await find(bed, name), tasks);
    reason =
      shown === undefined ? undefined : await described(bed, `task/${shown.meta.name}`, /^Reason:\s+(\w+)/m);
    return reason === expected;
  });
  return reason;
}

/** In real time the next attempt may change the reason between two commands: they have to agree at some moment. */
async function stillHiding(bed: Bed, name: string): Promise<readonly string[]> {
  let hides: readonly string[] = [];
  await bed.until(async () => {
    const service = await bed.api.get('service', name);
    const tasks = (await bed.api.list('task', { fields: `spec.service=${name}` })).items;
    hides = await hiding(bed, service, shownTask(service, tasks));
    return hides.length === 0;
  });
  return hides;
}

/** Asks every command that shows the state of a service for the reason. */
async function hiding(bed: Bed, service: Service, shown: Task | undefined): Promise<string[]> {
  const { name } = service.meta;
  const { progress } = service.status;
  // The end of it: names of tasks in it change with each attempt.
  const end = progress === undefined ? undefined : steady(progress.message).slice(-20);
  const wanted: [line: string, texts: readonly (string | undefined)[]][] = [
    [`describe service/${name}`, [progress?.reason, end]],
    [
      `explain service/${name}`,
      [progress?.reason, shown?.status.message === undefined ? end : steady(shown.status.message).slice(-20)],
    ],
    [`get service/${name} -o json`, [`"reason": "${progress?.reason}"`]],
    [`events --for service/${name}`, [end]],
  ];
  if (shown !== undefined) {
    const { reason, message = '', exitCode } = shown.status;
    const word = reason === 'Exited' ? `(${exitCode})` : reason === 'Completed' ? 'complete' : reason;
    wanted.push(
      [`get tasks --field-selector spec.service=${name}`, [word]],
      [`get tasks -o json --field-selector spec.service=${name}`, [`"reason": "${reason}"`]],
      [`describe task/${shown.meta.name}`, [reason, message]],
      [`explain task/${shown.meta.name}`, [reason, message]],
      [`service ps ${name} --no-trunc`, [steady(message).slice(-20)]],
    );
  }
  const hidden: string[] = [];
  for (const [line, texts] of wanted) {
    const out = steady((await bed.run(line.split(' '))).out);
    const lacks = texts.filter((text) => text !== undefined && !out.includes(steady(text)));
    if (lacks.length > 0) hidden.push(`gantry ${line}: lacks ${lacks.join(', ')}`);
  }
  return hidden;
}

/** A message without the numbers that differ between two commands: the port of an attempt, the progress of a pull. */
const steady = (text: string): string =>
  text.replace(/:\d{4,5}\b/g, ':PORT').replace(/[\d.]+ of ([\d.]+ [kMG]?B)\b/g, 'SOME of $1');

export function serviceName({ name }: Pick<Row, 'name'>, when: When): string {
  return `${name.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}-${when}`;
}

/** A template whose image comes from the registry of the test. */
function local({ registry = '' }: Bed, template: TemplatePart = {}): TemplatePart {
  return template.image === undefined
    ? template
    : { ...template, image: template.image.replace('REGISTRY', registry) };
}

/** Replicas of the service of a row; `few`: where it fails, and does not say how many it has. */
export function replicasOf(row: Row, runtime: RuntimeName, when: When, few: number): number {
  const usual = expectedOf(row, runtime, when)?.exit === 0 ? 2 : few;
  return causeOf(row, runtime, when).spec?.replicas ?? row.spec?.replicas ?? usual;
}

/** What `describe` shows. */
async function described(bed: Bed, object: string, pattern: RegExp): Promise<string | undefined> {
  const { out } = await bed.run(['describe', object]);
  return pattern.exec(out)?.[1];
}

async function find({ api }: Bed, name: string): Promise<Service | undefined> {
  try {
    return await api.get('service', name);
  } catch (error) {
    if (isGantryError(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

/** The task that shows why: of those that are not ready, the newest that has ended, or else the newest. */
function shownTask(service: Service | undefined, tasks: readonly Task[]): Task | undefined {
  if (service === undefined || service.status.progress?.state === 'stable') return undefined;
  const ended = ({ status }: Task): number => Number(isFinal(status.state));
  return tasks
    .filter(({ spec, status }) => spec.template === service.status.template && !status.ready)
    .toSorted((a, b) => ended(b) - ended(a) || b.spec.attempt - a.spec.attempt)[0];
}

/** Reasons of the events of a service and its tasks. */
async function eventsOf({ api }: Bed, name: string): Promise<readonly string[]> {
  const events: readonly Event[] = (await api.list('event')).items;
  const own = events.filter(
    ({ spec: { regarding } }) => regarding.name === name || regarding.name.startsWith(`${name}.`),
  );
  return [...new Set(own.map(({ spec }) => spec.reason))].toSorted();
}
