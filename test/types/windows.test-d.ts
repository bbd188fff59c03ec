/**
 * Spatial sizes through convolution, pooling and padding, right and wrong: checked by `npm run typecheck`. Nothing here
 * runs. A line under `@ts-expect-error` that compiled would be an error itself; the messages are compared as types.
 */
import type { Shape } from '../../src/core/shape.js'
import * as nn from '../../src/nn/index.js'
import { zeros } from '../../src/tensor/creation.js'
import type { PadShape, PoolShape, SameShape, UnpoolShape } from '../../src/tensor/image-shapes.js'
import type { ConvShape } from '../../src/tensor/layer-shapes.js'
import type { Divide, Quotient, Subtract } from '../../src/tensor/shape-arithmetic.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import type { Window } from '../../src/tensor/window-shapes.js'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const check = <_T extends true>(): void => {}
const shaped = <S extends Shape>() => ({
  is: <T extends Shape>(
    _t: Tensor<T>,
    ..._proof: Equal<T, S> extends true ? [] : ['shapes differ', T, S]
  ): void => {},
})

declare const n: number
declare const flag: boolean
declare const any: Tensor
declare const options: nn.ConvOptions
const image = zeros([8, 3, 32, 32])
const signal = zeros([8, 3, 100])
const volume = zeros([2, 3, 9, 10, 11])

// ---------------------------------------------------------------- arithmetic
check<Equal<Subtract<1000, 1>, 999>>()
check<Equal<Subtract<5, 5>, 0>>()
check<Equal<Subtract<5, 60>, null>>()
check<Equal<Subtract<5, number>, number>>()
check<Equal<Divide<1023, 16>, readonly [63, 15]>>()
check<Equal<Divide<3, 32>, readonly [0, 3]>>()
check<Equal<Divide<1000000, 7>, readonly [142857, 1]>>()
check<Equal<Quotient<12, 4>, 3>>()
check<Equal<Quotient<12, 5>, null>>()
check<Equal<Quotient<number, 5>, number>>()

// ---------------------------------------------------------------- convolution
shaped<readonly [8, 16, 32, 32]>().is(new nn.Conv2d(3, 16, 3, { padding: 1 }).forward(image))
shaped<readonly [8, 16, 16, 16]>().is(new nn.Conv2d(3, 16, 7, { stride: 2, padding: 3 }).forward(image))
shaped<readonly [8, 16, 30, 28]>().is(new nn.Conv2d(3, 16, [3, 5]).forward(image))
shaped<readonly [8, 16, 15, 28]>().is(
  new nn.Conv2d(3, 16, 3, { stride: [2, 1], dilation: [1, 2], padding: [0, 0] }).forward(image),
)
shaped<readonly [8, 16, 13, 28]>().is(
  new nn.Conv2d(3, 16, [3, 5], { stride: [2, 1], dilation: [3, 1] }).forward(image),
)
shaped<readonly [8, 16, 32, 32]>().is(new nn.Conv2d(3, 16, 5, { padding: 'same' }).forward(image))
shaped<readonly [8, 16, 28, 28]>().is(new nn.Conv2d(3, 16, 5, { padding: 'valid' }).forward(image))
shaped<readonly [8, 16, 32, 32]>().is(new nn.Conv2d(3, 16, n, { padding: 'same' }).forward(image))
shaped<readonly [8, 16, 49]>().is(new nn.Conv1d(3, 16, 4, { stride: 2 }).forward(signal))
shaped<readonly [2, 4, 7, 8, 9]>().is(new nn.Conv3d(3, 4, 3, { groups: 1 }).forward(volume))
shaped<readonly [8, 16, number, 28]>().is(new nn.Conv2d(3, 16, 5).forward(zeros([8, 3, n, 32])))
shaped<readonly [8, 16, number, number]>().is(new nn.Conv2d(3, 16, 5, options).forward(image))
shaped<readonly [8, 16, number, number]>().is(new nn.Conv2d(3, 16, 5, { stride: n }).forward(image))
shaped<readonly [8, 16, 16, 16]>().is(
  new nn.ConvTranspose2d(4, 16, 4, { stride: 2, padding: 1 }).forward(zeros([8, 4, 8, 8])),
)
shaped<readonly [8, 2, 16]>().is(
  new nn.ConvTranspose1d(3, 2, 3, { stride: 2, outputPadding: 1, padding: 1, dilation: 2 }).forward(
    zeros([8, 3, 7]),
  ),
)
const conv: nn.Conv2d = new nn.Conv2d(3, 16, 7, { stride: 2 })
const transposed: nn.ConvTranspose2d = new nn.ConvTranspose2d(3, 16, 7, { stride: 2 })
shaped<readonly [8, number, number, number]>().is(conv.forward(image))
void transposed
// @ts-expect-error a window over 5 does not fit a size of 4
new nn.Conv2d(3, 16, 5).forward(zeros([8, 3, 4, 32]))
// @ts-expect-error no such option
new nn.Conv2d(3, 16, 5, { strides: 2, padding: 1 })
check<
  Equal<
    ConvShape<readonly [8, 3, 4, 32], 'Conv2d', 2, 3, 16, Window<5, 1>>,
    'Conv2d: a window over 5 does not fit a size of 4'
  >
