import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isFinal, type Service, type Task } from '@gantry/core/model';
import type { Ran } from '../../packages/cli/test/support/terminal.ts';
import type { Bed } from '../failures/support/bed.ts';

/** Writes files into the directory in which commands run. */
export async function write({ directory }: Bed, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
}

/** Runs a command line. */
export function gantry(bed: Bed, line: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return bed.run(line.split(' '), { env });
}

export async function tasksOf({ api }: Bed, service: string): Promise<readonly Task[]> {
  return (await api.list('task', { fields: `spec.service=${service}` })).items;
}

/** Tasks that should run and have not ended. */
export async function liveTasks(bed: Bed, service: string): Promise<readonly Task[]> {
  return (await tasksOf(bed, service)).filter(
    ({ spec, status }) => spec.desired !== 'shutdown' && !isFinal(status.state),
  );
}

export async function servicesOf({ api }: Bed): Promise<readonly Service[]> {
  return (await api.list('service')).items;
}

/** Reasons of the events about a service and its tasks. */
export async function eventsOf({ api }: Bed, service: string): Promise<readonly string[]> {
  return (await api.list('event')).items
    .filter(
      ({ spec: { regarding } }) => regarding.name === service || regarding.name.startsWith(`${service}.`),
    )
    .map(({ spec }) => spec.reason);
}
