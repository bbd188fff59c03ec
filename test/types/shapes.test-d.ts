/**
 * Shapes as types, right and wrong: checked by `npm run typecheck`. Nothing here runs. A line under
 * `@ts-expect-error` that compiled would be an error itself; the messages are compared as types.
 */
import type { Shape } from '../../src/core/shape.js'
import type { BroadcastResult } from '../../src/tensor/broadcast-shapes.js'
import { ones, tensor, zeros } from '../../src/tensor/creation.js'
import type { CatResult, StackResult } from '../../src/tensor/join-shapes.js'
import type { LinearResult, MatMulResult } from '../../src/tensor/matmul-shapes.js'
import type {
  FlattenResult,
  PermuteResult,
  ReshapeResult,
  TransposeResult,
  UnsqueezeResult,
} from '../../src/tensor/movement-shapes.js'
import type { ReduceResult } from '../../src/tensor/reduce-shapes.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { cat, stack } from '../../src/tensor/tensor-functions.js'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const check = <_T extends true>(): void => {}
/** The value has exactly this shape. */
const shaped = <S extends Shape>() => ({
  is: <T extends Shape>(
    _t: Tensor<T>,
    ..._proof: Equal<T, S> extends true ? [] : ['shapes differ', T, S]
  ): void => {},
})

declare const n: number
declare const any: Tensor
declare const flag: boolean
const x23 = zeros([2, 3])
const x34 = ones([3, 4])
const batch = zeros([n, 3])
const image = zeros([8, 3, 32, 32])

// ---------------------------------------------------------------- creation, covariance
shaped<readonly [2, 3]>().is(x23)
shaped<readonly [2, 2]>().is(tensor([1, 2, 3, 4], { shape: [2, 2] }))
shaped<Shape>().is(tensor([1, 2]))
shaped<readonly [number, 3]>().is(batch)
const plain: Tensor = x23
const takesAny = (t: Tensor): Tensor => t
takesAny(image)
void plain
// @ts-expect-error a 2×3 tensor is not a 3×2 one
const wrong: Tensor<readonly [3, 2]> = x23
void wrong

// ---------------------------------------------------------------- broadcasting
shaped<readonly [2, 3]>().is(x23.add(1))
shaped<readonly [2, 3]>().is(x23.add(zeros([3])))
shaped<readonly [2, 3]>().is(x23.mul(zeros([2, 1])))
shaped<readonly [5, 2, 3]>().is(zeros([5, 1, 1]).sub(x23))
shaped<readonly [2, 3]>().is(x23.div(zeros([])))
shaped<readonly [2, 3]>().is(zeros([n, 3]).mul(zeros([2, 1])))
shaped<readonly [number, 3]>().is(zeros([n, 3]).mul(zeros([1, 1])))
shaped<readonly [2, 3]>().is(x23.gt(zeros([2, 3])))
shaped<Shape>().is(x23.add(any))
shaped<Shape>().is(any.add(x23))
shaped<readonly [2, 3]>().is(x23.relu().exp().neg())
// @ts-expect-error sizes 3 and 4 do not broadcast
x23.add(zeros([4]))
// @ts-expect-error sizes 2 and 5 do not broadcast
x23.maximum(zeros([5, 3]))
check<Equal<BroadcastResult<readonly [2, 3], readonly [4], 'add'>, 'add: sizes 3 and 4 do not broadcast'>>()
check<
  Equal<
    BroadcastResult<readonly [2, 3], readonly [5, 3], 'maximum'>,
    'maximum: sizes 2 and 5 do not broadcast'
  >
>()

