import { CHUNKED, HttpMessageReader, INTERIM, OPAQUE, UNTIL_CLOSE } from './http-message-reader.ts';

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) [^ \r\n]+ HTTP\/1\.([01])\r\n/;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9]{2})[ \r]/;
const FRAMING_FIELD = /^(content-length|transfer-encoding|connection)[ \t]*:(.*)$/i;
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/;
const KEEP_ALIVE = /(?:^|,)[ \t]*keep-alive[ \t]*(?:,|$)/;
/** First letters of those field names. */
const [C, T] = [99, 116];
/** What a request may begin with; a prefix of it is enough. */
const REQUEST_START = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,24}(?: |$)/;

interface Framing {
  readonly length: number | undefined;
  readonly coding: string | undefined;
  readonly closes: boolean;
  readonly keeps: boolean;
  readonly contradictory: boolean;
}

/**
 * Follows the requests and responses of one client connection to know when it is idle: every request that was sent is
 * answered in full, and no further one has begun. Only then may the connection continue with another backend.
 */
export class HttpExchange {
  readonly #limit: number;
  readonly #requests = new HttpMessageReader(
    (head) => this.#readRequest(head),
    () => undefined,
  );
  readonly #responses = new HttpMessageReader(
    (head) => this.#readResponse(head),
    () => this.#methods.shift(),
  );
  /** Methods of the requests that are not answered in full. */
  readonly #methods: string[] = [];
  #sent: Buffer[] | undefined = [];
  #sentBytes = 0;
  #final = false;
  #headSince = 0;
  #hasRequest = false;

  /** @param limit maximum number of bytes of unanswered requests to keep */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get resting(): boolean {
    return this.#methods.length === 0 && this.#requests.resting && this.#responses.resting;
  }

  /** Whether one side has announced that the connection ends with this exchange. */
  get final(): boolean {
    return this.#final;
  }

  /**
   * Everything sent since the connection was last idle, if it may be sent once more: it is known in full, no byte of an
   * answer has arrived, and repeating it does no harm.
   */
  get unanswered(): readonly Buffer[] | undefined {
    if (this.#sent === undefined || this.#sent.length === 0 || this.#requests.opaque) return undefined;
    return this.#methods.every((method) => IDEMPOTENT.has(method)) ? this.#sent : undefined;
  }

  /** Since when a head is awaited: that of a request that has begun, or the first one. Undefined if none is. */
  headSince(openedAt: number): number | undefined {
    if (this.#requests.inHead) return this.#headSince;
    return this.#hasRequest ? undefined : openedAt;
  }

  /** @param now of a clock's `elapsed` */
  request(chunk: Buffer, now = 0): void {
    if (!this.#requests.inHead) this.#headSince = now;
    if (this.resting) {
      this.#sent = [];
      this.#sentBytes = 0;
    }
    if (this.#sent !== undefined) {
      this.#sentBytes += chunk.length;
      if (this.#sentBytes <= this.#limit) this.#sent.push(chunk);
      else this.#sent = undefined;
    }
    this.#requests.feed(chunk);
  }

  response(chunk: Buffer): void {
    this.#sent = undefined;
    this.#responses.feed(chunk);
  }

  #readRequest(head: string): number {
    this.#hasRequest = true;
    const [, method, minor] = REQUEST_LINE.exec(head) ?? [];
    if (method === undefined) return OPAQUE;
    this.#methods.push(method);
    if (method === 'CONNECT') return OPAQUE;
    const { length, coding, closes, keeps, contradictory } = framingOf(head);
    if (closes || (minor === '0' && !keeps)) this.#final = true;
    if (contradictory) return OPAQUE;
    if (coding === undefined) return length ?? 0;
    return coding === 'chunked' ? CHUNKED : OPAQUE;
  }

  #readResponse(head: string): number {
    const [, minor, code] = STATUS_LINE.exec(head) ?? [];
    const method = this.#methods[0];
    if (code === undefined || method === undefined || code === '101') return OPAQUE;
    if (code.startsWith('1')) return INTERIM;
    if (method === 'CONNECT') return OPAQUE;
    const { length, coding, closes, keeps, contradictory } = framingOf(head);
    if (closes || (minor === '0' && !keeps)) this.#final = true;
    if (method === 'HEAD' || code === '204' || code === '304') return 0;
    if (contradictory) return OPAQUE;
    if (coding === undefined) return length ?? UNTIL_CLOSE;
    return coding === 'chunked' ? CHUNKED : UNTIL_CLOSE;
  }
}

/** Whether these can be the first bytes of a request. */
export function startsRequest(chunk: Buffer): boolean {
  return REQUEST_START.test(chunk.toString('latin1', 0, 25));
}

function framingOf(head: string): Framing {
  let length: number | undefined;
  let coding: string | undefined;
  let closes = false;
  let keeps = false;
  let contradictory = false;
  for (let at = head.indexOf('\r\n') + 2; at < head.length; ) {
    const end = head.indexOf('\r\n', at);
    const initial = head.charCodeAt(at) | 32;
    const field = initial === C || initial === T ? FRAMING_FIELD.exec(head.slice(at, end)) : null;
    at = end + 2;
    if (field === null) continue;
    const text = (field[2] as string).trim().toLowerCase();
    switch ((field[1] as string).length) {
      case 'content-length'.length: {
        const number = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
        if (number !== (length ?? number)) contradictory = true;
        length = number;
        break;
      }
      case 'transfer-encoding'.length:
        coding = coding === undefined ? text : `${coding}, ${text}`;
        break;
      default:
        closes ||= CLOSE.test(text);
        keeps ||= KEEP_ALIVE.test(text);
    }
  }
  if (coding !== undefined) {
    contradictory ||= length !== undefined;
    coding = coding.split(',').at(-1)?.trim();
  }
  return { length, coding, closes, keeps, contradictory };
}
