/**
 * `Module`: the base of layers and networks. Parameters, buffers and sub-modules are the properties of the instance;
 * nothing is registered.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, type Shape, sameShape } from '../core/shape.js'
import { zeros } from '../tensor/creation.js'
import { noGrad } from '../tensor/grad-mode.js'
import { countModuleHooks } from '../tensor/module-hook-version.js'
import { changed, observeCounted, overwrite } from '../tensor/observe.js'
import { Buffer, Parameter } from '../tensor/parameter.js'
import type { RemovableHandle } from '../tensor/removable-handle.js'
import { Tensor } from '../tensor/tensor.js'
import { type Gradients, ModuleHooks } from './module-hooks.js'
import { guardProperty } from './state-guard.js'
import { stateName } from './state-name.js'
import { summarize } from './summary.js'

/** What runs before a module's `forward`; a result that is not undefined replaces the inputs. */
export type ForwardPreHook = (module: Module, inputs: readonly unknown[]) => unknown

/** What runs after a module's `forward`; a result that is not undefined replaces the output. */
export type ForwardHook = (module: Module, inputs: readonly unknown[], output: unknown) => unknown

/** What runs when the gradients of a module's outputs are known; a list that it returns replaces them. */
export type BackwardPreHook =
  | ((module: Module, gradOutputs: Gradients) => Gradients | undefined)
  | ((module: Module, gradOutputs: Gradients) => void)

/** What runs when the gradients of a module's inputs are known; a list that it returns replaces them. */
export type BackwardHook =
  | ((module: Module, gradInputs: Gradients, gradOutputs: Gradients) => Gradients | undefined)
  | ((module: Module, gradInputs: Gradients, gradOutputs: Gradients) => void)

/** Named tensors: what `stateDict` gives and `loadStateDict` takes. */
export type StateDict = Record<string, Tensor>

export interface LoadOptions {
  /** Missing and unexpected keys are errors (default true). Mismatched shapes always are. */
  readonly strict?: boolean
}

export interface LoadResult {
  readonly missingKeys: string[]
  readonly unexpectedKeys: string[]
}

/** A module from one tensor to one tensor: what `Sequential` takes. */
export type TensorModule = Module & { forward(x: Tensor): Tensor }

type Member = Parameter | Buffer | Module

const isMember = (value: unknown): value is Member =>
  value instanceof Parameter || value instanceof Buffer || value instanceof Module

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** The members below one property, arrays and plain objects opened: `layers` → `layers.0`, `layers.1`, … */
function* membersOf(value: unknown, name: string): Generator<[string, Member]> {
  if (isMember(value)) yield [name, value]
  else if (Array.isArray(value))
    for (let i = 0; i < value.length; i++) yield* membersOf(value[i], `${name}.${i}`)
  else if (isPlainObject(value))
    for (const key of Object.keys(value)) yield* membersOf(value[key], `${name}.${key}`)
}

/**
 * The base of every layer and network. A subclass sets its `Parameter`s, `Buffer`s and sub-modules (also in arrays and
 * plain objects) as public properties and defines `forward`; call it as `model.forward(x)`.
 *
 * Names are PyTorch's: the camelCase property `runningMean` has the key `running_mean` (see `stateName`), and a
 * member of an array has its position as its name (`layers.0.weight`). Properties named `#x` are not looked at.
 */
export abstract class Module {
  #training = true
  #hooks: ModuleHooks | null = null

  abstract forward(...inputs: never[]): unknown

  /** Training mode (default true): dropout drops and batch norm uses the batch. Set with `train()` and `eval()`. */
  get training(): boolean {
    observeCounted(this, 'training', this.#training, () => this.#training)
    return this.#training
  }

  #setTraining(mode: boolean): void {
    if (this.#training === mode) return
    this.#training = mode
    changed()
  }

  /** The parts of keys of buffers that `stateDict` leaves out. */
  protected nonPersistentBuffers(): readonly string[] {
    return []
  }

  /** What stands between the brackets of `toString()`. */
  protected describe(): string {
    return ''
  }

  /**
   * Puts a guard before each property that holds a Parameter or a Buffer: a plain tensor assigned to it would silently
   * take its place and be trained and saved no more. Layers call it at the end of their constructors; for other modules
   * it runs when their parameters are first asked for.
   */
  protected guardState(): void {
    for (const key of Object.keys(this)) guardProperty(this, key)
  }

  *#members(): Generator<[string, Member]> {
    const self = this as unknown as Record<string, unknown>
    this.guardState()
    for (const key of Object.keys(this)) yield* membersOf(self[key], stateName(key))
  }

