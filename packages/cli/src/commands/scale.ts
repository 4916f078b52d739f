import { counted } from '@gantry/core/primitives';
import { DEFAULT_WAIT, followRollout } from '../cluster/follow-rollout.ts';
import { parseService, withSuggestion } from '../cluster/refs.ts';
import { parseCount, splitPair } from '../input/key-values.ts';
import { parseDuration } from '../output/duration.ts';
import { CliError, usage } from '../output/problem.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

interface Options {
  readonly replicas?: string;
  readonly currentReplicas?: string;
  readonly dryRun?: boolean;
  readonly wait?: boolean;
  readonly timeout: string;
}

/** Defines `gantry scale web --replicas=3`, `gantry scale web=3 api=2`. */
export const scale: Define = (command, act) => {
  command
    .argument('<services...>', 'names of services, or NAME=REPLICAS')
    .option('--replicas <count>', 'number of replicas')
    .option('--current-replicas <count>', 'scale only if the service currently has COUNT replicas')
    .option('--dry-run', 'validate without storing anything')
    .option('--wait', 'wait until they have stayed ready, or cannot become ready')
    .option('--timeout <duration>', 'with --wait, give up after DURATION', DEFAULT_WAIT)
    .action(
      act<[string[]], Options>(async (cx, [words], options) => {
        const wanted = words.map((word) => wantedOf(word, options.replicas));
        for (const [word, replicas] of wanted) {
          await scaleOne(cx, word, replicas, options);
        }
      }),
    );
};

function wantedOf(word: string, option: string | undefined): readonly [string, number] {
  const [name, value] = splitPair(word);
  const text = value ?? option;
  if (text === undefined) throw usage(`${name}: expected --replicas COUNT, or ${name}=COUNT`);
  return [name, parseCount(text, value === undefined ? '--replicas' : name)];
}

async function scaleOne(cx: Cx, word: string, replicas: number, options: Options): Promise<void> {
  const api = await cx.api();
  const id = await parseService(cx, word);
  const expected = options.currentReplicas;
  if (expected !== undefined) {
    const service = await withSuggestion(cx, 'service', id, () =>
      api.get('service', id, { signal: cx.signal }),
    );
    if (service.spec.replicas !== parseCount(expected, '--current-replicas')) {
      throw new CliError(
        'CONFLICT',
        `service ${id} has ${counted(service.spec.replicas, 'replica')}, not ${expected}`,
        'look again, then decide',
      );
    }
  }
  const call = { dryRun: options.dryRun, signal: cx.signal };
  const service = await withSuggestion(cx, 'service', id, () => api.scale(id, replicas, call));
  cx.print(`service/${id} scaled to ${replicas}${options.dryRun === true ? ' (dry run)' : ''}`);
  if (options.wait !== true || options.dryRun === true) return;
  const timeoutMs = parseDuration(options.timeout, '--timeout');
  await followRollout(cx, id, { timeoutMs, past: service.status.update });
}
