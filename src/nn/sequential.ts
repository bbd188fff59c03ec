/**
 * Layers one after the other.
 */
import { ValueError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import type { BaseRule, ChainRule, ChainShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module, type TensorModule } from './module.js'

/**
 * Feeds each module's output to the next. State-dict keys are the positions (`0.weight`), or the names when built
 * from an object: `new Sequential({ conv: new Conv2d(1, 6, 5), act: new ReLU() })`.
 */
export class Sequential<const L extends readonly TensorModule[] = readonly TensorModule[]> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: ChainRule<L> | BaseRule): void

  constructor(...modules: L)
  constructor(modules: Readonly<Record<string, TensorModule>>)
  constructor(...modules: readonly (TensorModule | Readonly<Record<string, TensorModule>>)[]) {
    super()
    const [first] = modules
    const isRecord = modules.length === 1 && typeof first === 'object' && !(first instanceof Module)
    const named = Object.entries(isRecord && first !== null ? first : modules)
    for (const [name, module] of named) this.#add(name, module)
  }

  #add(name: string, module: unknown): void {
    if (!(module instanceof Module)) {
      throw new ValueError(`Sequential: expected a Module at '${name}', got ${describeValue(module)}.`)
    }
    if (name in this)
      throw new ValueError(`Sequential: expected a name that is free, got '${name}'. Choose another.`)
    Object.defineProperty(this, name, { value: module, enumerable: true, writable: true, configurable: true })
  }

  /** Number of layers. */
  get length(): number {
    return this.children().length
  }

  /** Layer `i`; negative counts from the end. */
  at(i: number): TensorModule | undefined {
    return this.children().at(i) as TensorModule | undefined
  }

  /** Adds a layer at the end and returns this, typed without the shapes, which it changes. */
  append(module: TensorModule): Sequential {
    this.#add(String(this.length), module)
    return this as unknown as Sequential
  }

  *[Symbol.iterator](): Generator<TensorModule> {
    for (const child of this.children()) yield child as TensorModule
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ChainShape<S, L>>,
  ): Tensor<ShapeOr<ChainShape<S, L>>> {
    let y: Tensor = x
    for (const layer of this) y = layer.forward(y)
    return y as Tensor<ShapeOr<ChainShape<S, L>>>
  }
}

const describeValue = (value: unknown): string =>
  typeof value === 'object' && value !== null ? `a ${value.constructor?.name ?? 'object'}` : String(value)

/** `new Sequential(…)` in short. */
export const sequential = <const L extends readonly TensorModule[]>(...modules: L): Sequential<L> =>
  new Sequential<L>(...modules)
