/** Version of all packages of Gantry: they are released together. */
export const VERSION = '0.1.0';
