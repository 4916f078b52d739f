import type { ManagerOptions } from '../actions/apply-inputs.ts';
import { showPlan } from '../actions/show-plan.ts';
import { type FilesOptions, filesOption, readInputs } from '../input/files-option.ts';
import type { Define } from './entry.ts';

interface Options extends FilesOptions, ManagerOptions {
  readonly output?: string;
}

/** Defines `gantry plan -f FILE`. */
export const plan: Define = (command, act) => {
  filesOption(command)
    .option('--manager <name>', 'field manager', 'gantry')
    .option('--force', 'take ownership of fields set by another manager')
    .option('-o, --output <format>', 'json, yaml, name, jsonpath=TEMPLATE')
    .action(
      act<[], Options>(async (cx, _, options) => {
        await showPlan(cx, await readInputs(cx, options), options);
      }),
    );
};