>()

// ---------------------------------------------------------------- pooling
shaped<readonly [8, 3, 16, 16]>().is(new nn.MaxPool2d(3, { stride: 2, padding: 1 }).forward(image))
shaped<readonly [8, 3, 10, 10]>().is(new nn.AvgPool2d(3).forward(image))
shaped<readonly [8, 3, number, number]>().is(new nn.AvgPool2d(3, { ceilMode: true }).forward(image))
shaped<readonly [8, 3, number, number]>().is(new nn.AvgPool2d(3, { ceilMode: flag }).forward(image))
shaped<readonly [8, 3, 10, 10]>().is(new nn.AvgPool2d(3, { ceilMode: false }).forward(image))
shaped<readonly [8, 3, 24]>().is(new nn.MaxPool1d(3, { stride: 4, dilation: 2 }).forward(signal))
shaped<readonly [2, 3, 4, 3, 5]>().is(new nn.MaxPool3d([2, 3, 2]).forward(volume))
shaped<readonly [8, 3, 16, 16]>().is(new nn.LPPool2d(2, 2).forward(image))
shaped<readonly [3, 31]>().is(new nn.LPPool1d(2, 8, { stride: 3 }).forward(zeros([3, 100])))
shaped<readonly [2, 3, 4, 5, 5]>().is(new nn.LPPool3d(2, 2).forward(volume))
shaped<readonly [8, 3, number, number]>().is(new nn.LPPool2d(2, 3, { ceilMode: true }).forward(image))
shaped<Shape>().is(new nn.LPPool2d(2, 2).forward(any))
shaped<readonly [8, 48]>().is(
  nn.sequential(new nn.LPPool2d(2, 4), new nn.AvgPool2d(2), new nn.Flatten()).forward(image),
)
// @ts-expect-error a window over 33 does not fit a size of 32
new nn.LPPool2d(2, 33).forward(image)
// @ts-expect-error two axes
new nn.LPPool2d(2, 2).forward(zeros([8, 3]))
// @ts-expect-error two axes
new nn.LPPool1d(2, 2).forward(image)
// @ts-expect-error two axes
new nn.LPPool3d(2, 2).forward(zeros([8, 3]))
check<
  Equal<
    PoolShape<readonly [3, 32], 'LPPool2d', 2, null>,
    'LPPool2d: the input is (N, C, H, W) or (C, H, W), not a tensor of rank 2'
  >
>()

// ---------------------------------------------------------------- indices and back
const [values, indices] = new nn.MaxPool2d(2, { returnIndices: true }).forward(image)
shaped<readonly [8, 3, 16, 16]>().is(values)
shaped<readonly [8, 3, 16, 16]>().is(indices)
const maximum: Tensor = new nn.MaxPool2d(2, { returnIndices: false }).forward(image)
const either: Tensor | [Tensor, Tensor] = new nn.MaxPool2d(2, { returnIndices: flag }).forward(image)
void [maximum, either]
const [adaptive] = new nn.AdaptiveMaxPool2d(4, { returnIndices: true }).forward(image)
shaped<readonly [8, 3, 4, 4]>().is(adaptive)
// @ts-expect-error two results: nothing for a chain
nn.sequential(new nn.MaxPool2d(2, { returnIndices: true }))
shaped<readonly [8, 3, 32, 32]>().is(new nn.MaxUnpool2d(2).forward(values, indices))
shaped<readonly [8, 3, 33, 32]>().is(new nn.MaxUnpool2d(2).forward(values, indices, [33, 32]))
shaped<readonly [8, 3, 33, 32]>().is(new nn.MaxUnpool2d(2).forward(values, indices, [8, 3, 33, 32]))
shaped<readonly [3, 101]>().is(
  new nn.MaxUnpool1d(3, { stride: 2, padding: 0 }).forward(zeros([3, 50]), zeros([3, 50])),
)
shaped<readonly [1, 2, 6, 6, 8]>().is(
  new nn.MaxUnpool3d([2, 2, 4]).forward(zeros([1, 2, 3, 3, 2]), zeros([1, 2, 3, 3, 2])),
)
shaped<readonly [8, 3, 32, 32]>().is(new nn.MaxUnpool2d(2).forward(values, any))
// @ts-expect-error the indices have another shape than the input
new nn.MaxUnpool2d(2).forward(values, zeros([8, 3, 16, 15]))
// @ts-expect-error no image
new nn.MaxUnpool2d(2).forward(zeros([8, 3]), zeros([8, 3]))
// @ts-expect-error no signal
new nn.MaxUnpool1d(2).forward(image, image)
// @ts-expect-error no volume
new nn.MaxUnpool3d(2).forward(zeros([8, 3]), zeros([8, 3]))
type Pooled = readonly [8, 3, 16, 16]
check<
  Equal<
    SameShape<Pooled, readonly [8, 3, 16, 15], 'MaxUnpool2d', 'indices'>,
    'MaxUnpool2d: the indices have another shape than the input'
  >
