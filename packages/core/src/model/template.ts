import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import type { DeepReadonly, Documented } from './deep-readonly.ts';
import { dnsLabel, type ObjectMeta } from './meta.ts';
import { networkName } from './network.ts';
import { type ResourceRequirements, requirementsSchema } from './resources.ts';
import { absolutePathSchema, userSchema } from './run-as.ts';

/** Transport protocol. */
export type Protocol = 'tcp' | 'udp';

/** A port of a task. */
export interface Port {
  /** Name of the port, a DNS label (default: none). */
  readonly name?: string | undefined;
  /** Port on which the workload listens. */
  readonly target: number;
  /** Port to which clients connect (default: the port is reachable inside the cluster only). 0: any free port. */
  readonly published?: number | undefined;
  /** Transport protocol (default: `tcp`). */
  readonly protocol: Protocol;
  /** `ingress`: through the load balancer; `host`: on the node that runs the task. */
  readonly mode: 'ingress' | 'host';
  /** Application protocol of the port. With `http` a kept connection can change its backend between requests. */
  readonly appProtocol?: 'http' | undefined;
}

/** As in mount(8): `r` stands for recursive. */
export type Propagation = 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';

/** Something that a task sees in its file system: a file or directory of the host, or memory. */
export type Mount =
  | {
      /** `bind`: a path of the host; `tmpfs`: memory. */
      readonly type: 'bind';
      /** Absolute path on the host. */
      readonly source: string;
      /** Absolute path inside the task. */
      readonly target: string;
      /** Whether the task cannot write to it (default: false). */
      readonly readOnly: boolean;
      /** Whether mounts made later on the host appear in the task, and the other way round (default: `rprivate`, neither). */
      readonly propagation?: Propagation | undefined;
    }
  | {
      /** `bind`: a path of the host; `tmpfs`: memory. */
      readonly type: 'tmpfs';
      /** Absolute path inside the task. */
      readonly target: string;
      /** Maximum size, in bytes (default: chosen by the engine). */
      readonly size?: number | undefined;
    };

/** How to find out whether a task is well: exactly one of `exec`, `http`, `tcp`. */
export interface HealthCheck {
  /** Healthy if the command exits with 0. */
  readonly exec?:
    | {
        /** The program and its arguments, run inside the task. */
        readonly command: readonly string[];
      }
    | undefined;
  /** Healthy if the answer's status is 200 to 399. */
  readonly http?:
    | {
        /** Port of the task, 1 to 65535. */
        readonly port: number;
        /** Path to request (default: `/`). */
        readonly path: string;
      }
    | undefined;
  /** Healthy if the port accepts a connection. */
  readonly tcp?:
    | {
        /** Port of the task, 1 to 65535. */
        readonly port: number;
      }
    | undefined;
  /** Time from one check to the next, ms; at least 10 (default: 1000). */
  readonly intervalMs: number;
  /** Time after which a check counts as failed, ms; at least 1 (default: 1000). */
  readonly timeoutMs: number;
  /** Number of consecutive failures that count. */
  readonly retries: number;
  /** Time after the start during which failures do not count, ms. */
  readonly startPeriodMs: number;
}

/** Changes to the image's own HEALTHCHECK; omitted fields keep the image's values. Times in ms. */
export interface ImageCheckChanges {
  /** Time from one check to the next, ms; at least 10. */
  readonly intervalMs?: number | undefined;
  /** Time after which a check counts as failed, ms; at least 1. */
  readonly timeoutMs?: number | undefined;
  /** Number of consecutive failures that count. */
  readonly retries?: number | undefined;
  /** Time after the start during which failures do not count, ms. */
  readonly startPeriodMs?: number | undefined;
}

/** What becomes of the output of a task in the engine. */
export interface Logging {
  /** A log driver of the engine, such as `json-file` (default: as the engine is configured). */
  readonly driver?: string | undefined;
  /** Options of the driver, such as `max-size`: free text. */
  readonly options: Readonly<Record<string, string>>;
}

