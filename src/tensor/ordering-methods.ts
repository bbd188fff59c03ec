/** Methods of Tensor that sort, search and find what is distinct: wrappers over `ops/sorting`, `searching`, `unique`. */
import type { Shape } from '../core/shape.js'
import type { ValuesAndIndices } from '../ops/reductions.js'
import * as searching from '../ops/searching.js'
import * as sorting from '../ops/sorting.js'
import * as distinct from '../ops/unique.js'
import { nodeOf, type TensorBase, wrap } from './base.js'
import { lookAt, lookThen } from './data-dependent.js'
import { IndexingMethods } from './indexing-methods.js'
import type { Tensor } from './tensor.js'

const both = ({ values, indices }: ValuesAndIndices): { values: Tensor; indices: Tensor } => ({
  values: wrap(values),
  indices: wrap(indices),
})

export interface UniqueOptions {
  /** Distinct slices along this axis instead of elements. */
  readonly axis?: number | null
}

export interface Unique {
  /** What is distinct. */
  readonly values: Tensor
  /** For each element (or slice) where its equal is among the values, i64. */
  readonly inverse: Tensor
  /** How often each of the values occurs, i64. */
  readonly counts: Tensor
}

const insteadOfUnique = 'Use sort() there, or find the distinct values before.'

function finish(plan: distinct.UniquePlan, count: number): Unique {
  const { values, inverse, counts } = plan.finish(count)
  return { values: wrap(values), inverse: wrap(inverse), counts: wrap(counts) }
}

const finishLater = (operation: string, plan: distinct.UniquePlan): Promise<Unique> =>
  lookThen(operation, insteadOfUnique, plan.count, (count) => finish(plan, count))

const finishNow = (operation: string, plan: distinct.UniquePlan): Unique =>
  finish(plan, lookAt(operation, insteadOfUnique, plan.count))

export class OrderingMethods<S extends Shape = Shape> extends IndexingMethods<S> {
  /** The elements in order along an axis (stable, NaN last), and where they were (i64). */
  sort(options?: sorting.SortOptions): { values: Tensor; indices: Tensor } {
    return both(sorting.sort(this.node, options))
  }

  /** The indices that put the elements in order along an axis (stable). */
  argsort(options?: sorting.SortOptions): Tensor<S> {
    return wrap(sorting.argsort(this.node, options)) as Tensor<S>
  }

  /** The elements in order along axis 0. */
  msort(): Tensor<S> {
    return wrap(sorting.msort(this.node)) as Tensor<S>
  }

  /** The k largest (or smallest) elements along an axis, in order, and their indices. */
  topk(k: number, options?: sorting.TopkOptions): { values: Tensor; indices: Tensor } {
    return both(sorting.topk(this.node, k, options))
  }

  /** The k-th smallest element along an axis (k from 1), and its index. */
  kthvalue(k: number, options?: sorting.KthvalueOptions): { values: Tensor; indices: Tensor } {
    return both(sorting.kthvalue(this.node, k, options))
  }

  /**
   * The distinct elements in ascending order (or slices along an axis in lexicographic order), for each element where
   * its equal is among them, and how often each occurs. What is not looked at is not computed. The size depends on
   * data: not inside `compile` or `vmap`.
   */
  unique({ axis }: UniqueOptions = {}): Promise<Unique> {
    return finishLater('unique', distinct.planUnique(this.node, axis))
  }

  /** `unique()` on the calling thread, on devices that can. */
  uniqueSync({ axis }: UniqueOptions = {}): Unique {
    return finishNow('unique', distinct.planUnique(this.node, axis))
  }

  /** As `unique`, but each run of equal neighbours counts for itself and keeps its place. */
  uniqueConsecutive({ axis }: UniqueOptions = {}): Promise<Unique> {
    return finishLater('uniqueConsecutive', distinct.planUniqueConsecutive(this.node, axis))
  }

  /** `uniqueConsecutive()` on the calling thread, on devices that can. */
  uniqueConsecutiveSync({ axis }: UniqueOptions = {}): Unique {
    return finishNow('uniqueConsecutive', distinct.planUniqueConsecutive(this.node, axis))
  }

  /** The number of the bucket of each element between sorted boundaries, i64; see `searchsorted`. */
  bucketize(boundaries: TensorBase, options?: searching.SearchOptions): Tensor<S> {
    return wrap(searching.bucketize(this.node, nodeOf(boundaries), options)) as Tensor<S>
  }
}