>()
check<
  Equal<
    UnpoolShape<readonly [8, 3], 'MaxUnpool2d', 2, Window<2>>,
    'MaxUnpool2d: the input is (N, C, H, W) or (C, H, W), not a tensor of rank 2'
  >
>()

// ---------------------------------------------------------------- padding
shaped<readonly [8, 3, 36, 36]>().is(new nn.ZeroPad2d(2).forward(image))
shaped<readonly [8, 3, 39, 35]>().is(new nn.ReflectionPad2d([1, 2, 3, 4]).forward(image))
shaped<readonly [3, 97]>().is(new nn.ConstantPad1d([-1, -2], 0).forward(zeros([3, 100])))
shaped<readonly [2, 3, 11, 12, 13]>().is(new nn.ReplicationPad3d(1).forward(volume))
shaped<readonly [8, 3, 34, 34]>().is(nn.sequential(new nn.CircularPad2d(1)).forward(image))
shaped<readonly [8, 3, number, number]>().is(new nn.ZeroPad2d(n).forward(image))
const pad: nn.ZeroPad2d = new nn.ZeroPad2d([1, 2, 3, 4])
void pad
// @ts-expect-error no image
new nn.ZeroPad2d(1).forward(zeros([8, 3]))
check<
  Equal<
    PadShape<readonly [8, 3], 'ZeroPad2d', 2, 1>,
    'ZeroPad2d: the input is (N, C, H, W) or (C, H, W), not a tensor of rank 2'
  >
>()

// ---------------------------------------------------------------- a layer is not one of other sizes
let linear = new nn.Linear(512, 1000)
// @ts-expect-error 10 and not 1000 features
linear = new nn.Linear(512, 10)
let five = new nn.Conv2d(3, 16, 5)
// @ts-expect-error another kernel
five = new nn.Conv2d(3, 16, 3)
// @ts-expect-error another stride
five = new nn.Conv2d(3, 16, 5, { stride: 2 })
let halving = new nn.MaxPool2d(2)
// @ts-expect-error another window
halving = new nn.MaxPool2d(3)
let frame = new nn.ZeroPad2d(2)
// @ts-expect-error another padding
frame = new nn.ZeroPad2d(3)
void [linear, five, halving, frame]
const one = flag ? new nn.Conv2d(3, 16, 3) : new nn.Conv2d(3, 16, 5, { stride: 2 })
const oneOf: readonly [8, 16, 30, 30] | readonly [8, 16, 14, 14] = one.forward(image).shape
void oneOf
// As the type of a field a layer's name stands for every one of its kind.
const several: nn.Conv2d[] = [
  new nn.Conv2d(1, 2, 3),
  new nn.Conv2d(2, 3, [5, 1], { stride: n, padding: 'same' }),
]
for (const each of several) shaped<readonly [8, number, number, number]>().is(each.forward(image))
const pools: nn.MaxPool2d = new nn.MaxPool2d(3, { stride: 2, ceilMode: flag, dilation: [1, 2] })
const up: nn.ConvTranspose2d = new nn.ConvTranspose2d(2, 4, 2, { stride: [1, 3], outputPadding: 1 })
void [pools, up]

// ---------------------------------------------------------------- the classic mistake
const features = [
  new nn.Conv2d(1, 6, 5, { padding: 2 }),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Conv2d(6, 16, 5),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Flatten(),
] as const
const digits = zeros([64, 1, 28, 28])
shaped<readonly [64, 10]>().is(nn.sequential(...features, new nn.Linear(400, 10)).forward(digits))
// @ts-expect-error linear: the input has 400 features, the layer takes 256
nn.sequential(...features, new nn.Linear(256, 10)).forward(digits)