/** What a task runs: normalised, with every default filled in. */
export interface TemplateSpec {
  /** Image reference, such as `nginx:1.27`. Needed unless `command` is given and the runtime runs commands. */
  readonly image?: string | undefined;
  /** Replaces the image's entrypoint; required without an image. */
  readonly command: readonly string[];
  /** Arguments of the command (default: those of the image, unless `command` is given). */
  readonly args: readonly string[];
  /** Environment variables (default: none). */
  readonly env: Readonly<Record<string, string>>;
  /** Directory of the command, an absolute path (default: that of the image). */
  readonly workingDir?: string | undefined;
  /** User of the task, as `user` or `user:group`, by name or number (default: that of the image). */
  readonly user?: string | undefined;
  /** Labels of the container: free text, for other tools such as a proxy. Not the labels of the task. */
  readonly labels: Readonly<Record<string, string>>;
  /** `missing`: the registry is contacted only if the image is missing. */
  readonly pullPolicy: 'missing' | 'always' | 'never';
  /** Credentials for the image's registry. The API shows `<redacted>` instead of the password. */
  readonly registryAuth?:
    | {
        /** Name of the user at the registry. */
        readonly username: string;
        /** Password or token. */
        readonly password: string;
      }
    | undefined;
  /** Requests and limits of a task. */
  readonly resources: ResourceRequirements;
  /** Ports of the task; at most 256. */
  readonly ports: readonly Port[];
  /** Networks that the task joins; at most 32. A name alone stands for a network without aliases. */
  readonly networks: readonly {
    /** Name of the network, in the namespace of the service. */
    readonly name: string;
    /** Further host names of the task on this network; at most 32. */
    readonly aliases: readonly string[];
  }[];
  /** Files, directories and memory that the task sees; at most 256. */
  readonly mounts: readonly Mount[];
  /** Needs `RuntimeSupport.logging`. */
  readonly logging?: Logging | undefined;
  /** Signal that asks the task to stop (default: the image's STOPSIGNAL, or else SIGTERM). */
  readonly stopSignal?: string | undefined;
  /** Run an init process as process 1, which forwards signals and reaps zombies. Needs `RuntimeSupport.init`. */
  readonly init: boolean;
  /** Time between the stop signal and the kill, ms. */
  readonly stopGraceMs: number;
  /** How long connections may take to end before the stop signal, ms. */
  readonly drainMs: number;
  /** Checks whether a task has started, may receive traffic, and is healthy. */
  readonly healthChecks: {
    /** Until it succeeds the task is `starting`; if it fails for good, the task has failed. */
    readonly startup?: HealthCheck | undefined;
    /** While it fails the task gets no traffic. */
    readonly readiness?: HealthCheck | undefined;
    /** If it fails for good the task is stopped and replaced. */
    readonly liveness?: HealthCheck | undefined;
    /**
     * Whether the image's own HEALTHCHECK counts, and with which changes. It is turned off in the engine if this is false
     * or if one of the other checks is given, so that a workload is never checked twice.
     */
    readonly image: boolean | ImageCheckChanges;
  };
}

/** An immutable template: `meta.name` is the hash of its content. */
export interface Template {
  /** Always `template`. */
  readonly kind: 'template';
  /** Name and other data that every object has; the name is the hash of the content. */
  readonly meta: ObjectMeta;
  /** Specification of the workload. */
  readonly spec: TemplateSpec;
}

/** Stands for a secret in what the API hands out; applied again, it keeps the secret that is stored. */
export const REDACTED = '<redacted>';

const MAX_MS = 7 * 24 * 3_600_000;
/** A duration in ms: whole, not negative, at most a week. */
export const durationMs = z.int().min(0).max(MAX_MS);
const port = z.int().min(1).max(65_535);
const withoutNul = z.string().refine((text) => !text.includes('\0'), 'must not contain NUL');
const command = z.array(withoutNul.max(131_072)).max(1024);

const portSchema = z.strictObject({
  name: dnsLabel.optional(),
  target: port,
  published: z.int().min(0).max(65_535).optional(),
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
  mode: z.enum(['ingress', 'host']).default('ingress'),
  appProtocol: z.enum(['http']).optional(),
});

const mountSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('bind'),
    source: absolutePathSchema,
    target: absolutePathSchema,
    readOnly: z.boolean().default(false),
    propagation: z.enum(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']).optional(),
  }),
  z.strictObject({
    type: z.literal('tmpfs'),
    target: absolutePathSchema,
    size: z.int().positive().optional(),
  }),
]);

const healthCheckSchema = z
  .strictObject({
    exec: z.strictObject({ command: command.min(1) }).optional(),
    http: z.strictObject({ port, path: z.string().startsWith('/').default('/') }).optional(),
    tcp: z.strictObject({ port }).optional(),
    intervalMs: durationMs.min(10).default(1000),
    timeoutMs: durationMs.min(1).default(1000),
    retries: z.int().min(1).max(1000).default(3),
    startPeriodMs: durationMs.default(0),
  })
  .refine(
    (check) => [check.exec, check.http, check.tcp].filter((probe) => probe !== undefined).length === 1,
    {
      message: 'expected exactly one of exec, http, tcp',
    },
  );