  /** The direct sub-modules with their names. */
  namedChildren(): [string, Module][] {
    const list: [string, Module][] = []
    for (const [name, member] of this.#members()) if (member instanceof Module) list.push([name, member])
    return list
  }

  /** The direct sub-modules. */
  children(): Module[] {
    return this.namedChildren().map(([, child]) => child)
  }

  /** This module (named by `prefix`) and all below it, each once, in PyTorch's order. */
  namedModules(prefix = ''): [string, Module][] {
    const list: [string, Module][] = []
    const seen = new Set<Module>()
    const visit = (name: string, module: Module): void => {
      if (seen.has(module)) return
      seen.add(module)
      list.push([name, module])
      for (const [key, child] of module.namedChildren()) visit(name ? `${name}.${key}` : key, child)
    }
    visit(prefix, this)
    return list
  }

  /** This module and all below it. */
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module)
  }

  #named<T extends Member>(kind: abstract new (...args: never[]) => T): [string, T][] {
    const list: [string, T][] = []
    const seen = new Set<Member>()
    for (const [path, module] of this.namedModules()) {
      for (const [name, member] of module.#members()) {
        if (!(member instanceof kind) || seen.has(member)) continue
        seen.add(member)
        list.push([path ? `${path}.${name}` : name, member])
      }
    }
    return list
  }

  /** Every parameter once (tied weights under their first name), with its state-dict key. */
  namedParameters(): [string, Parameter][] {
    return this.#named(Parameter)
  }

  /** Every parameter once. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter)
  }

  /** Every buffer once, with its state-dict key. */
  namedBuffers(): [string, Buffer][] {
    return this.#named(Buffer)
  }

  /** Every buffer once. */
  buffers(): Buffer[] {
    return this.namedBuffers().map(([, buffer]) => buffer)
  }

  /** Training mode on (or off) for this module and all below it. */
  train(mode = true): this {
    for (const module of this.modules()) {
      const set = (): void => module.#setTraining(mode)
      set()
      overwrite(module, 'training', set)
    }
    return this
  }

  /** Evaluation mode for this module and all below it: `train(false)`. */
  eval(): this {
    return this.train(false)
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.grad = null
  }

  /** Whether the parameters take gradients; `model.requiresGrad_(false)` freezes. */
  requiresGrad_(flag = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = flag
    return this
  }

  /** Calls `fn` on every module, children first, and returns this: for initialisation. */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children()) child.apply(fn)
    fn(this)
    return this
  }

  /** The state cells by key, tied ones under each of their names, in PyTorch's order. */
  #state(prefix = '', into = new Map<string, Parameter | Buffer>()): Map<string, Parameter | Buffer> {
    const members = [...this.#members()]
    const hidden = new Set(this.nonPersistentBuffers())
    const key = (name: string): string => (prefix ? `${prefix}.${name}` : name)
    for (const kind of [Parameter, Buffer]) {
      for (const [name, member] of members) {
        if (member instanceof kind && !(member instanceof Buffer && hidden.has(name)))
          into.set(key(name), member)
      }
    }
    for (const [name, member] of members) if (member instanceof Module) member.#state(key(name), into)
    return into
  }

  /**
   * All parameters and buffers by key, with the names, shapes and order of PyTorch's `state_dict()`. The tensors are
   * snapshots: training on does not change them.
   */
  stateDict(): StateDict {
    const dict: StateDict = {}
    for (const [key, cell] of this.#state()) dict[key] = cell.detach()
    return dict
  }

  /**
   * Takes the values of a state dict, cast to the dtype of each parameter. Throws `ValueError` for missing and
   * unexpected keys (unless `strict` is false) and `ShapeError` for shapes that differ; then nothing is loaded.
   */
  loadStateDict(dict: Readonly<Record<string, Tensor>>, { strict = true }: LoadOptions = {}): LoadResult {
    const state = this.#state()
    for (const [key, value] of Object.entries(dict ?? {})) {
      if (!(value instanceof Tensor)) {
        throw new ValueError(
          `loadStateDict: expected a tensor at '${key}'. Make one with tensor(values, { shape }).`,
        )
      }
    }
    const missingKeys = [...state.keys()].filter((key) => !Object.hasOwn(dict, key))
    const unexpectedKeys = Object.keys(dict).filter((key) => !state.has(key))
    const problems: string[] = []
    if (strict && missingKeys.length > 0) problems.push(`missing keys: ${missingKeys.join(', ')}`)
    if (strict && unexpectedKeys.length > 0) problems.push(`unexpected keys: ${unexpectedKeys.join(', ')}`)
    const misfits: string[] = []
    for (const [key, cell] of state) {
      if (!Object.hasOwn(dict, key) || sameShape(dict[key].shape, cell.shape)) continue
      misfits.push(`${key} (expected ${formatShape(cell.shape)}, got ${formatShape(dict[key].shape)})`)
    }
    if (misfits.length > 0) problems.push(`shapes that differ: ${misfits.join(', ')}`)
    if (problems.length > 0) {
      const Problem = misfits.length > 0 ? ShapeError : ValueError
      throw new Problem(
        `loadStateDict of ${this.constructor.name}: expected the keys and shapes of its stateDict(); ` +
          `${problems.join('; ')}. Nothing was loaded. ` +
          (misfits.length > 0
            ? 'Build the model with the sizes of the checkpoint.'
            : 'Rename the keys, or pass { strict: false } to load what fits.'),
      )
    }
    noGrad(() => {
      for (const [key, cell] of state) {
        if (Object.hasOwn(dict, key)) cell.assign(dict[key].detach().to(cell.dtype))
      }
    })
    return { missingKeys, unexpectedKeys }
  }

  /**
   * Runs `hook(module, inputs)` before each `forward` of this module; what it returns, if anything, replaces the inputs
   * (a list, or the only input). Hooks run in the order in which they came. In a compiled step they run while it is
   * traced, and a change of hooks means another trace.
   */
  registerForwardPreHook(hook: ForwardPreHook): RemovableHandle {
    return this.#addHook((hooks) => hooks.pre, hook)
  }

  /**
   * Runs `hook(module, inputs, output)` after each `forward` of this module; what it returns, if anything, replaces
   * the output.
   */
  registerForwardHook(hook: ForwardHook): RemovableHandle {
    return this.#addHook((hooks) => hooks.forward, hook)
  }

  /**
   * Runs `hook(module, gradOutputs)` when the gradients of this module's outputs are known in reverse mode; a list that it
   * returns replaces them.
   */
  registerFullBackwardPreHook(hook: BackwardPreHook): RemovableHandle {
    return this.#addHook((hooks) => hooks.backwardPre, hook)
  }

  /**
   * Runs `hook(module, gradInputs, gradOutputs)` when the gradients of this module's inputs are known in reverse mode
   * (null for inputs without one); a list that it returns replaces them.
   */
  registerFullBackwardHook(hook: BackwardHook): RemovableHandle {
    return this.#addHook((hooks) => hooks.backward, hook)
  }

  #addHook<H>(listOf: (hooks: ModuleHooks) => Set<{ hook: H }>, hook: H): RemovableHandle {
    this.#hooks ??= new ModuleHooks()
    const hooks = this.#hooks
    if (hooks.size === 0) this.#interceptForward(hooks)
    const list = listOf(hooks)
    const entry = { hook }
    list.add(entry)
    countModuleHooks(1)
    return {
      remove: () => {
        if (!list.delete(entry)) return
        countModuleHooks(-1)
        if (hooks.size === 0) delete (this as { forward?: unknown }).forward
      },
    }
  }

  /** Puts an own `forward` before the class's, so that modules without hooks pay nothing. */
  #interceptForward(hooks: ModuleHooks): void {
    const forward = Object.getPrototypeOf(this).forward as (...inputs: unknown[]) => unknown
    const value = (...inputs: unknown[]): unknown =>
      hooks.run(this, inputs, (...given) => forward.apply(this, given))
    Object.defineProperty(this, 'forward', { value, configurable: true, enumerable: false })
  }

  /** The tree of modules, one a line, as PyTorch prints it. */
  toString(): string {
    const children = this.namedChildren()
    if (children.length === 0) return `${this.constructor.name}(${this.describe()})`
    const lines = children.map(([name, child]) => `  (${name}): ${child.toString().replaceAll('\n', '\n  ')}`)
    return `${this.constructor.name}(\n${lines.join('\n')}\n)`
  }

  /**
   * A table of the modules with their output shapes and parameter counts, for inputs of these shapes (batch axis
   * included), or for these tensors. Nothing is computed: shapes are known from the graph. The mode does not matter.
   */
  summary(...inputs: readonly (Shape | Tensor)[]): string {
    const modules = this.modules()
    const modes = modules.map((module) => module.#training)
    const forward = (): unknown =>
      (this.forward as (...args: Tensor[]) => unknown)(
        ...inputs.map((x) => (x instanceof Tensor ? x : zeros(x))),
      )
    try {
      this.eval()
      return summarize(this, () => noGrad(forward))
    } finally {
      modules.forEach((module, i) => {
        module.#setTraining(modes[i])
      })
    }
  }
}
