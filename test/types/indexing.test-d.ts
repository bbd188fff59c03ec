/**
 * Shapes of `at` and its kin as types, right and wrong: checked by `npm run typecheck`. Nothing here runs. A line under
 * `@ts-expect-error` that compiled would be an error itself; the messages are compared as types.
 */
import type { Shape } from '../../src/core/shape.js'
import { ones, tensor, zeros } from '../../src/tensor/creation.js'
import { slice } from '../../src/tensor/index-argument.js'
import type { AtResult } from '../../src/tensor/index-shapes.js'
import type { Tensor } from '../../src/tensor/tensor.js'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const check = <_T extends true>(): void => {}
const shaped = <S extends Shape>() => ({
  is: <T extends Shape>(
    _t: Tensor<T>,
    ..._proof: Equal<T, S> extends true ? [] : ['shapes differ', T, S]
  ): void => {},
})

declare const n: number
declare const any: Tensor
declare const mask: Tensor
const x = zeros([2, 3, 4])

// ---------------------------------------------------------------- integers, ranges, new axes
shaped<readonly [3, 4]>().is(x.at(0))
shaped<readonly [4]>().is(x.at(-1, n))
shaped<readonly []>().is(x.at(0, 0, 0))
shaped<readonly [2, 4]>().is(x.at(':', 1))
shaped<readonly [2, 3, 4]>().is(x.at())
shaped<readonly [2, 3, 4]>().is(x.at('...'))
shaped<readonly [3, 4]>().is(x.at(1, '...'))
shaped<readonly [number, 3, 4]>().is(x.at('1:'))
shaped<readonly [2, number, 4]>().is(x.at(':', '0:-1:2'))
shaped<readonly [2, 3, 4]>().is(x.at('::-1'))
shaped<readonly [number, 3, 4]>().is(x.at(slice(0, 1)))
shaped<readonly [1, 2, 1, 3, 4]>().is(x.at(null, ':', null))
shaped<readonly [1, 3, 4]>().is(x.at(null, 0))

// ---------------------------------------------------------------- what is not known
shaped<Shape>().is(x.at('...', 0))
shaped<Shape>().is(x.at(mask))
shaped<Shape>().is(x.at([0, 1]))
shaped<Shape>().is(x.at(true))
shaped<Shape>().is(any.at(0))
const parts: (number | ':')[] = [0, ':']
shaped<Shape>().is(x.at(...parts))

// ---------------------------------------------------------------- mistakes
// @ts-expect-error more indices than axes
x.at(0, 0, 0, 0)
check<Equal<AtResult<readonly [2], [0, 0]>, 'at: more indices than axes'>>()
// @ts-expect-error no range
x.at('1-2')
// @ts-expect-error no range: fractions
x.at('0.5:')
// @ts-expect-error null makes an axis, undefined means nothing
x.at(undefined)

// ---------------------------------------------------------------- other methods that keep or know a shape
shaped<readonly [2, 3, 4]>().is(x.indexPut([0], 1))
shaped<readonly [2, 3, 4]>().is(x.maskedFill(mask, 0))
shaped<readonly [2, 3, 4]>().is(x.clone().contiguous().flip(0).roll(1))
shaped<readonly [2, 3, 4]>().is(x.tril().triu(1))
shaped<readonly [4, 3, 2]>().is(x.swapaxes(0, 2))
shaped<readonly [2, 3]>().is(ones([1, 3]).expandAs(zeros([2, 3])))
shaped<readonly [6, 4]>().is(x.reshapeAs(zeros([6, 4])))
shaped<readonly [5]>().is(x.take(zeros([5], { dtype: 'i64' })))
shaped<readonly [1, 3, 4]>().is(x.gather(0, zeros([1, 3, 4], { dtype: 'i64' })))
shaped<readonly [2, 3, 4]>().is(x.argsort())
shaped<readonly [2, 3, 4]>().is(x.bucketize(tensor([1])))
// @ts-expect-error there is no axis 3
x.swapaxes(0, 3)
