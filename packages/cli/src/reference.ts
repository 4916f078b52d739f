import type { Command, Option } from 'commander';
import { hintFor } from './output/hints.ts';

const EXIT_CODES: readonly (readonly [string, string])[] = Object.freeze([
  ['0', 'done'],
  ['1', 'the operation failed; `diff`: something would change; `doctor`: something is wrong'],
  ['2', 'the command line is wrong; `diff`: it failed'],
  ['3', 'not found'],
  ['4', 'conflict: the object exists, or has been changed by another manager'],
  ['5', 'the cluster cannot be reached'],
  ['6', 'the token is unknown, or does not permit the operation'],
  ['124', 'timeout'],
  ['130', 'interrupted; `up` and `port-forward`, which are ended so, exit with 0'],
]);

const VARIABLES: readonly (readonly [string, string])[] = Object.freeze([
  ['`GANTRY_CONTEXT`', 'the context, instead of the current one'],
  ['`GANTRY_NAMESPACE`', 'the namespace, instead of that of the context'],
  ['`GANTRY_SERVER`', 'URL of the API, instead of a context'],
  ['`GANTRY_TOKEN`', 'access token, instead of that of the context'],
  ['`GANTRY_CONFIG`', 'the file with the contexts; default `~/.config/gantry/contexts.json`'],
  ['`NO_COLOR`', 'no colours, if it is not empty'],
  ['`DOCKER_HOST`', 'the Docker engine that `up` and `doctor` look for'],
]);

/** Renders the command reference as Markdown: every command with its arguments and options. */
export function renderReference(program: Command): string {
  const sections = new Map<string, Command[]>();
  for (const command of visible(program)) {
    const title = command.helpGroup().replace(/:$/, '');
    sections.set(title, [...(sections.get(title) ?? []), command]);
  }
  const parts = [
    '# The command line',
    'Generated from the commands themselves; `gantry COMMAND --help` shows the same.',
    '## For every command',
    optionTable(program.options.filter(({ hidden }) => !hidden)),
    'These options may precede or follow the name of the command. Options take precedence over the environment, the environment over the context:',
    table(['Variable', ''], VARIABLES),
    '### Exit codes',
    'Stable. `exec` exits with the code of the command that it ran.',
    table(['Code', 'Means'], EXIT_CODES),
    '### Errors',
    'On standard error: `error: CODE message`, each problem on a line with its path, and what to do next. The codes are those of [errors.md](errors.md), `USAGE` for a command line that is wrong, and `FAILED` for something that was followed and has failed.',
    table(
      ['Code', 'Hint'],
      ['NOT_FOUND', 'UNAUTHENTICATED', 'FORBIDDEN', 'UNAVAILABLE', 'TIMEOUT'].map((code) => [
        `\`${code}\``,
        hintFor(code, { path: 'get', options: ['--timeout'], message: '' }) ?? '',
      ]),
    ),
  ];
  for (const [title, commands] of sections) {
    parts.push(`## ${title}`);
    for (const command of commands) parts.push(...commandParts(command, 'gantry', 3));
  }
  return `${parts.join('\n\n')}\n`;
}

function commandParts(command: Command, path: string, level: number): string[] {
  const name = `${path} ${command.name()}`;
  const options = command.options.filter(({ hidden }) => !hidden);
  const aliases = command.aliases();
  const parts = [`${'#'.repeat(level)} ${name}`, `${command.description()}.`];
  if (aliases.length > 0) parts.push(`Also: ${aliases.map((alias) => `\`${path} ${alias}\``).join(', ')}.`);
  if (command.commands.length === 0) parts.push(`\`\`\`sh\n${name} ${command.usage()}\n\`\`\``);
  const described = command.registeredArguments.filter(({ description }) => description !== '');
  if (described.length > 0) {
    parts.push(
      table(
        ['Argument', ''],
        described.map((argument) => [`\`${argument.name()}\``, argument.description]),
      ),
    );
  }
  if (options.length > 0) parts.push(optionTable(options));
  for (const each of visible(command)) parts.push(...commandParts(each, name, level + 1));
  return parts;
}

function visible(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((each) => each.name() !== 'help');
}

function optionTable(options: readonly Option[]): string {
  const rows = options.map((option) => {
    const { flags, description, defaultValue, argChoices, mandatory } = option;
    const notes = [
      ...(argChoices === undefined ? [] : [`one of ${argChoices.join(', ')}`]),
      ...(typeof defaultValue === 'string' ? [`default \`${defaultValue}\``] : []),
      ...(mandatory ? ['required'] : []),
    ];
    return [`\`${flags}\``, `${description}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`];
  });
  return table(['Option', ''], rows);
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`.replace('|  |', '| |');
  return [line(titles), `|${titles.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
