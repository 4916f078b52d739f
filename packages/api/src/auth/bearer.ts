import type { IncomingHttpHeaders } from 'node:http';

const SUBPROTOCOL = 'bearer.';

/**
 * The secret a request brings: in `Authorization`, or for a WebSocket of a browser, which can set no header, as one of
 * the subprotocols. Never in the URL, which is logged everywhere.
 */
export function bearerOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization, upgrade } = headers;
  if (authorization !== undefined) return /^Bearer +([^ ]+) *$/i.exec(authorization)?.[1] ?? '';
  if (upgrade?.toLowerCase() !== 'websocket') return undefined;
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
  return offered.find((each) => each.startsWith(SUBPROTOCOL))?.slice(SUBPROTOCOL.length);
}
