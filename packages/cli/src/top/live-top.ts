import type { Clock } from '@gantry/core';
import { EXIT } from '../output/exit-codes.ts';
import type { Cx } from '../session.ts';
import { followCluster } from './feed.ts';
import type { Key } from './keys.ts';
import { LiveView } from './live-view.ts';
import { loadPage } from './load-page.ts';
import { readKeys } from './read-keys.ts';
import { Screen } from './screen.ts';

/** Interval at which changes of the cluster are drawn, in ms; keys are drawn immediately. */
const BATCH_MS = 100;
/** Interval at which ages are redrawn, in ms. */
const TICK_MS = 1000;

/**
 * Shows the whole cluster on the terminal, controlled by the keyboard, until the user quits or the signal fires. The
 * terminal is always restored.
 *
 * @throws errors of the first call to the server; the screen reports a server that is lost later
 */
export async function liveTop(cx: Cx): Promise<number> {
  const [api, clock, target] = await Promise.all([cx.api(), cx.clock(), cx.target()]);
  const { name } = await api.info({ signal: cx.signal });
  const stop = new AbortController();
  const signal = AbortSignal.any([cx.signal, stop.signal]);
  const { stdout } = cx.io;
  const { namespace } = cx.globals;
  const size = { rows: stdout.rows, columns: stdout.columns };
  const view = new LiveView({ cluster: name, colors: cx.colors, namespace, ...size });
  using screen = new Screen(cx.io);
  const session = new Session(cx, clock, view, screen, signal);
  const stopResize = cx.io.onResize(() => session.resize());
  const feed = followCluster({
    api,
    clock,
    catalog: view.catalog,
    namespace,
    fallback: target.namespace,
    signal,
    changed: () => session.changed(),
    confined: (only) => view.confine(only),
    reached: (problem) => {
      view.reached(problem, clock.now());
      session.changed();
    },
  });
  const keys = readKeys(cx.io.stdin, (key) => session.press(key));
  session.draw();
  try {
    // The keys end when the terminal is gone.
    await Promise.race([session.ended, feed, keys, aborted(signal)]);
  } finally {
    stop.abort();
    stopResize();
    keys.catch(() => undefined);
    session[Symbol.dispose]();
    cx.io.stdin.close?.();
    await feed.catch(() => undefined);
  }
  return cx.signal.aborted ? EXIT.interrupted : EXIT.ok;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Draws after changes, and performs the effects of keys. */
class Session implements Disposable {
  /** Resolves when the user quits; rejects if the view fails. */
  readonly ended: Promise<void>;
  readonly #cx: Cx;
  readonly #clock: Clock;
  readonly #view: LiveView;
  readonly #screen: Screen;
  readonly #signal: AbortSignal;
  #quit: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  #cancelDraw: (() => void) | undefined;
  #cancelTick: (() => void) | undefined;
  #loading: AbortController | undefined;

  constructor(cx: Cx, clock: Clock, view: LiveView, screen: Screen, signal: AbortSignal) {
    this.#cx = cx;
    this.#clock = clock;
    this.#view = view;
    this.#screen = screen;
    this.#signal = signal;
    this.ended = new Promise((resolve, reject) => {
      this.#quit = resolve;
      this.#fail = reject;
    });
    this.ended.catch(() => undefined);
  }

  draw(): void {
    this.#cancelDraw?.();
    this.#cancelTick?.();
    this.#cancelDraw = undefined;
    if (this.#signal.aborted) return;
    this.#guarded(() => this.#screen.draw(this.#view.frame(this.#clock.now())));
    this.#cancelTick = this.#clock.after(TICK_MS, () => this.draw());
  }

  changed(): void {
    if (this.#signal.aborted) return;
    this.#cancelDraw ??= this.#clock.after(BATCH_MS, () => this.draw());
  }

  resize(): void {
    const { rows, columns } = this.#cx.io.stdout;
    this.#view.resize(rows, columns);
    this.#screen.clear();
    this.draw();
  }

  press(key: Key): void {
    this.#guarded(() => {
      const before = this.#view.page;
      const effect = this.#view.press(key);
      const { page } = this.#view;
      if (effect === 'quit') return this.#quit();
      if (effect === 'redraw') this.#screen.clear();
      if (effect === 'load' || (page === undefined && before !== undefined)) this.#loading?.abort();
      if (effect === 'load' && page !== undefined) this.#load(page);
      this.draw();
    });
  }

  [Symbol.dispose](): void {
    this.#cancelDraw?.();
    this.#cancelTick?.();
    this.#loading?.abort();
  }

  #load(page: NonNullable<LiveView['page']>): void {
    this.#loading = new AbortController();
    const signal = AbortSignal.any([this.#signal, this.#loading.signal]);
    loadPage(this.#cx, page, signal, (change) => {
      if (signal.aborted) return;
      this.#view.fill(page, change);
      this.changed();
    }).catch((error: unknown) => this.#fail(error));
  }

  /** An error of the view ends it, so that the terminal is restored before the error is shown. */
  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(error);
    }
  }
}
