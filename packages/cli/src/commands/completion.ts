import { Argument } from 'commander';
import type { Define } from './entry.ts';

const HELP = `
Load it in the start-up file of the shell:
  bash   echo 'source <(gantry completion bash)' >> ~/.bashrc
  zsh    echo 'source <(gantry completion zsh)' >> ~/.zshrc      # behind compinit
  fish   gantry completion fish > ~/.config/fish/completions/gantry.fish
No other package is needed. The script asks \`gantry complete -- WORDS\` at every TAB, which takes names from the cluster.`;

/** Defines `gantry completion bash|zsh|fish`: the script runs `gantry complete -- …` at every TAB. */
export const completion: Define = (command, act) => {
  command
    .addArgument(new Argument('<shell>', 'name of the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', HELP)
    .action(
      act<[string]>(async (cx, [shell]) => {
        const { completionScript } = await import('../completion/complete.ts');
        completionScript(cx.io.stdout, shell);
      }),
    );
};
