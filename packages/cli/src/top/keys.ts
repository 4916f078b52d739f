/** A key as the terminal sent it. */
export interface Key {
  /** Name such as `up`, `pagedown`, `return`, `escape` or a letter; absent for text that is not a key. */
  readonly name?: string | undefined;
  /** The characters of the key. */
  readonly text: string;
  readonly ctrl: boolean;
  readonly shift: boolean;
}

/** Keys in the help of the live view, with their functions. */
export const KEY_HELP: readonly (readonly [section: string, keys: readonly (readonly [string, string])[]])[] =
  Object.freeze([
    [
      'Lists',
      [
        ['1 2 3 4', 'show nodes, services, tasks, events'],
        [':', 'enter a kind (:tasks, :svc, :pods), :ns NAME, :ns all or :q'],
        ['↑ ↓ j k', 'select the previous or next row'],
        ['PgUp PgDn', 'move by a page; also Ctrl-B and Ctrl-F'],
        ['Home End', 'go to the first or last row; also g and G'],
        ['Enter', 'show the tasks of a node or service, the logs of a task, what an event is about'],
        ['Esc', 'remove the filter, or go back'],
        ['/', 'show only rows that contain a text, such as a name, a state or a label'],
        ['s', 'sort by the next column'],
        ['r', 'reverse the order'],
      ],
    ],
    [
      'The selected object',
      [
        ['d', 'describe it'],
        ['x', 'explain where it is placed and why (services and tasks)'],
        ['l', 'follow its logs (services and tasks)'],
        ['e', 'list its events'],
        ['y', 'show it as YAML'],
      ],
    ],
    [
      'Text',
      [
        ['↑ ↓ ← →', 'scroll; also h j k l'],
        ['f', 'stay at the end as lines are added, or stop that'],
        ['/', 'show only lines that contain a text'],
        ['r', 'load it again'],
        ['Esc', 'go back; also q'],
      ],
    ],
    [
      'Everywhere',
      [
        ['?', 'show this help'],
        ['Ctrl-L', 'draw the screen again'],
        ['q', 'quit; also Ctrl-C'],
      ],
    ],
  ]);

/** The help as lines. */
export function helpLines(): string[] {
  return KEY_HELP.flatMap(([section, keys]) => [
    section,
    ...keys.map(([key, what]) => `  ${key.padEnd(10)}  ${what}`),
    '',
  ]);
}
