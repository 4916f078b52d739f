/**
 * Type and description of each field of a kind, by its path: `spec.ports[].target`. Types are those of TypeScript, with
 * `object` for what has fields of its own, and `map` for values by name.
 */
export type FieldTable = Readonly<Record<string, readonly [type: string, description: string]>>;
