/** The model: kinds of objects, their states and schemas, and pure functions over them. */
export { pathOf } from '../path-of.ts';
export type { Grant, KindAccess, Role, ViewedThrough } from './access.ts';
export {
  type Constraint,
  nodeField,
  type ParseProblem,
  parseConstraint,
  parseNodeField,
  satisfies,
} from './constraint.ts';
export { CORE_KINDS } from './core-kinds.ts';
export type * from './event.ts';
export type * from './explanation.ts';
export { type Feature, featuresOfTemplate, featureText } from './features.ts';
export { type FieldSchema, objectSchema, withDescriptions } from './fields/object-schema.ts';
export { DEFAULT_NAMESPACE, idBeside, idOf, parseId, shortName } from './ids.ts';
export { inputSchema, type ObjectInput } from './input-schema.ts';
export { invalidObject } from './invalid-object.ts';
export {
  type Claim,
  type Declared,
  type Deletion,
  type DriverReference,
  type IndexReader,
  type KindDefinition,
  type Reference,
  referenceKey,
  type SecretFields,
  type StatusOf,
} from './kind-definition.ts';
export type { KindColumn, KindInfo } from './kind-info.ts';
export {
  type AnyInput,
  type AnyObject,
  type InputKind,
  type InputMap,
  type Kind,
  type KindMap,
  keyOf,
  keyPrefix,
} from './kind-map.ts';
export { allKinds, KIND_DEFINITIONS, type KindTable, kindTable } from './kind-table.ts';
export type { Applied, Condition, MetaInput, ObjectMeta } from './meta.ts';
export { dnsLabel } from './meta.ts';
export type { Network as NetworkObject, NetworkInput, NetworkSpec } from './network.ts';
export type {
  AgentIdentity,
  Availability,
  Node,
  NodeInput,
  NodeSpec,
  NodeStatus,
  Taint,
} from './node.ts';
export type { PortAddress } from './port-address.ts';
export { parseCpu, parseMemory, type ResourceRequirements, type Resources } from './resources.ts';
export { runAsSchema } from './run-as.ts';
export { readField } from './selector.ts';
export type * from './server.ts';
export type {
  Dependency,
  Placement,
  ProgressState,
  RestartPolicy,
  Service,
  ServiceInput,
  ServiceProgress,
  ServiceSpec,
  ServiceStatus,
  Toleration,
  UpdatePolicy,
  UpdateState,
  UpdateStatus,
} from './service.ts';
export { shutDown } from './shut-down.ts';
export { SCHEMA_VERSION, STORE_KEYS } from './store-keys.ts';
export { taintText, untolerated } from './taint.ts';
export { type Task, type TaskSpec, type TaskStatus, taskName } from './task.ts';
export type { TaskReason } from './task-reason.ts';
export { type DesiredState, isFinal, mayMove, type TaskState } from './task-state.ts';
export type {
  HealthCheck,
  ImageCheckChanges,
  Logging,
  Mount,
  Port,
  Propagation,
  Protocol,
  Template,
  TemplateInput,
  TemplateSpec,
} from './template.ts';
export { canonicalJson, REDACTED, templateHash } from './template.ts';
export { plainData, type Validated, validateInput, validateStatus } from './validate.ts';
