import type { UiState } from './ui-state.ts';

/** An action that a key triggers besides the next state. */
export type Effect = 'quit' | 'redraw' | 'load';

export interface Step {
  readonly ui: UiState;
  /** `load`: the page of `ui` must be loaded. */
  readonly effect?: Effect | undefined;
}
