import { type AnyProcedure, type ContractMap, isProcedure, type ProcedureTree } from "../contract/index.ts";
import type { CallOptions } from "../define/handler-context.ts";
import type { Principal } from "../kernel/principal.ts";
import type { Scope } from "../kernel/scope.ts";

/** The origin of calls that are made from a handler's context for a given principal. */
export class ContextOrigin implements CallOrigin {
  readonly callPrincipal: Principal;
  readonly #ctx: CallOrigin;

  constructor(ctx: CallOrigin, principal: Principal) {
    this.#ctx = ctx;
    this.callPrincipal = principal;
  }

  get scope(): Scope {
    return this.#ctx.scope;
  }

  get contextName(): string {
    return this.#ctx.contextName;
  }

  get insideTransaction(): boolean {
    return this.#ctx.insideTransaction;
  }

  get monotonicMs(): () => number {
    return this.#ctx.monotonicMs;
  }
}

/** Where a call comes from: a running handler, which calls for its caller or as the system of its own context. */
export interface CallOrigin {
  readonly scope: Scope;
  readonly callPrincipal: Principal;
  /** Name of the calling context. */
  readonly contextName: string;
  readonly insideTransaction: boolean;
  readonly monotonicMs: () => number;
}

/** A procedure of another context, bound to the process in which it runs. */
export type BoundCall = (origin: CallOrigin, input: unknown, options: CallOptions | undefined) => Promise<unknown> | AsyncIterable<unknown>;

/** Makes `ctx.call` for one origin. It costs one small object; the object of a group is made when the group is read. */
export type CallTreeFactory = (origin: CallOrigin) => object;

/** Makes the function behind one procedure of a tree. */
export type BindCall = (contextName: string, path: string, procedure: AnyProcedure) => BoundCall;

const ORIGIN = Symbol("origin");

interface Group {
  readonly [ORIGIN]: CallOrigin;
}

type GroupClass = new (origin: CallOrigin) => Group;
type Member = { readonly group: GroupClass } | { readonly call: BoundCall };

/** Compiles `ctx.call` at start to classes with one member for each procedure, so that a call needs no proxy. */
export function compileCallTree(calls: ContractMap, bind: BindCall): CallTreeFactory {
  const contexts = Object.entries(calls).map(([alias, { name, procedures }]): [string, Member] => [
    alias,
    { group: compileGroup(membersOf(procedures, name, (path, procedure) => bind(name, path, procedure))) },
  ]);
  const Root = compileGroup(contexts);
  return (origin) => new Root(origin);
}

function* membersOf(tree: ProcedureTree, prefix: string, bind: (path: string, procedure: AnyProcedure) => BoundCall): Generator<[string, Member]> {
  for (const [name, node] of Object.entries(tree)) {
    const path = `${prefix}.${name}`;
    yield [name, isProcedure(node) ? { call: bind(path, node) } : { group: compileGroup(membersOf(node, path, bind)) }];
  }
}

function compileGroup(members: Iterable<[string, Member]>): GroupClass {
  const CallGroup = class implements Group {
    readonly [ORIGIN]: CallOrigin;
    constructor(origin: CallOrigin) {
      this[ORIGIN] = origin;
    }
  };
  for (const [name, member] of members) {
    Object.defineProperty(CallGroup.prototype, name, "group" in member ? groupProperty(member.group) : callProperty(member.call));
  }
  return CallGroup;
}

function groupProperty(Child: GroupClass): PropertyDescriptor {
  return {
    enumerable: true,
    get(this: Group) {
      return new Child(this[ORIGIN]);
    },
  };
}

/** A function that needs no `this`. Like a function of tRPC, it may be taken off its group and passed on. */
function callProperty(call: BoundCall): PropertyDescriptor {
  return {
    enumerable: true,
    get(this: Group) {
      const origin = this[ORIGIN];
      return (input: unknown, options?: CallOptions) => call(origin, input, options);
    },
  };
}
