import type { IncomingHttpHeaders } from 'node:http';

const SUBPROTOCOL = 'bearer.';

/**
 * Returns the secret of a request: from `Authorization`, or, since a browser cannot set headers on a WebSocket, from
 * one of the subprotocols. Never from the URL, which proxies and servers log.
 */
export function bearerOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization, upgrade } = headers;
  if (authorization !== undefined) return /^Bearer +([^ ]+) *$/i.exec(authorization)?.[1] ?? '';
  if (upgrade?.toLowerCase() !== 'websocket') return undefined;
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
  return offered.find((each) => each.startsWith(SUBPROTOCOL))?.slice(SUBPROTOCOL.length);
}
