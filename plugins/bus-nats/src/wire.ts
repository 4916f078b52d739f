import { ERROR_CODES, type ErrorCode, GantryError, type Issue } from '@gantry/core';
import { type Msg, type MsgHdrs, headers as newHeaders } from '@nats-io/transport-node';

/** Header of an answer that is an error: its code. The rest is the payload. */
const ERROR = 'Gantry-Error';
/** Header of a question whose asker can join parts. */
const ACCEPT = 'Gantry-Accept';
/** Headers of a part of a long answer: which of how many, as `2/5`, and of which answer. */
const PART = 'Gantry-Part';
const ANSWER = 'Gantry-Answer';

const decoder = new TextDecoder();

/** A place in a long answer. */
export interface Part {
  readonly answer: string;
  readonly number: number;
  readonly of: number;
}

/** JSON text; what JSON has nothing for, as `undefined`, is null. */
export function encode(payload: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(payload) ?? 'null');
}

/**
 * The value of a JSON text; that of no text at all is null, since NATS clients send such hints.
 *
 * @throws `SyntaxError` when it is no JSON.
 */
export function decode(data: Uint8Array): unknown {
  if (data.length === 0) return null;
  return JSON.parse(decoder.decode(data)) as unknown;
}

/** The headers of every question. */
export function questionHeaders(): MsgHdrs {
  return withHeaders({ [ACCEPT]: 'parts' });
}

export function acceptsParts(question: Msg): boolean {
  return question.headers?.get(ACCEPT) === 'parts';
}

/** An error as an answer. Details that JSON cannot carry are left out. */
export function encodeError(error: GantryError): Uint8Array {
  const { code, message, details, issues } = error;
  try {
    return encode({ code, message, details, issues });
  } catch {
    return encode({ code, message, issues });
  }
}

export function errorHeaders(code: ErrorCode): MsgHdrs {
  return withHeaders({ [ERROR]: code });
}

/** The error an answer is, by its headers; undefined when it is none. */
export function decodeError(headers: MsgHdrs | undefined, data: Uint8Array): GantryError | undefined {
  const code = headers?.get(ERROR) ?? '';
  if (code === '') return undefined;
  const body = recordOf(data);
  const message =
    typeof body.message === 'string' ? body.message : 'the responder failed and did not say why';
  return new GantryError(Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'INTERNAL', message, {
    details: isRecord(body.details) ? body.details : {},
    issues: Array.isArray(body.issues) ? (body.issues as Issue[]) : [],
  });
}

/** Marks a part, on top of the headers of the whole. */
export function partHeaders({ answer, number, of }: Part, code: ErrorCode | undefined): MsgHdrs {
  const part = { [ANSWER]: answer, [PART]: `${number}/${of}` };
  return withHeaders(code === undefined ? part : { ...part, [ERROR]: code });
}

/** Which part it is; undefined for a whole answer. */
export function partOf(headers: MsgHdrs | undefined): Part | undefined {
  const place = /^(\d{1,9})\/(\d{1,9})$/.exec(headers?.get(PART) ?? '');
  if (headers === undefined || place === null) return undefined;
  return { answer: headers.get(ANSWER), number: Number(place[1]), of: Number(place[2]) };
}

function withHeaders(fields: Readonly<Record<string, string>>): MsgHdrs {
  const headers = newHeaders();
  for (const [name, value] of Object.entries(fields)) headers.set(name, value);
  return headers;
}

function recordOf(data: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const body = decode(data);
    return isRecord(body) ? body : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
