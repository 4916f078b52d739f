import { idOf } from '@gantry/core/model';
import { usage } from '../../../output/problem.ts';
import type { Cx } from '../../../session.ts';
import { type Members, membersOf } from '../../../stack/members.ts';
import { findStack, type StackFiles } from '../../../stack/read-stack.ts';
import { removeMembers } from '../../../stack/remove.ts';
import { keyOf } from '../../../stack/select.ts';
import { stoppedReplicas } from '../../../stack/stopped.ts';
import { type FileFlags, type Group, storedServices } from './group.ts';
import { unsupported } from './unsupported.ts';

interface DownFlags extends FileFlags {
  readonly removeOrphans?: boolean;
  readonly volumes?: boolean;
  readonly rmi?: string;
  readonly timeout?: string;
  readonly dryRun?: boolean;
}

/** Defines `gantry compose down` and `rm`. */
export function defineDown({ add, act, filesOf }: Group): void {
  add('down', 'Remove the services and networks of a Compose file')
    .argument('[services...]', 'services of the file (default: all)')
    .option('--remove-orphans', 'remove services that are no longer in the file, too')
    .option('-v, --volumes', 'remove volumes, too; Gantry has none, and binds are never removed')
    .option('--rmi <images>', 'remove images: not supported')
    .option('-t, --timeout <seconds>', 'time to stop: not supported, set stop_grace_period in the file')
    .option('--dry-run', 'report what would be removed without removing it')
    .action(act<[string[]], DownFlags>((cx, [names], flags) => down(cx, names, filesOf(flags), flags)));
  add('rm', 'Remove services that have been stopped', { short: ['p'] })
    .argument('[services...]', 'services of the file (default: all)')
    .option('-f, --force', 'accepted: nothing is asked')
    .option('-s, --stop', 'remove running services, too')
    .option('-v, --volumes', 'accepted: Gantry has no volumes')
    .action(
      act<[string[]], FileFlags & { readonly stop?: boolean }>(async (cx, [names], flags) => {
        const found = await storedServices(cx, filesOf(flags), names);
        const services = found.filter((one) => flags.stop === true || stoppedReplicas(one) !== undefined);
        if (services.length === 0) return cx.note('No stopped services.');
        await removeMembers(cx, { services, networks: [] });
      }),
    );
}

async function down(cx: Cx, names: readonly string[], files: StackFiles, flags: DownFlags): Promise<void> {
  if (flags.rmi !== undefined)
    throw unsupported(
      'compose down --rmi',
      'Gantry removes no images',
      'remove them with the engine of each node',
    );
  if (flags.timeout !== undefined)
    throw unsupported(
      'compose down --timeout',
      'the time to stop is part of a service',
      'set stop_grace_period in the Compose file',
    );
  if (names.length > 0 && flags.removeOrphans === true)
    throw usage('services and --remove-orphans exclude each other');
  const { name, project } = await findStack(cx, files);
  const all = await membersOf(cx, name);
  const declared = project === undefined ? undefined : new Set([...project.services, ...project.inactive]);
  const unknown = names.find(
    (one) => !all.services.some((service) => keyOf(service) === one) && !declared?.has(one),
  );
  if (unknown !== undefined) throw usage(`no such service: ${unknown}`);
  const isMeant = (service: Members['services'][number]): boolean =>
    names.length > 0
      ? names.includes(keyOf(service))
      : flags.removeOrphans === true || declared === undefined || declared.has(keyOf(service));
  const services = all.services.filter(isMeant);
  const left = all.services.filter((service) => !isMeant(service));
  const used = new Set(left.flatMap(({ spec }) => spec.template.networks.map((network) => network.name)));
  const networks = names.length > 0 ? [] : all.networks.filter(({ meta }) => !used.has(meta.name));
  if (names.length === 0 && left.length > 0) {
    const ids = left.map(({ meta }) => idOf(meta)).join(', ');
    cx.note(`No longer in the file, and left running: ${ids}; --remove-orphans removes them.`);
  }
  if (services.length + networks.length === 0) return cx.note('Nothing to remove.');
  await removeMembers(cx, { services, networks }, { dryRun: flags.dryRun ?? false });
}
