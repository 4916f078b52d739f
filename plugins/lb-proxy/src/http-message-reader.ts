/** What the head of a message says about its body: a length in bytes, or one of these values. */
export const CHUNKED = -1;
/** The message extends to the end of the connection. */
export const UNTIL_CLOSE = -2;
/** An interim response: it consists of its head, and the final response is still to come. */
export const INTERIM = -3;
/** Not HTTP/1, or no longer: nothing is known about the bytes that follow. */
export const OPAQUE = -4;

const MAX_HEAD = 65_536;
const MAX_SIZE_DIGITS = 12;
const CR = 13;
const LF = 10;

type State = 'head' | 'length' | 'chunk-size' | 'chunk-extension' | 'chunk-data' | 'trailer' | 'opaque';

/**
 * Finds where HTTP/1 messages end in one direction of a connection, however the bytes are cut into chunks. It reads
 * only heads and chunk sizes. If it cannot follow the stream, it becomes opaque for good.
 */
export class HttpMessageReader {
  readonly #readHead: (head: string) => number;
  readonly #onEnd: () => void;
  #state: State = 'head';
  /** The part of a head that has arrived so far, if it did not arrive in one piece. */
  #partial = '';
  /** Bytes until the end of the body or of the chunk. */
  #left = 0;
  #digits = 0;
  #line = 0;

  /**
   * `readHead` receives each head (with its last CRLF) and returns what follows; `onEnd` is called after each message.
   */
  constructor(readHead: (head: string) => number, onEnd: () => void) {
    this.#readHead = readHead;
    this.#onEnd = onEnd;
  }

  /** Whether it is between two messages. */
  get resting(): boolean {
    return this.#state === 'head' && this.#partial === '';
  }

  /** Whether it is within the head of a message. */
  get inHead(): boolean {
    return this.#state === 'head' && this.#partial !== '';
  }

  get opaque(): boolean {
    return this.#state === 'opaque';
  }

  giveUp(): void {
    this.#state = 'opaque';
    this.#partial = '';
  }

  feed(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      switch (this.#state) {
        case 'head':
          at = this.#feedHead(chunk, at);
          break;
        case 'length':
        case 'chunk-data': {
          const taken = Math.min(this.#left, chunk.length - at);
          at += taken;
          this.#left -= taken;
          if (this.#left > 0) break;
          if (this.#state === 'length') this.#end();
          else this.#startChunk();
          break;
        }
        case 'chunk-size':
          this.#feedSize(chunk[at++] as number);
          break;
        case 'chunk-extension':
          if (chunk[at++] === LF) this.#startData();
          break;
        case 'trailer':
          this.#feedTrailer(chunk[at++] as number);
          break;
        case 'opaque':
          return;
      }
    }
  }

  #feedHead(chunk: Buffer, start: number): number {
    let at = start;
    if (this.#partial === '') {
      // A line end before a message must be ignored (RFC 9112, 2.2).
      while (chunk[at] === CR || chunk[at] === LF) at++;
      if (at === chunk.length) return at;
      const end = chunk.indexOf('\r\n\r\n', at, 'latin1');
      if (end >= 0) {
        this.#follow(this.#readHead(chunk.toString('latin1', at, end + 2)));
        return end + 4;
      }
    }
    const known = this.#partial.length;
    const text = this.#partial + chunk.toString('latin1', at);
    const end = text.indexOf('\r\n\r\n', Math.max(0, known - 3));
    if (end < 0) {
      this.#partial = text;
      if (text.length > MAX_HEAD) this.giveUp();
      return chunk.length;
    }
    this.#partial = '';
    this.#follow(this.#readHead(text.slice(0, end + 2)));
    return at + end + 4 - known;
  }

  #follow(body: number): void {
    if (body > 0) {
      this.#left = body;
      this.#state = 'length';
    } else if (body === 0) {
      this.#end();
    } else if (body === CHUNKED) {
      this.#startChunk();
    } else if (body !== INTERIM) {
      this.giveUp();
    }
  }

  #startChunk(): void {
    this.#state = 'chunk-size';
    this.#left = 0;
    this.#digits = 0;
  }

  #feedSize(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0 && this.#digits < MAX_SIZE_DIGITS) {
      this.#left = this.#left * 16 + digit;
      this.#digits++;
    } else if (this.#digits === 0 || digit >= 0) {
      this.giveUp();
    } else if (byte === LF) {
      this.#startData();
    } else {
      this.#state = 'chunk-extension';
    }
  }

  #startData(): void {
    if (this.#left === 0) {
      this.#state = 'trailer';
      this.#line = 0;
    } else {
      this.#left += 2; // the line end after the data
      this.#state = 'chunk-data';
    }
  }

  #feedTrailer(byte: number): void {
    if (byte === LF && this.#line === 0) this.#end();
    else if (byte === LF) this.#line = 0;
    else if (byte !== CR) this.#line++;
  }

  #end(): void {
    this.#state = 'head';
    this.#onEnd();
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
