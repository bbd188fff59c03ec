/**
 * Methods of Tensor that choose elements: NumPy's x[…], masks, positions of what is not 0. Wrappers over
 * `ops/advanced-indexing` and `ops/masking`.
 */
import type { Shape } from '../core/shape.js'
import type { Node } from '../ir/node.js'
import * as ops from '../ops/advanced-indexing.js'
import * as masking from '../ops/masking.js'
import { nodeOf, type Operand, operand, type TensorBase, wrap } from './base.js'
import { lookAt, lookThen } from './data-dependent.js'
import { type IndexArgument, indexItems } from './index-argument.js'
import type { At, AtResult } from './index-shapes.js'
import { OrderingMethods } from './ordering-methods.js'
import type { Fits } from './shape-types.js'
import type { Tensor } from './tensor.js'

const insteadOfNonzero = 'Use nonzeroStatic(size), which pads, or keep the mask and use where().'
const insteadOfSelect = 'Use where() or maskedFill(), multiply by the mask, or nonzeroStatic() with take().'

const positions = (operation: string, x: Node): Promise<Tensor> =>
  lookThen(operation, insteadOfNonzero, masking.nonzeroCount(x), (count) =>
    wrap(masking.nonzeroStatic(x, count)),
  )

export class SelectionMethods<S extends Shape = Shape> extends OrderingMethods<S> {
  /**
   * NumPy's x[…]: `x.at(0, '1:-1', '...', null, mask)`. Integers drop their axis, ranges ('1:-1:2', or `slice(1, -1, 2)`)
   * cut it, '...' stands for the axes that are not named, null makes an axis of size 1. Integer tensors and lists, and
   * masks (bool tensors), pick elements as in NumPy: they broadcast together, and the axes of their common shape come
   * in their place if they stand side by side, else in front. An integer beside them counts as one of them (PyTorch
   * applies it first).
   *
   * A position out of range is an error: at once where it is a number, when the program runs where it is in a tensor.
   * A mask has to be looked at, on the calling thread; inside `compile` and `vmap` it is an error that says what to use.
   */
  at<A extends Shape, const I extends readonly IndexArgument[]>(
    this: TensorBase<A> & Fits<AtResult<A, I>>,
    ...indices: I
  ): Tensor<At<A, I>> {
    return wrap(ops.indexAs('at', this.node, indexItems('at', indices, true))) as Tensor<At<A, I>>
  }

  /**
   * NumPy's x[…] = values as a new tensor: `x.assign(x.indexPut([0, '1:'], values))`. The indices are those of `at`,
   * values (a number or a tensor of the same dtype) broadcast to the shape of `x.at(...indices)`. With `accumulate`
   * the values are added, those that meet at one place too; otherwise the last one stays. A mask is only looked at if
   * the values differ from one of its elements to the next.
   */
  indexPut(indices: readonly IndexArgument[], values: Operand, options?: ops.IndexPutOptions): Tensor<S> {
    const [x, given] = [this.node, operand(values)]
    const items = indexItems('indexPut', indices, false)
    const needed = ops.putNeedsCount(x.shape, items, typeof given === 'number' ? [] : given.shape)
    const known = needed ? indexItems('indexPut', indices, true) : items
    return wrap(ops.indexPut(x, known, given, options)) as Tensor<S>
  }

  // ---------------------------------------------------------------- masks

  /** `value` where the mask is true, this elsewhere. */
  maskedFill(mask: TensorBase, value: Operand): Tensor<S> {
    return wrap(masking.maskedFill(this.node, nodeOf(mask), operand(value))) as Tensor<S>
  }

  /** This tensor with the elements of `source`, in row-major order, where the mask is true. */
  maskedScatter(mask: TensorBase, source: TensorBase): Tensor<S> {
    return wrap(masking.maskedScatter(this.node, nodeOf(mask), nodeOf(source))) as Tensor<S>
  }

  /**
   * The elements where the mask is true, 1-d, in row-major order; both broadcast. The size depends on data: not inside
   * `compile` or `vmap`.
   */
  maskedSelect(mask: TensorBase): Promise<Tensor> {
    const [x, chosen] = masking.maskPair('maskedSelect', this.node, nodeOf(mask))
    return lookThen('maskedSelect', insteadOfSelect, masking.nonzeroCount(chosen), (count) =>
      wrap(masking.maskedSelect(x, chosen, count)),
    )
  }

  /** `maskedSelect()` on the calling thread, on devices that can. */
  maskedSelectSync(mask: TensorBase): Tensor {
    const [x, chosen] = masking.maskPair('maskedSelect', this.node, nodeOf(mask))
    const count = lookAt('maskedSelect', insteadOfSelect, masking.nonzeroCount(chosen))
    return wrap(masking.maskedSelect(x, chosen, count))
  }

  // ---------------------------------------------------------------- positions

  /**
   * The positions of the elements that are not 0, as rows (n, rank), i64, in row-major order. The size depends on data:
   * not inside `compile` or `vmap`, where `nonzeroStatic` is.
   */
  nonzero(): Promise<Tensor> {
    return positions('nonzero', this.node)
  }

  /** `nonzero()` on the calling thread, on devices that can. */
  nonzeroSync(): Tensor {
    const { node } = this
    const count = lookAt('nonzero', insteadOfNonzero, masking.nonzeroCount(node))
    return wrap(masking.nonzeroStatic(node, count))
  }

  /** The same as `nonzero`. */
  argwhere(): Promise<Tensor> {
    return positions('argwhere', this.node)
  }

  /**
   * The positions of the first `size` elements that are not 0, as rows (size, rank), i64; rows that are left over hold
   * `fillValue` (default -1). Works everywhere, since its size is known.
   */
  nonzeroStatic(size: number, { fillValue }: { readonly fillValue?: number } = {}): Tensor {
    return wrap(masking.nonzeroStatic(this.node, size, fillValue))
  }
}
