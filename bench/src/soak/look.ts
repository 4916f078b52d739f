import { setTimeout as sleep } from 'node:timers/promises';
import { idOf, isFinal, type Service, type Task, type Template } from '@gantry/core/model';
import { baseTasks, ENDED_PER_SLOT } from './base.ts';
import { EXEC_MARK } from './operations.ts';
import { folderOf, type TaskProcess, taskProcesses } from './proc.ts';
import { dirOf, type World } from './world.ts';

/** What is left in a settled cluster. */
export interface Look {
  /** Descriptions of everything that should not exist. */
  readonly wrong: readonly string[];
  readonly processes: readonly TaskProcess[];
  readonly zombies: number;
  readonly endedTasks: number;
  /** Number of files in a task's directory, on average. */
  readonly filesPerTask: number;
  readonly bytesPerTask: number;
  /** Watches, logs, execs and dials that servers have open. */
  readonly streams: number;
  readonly store: Stored;
}

interface Stored {
  /** Number of entries by the first segment of their key. */
  readonly counts: Readonly<Record<string, number>>;
  readonly usedTemplates: number;
  /** Size of keys and values, except events, tasks, and templates that wait to be removed. */
  readonly bytes: number;
  readonly eventBytes: number;
}

/** Templates are kept for a minute, and checked twice a minute by a leader that has led for at least that long. */
const UNUSED_TEMPLATE_MS = 240_000;
/** 5,000 are kept, and more may arrive in the half minute until the leader checks again. */
const MAX_EVENTS = 6000;
/** An agent terminates an exec whose client has not polled for a minute. */
const EXEC_SECONDS = 150;
const PATIENCE_MS = 30_000;
const LOOK_MS = 500;

/** Polls until nothing is wrong; reports what is still wrong when the time is up. */
export async function lookAt(world: World, signal: AbortSignal): Promise<Look> {
  for (const deadline = performance.now() + PATIENCE_MS; ; ) {
    const look = await lookOnce(world);
    if (look.wrong.length === 0 || performance.now() > deadline) return look;
    await sleep(LOOK_MS, undefined, { signal });
  }
}

