import { z } from 'zod';

/** A user as `user` or `user:group`, by name or number. */
export const userSchema = z
  .string()
  .max(256)
  .regex(/^[A-Za-z0-9_][\w.-]*(:[A-Za-z0-9_][\w.-]*)?$/, 'expected user or user:group');

/** An absolute path without NUL, of at most 4,096 characters. */
export const absolutePathSchema = z
  .string()
  .refine((text) => !text.includes('\0'), 'must not contain NUL')
  .startsWith('/', 'expected an absolute path')
  .max(4096);

/** The user and the directory of a command that is run in a task. */
export const runAsSchema = z.object({
  /** `user` or `user:group`, by name or number (default: the task's). */
  user: userSchema.optional(),
  /** An absolute path (default: the task's). */
  workingDir: absolutePathSchema.optional(),
});
