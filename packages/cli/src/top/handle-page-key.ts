import type { Key } from './keys.ts';
import type { Step } from './step.ts';
import { type Page, pageHeight, shownLines, topOf, type UiState } from './ui-state.ts';

/** Number of columns by which text is scrolled sideways. */
const SIDE_STEP = 8;

/** Returns the next state after a key while a page covers the list. */
export function handlePageKey(ui: UiState, page: Page, key: Key): Step {
  const height = pageHeight(ui);
  const top = topOf(page, height);
  const last = Math.max(0, shownLines(page).length - height);
  const changed = (change: Partial<Page>): Step => ({ ui: { ...ui, page: { ...page, ...change } } });
  // A user who scrolls up wants to read: new lines must not move the text.
  const scroll = (to: number): Step => changed({ top: Math.max(0, Math.min(to, last)), follow: false });
  switch (key.ctrl ? `ctrl-${key.name}` : (key.name ?? key.text)) {
    case 'up':
    case 'k':
      return scroll(top - 1);
    case 'down':
    case 'j':
      return scroll(top + 1);
    case 'pageup':
    case 'ctrl-b':
      return scroll(top - height);
    case 'pagedown':
    case 'ctrl-f':
    case 'space':
      return scroll(top + height);
    case 'home':
      return scroll(0);
    case 'end':
      return page.of === 'logs' ? changed({ follow: true }) : scroll(last);
    case 'g':
      if (!key.shift) return scroll(0);
      return page.of === 'logs' ? changed({ follow: true }) : scroll(last);
    case 'left':
    case 'h':
      return changed({ left: Math.max(0, page.left - SIDE_STEP) });
    case 'right':
    case 'l':
      return changed({ left: page.left + SIDE_STEP });
    case 'f':
      return page.of === 'logs' ? changed({ follow: !page.follow, top }) : { ui };
    case 'r':
      if (page.of === 'help') return { ui };
      return {
        ui: { ...ui, page: { ...page, note: 'loading …', lines: page.of === 'logs' ? [] : page.lines } },
        effect: 'load',
      };
    case 'escape':
      if (page.filter !== '') return changed({ filter: '' });
      return { ui: { ...ui, page: undefined } };
    case 'q':
      return { ui: { ...ui, page: undefined } };
    default:
      return { ui };
  }
}
