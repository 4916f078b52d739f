import type { StartProgress } from '@gantry/core/contracts';

/** One line of the engine's report on a pull. */
export interface PullLine {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
}

interface Layer {
  done: number;
  total: number;
}

/** Adds up the engine's reports on the layers of one image; only the download is counted. */
export class PullProgress {
  readonly #image: string;
  readonly #layers = new Map<string, Layer>();

  constructor(image: string) {
    this.#image = image;
  }

  add({ id, status = '', progressDetail }: PullLine): void {
    if (id === undefined) return;
    const layer = this.#layers.get(id);
    if (status === 'Downloading' && progressDetail?.total !== undefined) {
      this.#layers.set(id, { done: progressDetail.current ?? 0, total: progressDetail.total });
    } else if (
      layer !== undefined &&
      /^(Download complete|Verifying|Extracting|Pull complete)/.test(status)
    ) {
      layer.done = layer.total;
    }
  }

  get progress(): StartProgress {
    const image = this.#image;
    const layers = [...this.#layers.values()];
    if (layers.length === 0) return { phase: 'pulling', message: `pulling ${image}`, image };
    const doneBytes = layers.reduce((sum, { done }) => sum + done, 0);
    const totalBytes = layers.reduce((sum, { total }) => sum + total, 0);
    const message = `pulling ${image}: ${megabytes(doneBytes)} of ${megabytes(totalBytes)} MB`;
    return { phase: 'pulling', message, image, doneBytes, totalBytes };
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
