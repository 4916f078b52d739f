import type { ListResult } from '@gantry/core/api';
import { type AnyObject, idOf } from '@gantry/core/model';
import { type SpecAccess, WHOLE } from '../auth/spec-access.ts';

interface Cached {
  readonly revision: number;
  readonly json: Buffer;
}

const COMMA = Buffer.from(',');

/**
 * Objects as JSON, encoded once for each revision: a repeated list encodes only the objects that have changed. Keeps at
 * most `limitBytes`; the oldest entries are evicted first.
 */
export class JsonCache {
  readonly #limit: number;
  readonly #entries = new Map<string, Cached>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** Encodes a list. `access`: how the objects are shown to the caller. */
  list({ items, revision, continue: next }: ListResult<AnyObject>, access?: SpecAccess): Buffer {
    const pieces: Buffer[] = [Buffer.from('{"items":[')];
    items.forEach((item, index) => {
      if (index > 0) pieces.push(COMMA);
      pieces.push(this.#jsonOf(item, access));
    });
    const rest = JSON.stringify({ revision, ...(next === undefined ? {} : { continue: next }) });
    pieces.push(Buffer.from(`],${rest.slice(1)}`));
    return Buffer.concat(pieces);
  }

  #jsonOf(object: AnyObject, { key: whose, show }: SpecAccess = WHOLE): Buffer {
    const { revision } = object.meta;
    if (revision === undefined) return Buffer.from(JSON.stringify(show(object)));
    const key = `${object.kind} ${idOf(object.meta)}${whose === '' ? '' : ` ${whose}`}`;
    const known = this.#entries.get(key);
    if (known?.revision === revision) return known.json;
    const json = Buffer.from(JSON.stringify(show(object)));
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#bytes -= known.json.length;
    }
    this.#entries.set(key, { revision, json });
    this.#bytes += json.length;
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#limit) break;
      this.#entries.delete(oldest);
      this.#bytes -= entry.json.length;
    }
    return json;
  }
}
