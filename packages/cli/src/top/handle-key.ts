import { findCoreKind } from '../cluster/kinds.ts';
import { handlePageKey } from './handle-page-key.ts';
import { helpLines, type Key } from './keys.ts';
import type { Step } from './step.ts';
import {
  cursorOf,
  listHeight,
  newPlace,
  type Page,
  type PageOf,
  type Place,
  placeOf,
  type Scope,
  type UiState,
} from './ui-state.ts';
import { PLURAL, SORTS, VIEW_KINDS, type ViewKind } from './view-kinds.ts';

/** The selected object, as needed to handle a key. */
export interface Selected {
  readonly kind: ViewKind;
  readonly id: string;
  /** The object of an event, if the live view lists its kind. */
  readonly regarding?: { readonly kind: ViewKind; readonly id: string } | undefined;
}

/** The displayed rows, as needed to handle a key. */
export interface Listing {
  readonly ids: readonly string[];
  selected(at: number): Selected | undefined;
}

/** Returns the next state after a key. */
export function handleKey(before: UiState, key: Key, listing: Listing): Step {
  const ui = { ...before, message: undefined };
  if (key.ctrl && key.name === 'c') return { ui, effect: 'quit' };
  if (key.ctrl && key.name === 'l') return { ui, effect: 'redraw' };
  if (ui.prompt !== undefined) return handlePromptKey(ui, key);
  if (key.text === '?' && ui.page?.of !== 'help') return { ui: { ...ui, page: helpPage() } };
  if (key.text === ':') return { ui: { ...ui, prompt: { of: 'command', text: '' } } };
  if (key.text === '/') {
    const text = ui.page?.filter ?? placeOf(ui).filter;
    return { ui: { ...ui, prompt: { of: 'filter', text } } };
  }
  if (/^[1-4]$/.test(key.text)) return { ui: show(ui, VIEW_KINDS[Number(key.text) - 1] as ViewKind) };
  return ui.page === undefined ? handleListKey(ui, key, listing) : handlePageKey(ui, ui.page, key);
}

const helpPage = (): Page => ({ of: 'help', lines: helpLines(), top: 0, left: 0, follow: false, filter: '' });

/** Starts a new trail, as for another view. */
const show = (ui: UiState, kind: ViewKind): UiState => ({
  ...ui,
  trail: [newPlace(kind)],
  page: undefined,
});

const withPlace = (ui: UiState, place: Place): UiState => ({
  ...ui,
  trail: [...ui.trail.slice(0, -1), place] as unknown as UiState['trail'],
});

const enter = (ui: UiState, place: Place): UiState => ({
  ...ui,
  trail: [...ui.trail, place],
  page: undefined,
});

function handleListKey(ui: UiState, key: Key, listing: Listing): Step {
  const place = placeOf(ui);
  const { ids } = listing;
  const at = cursorOf(place, ids);
  const height = listHeight(ui);
  const move = (to: number): Step => {
    const index = Math.max(0, Math.min(to, ids.length - 1));
    return { ui: withPlace(ui, { ...place, index, selected: ids[index] }) };
  };
  const word = key.ctrl ? `ctrl-${key.name}` : (key.name ?? key.text);
  switch (word) {
    case 'up':
    case 'k':
      return move(at - 1);
    case 'down':
    case 'j':
      return move(at + 1);
    case 'pageup':
    case 'ctrl-b':
      return move(at - height);
    case 'pagedown':
    case 'ctrl-f':
    case 'space':
      return move(at + height);
    case 'home':
      return move(0);
    case 'end':
      return move(ids.length - 1);
    case 'g':
      return move(key.shift ? ids.length - 1 : 0);
    case 'escape':
      return { ui: back(ui) };
    case 's':
      return { ui: withPlace(ui, { ...place, sort: nextSort(place), reverse: false }) };
    case 'r':
      return { ui: withPlace(ui, { ...place, reverse: !place.reverse }) };
    case 'q':
      return { ui, effect: 'quit' };
    default:
      return handleObjectKey(ui, word, listing.selected(at));
  }
}

const OPENERS: Readonly<Record<string, PageOf>> = Object.freeze({
  d: 'describe',
  x: 'explain',
  l: 'logs',
  y: 'yaml',
});

