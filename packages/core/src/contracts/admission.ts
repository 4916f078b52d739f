import type { AnyObject, Kind } from '../model/kind-map.ts';

/** An object that is about to be written. */
export interface AdmissionRequest {
  /** What is about to happen to the object. */
  readonly operation: 'create' | 'update' | 'delete';
  /** The object as it would be stored; for `delete`, the object to be deleted. */
  readonly object: AnyObject;
  /** The object that is stored now, for update and delete. */
  readonly old: AnyObject | undefined;
}

/** Runs before an object is stored. May modify the object, or reject it by throwing `INVALID_OBJECT`. */
export interface Admission {
  /** Shown in the error of a rejected object. */
  readonly name: string;
  /** Kinds of objects that `admit` is called for. */
  readonly kinds: readonly Kind[];
  /** Returns the object to store, changed or as given. @throws `INVALID_OBJECT` to reject it. */
  admit(request: AdmissionRequest): AnyObject | Promise<AnyObject>;
}
