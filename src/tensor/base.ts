/**
 * What every tensor has, whatever its operations: a current version in the graph, its value, its gradient.
 */
import { type DType, readElement, type TypedArray, viewAs } from '../core/dtype.js'
import { ShapeError, TraceError, ValueError } from '../core/errors.js'
import { formatShape, type Shape, sameShape, sizeOf } from '../core/shape.js'
import * as build from '../ir/build.js'
import { addGradientHook } from '../ir/gradient-hooks.js'
import type { Node } from '../ir/node.js'
import { storageOf } from '../ir/node.js'
import { type BackwardOptions, backward } from '../runtime/backward.js'
import { addCellHook } from '../runtime/cell-hooks.js'
import { boundPending, flushPending, realize } from '../runtime/realize.js'
import {
  assignCell,
  type Cell,
  countStateChange,
  gradientOf,
  isSymbolic,
  leafCells,
  peekCell,
  pendingIsHeavy,
  readCell,
  requiresGradOf,
  retainedCells,
  setGradient,
  setRequiresGrad,
  tracing,
  versionOf,
} from '../runtime/state.js'
import { lookThenYield } from '../runtime/yield.js'
import { describeValues, type TensorStatistics } from './describe.js'
import { formatTensor } from './format.js'
import { withLiterals } from './literals.js'
import type { RemovableHandle } from './removable-handle.js'
import type { Tensor } from './tensor.js'

/** Values of a tensor as nested arrays. */
export type Nested = number | boolean | Nested[]

let construct: (node: Node) => Tensor

/** Called once by `tensor.ts`: how results become tensors. */
export function setTensorFactory(factory: (node: Node) => Tensor): void {
  construct = factory
}

/** A node as a Tensor. Deep or data-heavy pending work is computed first. */
export function wrap(node: Node): Tensor {
  boundPending(node)
  return construct(node)
}

/** Throws unless `x` is a tensor: plain JavaScript has no compiler to say so. */
export function checkTensor(x: unknown): asserts x is TensorBase {
  if (x instanceof TensorBase) return
  const kind = typeof x === 'object' && x !== null ? `a value of type ${x.constructor?.name}` : String(x)
  const got = Array.isArray(x) ? 'an array' : kind
  throw new ValueError(`Expected a tensor, got ${got}. Make one of numbers with tensor(values).`)
}

export class TensorBase<S extends Shape = Shape> implements Cell {
  /** @internal */
  watched = false
  private currentVersion: Node
  private hasEscaped = true
  private currentGradient: Cell | null = null
  /** @internal */
  readonly owner: object | null

  /** @internal Tensors are made by operations and by `tensor()`, `zeros()`, …. */
  constructor(node: Node, owner: object | null = tracing) {
    this.currentVersion = node
    this.owner = owner
  }

  /** @internal */
  get version(): Node {
    return this.currentVersion
  }

  set version(version: Node) {
    if (this.watched && version !== this.currentVersion) countStateChange()
    this.currentVersion = version
  }

  /** @internal */
  get escaped(): boolean {
    return this.hasEscaped
  }

  set escaped(escaped: boolean) {
    if (this.watched && escaped !== this.hasEscaped) countStateChange()
    this.hasEscaped = escaped
  }

  /** @internal */
  get gradient(): Cell | null {
    return this.currentGradient
  }

  set gradient(gradient: Cell | null) {
    if (this.watched && gradient !== this.currentGradient) countStateChange()
    this.currentGradient = gradient
  }

  /** @internal */
  get isState(): boolean {
    return false
  }

  /** @internal The current version, captured by an expression. */
  get node(): Node {
    return readCell(this)
  }

  /** Sizes of the axes. */
  get shape(): S {
    return this.version.shape as S
  }

  get dtype(): DType {
    return this.version.dtype
  }

