import { ERROR_CODES, type ErrorCode, GantryError, type Issue } from '@gantry/core';
import { type Msg, type MsgHdrs, headers as newHeaders } from '@nats-io/transport-node';

/** Header of a reply that is an error: its code. The rest is the payload. */
const ERROR = 'Gantry-Error';
/** Header of a request whose sender can join parts. */
const ACCEPT = 'Gantry-Accept';
/** Headers of a part of a long reply: its number and the total, as `2/5`, and the id of the reply. */
const PART = 'Gantry-Part';
const ANSWER = 'Gantry-Answer';

const decoder = new TextDecoder();

/** Position of a part in a long reply. */
export interface Part {
  readonly answer: string;
  readonly number: number;
  readonly of: number;
}

/** JSON text of the payload; a value that JSON cannot express, such as `undefined`, becomes null. */
export function encode(payload: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(payload) ?? 'null');
}

/**
 * Parses JSON text; an empty message is null, since NATS clients send such hints.
 *
 * @throws `SyntaxError` if it is not valid JSON.
 */
export function decode(data: Uint8Array): unknown {
  if (data.length === 0) return null;
  return JSON.parse(decoder.decode(data)) as unknown;
}

/** The headers of every request. */
export function questionHeaders(): MsgHdrs {
  return withHeaders({ [ACCEPT]: 'parts' });
}

export function acceptsParts(question: Msg): boolean {
  return question.headers?.get(ACCEPT) === 'parts';
}

/** Encodes an error as a reply. Details that JSON cannot carry are left out. */
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

/** Decodes the error of a reply from its headers; undefined if the reply is not an error. */
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

/** Adds the headers of a part to those of the whole reply. */
export function partHeaders({ answer, number, of }: Part, code: ErrorCode | undefined): MsgHdrs {
  const part = { [ANSWER]: answer, [PART]: `${number}/${of}` };
  return withHeaders(code === undefined ? part : { ...part, [ERROR]: code });
}

/** Position of a part; undefined for a complete reply. */
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
