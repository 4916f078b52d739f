import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { GantryError } from '@gantry/core';
import type { RuntimeSpec, RuntimeSupport } from '@gantry/core/contracts';
import { invalidObject } from '@gantry/core/model';
import { MARKER } from './process-table.ts';

const INHERITED = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** How to start the process of a task. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** @throws `UNSUPPORTED` for features absent from `supports`, `INVALID_OBJECT` for a spec that can never start. */
export function checkSpec({ task, template, attachment }: RuntimeSpec, supports: RuntimeSupport): void {
  const refuse = (field: string, why: string): never => {
    const message = `runtime-process: "${task}" cannot run: ${field}: ${why}`;
    throw new GantryError('UNSUPPORTED', message, { details: { task, field } });
  };
  if (!/^([a-z0-9-]+\/)?[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/.test(task)) {
    throw new GantryError('INVALID_OBJECT', `runtime-process: "${task}" is not the name of a task`);
  }
  if (template.image !== undefined) refuse('image', 'processes have no images; give a command only');
  if (template.command.length === 0) {
    throw invalidObject(`runtime-process: "${task}"`, [
      { path: 'template.command', message: 'expected a command' },
    ]);
  }
  if (template.mounts.length > 0) refuse('mounts', 'processes see the files of the host');
  if (template.user !== undefined && !supports.user) refuse('user', 'only root can switch the user');
  const { cpu, memory } = template.resources.limits;
  if (cpu !== undefined && !supports.limits.cpu) refuse('resources.limits.cpu', 'cgroups are not permitted');
  if (memory !== undefined && !supports.limits.memory) {
    refuse('resources.limits.memory', 'cgroups are not permitted');
  }
  if (template.resources.limits.pids !== undefined && !supports.limits.pids) {
    refuse('resources.limits.pids', 'cgroups are not permitted');
  }
  if (template.logging !== undefined) refuse('logging', 'the output is kept in files, without log drivers');
  if (template.init) refuse('init', 'processes have no init process');
  const network = attachment.networks[0];
  if (network !== undefined) refuse('networks', `processes cannot join the network "${network.name}"`);
  const { stopSignal = 'SIGTERM' } = template;
  if (constants.signals[stopSignal as NodeJS.Signals] === undefined) {
    throw invalidObject(`runtime-process: "${task}"`, [
      { path: 'template.stopSignal', message: `this system has no signal ${stopSignal}` },
    ]);
  }
}

/** Defaults of the runtime for every task. */
export interface LaunchDefaults {
  /** Variables of Gantry's own environment that tasks get, or all of them. */
  readonly inheritEnv: boolean | readonly string[];
  /** User of tasks whose template names none. */
  readonly user: string | undefined;
}

/** The template as a process of this machine. */
export function launchOf(
  { template, attachment, service, slot, task }: RuntimeSpec,
  dir: { readonly path: string; readonly work: string },
  { inheritEnv: inherit, user: defaultUser }: LaunchDefaults,
): Launch {
  const user = template.user ?? defaultUser;
  const account =
    user === undefined ? undefined : accountOf(`runtime-process: "${task}"`, 'template.user', user);
  const env: Record<string, string> = { PATH: DEFAULT_PATH };
  const names = inherit === true ? Object.keys(process.env) : [...INHERITED, ...(inherit || [])];
  for (const name of names) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  env.HOME = account?.home ?? dir.work;
  Object.assign(env, template.env, attachment.env);
  Object.assign(env, { GANTRY_TASK: task, GANTRY_SERVICE: service, GANTRY_SLOT: slot, [MARKER]: dir.path });
  return {
    file: template.command[0] as string,
    args: [...template.command.slice(1), ...template.args],
    env,
    cwd:
      template.workingDir ??
      (account === undefined ? dir.work : existsSync(account.home) ? account.home : '/'),
    uid: account?.uid,
    gid: account?.gid,
  };
}

/** @throws `INVALID_OPTIONS` if the default user of tasks does not exist on this machine */
export function checkUser(text: string): void {
  const account = findAccount(text);
  if (typeof account === 'string')
    throw new GantryError(
      'INVALID_OPTIONS',
      `runtime-process: option taskUser: ${account} not found on this node`,
    );
}

/** @throws `INVALID_OBJECT` naming the field if the user or the group does not exist on this machine */
export function accountOf(what: string, path: string, text: string): Account {
  const account = findAccount(text);
  if (typeof account !== 'string') return account;
  const issue = { path, message: `${account} not found on this node` };
  throw invalidObject(what, [issue], 'UserUnknown');
}

/** Looks up `user` or `user:group`, as names or numbers; if a part does not exist, returns that part. */
function findAccount(text: string): Account | string {
  const [user, group] = text.split(':') as [string, string | undefined];
  const entry = find('/etc/passwd', user);
  const uid = entry === undefined ? number(user) : Number(entry[2]);
  const own = entry === undefined ? uid : Number(entry[3]);
  const groupEntry = group === undefined ? undefined : find('/etc/group', group);
  const gid = group === undefined ? own : groupEntry === undefined ? number(group) : Number(groupEntry[2]);
  if (uid === undefined) return `user "${user}"`;
  if (gid === undefined) return `group "${group}"`;
  return { uid, gid, home: entry?.[5] ?? '/' };
}

function find(file: string, name: string): readonly string[] | undefined {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.map((line) => line.split(':')).find((fields) => fields[0] === name || fields[2] === name);
}

function number(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
