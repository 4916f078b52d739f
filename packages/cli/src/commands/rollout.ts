import type { Service, Template } from '@gantry/core/model';
import { DEFAULT_WAIT, followRollout } from '../cluster/follow-rollout.ts';
import { parseService, withSuggestion } from '../cluster/refs.ts';
import { rolloutState } from '../cluster/rollout-state.ts';
import { short, showImage } from '../columns/service-columns.ts';
import { parseCount } from '../input/key-values.ts';
import { parseDuration, showAge } from '../output/duration.ts';
import { parseFormat, renderData } from '../output/format.ts';
import { usage } from '../output/problem.ts';
import { renderTable } from '../output/table.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';
import { patchService } from './set.ts';

/** Defines `gantry rollout status|history|undo|pause|resume|restart`. */
export const rollout: Define = (command, act) => {
  const sub = (name: string, summary: string) =>
    command.command(name).description(summary).argument('<service>', 'name of a service');
  sub('status', 'Follow the update of a service until it is over')
    .option('--no-watch', 'print the current progress and exit')
    .option('--timeout <duration>', 'give up after DURATION', DEFAULT_WAIT)
    .action(
      act<[string], { watch: boolean; timeout: string }>(async (cx, [word], options) => {
        const id = await parseService(cx, word);
        const service = await getService(cx, id);
        if (!options.watch) return cx.print(`service/${id}: ${rolloutState(service).message}`);
        await followRollout(cx, id, {
          timeoutMs: parseDuration(options.timeout, '--timeout'),
          countsPast: true,
        });
      }),
    );
  sub('history', 'Show the templates a service has had')
    .option('-o, --output <format>', 'json, yaml, name, jsonpath=TEMPLATE')
    .action(act<[string], { output?: string }>((cx, [word], options) => history(cx, word, options.output)));
  sub('undo', 'Go back to an earlier template')
    .option('--to <template>', 'name of the template (default: the previous one)')
    .option('--to-revision <number>', 'number of the template in `rollout history`; 0 is the previous one')
    .option('--dry-run', 'validate without storing anything')
    .action(
      act<[string], UndoOptions>(async (cx, [word], options) => {
        const { dryRun } = options;
        const id = await parseService(cx, word);
        const api = await cx.api();
        const to = templateToUndo(await getService(cx, id), options);
        await api.rollback(id, { to, dryRun, signal: cx.signal });
        cx.print(`service/${id} rolled back${dryRun === true ? ' (dry run)' : ''}`);
      }),
    );
  sub('pause', 'Pause an update').action(
    act<[string]>(async (cx, [word]) => {
      const id = await parseService(cx, word);
      await patchService(cx, id, { paused: true });
      cx.print(`service/${id} paused`);
    }),
  );
  sub('resume', 'Resume a paused update').action(
    act<[string]>(async (cx, [word]) => {
      const id = await parseService(cx, word);
      await patchService(cx, id, { paused: false });
      cx.print(`service/${id} resumed`);
    }),
  );
  sub('restart', 'Replace every task, by the update policy').action(
    act<[string]>(async (cx, [word]) => {
      const id = await parseService(cx, word);
      const api = await cx.api();
      await withSuggestion(cx, 'service', id, () => api.restart(id, { signal: cx.signal }));
      cx.print(`service/${id} restarted`);
    }),
  );
};

interface UndoOptions {
  readonly to?: string;
  readonly toRevision?: string;
  readonly dryRun?: boolean;
}

/** Templates of a service, current one first. The last one is revision 1. */
function templatesOf({ status }: Service): readonly string[] {
  return [status.template, ...status.history.map(({ template }) => template)].filter((name) => name !== '');
}

/** @throws a usage error for a revision that the history does not have */
function templateToUndo(service: Service, { to, toRevision }: UndoOptions): string | undefined {
  if (toRevision === undefined) return to;
  if (to !== undefined) throw usage('--to and --to-revision exclude each other');
  const number = parseCount(toRevision, '--to-revision');
  if (number === 0) return undefined;
  const names = templatesOf(service);
  const found = names[names.length - number];
  if (found === undefined) {
    const message = `--to-revision: expected 0 to ${names.length}, got ${number}`;
    throw usage(message, `list the revisions with \`gantry rollout history ${service.meta.name}\``);
  }
  return found;
}

async function getService(cx: Cx, id: string): Promise<Service> {
  const api = await cx.api();
  return withSuggestion(cx, 'service', id, () => api.get('service', id, { signal: cx.signal }));
}

async function history(cx: Cx, word: string, output: string | undefined): Promise<void> {
  const format = parseFormat(output);
  const id = await parseService(cx, word);
  const service = await getService(cx, id);
  const api = await cx.api();
  const now = (await cx.clock()).now();
  const { history: earlier, template: current } = service.status;
  const names = templatesOf(service);
  const templates = await Promise.all(
    names.map((name) => api.get('template', name, { signal: cx.signal }).catch(() => undefined)),
  );
  if (format.type !== 'table') {
    cx.io.stdout.write(await renderData(format, { current, history: earlier }, () => names));
    return;
  }
  const what = (template: Template | undefined): string =>
    template === undefined ? '<gone>' : short(showImage(template.spec));
  const rows = names.map((name, index) => {
    const replaced = earlier[index - 1]?.at;
    return [
      String(names.length - index),
      name,
      what(templates[index]),
      replaced === undefined ? 'current' : `${showAge(now - replaced)} ago`,
    ];
  });
  cx.io.stdout.write(renderTable([['REVISION', 'TEMPLATE', 'IMAGE', 'REPLACED'], ...rows]));
}
