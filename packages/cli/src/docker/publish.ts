import type { TemplateInput } from '@gantry/core/model';
import { usage } from '../output/problem.ts';
import { csvFields, oneOf, refuseUnknown } from './values.ts';

type PortInput = NonNullable<TemplateInput['ports']>[number];

const FLAG = '--publish';

/** Parses `8080:80/tcp`, `80`, `8000-8002:80-82`, or `published=8080,target=80,protocol=tcp,mode=host`. */
export function parsePublish(text: string): PortInput[] {
  return text.includes('=') ? [long(text)] : short(text);
}

function long(text: string): PortInput {
  const fields = csvFields(text, FLAG);
  refuseUnknown(fields, ['target', 'published', 'protocol', 'mode'], FLAG);
  const target = fields.get('target');
  if (target === undefined) throw usage(`${FLAG}: expected target=PORT in "${text}"`);
  const published = fields.get('published');
  return {
    target: port(target),
    published: published === undefined ? 0 : port(published),
    protocol: oneOf(fields.get('protocol') ?? 'tcp', FLAG, ['tcp', 'udp'] as const),
    mode: oneOf(fields.get('mode') ?? 'ingress', FLAG, ['ingress', 'host'] as const),
  };
}

function short(text: string): PortInput[] {
  const match = /^(?:([\d-]+):)?([\d-]+)(?:\/(\w+))?$/.exec(text);
  if (match === null) throw usage(`${FLAG}: expected [PUBLISHED:]TARGET[/PROTOCOL], got "${text}"`);
  const [, outside, inside = '', protocolText = 'tcp'] = match;
  const protocol = oneOf(protocolText, FLAG, ['tcp', 'udp'] as const);
  const targets = range(inside);
  const published = outside === undefined ? undefined : range(outside);
  if (published !== undefined && published.length !== targets.length) {
    throw usage(`${FLAG}: the ranges of "${text}" are not of one length`);
  }
  return targets.map((target, index) => ({ target, published: published?.[index] ?? 0, protocol }));
}

function range(text: string): number[] {
  const [first = '', last = first, ...rest] = text.split('-');
  const [from, to] = [port(first), port(last)];
  if (rest.length > 0 || to < from || to - from > 255)
    throw usage(`${FLAG}: expected a port or a range, got "${text}"`);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function port(text: string): number {
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text) || value > 65_535) throw usage(`${FLAG}: expected a port, got "${text}"`);
  return value;
}
