import { hostname } from 'node:os';
import { GantryError, type Issue, type MachineInfo } from '@gantry/core';
import { dnsLabel, pathOf, type Resources } from '@gantry/core/model';
import { z } from 'zod';

const nodeSchema = z.strictObject({
  name: dnsLabel,
  labels: z.record(z.string(), z.string()).default({}),
  capacity: z.record(z.string(), z.int().min(0)).default({}),
});

const machineSchema = z.strictObject({
  name: dnsLabel.optional(),
  addresses: z.array(z.union([z.ipv4(), z.ipv6()])).default([]),
});

const optionsSchema = z.strictObject({
  name: dnsLabel.default('gantry'),
  machine: machineSchema.prefault({}),
  nodes: z.union([z.int().min(0).max(100_000), z.array(nodeSchema)]).default(1),
  startTimeoutMs: z.int().positive().default(30_000),
  closeTimeoutMs: z.int().positive().default(30_000),
  signal: z.instanceof(AbortSignal).optional(),
});

/** Options of a node. */
export interface NodeOptions {
  /** A DNS label. */
  readonly name: string;
  /** Labels that the node registers with (default: none). */
  readonly labels?: Record<string, string>;
  /** Replaces what the runtime measures: millicores, bytes, counts. */
  readonly capacity?: Resources;
}

/** Options of the machine on which a cluster runs its part. */
/** The machine that this process runs on. */
export interface MachineOptions {
  /** A DNS label, unique in the cluster (default: derived from the host name). */
  readonly name?: string;
  /** IP addresses at which other machines reach this one, the preferred one first (default: none). */
  readonly addresses?: readonly string[];
}

/** Options of `createCluster`. */
/** Options of a cluster, or of a machine that joins one. */
export interface ClusterOptions {
  /** A DNS label; keeps the containers and subjects of several clusters apart (default: `gantry`). */
  readonly name?: string;
  /** The machine that this process runs on. */
  readonly machine?: MachineOptions;
  /** Nodes that run in this process: their number (`node-1`, `node-2` …) or a list (default: 1). */
  readonly nodes?: number | readonly NodeOptions[];
  /** Timeout for the start of each plugin, ms (default: 30,000). */
  readonly startTimeoutMs?: number;
  /** Timeout for closing each plugin, ms (default: 30,000). */
  readonly closeTimeoutMs?: number;
  /** Aborts the start. */
  readonly signal?: AbortSignal;
}

/** Options of a cluster with their defaults. */
export interface ParsedOptions {
  readonly name: string;
  readonly machine: MachineInfo;
  readonly nodes: readonly NodeOptions[];
  readonly startTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** @throws `INVALID_OPTIONS` with the path of each wrong option; `what` names the function they were given to. */
export function parseClusterOptions(what: string, options: ClusterOptions): ParsedOptions {
  const parsed = parse(optionsSchema, options, what);
  const { nodes } = parsed;
  const { name = labelOf(hostname()), addresses } = parsed.machine;
  return {
    ...parsed,
    machine: Object.freeze({ name, addresses: Object.freeze(addresses) }),
    nodes:
      typeof nodes === 'number'
        ? Array.from({ length: nodes }, (_, index) => ({ name: `node-${index + 1}` }))
        : nodes,
  };
}

/** @throws `INVALID_OPTIONS` with the path of each wrong option. */
export function parseNodeOptions(node: NodeOptions): z.output<typeof nodeSchema> {
  return parse(nodeSchema, node, 'node');
}

/** A host name as a DNS label: `Build_Box.example.org` → `build-box`. */
export function labelOf(host: string): string {
  const [first = ''] = host.toLowerCase().split('.');
  const label = first.replaceAll(/[^a-z0-9-]/g, '-').slice(0, 63);
  return label.replaceAll(/^-+|-+$/g, '') || 'localhost';
}

function parse<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues: Issue[] = result.error.issues.map((issue) => ({
    path: pathOf(issue.path),
    message: issue.message,
  }));
  const text = issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ');
  throw new GantryError('INVALID_OPTIONS', `${what}: ${text}`, { issues });
}