function handleObjectKey(ui: UiState, word: string, selected: Selected | undefined): Step {
  const of = Object.hasOwn(OPENERS, word) ? OPENERS[word] : undefined;
  if (of === undefined && word !== 'e' && word !== 'return' && word !== 'enter') return { ui };
  if (selected === undefined) return { ui: { ...ui, message: 'nothing is selected' } };
  // For an event, keys act on its object, except when showing the event's own YAML.
  const { regarding } = selected;
  const target = selected.kind === 'event' && of !== 'yaml' ? (regarding ?? selected) : selected;
  if (of !== undefined) return open(ui, of, target);
  if (target.kind === 'event') return open(ui, 'describe', target);
  if (word === 'e') return { ui: enter(ui, newPlace('event', scopeOf(target))) };
  if (selected.kind === 'event') return open(ui, 'describe', target);
  if (target.kind === 'task') return open(ui, 'logs', target);
  return { ui: enter(ui, newPlace('task', scopeOf(target))) };
}

const scopeOf = ({ kind, id }: Selected): Scope => ({ kind: kind as Scope['kind'], id });

function open(ui: UiState, of: PageOf, { kind, id }: Selected): Step {
  const runs = kind === 'service' || kind === 'task';
  if ((of === 'logs' || of === 'explain') && !runs) {
    const message = `${of === 'logs' ? 'only services and tasks have logs' : 'only services and tasks are placed'}: select one of them`;
    return { ui: { ...ui, message } };
  }
  const page: Page = {
    of,
    kind,
    id,
    lines: [],
    top: 0,
    left: 0,
    follow: of === 'logs',
    filter: '',
    note: 'loading …',
  };
  return { ui: { ...ui, page }, effect: 'load' };
}

/** Removes the filter, or else returns to the previous list. */
function back(ui: UiState): UiState {
  const place = placeOf(ui);
  if (place.filter !== '') return withPlace(ui, { ...place, filter: '' });
  const [first, ...rest] = ui.trail.slice(0, -1);
  return first === undefined ? ui : { ...ui, trail: [first, ...rest] };
}

function nextSort({ kind, sort }: Place): string {
  const names = Object.keys(SORTS[kind]);
  return names[(names.indexOf(sort ?? (names[0] as string)) + 1) % names.length] as string;
}

function handlePromptKey(ui: UiState, key: Key): Step {
  const prompt = ui.prompt as NonNullable<UiState['prompt']>;
  const edit = (text: string): Step => {
    const typed = { ...ui, prompt: { ...prompt, text } };
    return { ui: prompt.of === 'filter' ? filtered(typed, text) : typed };
  };
  if (key.name === 'escape') {
    const left = { ...ui, prompt: undefined };
    return { ui: prompt.of === 'filter' ? filtered(left, '') : left };
  }
  if (key.name === 'return' || key.name === 'enter') {
    const done = { ...ui, prompt: undefined };
    return prompt.of === 'filter' ? { ui: done } : command(done, prompt.text.trim());
  }
  if (key.name === 'backspace') {
    if (prompt.text === '') return { ui: { ...ui, prompt: undefined } };
    return edit([...prompt.text].slice(0, -1).join(''));
  }
  if (key.ctrl && key.name === 'u') return edit('');
  if (key.ctrl && key.name === 'w') return edit(prompt.text.replace(/\S+\s*$/, ''));
  return key.ctrl || !/^[^\p{Cc}]+$/u.test(key.text)
    ? { ui }
    : edit(`${prompt.text}${key.text}`.slice(0, 200));
}

/** The filter applies while it is being typed. */
function filtered(ui: UiState, filter: string): UiState {
  if (ui.page !== undefined) return { ...ui, page: { ...ui.page, filter, top: 0 } };
  return withPlace(ui, { ...placeOf(ui), filter });
}

function command(ui: UiState, text: string): Step {
  const [word = '', operand] = text.split(/\s+/);
  if (word === '') return { ui };
  if (['q', 'q!', 'quit', 'exit'].includes(word)) return { ui, effect: 'quit' };
  if (['h', 'help'].includes(word)) return { ui: { ...ui, page: helpPage() } };
  if (['ns', 'namespace', 'namespaces'].includes(word)) {
    if (operand === undefined)
      return { ui: { ...ui, message: 'expected a namespace: ":ns team-a" or ":ns all"' } };
    return { ui: { ...ui, namespace: operand === 'all' ? undefined : operand } };
  }
  const found = findCoreKind(word)?.kind;
  const kind = VIEW_KINDS.find((each) => each === found);
  if (kind !== undefined) return { ui: show(ui, kind) };
  const known = VIEW_KINDS.map((each) => PLURAL[each]).join(', ');
  return { ui: { ...ui, message: `unknown view "${word}": expected ${known}, ns, help or q` } };
}
