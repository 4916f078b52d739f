import { z } from 'zod';

/** Metadata of every object. */
export interface ObjectMeta {
  /** A DNS label; unique within its kind and namespace. */
  readonly name: string;
  /** A DNS label; absent on kinds that live outside of namespaces. */
  readonly namespace?: string | undefined;
  /** Unique over time: a deleted and recreated object gets another. */
  readonly uid: string;
  /**
   * The store's revision of this object, on objects the API hands out. An update that carries it is done only if the
   * object still has it.
   */
  readonly revision?: number | undefined;
  /** Counts changes of what the user wants (`spec`); `status.observedGeneration` tells which one was acted on. */
  readonly generation: number;
  /** ms since the epoch. */
  readonly createdAt: number;
  /** Set once the object is being deleted; it is removed when everything that depends on it is gone. */
  readonly deletedAt?: number | undefined;
  /** Key-value pairs that selectors match. Keys may have a DNS prefix; values have at most 253 characters. */
  readonly labels: Readonly<Record<string, string>>;
  /** Free text for people and programs, which nothing selects by; at most 256 KiB in total. Absent if there is none. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** What each manager last applied, to distinguish fields it no longer sets from fields set by others. */
  readonly managers?: Readonly<Record<string, Applied>> | undefined;
}

/** The fields a manager has set, as it wrote them. */
export interface Applied {
  /** The labels that it set. */
  readonly labels: Readonly<Record<string, string>>;
  /** The annotations that it set. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** The fields of `spec` that it set. */
  readonly spec: unknown;
}

/** A statement about an object that is true, false or unknown, with the reason as a word and a sentence. */
export interface Condition {
  /** The condition's type, in CamelCase, such as `Available`. */
  readonly type: string;
  /** Whether the statement holds. */
  readonly status: 'true' | 'false' | 'unknown';
  /** CamelCase, for programs. */
  readonly reason: string;
  /** The reason as a sentence, for people. */
  readonly message: string;
  /** When the status was last changed, ms since the epoch. */
  readonly since: number;
}

/** A DNS label (RFC 1123, section 2.1): lower-case letters, digits, inner dashes, at most 63. */
export const dnsLabel = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'expected a DNS label: lower-case letters, digits and inner dashes, at most 63',
  );

/** An optional DNS prefix and a name, as in Kubernetes. */
const labelKey = (what: string) =>
  z
    .string()
    .regex(/^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, `expected ${what} key`);

/** Label keys as in Kubernetes: an optional DNS prefix and a name; values are free text up to 253 characters. */
export const labelsSchema = z.record(labelKey('a label'), z.string().max(253)).default({});

/** Maximum size of an object's annotations: keys and values, in bytes of UTF-8. */
export const MAX_ANNOTATION_BYTES = 256 * 1024;

/** Keys as those of labels; values are free text. */
export const annotationsSchema = z
  .record(labelKey('an annotation'), z.string())
  .superRefine((all, context) => {
    const encoder = new TextEncoder();
    const bytes = Object.entries(all).reduce(
      (sum, [key, value]) => sum + key.length + encoder.encode(value).length,
      0,
    );
    if (bytes <= MAX_ANNOTATION_BYTES) return;
    const message = `expected at most ${MAX_ANNOTATION_BYTES} bytes in total, got ${bytes}`;
    context.addIssue({ code: 'custom', message });
  });

/** The part of an object's meta data that a user gives. */
export const metaInputSchema = z.strictObject({
  /** A DNS label; unique within its kind and namespace. */
  name: dnsLabel,
  /** A DNS label (default: `default`); not allowed on kinds that live outside of namespaces. */
  namespace: dnsLabel.optional(),
  /** Key-value pairs that selectors match (default: none). */
  labels: labelsSchema,
  /** Free text for people and programs; at most 256 KiB in total (default: none). */
  annotations: annotationsSchema.optional(),
  /** Ignored, so that an object that was read can be applied again. */
  uid: z.string().optional(),
  /** Write only if the object still has this revision (default: write in any case). */
  revision: z.int().positive().optional(),
  /** Ignored. */
  generation: z.int().optional(),
  /** Ignored. */
  createdAt: z.number().optional(),
  /** Ignored. */
  deletedAt: z.number().optional(),
  /** Ignored. */
  managers: z.unknown().optional(),
});

/** The validated part of an object's meta data that a user gives. */
export type MetaInput = z.output<typeof metaInputSchema>;