async function lookOnce(world: World): Promise<Look> {
  const { ha } = world;
  const { entries } = await ha.store.list('');
  const valuesOf = <T>(prefix: string): readonly T[] =>
    entries.filter(({ key }) => key.startsWith(prefix)).map(({ value }) => value as T);
  const services = valuesOf<Service>('services/');
  const tasks = valuesOf<Task>('tasks/');
  const parents = new Set([...ha.servers, ...ha.agents].map(({ pid }) => pid));
  const dirs = ha.agents.map(dirOf);
  const { alive, zombies } = await taskProcesses(dirs, parents);
  const folders = await Promise.all(dirs.map(folderOf));
  const streams = await openStreams(world);
  const processes = alive.filter(({ variables }) => !variables.includes(`${EXEC_MARK}=1`));
  const folderNames = folders.flatMap(({ tasks: names }) => names);
  const templates = valuesOf<Template>('templates/');
  const used = usedTemplates(services, tasks);
  const wrong = [
    ...wrongProcesses(tasks, processes, baseTasks(ha.agents.length)),
    ...wrongExecs(alive.filter((each) => !processes.includes(each))),
    ...wrongTasks(services, tasks),
    ...wrongTemplates(used, templates),
    ...wrongFolders(tasks, folderNames),
  ];
  if (zombies > 0) wrong.push(`${zombies} ended children were not waited for`);
  if (streams > 0) wrong.push(`${streams} streams of the API are open without a reader`);
  const sizeOf = (some: typeof entries): number =>
    some.reduce((bytes, { key, value }) => bytes + key.length + Buffer.byteLength(JSON.stringify(value)), 0);
  const events = entries.filter(({ key }) => key.startsWith('events/'));
  if (events.length > MAX_EVENTS) wrong.push(`${events.length} events are stored`);
  const lasting = entries.filter(
    ({ key, value }) =>
      !key.startsWith('events/') &&
      !key.startsWith('tasks/') &&
      !(key.startsWith('templates/') && !used.has((value as Template).meta.name)),
  );
  const counts: Record<string, number> = {};
  for (const { key } of entries) {
    const kind = key.slice(0, key.indexOf('/'));
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return {
    ...{ wrong, processes, zombies, streams },
    endedTasks: tasks.filter(({ status }) => isFinal(status.state)).length,
    filesPerTask: folders.reduce((all, { files }) => all + files, 0) / folderNames.length,
    bytesPerTask: folders.reduce((all, { bytes }) => all + bytes, 0) / folderNames.length,
    store: { counts, usedTemplates: used.size, bytes: sizeOf(lasting), eventBytes: sizeOf(events) },
  };
}

function wrongProcesses(
  tasks: readonly Task[],
  processes: readonly TaskProcess[],
  wanted: number,
): readonly string[] {
  const running = new Set(
    tasks.filter(({ status }) => status.state === 'running').map(({ meta }) => idOf(meta)),
  );
  const found = new Set(processes.map(({ task }) => task));
  return [
    ...processes
      .filter(({ task }) => !running.has(task))
      .map(({ pid, task, command }) => `process ${pid} of ${task} is left: ${command}`),
    ...[...running].filter((task) => !found.has(task)).map((task) => `${task} is said to run, and does not`),
    ...(processes.length === wanted ? [] : [`${processes.length} processes run, ${wanted} should`]),
  ];
}

function wrongExecs(execs: readonly TaskProcess[]): readonly string[] {
  return execs
    .filter(({ ageSeconds }) => ageSeconds > EXEC_SECONDS)
    .map(
      ({ pid, task, command, ageSeconds }) =>
        `process ${pid} of an exec in ${task} is left for ${Math.round(ageSeconds)} s: ${command}`,
    );
}

function wrongTasks(services: readonly Service[], tasks: readonly Task[]): readonly string[] {
  const known = new Set(services.map(({ meta }) => meta.uid));
  const ended = new Map<string, number>();
  for (const { spec, status } of tasks) {
    if (!isFinal(status.state)) continue;
    const slot = `${spec.service} ${spec.slot}`;
    ended.set(slot, (ended.get(slot) ?? 0) + 1);
  }
  return [
    ...tasks
      .filter(({ spec }) => !known.has(spec.serviceUid))
      .map(({ meta }) => `task ${meta.name} is left of a service that is gone`),
    ...[...ended]
      .filter(([, count]) => count > ENDED_PER_SLOT)
      .map(([slot, count]) => `${count} ended tasks of slot ${slot} are kept`),
  ];
}

function usedTemplates(services: readonly Service[], tasks: readonly Task[]): ReadonlySet<string> {
  const used = new Set(tasks.map(({ spec }) => spec.template));
  for (const { status } of services)
    for (const name of [status.template, ...status.history.map(({ template }) => template)]) used.add(name);
  return used;
}

function wrongTemplates(used: ReadonlySet<string>, templates: readonly Template[]): readonly string[] {
  const before = Date.now() - UNUSED_TEMPLATE_MS;
  const old = templates.filter(({ meta }) => !used.has(meta.name) && meta.createdAt < before);
  return old.map(({ meta }) => `template ${meta.name} is unused and still exists`);
}

function wrongFolders(tasks: readonly Task[], folders: readonly string[]): readonly string[] {
  const known = new Set(tasks.map(({ meta }) => idOf(meta)));
  return folders.filter((name) => !known.has(name)).map((name) => `the folder of ${name} is left`);
}

/** Open streams of all servers, as they report them. */
async function openStreams({ ha }: World): Promise<number> {
  const counts = await Promise.all(
    ha.servers.map(async ({ config, url }) => {
      const token = config.role === 'server' ? config.token : '';
      const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
      const lines = (await answer.text()).matchAll(/^gantry_api_streams\{[^}]*\} (\d+)$/gm);
      return [...lines].reduce((all, [, count]) => all + Number(count), 0);
    }),
  );
  return counts.reduce((all, count) => all + count, 0);
}