// ---------------------------------------------------------------- matmul
shaped<readonly [2, 4]>().is(x23.matmul(x34))
shaped<readonly [2]>().is(x23.matmul(zeros([3])))
shaped<readonly [4]>().is(zeros([3]).matmul(x34))
shaped<readonly []>().is(zeros([3]).matmul(zeros([3])))
shaped<readonly [5, 2, 4]>().is(zeros([5, 2, 3]).matmul(x34))
shaped<readonly [6, 5, 2, 4]>().is(zeros([5, 2, 3]).matmul(zeros([6, 1, 3, 4])))
shaped<readonly [number, 4]>().is(batch.matmul(x34))
shaped<readonly [2, 4]>().is(zeros([2, n]).matmul(x34))
shaped<Shape>().is(any.matmul(x34))
// @ts-expect-error inner sizes 3 and 4 differ
x23.matmul(zeros([4, 5]))
// @ts-expect-error inner sizes 3 and 2 differ
batch.matmul(zeros([2]))
// @ts-expect-error batch sizes 5 and 6 do not broadcast
zeros([5, 2, 3]).matmul(zeros([6, 3, 4]))
check<Equal<MatMulResult<readonly [2, 3], readonly [4, 5]>, 'matmul: inner sizes 3 and 4 differ'>>()
check<Equal<MatMulResult<readonly [5, 2, 3], readonly [6, 3, 4]>, 'matmul: sizes 5 and 6 do not broadcast'>>()
check<Equal<MatMulResult<readonly [], readonly [6]>, 'matmul: a 0-d tensor has no axis to multiply along'>>()
check<Equal<LinearResult<readonly [8, 3], 3, 10>, readonly [8, 10]>>()
check<Equal<LinearResult<readonly [8, 3], 4, 10>, 'linear: the input has 3 features, the layer takes 4'>>()

// ---------------------------------------------------------------- reductions
shaped<readonly []>().is(x23.sum())
shaped<readonly [1, 1]>().is(x23.sum(null, { keepdim: true }))
shaped<readonly [3]>().is(x23.sum(0))
shaped<readonly [2]>().is(x23.mean(-1))
shaped<readonly [2, 1]>().is(x23.mean(-1, { keepdim: true }))
shaped<readonly [8, 3]>().is(image.mean([2, 3]))
shaped<readonly [8, 3]>().is(image.mean([-1, -2]))
shaped<readonly [1, 3, 1, 1]>().is(image.var([0, 2, 3], { keepdim: true, correction: 0 }))
shaped<readonly [8, 32, 32]>().is(image.amax(1))
shaped<readonly [number]>().is(batch.argmax(1))
shaped<Shape>().is(x23.sum(n))
shaped<Shape>().is(x23.sum(0, { keepdim: flag }))
shaped<readonly []>().is(any.sum())
shaped<Shape>().is(any.sum(0))
// @ts-expect-error axis 2 does not exist
x23.sum(2)
// @ts-expect-error axis -3 does not exist
x23.logsumexp(-3)
check<
  Equal<ReduceResult<readonly [2, 3], 2, false, 'sum'>, 'sum: axis 2 does not exist in a tensor of rank 2'>
>()
check<
  Equal<ReduceResult<readonly [2, 3], -3, true, 'std'>, 'std: axis -3 does not exist in a tensor of rank 2'>
>()

