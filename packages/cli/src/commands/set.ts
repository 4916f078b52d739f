import type { Service } from '@gantry/core/model';
import type { Command } from 'commander';
import { DEFAULT_WAIT, followRollout } from '../cluster/follow-rollout.ts';
import { parseService, withSuggestion } from '../cluster/refs.ts';
import { parseAmounts, parseChanges } from '../input/key-values.ts';
import { parseDuration } from '../output/duration.ts';
import { usage } from '../output/problem.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

interface Options {
  readonly dryRun?: boolean;
  readonly wait?: boolean;
  readonly timeout: string;
}

/** Defines `gantry set image|env|resources`. */
export const set: Define = (command, act) => {
  common(command.command('image').description('Set the image of a service'))
    .argument('<service>', 'name of a service')
    .argument('<image>', 'the new image; also as kubectl has it, NAME=IMAGE')
    .action(
      act<[string, string], Options>((cx, [word, image], options) =>
        change(cx, word, { image: imageOf(word, image) }, options, 'image updated'),
      ),
    );
  common(command.command('env').description('Set or unset variables of a service'))
    .argument('<service>', 'name of a service')
    .argument('[changes...]', 'NAME=VALUE to set, NAME- to unset')
    .option('--list', 'show the variables')
    .action(
      act<[string, string[]], Options & { list?: boolean }>(async (cx, [word, words], options) => {
        if (options.list === true) return list(cx, word);
        await change(cx, word, { env: parseChanges(words, 'NAME') }, options, 'env updated');
      }),
    );
  common(
    command
      .command('resources')
      .description('Set the resource requests and limits of the tasks of a service'),
  )
    .argument('<service>', 'name of a service')
    .option('--requests <amounts>', 'cpu=250m,memory=64Mi')
    .option('--limits <amounts>', 'cpu=500m,memory=128Mi')
    .action(
      act<[string], Options & { requests?: string; limits?: string }>(async (cx, [word], options) => {
        const { requests, limits } = options;
        if (requests === undefined && limits === undefined) throw usage('expected --requests or --limits');
        const resources = {
          ...(requests === undefined ? {} : { requests: parseAmounts(requests, '--requests') }),
          ...(limits === undefined ? {} : { limits: parseAmounts(limits, '--limits') }),
        };
        await change(cx, word, { resources }, options, 'resources updated');
      }),
    );
};

/** A service has one container, which carries its name. */
function imageOf(service: string, word: string): string {
  const [name, image] = word.split('=', 2);
  return image !== undefined && service.endsWith(name ?? '') ? image : word;
}

function common(command: Command): Command {
  return command
    .option('--dry-run', 'validate without storing anything')
    .option('--wait', 'wait until every task is updated, or the update has failed')
    .option('--timeout <duration>', 'with --wait, give up after DURATION', DEFAULT_WAIT);
}

async function change(cx: Cx, word: string, template: object, options: Options, done: string): Promise<void> {
  const id = await parseService(cx, word);
  const service = await patchService(cx, id, { template }, options.dryRun);
  cx.print(`service/${id} ${done}${options.dryRun === true ? ' (dry run)' : ''}`);
  if (options.wait !== true || options.dryRun === true) return;
  await followRollout(cx, id, {
    timeoutMs: parseDuration(options.timeout, '--timeout'),
    past: service.status.update,
  });
}

async function list(cx: Cx, word: string): Promise<void> {
  const id = await parseService(cx, word);
  const api = await cx.api();
  const service = await withSuggestion(cx, 'service', id, () =>
    api.get('service', id, { signal: cx.signal }),
  );
  for (const [name, value] of Object.entries(service.spec.template.env)) cx.print(`${name}=${value}`);
}

/** Patches fields of a service's spec. */
export async function patchService(cx: Cx, id: string, spec: object, dryRun?: boolean): Promise<Service> {
  const api = await cx.api();
  const call = { dryRun, signal: cx.signal };
  return withSuggestion(cx, 'service', id, () => api.patch('service', id, { spec }, call));
}
