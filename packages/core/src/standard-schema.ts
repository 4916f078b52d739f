/**
 * The face that zod, valibot, arktype and others share, so that a plugin picks its own validator.
 * Source: the Standard Schema specification v1, https://standardschema.dev
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** The interface of Standard Schema, version 1. */
  readonly '~standard': {
    /** Version of the interface. */
    readonly version: 1;
    /** Name of the library. */
    readonly vendor: string;
    /** Validates a value and fills in defaults. Gantry requires a synchronous result. */
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** Types of input and output; never set at run time. */
    readonly types?:
      | {
          /** Type of the input. */
          readonly input: Input;
          /** Type of the output. */
          readonly output: Output;
        }
      | undefined;
  };
}

/** Result of a Standard Schema validator: the value, or the issues. */
export type StandardResult<Output> =
  | {
      /** The validated value. */
      readonly value: Output;
      /** What is wrong; absent if nothing is. */
      readonly issues?: undefined;
    }
  | {
      /** What is wrong; absent if nothing is. */
      readonly issues: readonly {
        /** What is wrong there. */
        readonly message: string;
        /** Where, from the root of the value. */
        readonly path?:
          | readonly (
              | PropertyKey
              | {
                  /** Key of the segment. */
                  readonly key: PropertyKey;
                }
            )[]
          | undefined;
      }[];
    };
