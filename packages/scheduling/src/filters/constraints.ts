import type { TaskGroup } from '@gantry/core/contracts';
import { type Constraint, nodeField, type ParseProblem, parseConstraint } from '@gantry/core/model';
import { listed } from '../amounts.ts';
import type { ClusterState, FieldColumn, NodeState } from '../cluster-state.ts';
import type { GroupFilter, PreparedFilter, Rejection } from '../filter.ts';

/** Only nodes that satisfy every placement constraint of the service. */
export const constraints: GroupFilter = Object.freeze({
  name: 'constraints',
  shape: ({ placement }: TaskGroup) => JSON.stringify(placement.constraints),
  prepare({ placement }: TaskGroup, cluster: ClusterState): PreparedFilter | undefined {
    if (placement.constraints.length === 0) return undefined;
    const wanted: Wanted[] = [];
    for (const text of placement.constraints) {
      const parsed = parseConstraint(text);
      if ('message' in parsed) return neverSatisfied(text, parsed);
      const column = cluster.field(fieldOf(parsed));
      wanted.push({ parsed, column, code: column.codeOf(parsed.value), equal: parsed.operator === '==' });
    }
    return {
      check: (node) => (holds(wanted, node) ? undefined : new Mismatch(wanted, node)),
      room: (node) => (holds(wanted, node) ? Number.POSITIVE_INFINITY : 0),
    };
  },
});

interface Wanted {
  readonly parsed: Constraint;
  readonly column: FieldColumn;
  readonly code: number;
  readonly equal: boolean;
}

function holds(wanted: readonly Wanted[], node: NodeState): boolean {
  for (const one of wanted) if (!isMet(one, node)) return false;
  return true;
}

function isMet({ column, code, equal }: Wanted, node: NodeState): boolean {
  return (column.codes[node.index] === code) === equal;
}

class Mismatch implements Rejection {
  readonly code = 'ConstraintMismatch';
  readonly #wanted: readonly Wanted[];
  readonly #node: NodeState;

  constructor(wanted: readonly Wanted[], node: NodeState) {
    this.#wanted = wanted;
    this.#node = node;
  }

  get #unmet(): readonly Constraint[] {
    return this.#wanted.filter((one) => !isMet(one, this.#node)).map(({ parsed }) => parsed);
  }

  get miss(): number {
    return this.#wanted.length === 1 ? 1 : this.#unmet.length;
  }

  get message(): string {
    return `${this.#node.name} ${this.#words}`;
  }

  /** With a single constraint, no node is nearer than another. */
  get lack(): string | undefined {
    return this.#wanted.length === 1 ? undefined : this.#words;
  }

  get #words(): string {
    const has = (constraint: Constraint) => nodeField(this.#node, constraint) ?? 'not set';
    const parts = this.#unmet.map((constraint) => `${constraint.text} (it is ${has(constraint)})`);
    return `does not satisfy ${listed(parts)}`;
  }

  get remedy(): string {
    return listed([...new Set(this.#unmet.map(remedyFor))]);
  }

  get reason(): readonly [string, string] {
    const texts = listed(this.#wanted.map(({ parsed }) => parsed.text));
    return [`does not satisfy ${texts}`, `do not satisfy ${texts}`];
  }
}

function remedyFor({ source, key, operator, value, text }: Constraint): string {
  if (source === 'label') {
    return operator === '=='
      ? `label a node with ${key}=${value}`
      : `give a node another ${key} than ${value}`;
  }
  const what = source === 'name' ? 'named' : `with ${key}`;
  const wanted = operator === '==' ? value : `other than ${value}`;
  return `add or free a node ${what} ${wanted}, or drop the constraint ${text}`;
}

/** The field of a constraint, as `parseNodeField` reads it. */
function fieldOf({ source, key }: Constraint): string {
  return source === 'name' ? 'node.name' : `node.${source}s.${key}`;
}

function neverSatisfied(text: string, problem: ParseProblem): PreparedFilter {
  const message = `the constraint "${text}" cannot be read: ${problem.message} at position ${problem.position}`;
  const rejection: Rejection = {
    code: 'ConstraintInvalid',
    message,
    miss: Number.POSITIVE_INFINITY,
    remedy: `correct the constraint "${text}"`,
    reason: [
      `cannot satisfy "${text}", which cannot be read`,
      `cannot satisfy "${text}", which cannot be read`,
    ],
  };
  return { check: () => rejection, room: () => 0 };
}
