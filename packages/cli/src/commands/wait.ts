import type { AnyObject, Kind } from '@gantry/core/model';
import { showRef } from '../cluster/refs.ts';
import { type FilesOptions, filesOption } from '../input/files-option.ts';
import { selectRefs } from '../input/select-refs.ts';
import { parseDuration } from '../output/duration.ts';
import { CliError, usage } from '../output/problem.ts';
import type { Define } from './entry.ts';

interface Options extends FilesOptions {
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly all?: boolean;
  readonly for: string;
  readonly timeout: string;
}

/** Defines `gantry wait KIND/NAME --for=condition=X|delete|jsonpath=…`. */
export const wait: Define = (command, act) => {
  command.argument('[objects...]', 'KIND NAME… or KIND/NAME…; KIND alone with -l or --all');
  filesOption(command)
    .option('--all', 'wait for all objects of the kind in the namespace')
    .option('-l, --selector <labels>', 'wait for objects with these labels: app=web,tier!=x')
    .option('--field-selector <fields>', 'wait for objects with these fields: spec.node=a')
    .requiredOption(
      '--for <what>',
      "condition=Available, condition=Updated=false, delete, jsonpath='{.status.ready}'=3",
    )
    .option('--timeout <duration>', 'give up after DURATION', '30s')
    .action(
      act<[string[]], Options>(async (cx, [words], options) => {
        const condition = await parseCondition(options.for);
        const timeoutMs = parseDuration(options.timeout, '--timeout');
        const refs = await selectRefs(cx, words, options);
        if (refs.length === 0) throw new CliError('NOT_FOUND', 'no objects are selected');
        const api = await cx.api();
        await Promise.all(
          refs.map(async (ref) => {
            await api.wait(ref.kind.kind as Kind, ref.id, condition as never, {
              timeoutMs,
              signal: cx.signal,
            });
            cx.print(`${showRef(ref)} ${options.for === 'delete' ? 'deleted' : 'condition met'}`);
          }),
        );
      }),
    );
};

/** Parses `--for` into the form that `ClusterApi.wait` takes. */
export async function parseCondition(text: string): Promise<string | ((object: AnyObject) => boolean)> {
  if (text === 'delete' || text === 'deleted') return 'deleted';
  const condition = /^condition=([A-Za-z]+)(?:=(true|false|unknown))?$/i.exec(text);
  if (condition !== null) {
    const [, type = '', status = 'true'] = condition;
    if (status.toLowerCase() === 'true') return type;
    return (object) => statusOf(object, type) === status.toLowerCase();
  }
  const path = /^jsonpath=(\{[^}]*\}|[^={}]+)(?:=(.*))?$/s.exec(text);
  if (path === null)
    throw usage(`--for: expected condition=TYPE, delete or jsonpath=PATH=VALUE, got "${text}"`);
  const { parseJsonPath, renderJsonPath } = await import('../output/jsonpath.ts');
  const [, expression = '', value] = path;
  const pieces = parseJsonPath(expression);
  return (object) => {
    const found = renderJsonPath(pieces, object);
    return value === undefined ? found !== '' : found === value.replace(/^["'](.*)["']$/, '$1');
  };
}

function statusOf(object: AnyObject, type: string): string | undefined {
  const { status } = object as { status?: { conditions?: readonly { type: string; status: string }[] } };
  return status?.conditions?.find((each) => each.type.toLowerCase() === type.toLowerCase())?.status;
}
