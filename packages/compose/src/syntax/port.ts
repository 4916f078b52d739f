import { isIP } from 'node:net';

/** The parts of a port in short syntax. Every port is a range, usually of one port. */
export interface PortText {
  readonly hostIp?: string;
  readonly published?: Range;
  readonly target: Range;
  readonly protocol: string;
}

export interface Range {
  readonly first: number;
  readonly last: number;
}

const RANGE = /^(\d{1,5})(?:-(\d{1,5}))?$/;

/** Parses `80` or `80-90`; undefined for anything else. */
export function parseRange(text: string): Range | undefined {
  const match = RANGE.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  return last > 65_535 || last < first ? undefined : { first, last };
}

export function sizeOf({ first, last }: Range): number {
  return last - first + 1;
}

/**
 * Parses `[[HOST:]PUBLISHED:]TARGET[/PROTOCOL]`, or returns a problem. As in Docker, everything before the last two
 * colons is the host, with or without brackets; an empty host or published port counts as absent.
 */
export function parsePort(text: string): PortText | { readonly problem: string } {
  const [, ports = '', given = ''] = /^([^/]*)(?:\/(\w*))?$/.exec(text.trim()) ?? [];
  const protocol = given === '' ? 'tcp' : given;
  const lastColon = ports.lastIndexOf(':');
  const target = parseRange(ports.slice(lastColon + 1));
  if (target === undefined || target.first === 0) {
    return { problem: `expected [[ip:]published:]target[/protocol], got "${text}"` };
  }
  const base = { target, protocol: protocol.toLowerCase() };
  if (lastColon === -1) return base;
  const host = ports.slice(0, lastColon);
  const colon = host.lastIndexOf(':');
  const publishedText = host.slice(colon + 1);
  const ip = colon === -1 ? undefined : host.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const published = parseRange(publishedText);
  if (published === undefined && publishedText !== '') {
    return { problem: `expected a port or a range, got "${publishedText}" in "${text}"` };
  }
  if (ip !== undefined && ip !== '' && isIP(ip) === 0) {
    return { problem: `expected an IP address, got "${ip}" in "${text}"` };
  }
  return {
    ...base,
    ...(ip === undefined || ip === '' ? {} : { hostIp: ip }),
    ...(published === undefined ? {} : { published }),
  };
}