// ---------------------------------------------------------------- movement
shaped<readonly [6]>().is(x23.reshape([6]))
shaped<readonly [number, 3]>().is(x23.reshape([-1, 3]))
shaped<readonly [3, 2]>().is(x23.reshape([3, 2]))
shaped<readonly [1, 2, 3, 1]>().is(x23.view([1, 2, 3, 1]))
shaped<readonly [number]>().is(batch.reshape([n]))
shaped<readonly [7]>().is(any.reshape([7]))
shaped<readonly [7]>().is(batch.reshape([7]))
shaped<readonly [24576]>().is(image.reshape([24576]))
shaped<readonly [6]>().is(x23.flatten())
shaped<readonly [8, 3072]>().is(image.flatten(1))
shaped<readonly [8, 96, 32]>().is(image.flatten(1, 2))
shaped<readonly [8, 3, 1024]>().is(image.flatten(-2))
shaped<readonly [1]>().is(zeros([]).flatten())
shaped<readonly [8, number]>().is(zeros([8, n, 4]).flatten(1))
shaped<Shape>().is(any.flatten(1))
shaped<Shape>().is(image.flatten(n))
shaped<readonly [4, 2, 3]>().is(x23.broadcastTo([4, 2, 3]))
shaped<readonly [5, 2, 3]>().is(x23.expand([5, -1, 3]))
shaped<readonly [2, 7]>().is(zeros([2, 1]).expand([2, 7]))
shaped<readonly [2, number]>().is(zeros([2, 1]).expand([2, n]))
shaped<readonly [4, number]>().is(any.expand([4, -1]))
// @ts-expect-error size 3 cannot become 4
x23.expand([2, 4])
// @ts-expect-error the new shape has fewer axes
x23.expand([3])
// @ts-expect-error 6 elements do not fill a shape of 8
x23.reshape([8])
// @ts-expect-error 24576 elements do not fill a shape of 24570
image.view([24570])
// @ts-expect-error axis 4 does not exist
image.flatten(4)
// @ts-expect-error sizes 3 and 4 do not broadcast
x23.broadcastTo([2, 4])
check<Equal<ReshapeResult<readonly [2, 3], readonly [8]>, 'reshape: 6 elements do not fill a shape of 8'>>()
check<Equal<FlattenResult<readonly [2], 0, 1>, 'flatten: axis 1 does not exist in a tensor of rank 1'>>()
shaped<readonly [3, 2]>().is(x23.transpose(0, 1))
shaped<readonly [8, 3, 32, 32]>().is(image.transpose(-1, -2))
shaped<readonly [8, 32, 32, 3]>().is(image.permute([0, 2, 3, 1]))
shaped<readonly [32, 8, 3, 32]>().is(image.permute([-1, 0, 1, -2]))
shaped<readonly [2, 1, 3]>().is(x23.unsqueeze(1))
shaped<readonly [2, 3, 1]>().is(x23.unsqueeze(-1))
shaped<readonly [2, 3]>().is(zeros([2, 1, 3]).squeeze(1))
shaped<readonly [2, 3]>().is(zeros([1, 2, 1, 3]).squeeze())
shaped<readonly [2, 3]>().is(x23.squeeze(0))
shaped<Shape>().is(batch.squeeze(0))
shaped<readonly [number, number]>().is(x23.transpose(n, 0))
shaped<Shape>().is(any.transpose(0, 1))
// @ts-expect-error axis 2 does not exist
x23.transpose(0, 2)
// @ts-expect-error three axes for a tensor of rank 2
x23.permute([0, 1, 2])
// @ts-expect-error axis 4 does not exist in the result of rank 3
x23.unsqueeze(4)
check<
  Equal<TransposeResult<readonly [2, 3], 0, 2>, 'transpose: axis 2 does not exist in a tensor of rank 2'>
>()
check<
  Equal<
    PermuteResult<readonly [2, 3], readonly [0, 1, 2]>,
    'permute: 3 axes were given for a tensor of rank 2'
  >
>()
check<Equal<UnsqueezeResult<readonly [2, 3], 4>, 'unsqueeze: axis 4 does not exist in a tensor of rank 3'>>()

// ---------------------------------------------------------------- joining
shaped<readonly [7, 3]>().is(cat([x23, zeros([5, 3])]))
shaped<readonly [number, 3]>().is(cat([x23, batch]))
shaped<readonly [2, 11]>().is(cat([x23, zeros([2, 7]), zeros([n, 1])], -1))
shaped<readonly [2, number]>().is(cat([x23, zeros([2, n])], 1))
shaped<readonly [2, 2, 3]>().is(stack([x23, zeros([2, 3])]))
shaped<readonly [2, 3, 3]>().is(stack([x23, x23, x23], -1))
shaped<Shape>().is(cat([x23, any]))
declare const list: Tensor[]
shaped<Shape>().is(cat(list, 1))
shaped<Shape>().is(stack(list))
// @ts-expect-error sizes 3 and 4 differ outside the axis
cat([x23, zeros([5, 4])])
// @ts-expect-error ranks 2 and 1 differ
cat([x23, zeros([3])])
// @ts-expect-error the shapes differ
stack([x23, zeros([2, 4])])
type S23 = readonly [2, 3]
check<Equal<CatResult<readonly [S23, readonly [5, 4]], 0>, 'cat: sizes 3 and 4 differ outside the axis'>>()
check<Equal<CatResult<readonly [S23, readonly [3]], 0>, 'cat: ranks 2 and 1 differ'>>()
check<Equal<StackResult<readonly [S23, readonly [2, 4]], 0>, 'stack: the shapes differ'>>()

// ---------------------------------------------------------------- what stays unknown fits everything
const network = (x: Tensor): Tensor =>
  x
    .matmul(zeros([784, 10]))
    .add(zeros([10]))
    .softmax(-1)
network(zeros([32, 784]))
let running = zeros([])
running = running.add(x23.sum())
void running
