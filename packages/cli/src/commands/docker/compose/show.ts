import { idOf, type Service } from '@gantry/core/model';
import { runningTasks } from '../../../cluster/pick-task.ts';
import { compareNatural } from '../../../output/natural-order.ts';
import { CliError, usage } from '../../../output/problem.ts';
import { renderTable } from '../../../output/table.ts';
import type { Cx } from '../../../session.ts';
import { membersOf, STACK_LABEL } from '../../../stack/members.ts';
import { keyOf } from '../../../stack/select.ts';
import { execIn } from '../../exec.ts';
import { showTasksOf, tasksOf } from '../service-show.ts';
import { type FileFlags, type Group, storedServices } from './group.ts';

interface PsFlags extends FileFlags {
  readonly all?: boolean;
  readonly quiet?: boolean;
  readonly services?: boolean;
}

interface LsFlags {
  readonly all?: boolean;
  readonly quiet?: boolean;
  readonly filter?: readonly string[];
  readonly format: string;
}

/** Defines `gantry compose ps`, `ls` and `top`. */
export function defineShow({ add, act, filesOf }: Group): void {
  add('ps', 'List the tasks of a Compose file')
    .argument('[services...]', 'services of the file (default: all)')
    .option('-a, --all', 'include tasks that have ended')
    .option('-q, --quiet', 'names of the tasks only')
    .option('--services', 'names of the services only')
    .action(
      act<[string[]], PsFlags>(async (cx, [names], flags) => {
        const services = await storedServices(cx, filesOf(flags), names);
        if (flags.services === true) {
          for (const service of services) cx.print(keyOf(service));
          return;
        }
        const ids = services.map(({ meta }) => idOf(meta));
        if (flags.quiet !== true) return showTasksOf(cx, ids, { running: flags.all !== true });
        for (const id of ids) {
          for (const { meta, spec } of await tasksOf(cx, id)) {
            if (flags.all === true || spec.desired === 'running') cx.print(idOf(meta));
          }
        }
      }),
    );
  add('ls', 'List the projects that are running')
    .option('-a, --all', 'include projects that have been stopped')
    .option('-q, --quiet', 'names only')
    .option('--format <format>', 'table or json', 'table')
    .action(act<[], LsFlags>((cx, _, flags) => list(cx, flags)));
  add('top', 'Show the processes of the tasks, as `ps` in each of them reports them')
    .argument('[services...]', 'services of the file (default: all)')
    .action(
      act<[string[]], FileFlags>(async (cx, [names], flags) => {
        for (const service of await storedServices(cx, filesOf(flags), names)) await processes(cx, service);
      }),
    );
}

async function list(cx: Cx, flags: LsFlags): Promise<void> {
  if (flags.format !== 'table' && flags.format !== 'json')
    throw usage(`--format: expected table or json, got "${flags.format}"`);
  const projects = new Map<string, { running: number; stopped: number }>();
  for (const { meta, status } of (await membersOf(cx)).services) {
    const name = meta.labels[STACK_LABEL] ?? '';
    const project = projects.get(name) ?? { running: 0, stopped: 0 };
    project.running += status.running;
    if (status.running === 0) project.stopped += 1;
    projects.set(name, project);
  }
  const rows = [...projects]
    .filter(([, { running }]) => flags.all === true || running > 0)
    .sort(([a], [b]) => compareNatural(a, b))
    .map(([Name, { running, stopped }]) => ({
      Name,
      Status: [
        ...(running > 0 ? [`running(${running})`] : []),
        ...(stopped > 0 ? [`exited(${stopped})`] : []),
      ].join(', '),
    }));
  if (flags.quiet === true) for (const { Name } of rows) cx.print(Name);
  else if (flags.format === 'json') cx.print(JSON.stringify(rows));
  else
    cx.io.stdout.write(renderTable([['NAME', 'STATUS'], ...rows.map(({ Name, Status }) => [Name, Status])]));
}

async function processes(cx: Cx, service: Service): Promise<void> {
  for (const { meta } of await runningTasks(cx, idOf(service.meta))) {
    const id = idOf(meta);
    cx.print(id);
    const code = await execIn(cx, id, ['ps', '-ef'], {});
    if (code !== 0)
      throw new CliError(
        'FAILED',
        `task ${id}: ps exited with ${code}`,
        'the image has no ps; `gantry top tasks` shows what tasks use',
      );
    cx.print('');
  }
}
