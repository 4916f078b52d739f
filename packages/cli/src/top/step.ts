import type { UiState } from './ui-state.ts';

/** What a key asks of the program besides another state. */
export type Effect = 'quit' | 'redraw' | 'load';

export interface Step {
  readonly ui: UiState;
  /** `load`: the page of `ui` is to be loaded. */
  readonly effect?: Effect | undefined;
}
