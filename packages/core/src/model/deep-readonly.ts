/** What a user hands in is never changed, so it may be frozen, and what was read can be handed in again. */
export type DeepReadonly<T> = T extends readonly (infer Element)[]
  ? readonly DeepReadonly<Element>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/**
 * Carries the comments of the fields of `T` over to a type that it is intersected with, so that editors show them for what
 * users write too. It requires nothing. Fields inside of lists keep no comments.
 */
export type Documented<T> = T extends readonly unknown[]
  ? unknown
  : T extends object
    ? { readonly [K in keyof T]?: Documented<NonNullable<T[K]>> | undefined }
    : unknown;
