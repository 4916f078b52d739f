import { z } from 'zod';

/** What every object carries. */
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
  readonly labels: Readonly<Record<string, string>>;
  /** Free text for people and programs, which nothing selects by; at most 256 KiB in total. Absent if there is none. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** What each manager last applied, to distinguish fields it no longer sets from fields set by others. */
  readonly managers?: Readonly<Record<string, Applied>> | undefined;
}

/** The fields a manager has set, as it wrote them. */
export interface Applied {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly spec: unknown;
}

/** A statement about an object that is true, false or unknown, with the reason as a word and a sentence. */
export interface Condition {
  readonly type: string;
  readonly status: 'true' | 'false' | 'unknown';
  /** CamelCase, for programs. */
  readonly reason: string;
  readonly message: string;
  /** Since when the status is what it is, ms since the epoch. */
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
  name: dnsLabel,
  namespace: dnsLabel.optional(),
  labels: labelsSchema,
  annotations: annotationsSchema.optional(),
  uid: z.string().optional(),
  revision: z.int().positive().optional(),
  generation: z.int().optional(),
  createdAt: z.number().optional(),
  deletedAt: z.number().optional(),
  managers: z.unknown().optional(),
});

export type MetaInput = z.output<typeof metaInputSchema>;
