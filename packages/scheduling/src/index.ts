export { formatAmount } from './amounts.ts';
export type * from './cluster-state.ts';
export type * from './filter.ts';
export { stockFilters } from './filters/stock-filters.ts';
export { type PipelineOptions, pipeline } from './pipeline.ts';
export type * from './scorer.ts';
export { leastUsed } from './scorers/least-used.ts';
export { mostUsed } from './scorers/most-used.ts';
export { spreadByField } from './scorers/spread-by-field.ts';
