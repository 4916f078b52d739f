import type { Attachment } from '@gantry/core/contracts';
import type { PortAddress, TemplateSpec } from '@gantry/core/model';

type Addresses = Readonly<Record<string, string>> | undefined;

/** Where the ports of a task are reached: as its network reserved them, else at its first address. */
export function portsOf(
  { ports }: TemplateSpec,
  attachment: Attachment | undefined,
  addresses: Addresses,
): readonly PortAddress[] | undefined {
  if (ports.length === 0) return undefined;
  const known = attachment?.ports ?? [];
  const [address] = Object.values(addresses ?? {});
  const found = ports.flatMap(({ target, protocol }): readonly PortAddress[] => {
    const at = known.find((port) => port.target === target && port.protocol === protocol);
    if (at !== undefined) return [at];
    return address === undefined ? [] : [{ target, protocol, address, port: target }];
  });
  return found.length === 0 ? undefined : found;
}

/** Where one port is reached from this machine. */
export function addressOfPort(
  port: number,
  ports: readonly PortAddress[] | undefined,
  addresses: Addresses,
): { address: string; port: number } {
  const known = ports?.find(({ target }) => target === port);
  return known ?? { address: Object.values(addresses ?? {})[0] ?? '127.0.0.1', port };
}
