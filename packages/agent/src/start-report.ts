import type { Clock } from '@gantry/core';
import type { StartProgress } from '@gantry/core/contracts';
import type { Reporter } from './reporter.ts';
import type { StatusTracker } from './status-tracker.ts';

/** A pull is reported this often at most, ms. */
const PULL_REPORT_MS = 1000;

/** Reports the pull of an image while it lasts, and that it is over. */
export class StartReport {
  readonly #task: string;
  readonly #image: string | undefined;
  readonly #tracker: StatusTracker;
  readonly #reporter: Reporter;
  readonly #clock: Clock;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(
    task: { readonly name: string; readonly image: string | undefined },
    tracker: StatusTracker,
    { reporter, clock }: { readonly reporter: Reporter; readonly clock: Clock },
  ) {
    this.#task = task.name;
    this.#image = task.image;
    this.#tracker = tracker;
    this.#reporter = reporter;
    this.#clock = clock;
  }

  /** Takes in the progress of a start. */
  take({ phase, message }: StartProgress): void {
    const tracker = this.#tracker;
    if (tracker.phase === undefined) return;
    const pulls = tracker.problem.reason === 'PullingImage';
    if (phase !== 'pulling') {
      this.pulled();
      return;
    }
    tracker.note({ reason: 'PullingImage', message });
    if (pulls && this.#clock.elapsed() - this.#reportedAt < PULL_REPORT_MS) return;
    this.#reportedAt = this.#clock.elapsed();
    tracker.reportSoon();
  }

  /** A pull in progress is over. */
  pulled(): void {
    if (this.#tracker.problem.reason !== 'PullingImage') return;
    this.#tracker.note(undefined);
    const message = `pulled image ${this.#image ?? ''}`;
    this.#reporter.event({ task: this.#task, type: 'normal', reason: 'Pulled', message });
  }
}
