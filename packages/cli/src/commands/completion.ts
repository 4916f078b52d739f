import { Argument } from 'commander';
import type { Define } from './entry.ts';

/** `gantry completion bash|zsh|fish`: the script asks `gantry complete -- …` at every TAB. */
export const completion: Define = (command, act) => {
  command
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', '\nIn the start-up file of the shell: source <(gantry completion bash)')
    .action(
      act<[string]>(async (cx, [shell]) => {
        const { completionScript } = await import('../completion/complete.ts');
        completionScript(cx.io.stdout, shell);
      }),
    );
};
