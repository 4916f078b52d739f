import { Transform, type TransformCallback } from 'node:stream';
import { GantryError } from '@gantry/core';
import type { OutputChunk } from '@gantry/core/api';

const HEADER_BYTES = 8;

/** A piece of one frame; `last` if the frame ends with it. */
export interface FramePiece extends OutputChunk {
  readonly last: boolean;
}

/**
 * Separates the streams that the engine multiplexes onto one connection: frames of `[stream, 0, 0, 0, length as 4
 * bytes]` and content, cut anywhere into chunks. Passes pieces on as they arrive, and holds back no more than a header.
 */
export class Demux extends Transform {
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerLength = 0;
  /** Bytes still missing of the current frame. */
  #missing = 0;
  #stream: OutputChunk['stream'] = 'stdout';

  constructor() {
    super({ readableObjectMode: true });
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#missing === 0) {
        const taken = Math.min(HEADER_BYTES - this.#headerLength, chunk.length - at);
        chunk.copy(this.#header, this.#headerLength, at, at + taken);
        this.#headerLength += taken;
        at += taken;
        if (this.#headerLength < HEADER_BYTES) break;
        this.#headerLength = 0;
        const problem = this.#begin();
        if (problem !== undefined) {
          done(problem);
          return;
        }
        continue;
      }
      const taken = Math.min(this.#missing, chunk.length - at);
      this.#missing -= taken;
      const data = chunk.subarray(at, at + taken);
      this.push({ stream: this.#stream, data, last: this.#missing === 0 } satisfies FramePiece);
      at += taken;
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.#missing === 0 && this.#headerLength === 0) done();
    else done(new GantryError('UNAVAILABLE', 'docker: the stream ended in the middle of a frame'));
  }

  #begin(): GantryError | undefined {
    const [stream, ...zeros] = this.#header.subarray(0, 4);
    if (stream === undefined || stream > 2 || zeros.some((byte) => byte !== 0)) {
      return new GantryError('INTERNAL', 'docker: the stream is not multiplexed as it should be');
    }
    this.#stream = stream === 2 ? 'stderr' : 'stdout';
    this.#missing = this.#header.readUInt32BE(4);
    return undefined;
  }
}
