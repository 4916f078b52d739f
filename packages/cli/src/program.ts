import { Command, Option } from 'commander';
import type { Act, Entry } from './commands/entry.ts';
import { COMMANDS } from './commands/table.ts';
import type { Globals } from './context/choose-target.ts';

/** Options of the program with a value, needed to find the command's name after them. */
const VALUED: ReadonlySet<string> = new Set(['--context', '-n', '--namespace', '--server']);

const GLOBALS = Object.freeze([
  ['--context <name>', 'the cluster to talk to (GANTRY_CONTEXT)'],
  ['-n, --namespace <name>', 'the namespace to look in (GANTRY_NAMESPACE)'],
  ['--server <url>', 'the server to talk to, without a context (GANTRY_SERVER; its token: GANTRY_TOKEN)'],
  ['--no-color', 'no colours (NO_COLOR)'],
] as const);

/** Whether a word is a command, or a word that the program itself handles. */
export const isCommand = (word: string): boolean =>
  COMMANDS.some(({ name }) => name === word) || word === 'help' || word === 'complete';

/** Returns the first word that is not an option of the program: the command. */
export function commandWord(argv: readonly string[]): string | undefined {
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] as string;
    if (word === '--') return undefined;
    if (!word.startsWith('-'))
      return word === 'help' && argv[index + 1] !== undefined ? argv[index + 1] : word;
    if (VALUED.has(word)) index += 1;
  }
  return undefined;
}

/**
 * Builds the tree of commands. Commands other than `wanted` get only their name and summary, so that their modules need
 * not be loaded; `all` loads every one, for the reference and for completion.
 */
export async function buildProgram(wanted: string | undefined | 'all', act: Act): Promise<Command> {
  const program = new Command('gantry')
    .description('Runs services on a cluster of machines.')
    .usage('[options] <command>')
    .helpOption('-h, --help', 'show help')
    .enablePositionalOptions()
    .configureHelp({ showGlobalOptions: false })
    .helpCommand('help [command]', 'show help of a command');
  addGlobals(program, false);
  program.addOption(new Option('-V, --version', 'show the version of this program'));
  for (const entry of COMMANDS) {
    program.commandsGroup(entry.section);
    const command = program.command(entry.name).description(entry.summary);
    if (wanted === 'all' || wanted === entry.name) await define(command, entry, act);
  }
  return program;
}

async function define(command: Command, entry: Entry, act: Act): Promise<void> {
  (await entry.load())(command, act);
  prepare(command);
}

/** Lets options of the program follow the command's name. */
function prepare(command: Command): void {
  command.enablePositionalOptions().helpOption('-h, --help', 'show help');
  addGlobals(command, true);
  if (command.commands.length > 0) command.helpCommand(false);
  for (const each of command.commands) prepare(each);
}

function addGlobals(command: Command, hidden: boolean): void {
  for (const [flags, description] of GLOBALS) {
    const option = new Option(flags, description).hideHelp(hidden);
    // `context add --server` is an option of its own.
    if (command.options.some(({ long }) => long === option.long)) continue;
    command.addOption(option);
  }
}

/** Collects the program's options from all levels; the innermost one wins. */
export function globalsOf(command: Command): Globals {
  const chain: Command[] = [];
  for (let each: Command | null = command; each !== null; each = each.parent) chain.unshift(each);
  const found: { -readonly [K in keyof Globals]: Globals[K] } = { color: true };
  for (const each of chain) {
    const { context, namespace, server, color } = each.opts<Partial<Globals>>();
    if (context !== undefined) found.context = context;
    if (namespace !== undefined) found.namespace = namespace;
    if (server !== undefined) found.server = server;
    if (color === false) found.color = false;
  }
  return found;
}
