import { type InputKind, idOf } from '@gantry/core/model';
import { type FilesOptions, filesOption, readInputs } from '../input/files-option.ts';
import type { Define } from './entry.ts';

interface Options extends FilesOptions {
  readonly dryRun?: boolean;
}

/** Defines `gantry create -f FILE`. */
export const create: Define = (command, act) => {
  filesOption(command)
    .option('--dry-run', 'validate without storing anything')
    .action(
      act<[], Options>(async (cx, _, options) => {
        const api = await cx.api();
        for (const input of await readInputs(cx, options)) {
          const call = { dryRun: options.dryRun, signal: cx.signal };
          const { kind, meta } = await api.create<InputKind>(input as never, call);
          cx.print(`${kind}/${idOf(meta)} created${options.dryRun === true ? ' (dry run)' : ''}`);
        }
      }),
    );
};
