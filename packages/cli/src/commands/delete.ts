import { deleteAll } from '../actions/delete-all.ts';
import { type FilesOptions, filesOption } from '../input/files-option.ts';
import { selectRefs } from '../input/select-refs.ts';
import { parseDuration } from '../output/duration.ts';
import type { Define } from './entry.ts';

interface Options extends FilesOptions {
  readonly all?: boolean;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly ignoreNotFound?: boolean;
  readonly dryRun?: boolean;
  readonly wait: boolean;
  readonly timeout: string;
}

/** Defines `gantry delete KIND NAME…`, `gantry delete -f FILE`. */
export const deleteCommand: Define = (command, act) => {
  command.argument('[kind]', 'a kind, or KIND/NAME').argument('[names...]', 'names of objects of the kind');
  filesOption(command)
    .option('--all', 'all objects of the kind in the namespace')
    .option('-l, --selector <labels>', 'all objects of the kind with these labels')
    .option('--field-selector <fields>', 'all objects of the kind with these fields: spec.node=a')
    .option('--ignore-not-found', 'succeed even if an object does not exist')
    .option('--dry-run', 'report what would be deleted without deleting it')
    .option('--no-wait', 'do not wait until they are gone')
    .option('--timeout <duration>', 'give up waiting after DURATION', '2m')
    .action(
      act<[string | undefined, string[]], Options>(async (cx, [kind, names], options) => {
        const timeoutMs = parseDuration(options.timeout, '--timeout');
        const refs = await selectRefs(cx, kind === undefined ? [] : [kind, ...names], options);
        if (refs.length === 0) cx.note('Nothing to delete.');
        await deleteAll(cx, refs, { ...options, timeoutMs });
      }),
    );
};