const imageCheckSchema = z.strictObject({
  intervalMs: durationMs.min(10).optional(),
  timeoutMs: durationMs.min(1).optional(),
  retries: z.int().min(1).max(1000).optional(),
  startPeriodMs: durationMs.optional(),
});

const loggingSchema = z.strictObject({
  driver: z
    .string()
    .regex(/^[A-Za-z0-9][\w.:/@-]{0,255}$/, 'expected the name of a log driver')
    .optional(),
  options: z
    .record(withoutNul.min(1, 'expected the name of an option').max(4096), withoutNul.max(131_072))
    .default({}),
});

/** A host name on a network: laxer than a DNS label, for the engines' resolvers answer to more, as `my_db`. */
const alias = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/, 'expected a host name of at most 63 characters');

const networkRef = z.union([
  networkName.transform((name) => ({ name, aliases: [] as string[] })),
  z.strictObject({ name: networkName, aliases: z.array(alias).max(32).default([]) }),
]);

/** Validates and fills in a template. */
export const templateSchema = z
  .strictObject({
    image: z
      .string()
      .regex(/^[A-Za-z0-9][\w.:/@-]{0,511}$/, 'expected an image reference')
      .optional(),
    command: command.default([]),
    args: command.default([]),
    env: z
      .record(
        z
          .string()
          .regex(/^[^=\0]+$/, 'expected a variable name: not empty, without "=" and NUL')
          .max(4096),
        withoutNul.max(131_072),
      )
      .default({}),
    workingDir: absolutePathSchema.optional(),
    user: userSchema.optional(),
    labels: z
      .record(withoutNul.min(1, 'expected a label key').max(4096), z.string().max(131_072))
      .default({}),
    pullPolicy: z.enum(['missing', 'always', 'never']).default('missing'),
    registryAuth: z.strictObject({ username: z.string().min(1), password: z.string() }).optional(),
    resources: requirementsSchema.default({ requests: {}, limits: {} }),
    ports: z.array(portSchema).max(256).default([]),
    networks: z.array(networkRef).max(32).default([]),
    mounts: z.array(mountSchema).max(256).default([]),
    logging: loggingSchema.optional(),
    stopSignal: z
      .string()
      .regex(/^SIG[A-Z0-9]{2,9}([+-]\d{1,2})?$/, 'expected a signal name such as SIGTERM')
      .optional(),
    init: z.boolean().default(false),
    stopGraceMs: durationMs.default(10_000),
    drainMs: durationMs.default(10_000),
    healthChecks: z
      .strictObject({
        startup: healthCheckSchema.optional(),
        readiness: healthCheckSchema.optional(),
        liveness: healthCheckSchema.optional(),
        image: z.union([z.boolean(), imageCheckSchema]).default(true),
      })
      .prefault({}),
  })
  .superRefine((template, context) => {
    if (template.image === undefined && template.command.length === 0) {
      context.addIssue({ code: 'custom', path: ['image'], message: 'expected an image, a command, or both' });
    }
    duplicates(
      template.ports.map((p) => `${p.protocol}:${p.target}`),
      (i, p) =>
        context.addIssue({
          code: 'custom',
          path: ['ports', i, 'target'],
          message: `duplicate port ${p}`,
        }),
    );
    duplicates(
      template.ports.map((p) => (p.published ? `${p.protocol}:${p.published}` : undefined)),
      (i, p) =>
        context.addIssue({
          code: 'custom',
          path: ['ports', i, 'published'],
          message: `port ${p} is published twice`,
        }),
    );
    duplicates(
      template.mounts.map((m) => m.target),
      (i, t) =>
        context.addIssue({ code: 'custom', path: ['mounts', i, 'target'], message: `${t} is mounted twice` }),
    );
    duplicates(
      template.networks.map((n) => n.name),
      (i, n) =>
        context.addIssue({ code: 'custom', path: ['networks', i], message: `duplicate network ${n}` }),
    );
  });

/** A template as a user may write it. */
export type TemplateInput = Documented<TemplateSpec> & DeepReadonly<z.input<typeof templateSchema>>;

function duplicates(
  values: readonly (string | undefined)[],
  report: (index: number, value: string) => void,
): void {
  const seen = new Set<string>();
  values.forEach((value, index) => {
    if (value === undefined) return;
    if (seen.has(value)) report(index, value);
    seen.add(value);
  });
}

/** The name of a template: 16 hex digits of the SHA-256 of its canonical JSON (keys sorted, undefined left out). */
export function templateHash(spec: TemplateSpec): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(spec)))).slice(0, 16);
}

/** JSON with sorted keys, so that equal values give equal text (compare RFC 8785). */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}
