import { idOf } from '@gantry/core/model';
import { applyInputs, type ManagerOptions } from '../actions/apply-inputs.ts';
import { DEFAULT_WAIT, followRollouts } from '../cluster/follow-rollout.ts';
import { type FilesOptions, filesOption, readInputs } from '../input/files-option.ts';
import { parseDuration } from '../output/duration.ts';
import { FORMATS } from '../output/format.ts';
import type { Define } from './entry.ts';

interface Options extends FilesOptions, ManagerOptions {
  readonly dryRun?: boolean;
  readonly output?: string;
  readonly wait?: boolean;
  readonly timeout?: string;
}

/** Defines `gantry apply -f FILE`. */
export const apply: Define = (command, act) => {
  filesOption(command)
    .option('--dry-run', 'validate without storing anything')
    .option('--manager <name>', 'field manager; fields it no longer sets are removed', 'gantry')
    .option('--force', 'take ownership of fields set by another manager')
    .option('--wait', 'wait until the services have stayed ready, or cannot become ready')
    .option('--timeout <duration>', 'with --wait, give up after DURATION', DEFAULT_WAIT)
    .option('-o, --output <format>', FORMATS)
    .action(
      act<[], Options>(async (cx, _, options) => {
        const inputs = await readInputs(cx, options);
        const stored = await applyInputs(cx, inputs, options);
        if (options.wait !== true || options.dryRun === true) return;
        const timeoutMs = parseDuration(options.timeout ?? DEFAULT_WAIT, '--timeout');
        const services = stored.filter((each) => each.kind === 'service');
        await followRollouts(
          cx,
          services.map(({ meta, status }) => ({ id: idOf(meta), past: status.update })),
          timeoutMs,
        );
      }),
    );
};
