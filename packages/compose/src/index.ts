export { type ConvertedProject, type ConvertOptions, convertProject } from './convert/convert-project.ts';
export { stackName } from './convert/names.ts';
export type { Dialect } from './convert/stack.ts';
export { composeConfig } from './load/compose-config.ts';
export { type LoadComposeOptions, loadCompose } from './load/load-compose.ts';
export type { ComposeProject } from './load/project.ts';
export { nodeFiles, type ReadText } from './load/reader.ts';
export { formatProblems, type Problem, problemsOf, type Severity } from './model/problem.ts';