  /** Number of axes. */
  get rank(): number {
    return this.version.shape.length
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.version.shape)
  }

  // ---------------------------------------------------------------- values

  /**
   * The values in row-major order, as a copy. f16 and bf16 come as Float32Array, bool as Uint8Array of 0 and 1, i64 as
   * BigInt64Array. Computes what is pending; gives other tasks a turn at least every 10 ms.
   */
  async data(): Promise<TypedArray> {
    return lookThenYield(() => this.dataSync())
  }

  /** `data()` on the calling thread, on devices that can. */
  dataSync(): TypedArray {
    const { dtype, size } = this
    const raw = this.rawValues()
    if (dtype !== 'f16' && dtype !== 'bf16') return raw.slice()
    const out = new Float32Array(size)
    for (let i = 0; i < size; i++) out[i] = readElement(dtype, raw, i)
    return out
  }

  /** The value of a tensor of one element. */
  async item(): Promise<number> {
    return lookThenYield(() => this.itemSync())
  }

  /** `item()` on the calling thread, on devices that can. */
  itemSync(): number {
    if (this.size !== 1) {
      throw new ValueError(
        `item(): expected a tensor of one element, got shape ${formatShape(this.shape)}. Use data() or toArray().`,
      )
    }
    return readElement(this.dtype, this.rawValues(), 0)
  }

  /** The values as nested arrays: numbers, or booleans for bool. A 0-d tensor gives the value itself. */
  async toArray(): Promise<Nested> {
    return lookThenYield(() => this.toArraySync())
  }

  /** `toArray()` on the calling thread, on devices that can. */
  toArraySync(): Nested {
    const { dtype, shape } = this
    const raw = this.rawValues()
    let at = 0
    const level = (axis: number): Nested => {
      if (axis === shape.length) {
        const value = readElement(dtype, raw, at++)
        return dtype === 'bool' ? value !== 0 : value
      }
      return Array.from({ length: shape[axis] }, () => level(axis + 1))
    }
    return level(0)
  }

  /** The stored values; read only, valid until the next write. */
  private rawValues(): TypedArray {
    const node = peekCell(this)
    realize([node])
    const bytes = storageOf(node).bytes()
    return viewAs(node.dtype, bytes.buffer, bytes.byteOffset, this.size)
  }

  /**
   * Count, mean, standard deviation, quartiles and extremes of the finite values, and how many are NaN, infinite or 0.
   * Prints as a table: `console.log(await t.describe())`.
   */
  async describe(): Promise<TensorStatistics> {
    return describeValues(await this.data(), this.shape, this.dtype)
  }

  /**
   * The values as PyTorch prints them (`setPrintOptions` says how); computes what is pending. Where there are no values
   * yet (inside a compiled step, `vmap`, …) shape and dtype.
   */
  toString(): string {
    if (tracing !== null || this.owner !== null || (isSymbolic() && this.version.storage === null)) {
      return `Tensor(traced, shape=${formatShape(this.shape)}, dtype=${this.dtype})`
    }
    const { shape, dtype, version } = this
    const raw = this.rawValues()
    const at = (i: number): number | bigint => (dtype === 'i64' ? raw[i] : readElement(dtype, raw, i))
    const gradient = leafCells.has(version) ? 'requiresGrad=true' : `gradFn=<${version.op}>`
    return formatTensor({ shape, dtype, at, suffixes: version.requiresGrad ? [gradient] : [] })
  }

  /** What `console.log` and `util.inspect` of Node print. Never throws: a value that cannot be computed is explained. */
  [Symbol.for('nodejs.util.inspect.custom')](depth?: number): string {
    if (depth !== undefined && depth < 0) return `[Tensor ${this.dtype}${formatShape(this.shape)}]`
    try {
      return this.toString()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return `Tensor(shape=${formatShape(this.shape)}, dtype=${this.dtype}, no value: ${reason})`
    }
  }

  /** Tensors print, but `a < b` and `a * b` would be answers about text: they throw. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint !== 'number') return this.toString()
    throw new ValueError(
      'Expected a method in place of a JavaScript operator: a.lt(b) for a < b, a.mul(b) for a * b; `await t.item()` is the ' +
        'number in a tensor of one element.',
    )
  }

  // ---------------------------------------------------------------- gradients and state

  /** Whether `backward()` reaches this tensor. Settable on tensors that no operation on such a tensor made. */
  get requiresGrad(): boolean {
    return requiresGradOf(this)
  }

  set requiresGrad(flag: boolean) {
    if (
      flag &&
      this.dtype !== 'f32' &&
      this.dtype !== 'f64' &&
      this.dtype !== 'f16' &&
      this.dtype !== 'bf16'
    ) {
      throw new ValueError(`requiresGrad: only float tensors can require a gradient, got ${this.dtype}.`)
    }
    if (this.version.requiresGrad && !leafCells.has(this.version)) {
      throw new ValueError(
        'requiresGrad: can only be changed on leaf tensors. Use detach() to cut the graph.',
      )
    }
    setRequiresGrad(this, flag)
  }

  /** The gradient that `backward()` left, or null. */
  get grad(): Tensor | null {
    const gradient = gradientOf(this)
    // Whoever looks may keep it: later steps must not overwrite it.
    if (gradient !== null) gradient.escaped = true
    return gradient as Tensor | null
  }

  set grad(value: Tensor | null) {
    if (value !== null) checkTensor(value)
    if (value !== null && !sameShape(value.shape, this.shape)) {
      throw new ShapeError(
        `grad: expected the tensor's shape ${formatShape(this.shape)}, got ${formatShape(value.shape)}.`,
      )
    }
    if (value !== null) value.escaped = true
    setGradient(this, value)
  }

  /**
   * Adds the derivative of this tensor to `.grad` of every leaf with `requiresGrad`. `gradient` is the cotangent, 1 for
   * a tensor of one element. The graph is released afterwards unless `retainGraph`.
   */
  backward(gradient?: Tensor | null, options: BackwardOptions = {}): void {
    backward(this.node, gradient?.node ?? null, options, wrap)
  }

  /** Keeps the gradient of this intermediate result in `.grad` at the next `backward()`. */
  retainGrad(): void {
    retainedCells.set(this.node, this)
  }

  /**
   * Calls `hook` with the gradient of this tensor whenever reverse mode computes it (before it is added to `.grad`);
   * what the hook returns, unless undefined, takes its place. In a compiled step the hook runs when the step is traced.
   * Hooks of a leaf stay through its assigns. Throws ValueError for a tensor that requires no gradient.
   */
  registerHook(
    hook: ((gradient: Tensor) => Tensor | undefined) | ((gradient: Tensor) => void),
  ): RemovableHandle {
    const { node } = this
    if (!node.requiresGrad) {
      throw new ValueError(
        'registerHook: expected a tensor that requires a gradient, which this one does not. Set requiresGrad first.',
      )
    }
    const { shape, dtype } = node
    const run = (g: Node): Node | null => {
      const replaced = hook(wrap(g)) as Tensor | undefined
      if (replaced === undefined || replaced === null) return null
      const next = withLiterals([nodeOf(replaced)], [g])[0]!
      if (sameShape(next.shape, shape) && next.dtype === dtype) return next
      throw new ShapeError(
        `registerHook: expected the hook to return a gradient ${dtype} ${formatShape(shape)}, got ${next.dtype} ${formatShape(next.shape)}.`,
      )
    }
    const cell = leafCells.get(node)
    if (cell !== undefined && tracing !== null && cell.owner !== tracing) {
      throw new TraceError(
        'registerHook: a compiled step registered a hook on a tensor from outside, once for each trace. Register it before the step.',
      )
    }
    const remove = cell === undefined ? addGradientHook(node, run) : addCellHook(cell, run)
    return { remove }
  }

  /** The same values with no gradient. */
  detach(): Tensor {
    const { node } = this
    return wrap(node.storage !== null ? versionOf(node, false) : build.stopGradient(node))
  }

  /**
   * Makes `value` the next version of this tensor. Expressions built before keep the old one. Shape and dtype must match.
   * No gradient flows into the assigned value.
   */
  assign(value: TensorBase): void {
    checkTensor(value)
    if (!sameShape(value.shape, this.shape)) {
      throw new ShapeError(
        `assign: expected shape ${formatShape(this.shape)}, got ${formatShape(value.shape)}.`,
      )
    }
    if (value.dtype !== this.dtype) {
      throw new ShapeError(
        `assign: expected dtype ${this.dtype}, got ${value.dtype}. Cast first, with to('${this.dtype}').`,
      )
    }
    const node = value.node
    boundPending(node)
    assignCell(this, node)
    if (pendingIsHeavy()) flushPending()
  }
}

/** A number or a tensor, as operations take them. */
export type Operand = TensorBase | number

/** The node of what must be a tensor. */
export function nodeOf(x: TensorBase): Node {
  checkTensor(x)
  return x.node
}

/** What node-level operations take. */
export const operand = (x: Operand): Node | number => (typeof x === 'number' ? x : nodeOf(x))
