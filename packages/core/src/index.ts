export type * from './api/cluster-api.ts';
export { selects } from './api/select.ts';
export { conditionHolds, waitedTooLong } from './api/wait.ts';
export type { CloudEvent } from './cloud-event.ts';
export type * from './contracts/admission.ts';
export type * from './contracts/bus.ts';
export type * from './contracts/clock.ts';
export type * from './contracts/controller.ts';
export type * from './contracts/event-recorder.ts';
export type * from './contracts/leadership.ts';
export type * from './contracts/load-balancer.ts';
export type * from './contracts/logger.ts';
export type * from './contracts/network.ts';
export type * from './contracts/placement-advisor.ts';
export type * from './contracts/random.ts';
export type * from './contracts/runtime.ts';
export type * from './contracts/scheduler.ts';
export type * from './contracts/servers.ts';
export type * from './contracts/store.ts';
export type { Agent, ClusterInfo, Component, MachineInfo, NodeInfo } from './contracts/tokens.ts';
export { contracts } from './contracts/tokens.ts';
export type * from './contracts/views.ts';
export type * from './contracts/writer.ts';
export { counted } from './counted.ts';
export {
  aborted,
  ERROR_CODES,
  type ErrorCode,
  GantryError,
  type GantryErrorOptions,
  type Issue,
  isGantryError,
  isShortage,
  throwIfAborted,
  toGantryError,
  unlessAborted,
} from './errors.ts';
export {
  type Constraint,
  nodeField,
  type ParseProblem,
  parseConstraint,
  parseNodeField,
  satisfies,
} from './model/constraint.ts';
export { CORE_KINDS } from './model/core-kinds.ts';
export type * from './model/event.ts';
export type * from './model/explanation.ts';
export { type Feature, featuresOfNode, featuresOfTemplate, featureText } from './model/features.ts';
export { DEFAULT_NAMESPACE, idBeside, idOf, parseId, randomId, shortName } from './model/ids.ts';
export { inputSchema, type ObjectInput } from './model/input-schema.ts';
export { invalidObject } from './model/invalid-object.ts';
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
} from './model/kind-definition.ts';
export type { KindColumn, KindInfo } from './model/kind-info.ts';
export {
  type AnyInput,
  type AnyObject,
  type InputKind,
  type InputMap,
  type Kind,
  type KindMap,
  keyOf,
  keyPrefix,
} from './model/kind-map.ts';
export { allKinds, KIND_DEFINITIONS, type KindTable, kindTable } from './model/kind-table.ts';
export type { Applied, Condition, MetaInput, ObjectMeta } from './model/meta.ts';
export { dnsLabel } from './model/meta.ts';
export type { Network as NetworkObject, NetworkInput, NetworkSpec } from './model/network.ts';
export { networkName } from './model/network.ts';
export type {
  AgentIdentity,
  Availability,
  Node,
  NodeInput,
  NodeSpec,
  NodeStatus,
  Taint,
} from './model/node.ts';
export { parseCpu, parseMemory, type ResourceRequirements, type Resources } from './model/resources.ts';
export { runAsSchema } from './model/run-as.ts';
export { parseSelector, readField, type Selector } from './model/selector.ts';
export type * from './model/server.ts';
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
} from './model/service.ts';
export { shutDown } from './model/shut-down.ts';
export { taintText, untolerated } from './model/taint.ts';
export { type Task, type TaskSpec, type TaskStatus, taskName } from './model/task.ts';
export type { TaskReason } from './model/task-reason.ts';
export { type DesiredState, isFinal, mayMove, TASK_STATES, type TaskState } from './model/task-state.ts';
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
} from './model/template.ts';
export { canonicalJson, REDACTED, templateHash } from './model/template.ts';
export { plainData, type Validated, validateInput, validateStatus } from './model/validate.ts';
export {
  definePlugin,
  type Lifecycle,
  type Needs,
  type Plugin,
  type PluginDefinition,
  pathOf,
  provide,
  type Resolved,
} from './plugin.ts';
export * from './protocol.ts';
export { checkSender, knownStatus, messages } from './protocol-checks.ts';
export type { StandardResult, StandardSchema } from './standard-schema.ts';
export { SCHEMA_VERSION, STORE_KEYS } from './store-keys.ts';
export {
  type AnyToken,
  contract,
  contractMany,
  type Provided,
  type Token,
  type TokenOptions,
  type TokenScope,
} from './token.ts';
export { VERSION } from './version.ts';
