import type { AnyObject, Kind } from '../model/kind-map.ts';

export interface AdmissionRequest {
  readonly operation: 'create' | 'update' | 'delete';
  readonly object: AnyObject;
  /** The object that is stored now, for update and delete. */
  readonly old: AnyObject | undefined;
}

/** Has a say before an object is stored: may change it, or refuse it by throwing `INVALID_OBJECT`. */
export interface Admission {
  readonly name: string;
  readonly kinds: readonly Kind[];
  admit(request: AdmissionRequest): AnyObject | Promise<AnyObject>;
}
