import { isIP } from 'node:net';
import type { TemplateInput } from '@gantry/core/model';
import type { Cursor } from '../model/cursor.ts';
import { parsePort, parseRange, type Range, sizeOf } from '../syntax/port.ts';
import { isDnsLabel } from './names.ts';

type PortInput = NonNullable<TemplateInput['ports']>[number];

interface Wanted {
  readonly target: Range;
  readonly published: Range | undefined;
  readonly protocol: string;
  readonly hostIp: string | undefined;
  readonly mode: 'ingress' | 'host';
  readonly extra?: { readonly name?: string; readonly appProtocol?: 'http' };
}

const EVERYWHERE: readonly string[] = Object.freeze(['', '0.0.0.0', '::', '0:0:0:0:0:0:0:0']);
const LOOPBACK: readonly string[] = Object.freeze(['127.0.0.1', '::1']);

/** Published ports, each with its place in the file. */
export function portsOf(service: Cursor): readonly { readonly port: PortInput; readonly cursor: Cursor }[] {
  const seen = new Map<string, { readonly port: PortInput; readonly path: string }>();
  return (service.get('ports')?.items() ?? []).flatMap((cursor) => {
    const wanted = cursor.isText ? fromText(cursor) : fromMapping(cursor);
    const ports = wanted === undefined ? [] : expand(wanted, cursor);
    return ports.flatMap((port) => {
      const id = `${port.target}/${port.protocol}`;
      const before = seen.get(id);
      // The same port for IPv4 and IPv6, such as "0.0.0.0:80:80" and "[::]:80:80".
      if (before !== undefined && same(before.port, port)) return [];
      if (before !== undefined) {
        cursor.unsupported(`port ${id} is published by ${before.path} already, and can be published once`);
        return [];
      }
      seen.set(id, { port, path: cursor.path });
      return [{ port, cursor }];
    });
  });
}

function same(a: PortInput, b: PortInput): boolean {
  return a.published !== 0 && a.published === b.published && a.mode === b.mode;
}

function fromText(cursor: Cursor): Wanted | undefined {
  const parsed = parsePort(cursor.text() ?? '');
  if ('problem' in parsed) return cursor.invalid(parsed.problem);
  const { target, published, protocol, hostIp } = parsed;
  return { target, published, protocol, hostIp, mode: 'ingress' };
}

function fromMapping(cursor: Cursor): Wanted | undefined {
  const rangeOf = (key: string): Range | undefined => {
    const written = cursor.get(key);
    const text = written?.text();
    if (text === undefined || text === '') return undefined;
    return parseRange(text) ?? written?.invalid(`expected a port or a range, got "${text}"`);
  };
  const target = rangeOf('target');
  const published = rangeOf('published');
  const protocol = cursor.get('protocol')?.text()?.toLowerCase() ?? 'tcp';
  const host = cursor.get('host_ip');
  const ip = host?.text()?.replace(/^\[(.*)\]$/, '$1');
  const isAddress = ip === undefined || ip === '' || isIP(ip) !== 0;
  const hostIp = isAddress ? ip : host?.invalid(`expected an IP address, got "${ip}"`);
  const mode = cursor.get('mode')?.oneOf('ingress', 'host') ?? 'ingress';
  const name = cursor.get('name');
  const label = name?.text();
  // Anything but http is a hint without effect.
  const appProtocol = cursor.get('app_protocol')?.text();
  if (target === undefined) return cursor.invalid('expected a target');
  if (label !== undefined && !isDnsLabel(label)) name?.invalid(`expected a DNS label, got "${label}"`);
  return {
    target,
    published,
    protocol,
    hostIp,
    mode,
    extra: {
      ...(label === undefined ? {} : { name: label }),
      ...(appProtocol === 'http' ? { appProtocol } : {}),
    },
  };
}

function expand(
  { target, published, protocol, hostIp, mode, extra }: Wanted,
  cursor: Cursor,
): readonly PortInput[] {
  if (protocol !== 'tcp' && protocol !== 'udp') {
    cursor.unsupported(`only tcp and udp can be published, not "${protocol}"`);
    return [];
  }
  if (hostIp !== undefined && !EVERYWHERE.includes(hostIp)) {
    if (!LOOPBACK.includes(hostIp) || mode === 'host') {
      const where = mode === 'host' ? 'on every address of its node' : 'where the load balancer listens';
      cursor.unsupported(`a port cannot be bound to "${hostIp}": it is published ${where}`);
    } else
      cursor.note(
        `"${hostIp}": all ports are published where the load balancer listens, by default 127.0.0.1`,
      );
  }
  const count = sizeOf(target);
  if (published !== undefined && sizeOf(published) !== count) {
    if (count > 1) cursor.invalid(`${count} ports cannot be published as ${sizeOf(published)}`);
    else cursor.unsupported('one out of several ports cannot be chosen: name one, or none for any free port');
    return [];
  }
  const base = { protocol, ...(mode === 'host' ? { mode } : {}), ...(count === 1 ? extra : {}) } as const;
  return Array.from({ length: count }, (_, index) => ({
    target: target.first + index,
    published: published === undefined ? 0 : published.first + index,
    ...base,
  }));
}
