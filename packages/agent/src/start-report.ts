import type { Clock } from '@gantry/core';
import type { StartProgress } from '@gantry/core/contracts';
import type { Reporter } from './reporter.ts';
import type { StatusTracker } from './status-tracker.ts';

/** A pull is reported this often at most, ms. */
const PULL_REPORT_MS = 1000;

/** Reports how far the runtime has come with a start: the pull of an image while it lasts, and that it is over. */
export class StartReport {
  readonly #task: string;
  readonly #tracker: StatusTracker;
  readonly #reporter: Reporter;
  readonly #clock: Clock;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(task: string, tracker: StatusTracker, reporter: Reporter, clock: Clock) {
    this.#task = task;
    this.#tracker = tracker;
    this.#reporter = reporter;
    this.#clock = clock;
  }

  /** `starts`: what comes after the pull is the start itself. */
  take({ phase, message }: StartProgress, image: string | undefined, starts: boolean): void {
    const tracker = this.#tracker;
    if (tracker.phase === undefined) return;
    const pulls = tracker.problem.reason === 'PullingImage';
    if (phase === 'pulling') {
      tracker.note({ reason: 'PullingImage', message });
      if (pulls && this.#clock.elapsed() - this.#reportedAt < PULL_REPORT_MS) return;
      this.#reportedAt = this.#clock.elapsed();
      tracker.reportSoon();
      return;
    }
    if (pulls) this.pulled(image);
    if (starts && tracker.phase !== 'starting') tracker.pass('starting');
  }

  /** A pull in progress is over. */
  pulled(image: string | undefined): void {
    if (this.#tracker.problem.reason !== 'PullingImage') return;
    this.#tracker.note(undefined);
    const message = `pulled image ${image ?? ''}`;
    this.#reporter.event({ task: this.#task, type: 'normal', reason: 'Pulled', message });
  }
}
