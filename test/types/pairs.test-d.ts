/**
 * Shapes through rearranging layers, layers of two inputs, cells, transformers, `where`, `bmm` and their like, right and
 * wrong: checked by `npm run typecheck`. Nothing here runs. A line under `@ts-expect-error` that compiled would be an error
 * itself; the messages are compared as types.
 */
import type { Shape } from '../../src/core/shape.js'
import * as nn from '../../src/nn/index.js'
import type { BroadcastResult3 } from '../../src/tensor/broadcast-shapes.js'
import { zeros } from '../../src/tensor/creation.js'
import type {
  FoldShape,
  GluShape,
  ResizeShape,
  ShuffleShape,
  UnflattenShape,
  UnfoldShape,
  UnshuffleShape,
} from '../../src/tensor/image-shapes.js'
import type { CellShape, EmbeddingBagShape, NoShape, SequenceShape } from '../../src/tensor/layer-shapes.js'
import { bmm, mm } from '../../src/tensor/linear-algebra-functions.js'
import type { BmmResult, MmResult } from '../../src/tensor/matmul-shapes.js'
import type { SelectResult } from '../../src/tensor/movement-shapes.js'
import type { BilinearShape, SimilarityShape } from '../../src/tensor/pair-shapes.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { where } from '../../src/tensor/tensor-functions.js'
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
const image = zeros([8, 12, 6, 10])
const features = zeros([8, 20])
const sequence = zeros([12, 8, 20])

// ---------------------------------------------------------------- channels and pixels
shaped<readonly [8, 3, 12, 20]>().is(new nn.PixelShuffle(2).forward(image))
shaped<readonly [3, 12, 20]>().is(new nn.PixelShuffle(2).forward(zeros([12, 6, 10])))
shaped<readonly [8, 48, 3, 5]>().is(new nn.PixelUnshuffle(2).forward(image))
shaped<readonly [8, number, number, number]>().is(new nn.PixelShuffle(n).forward(image))
shaped<readonly [8, 12, 6, 10]>().is(
  nn.sequential(new nn.PixelUnshuffle(2), new nn.PixelShuffle(2)).forward(image),
)
// @ts-expect-error 12 channels do not divide by 9
new nn.PixelShuffle(3).forward(image)
// @ts-expect-error a height of 6 does not divide by 4
new nn.PixelUnshuffle(4).forward(image)
check<Equal<ShuffleShape<readonly [12, 6, 10], 3>, 'PixelShuffle: 12 channels do not divide by 9'>>()
check<Equal<UnshuffleShape<readonly [1, 6, 10], 4>, 'PixelUnshuffle: a height of 6 does not divide by 4'>>()
check<
  Equal<ShuffleShape<readonly [6, 10], 2>, 'PixelShuffle: the input is (…, C, H, W), not a tensor of rank 2'>
>()

// ---------------------------------------------------------------- other sizes
shaped<readonly [8, 12, 12, 20]>().is(new nn.Upsample({ scaleFactor: 2 }).forward(image))
shaped<readonly [8, 12, 12, 30]>().is(new nn.Upsample({ scaleFactor: [2, 3] }).forward(image))
shaped<readonly [8, 12, number, number]>().is(new nn.Upsample({ scaleFactor: 1.5 }).forward(image))
shaped<readonly [8, 12, 7, 7]>().is(new nn.Upsample({ size: 7, mode: 'bicubic' }).forward(image))
shaped<readonly [8, 12, 7, 9]>().is(new nn.Upsample({ size: [7, 9] }).forward(image))
shaped<readonly [8, 12, 12, 20]>().is(new nn.UpsamplingNearest2d({ scaleFactor: 2 }).forward(image))
shaped<readonly [8, 12, 5, 4]>().is(new nn.UpsamplingBilinear2d({ size: [5, 4] }).forward(image))
// @ts-expect-error no spatial axes
new nn.Upsample({ size: 7 }).forward(features)
// @ts-expect-error no spatial axes
new nn.UpsamplingNearest2d({ size: 7 }).forward(features)
check<
  Equal<
    ResizeShape<readonly [8, 20], 'Upsample', 7, undefined>,
    'Upsample: the input is (N, C, …) with one to three spatial axes, not a tensor of rank 2'
  >
>()

// ---------------------------------------------------------------- halves, parts, blocks
shaped<readonly [8, 10]>().is(new nn.GLU().forward(features))
shaped<readonly [8, 6, 6, 10]>().is(new nn.GLU(1).forward(image))
shaped<readonly [4, 20]>().is(features.glu(0))
// @ts-expect-error size 3 of axis 1 is odd
new nn.GLU(1).forward(zeros([8, 3, 4]))
// @ts-expect-error axis 2 does not exist
new nn.GLU(2).forward(features)
check<Equal<GluShape<readonly [8, 3], -1>, 'GLU: size 3 of axis -1 is odd'>>()
check<Equal<GluShape<readonly [8, 3], 2>, 'GLU: axis 2 does not exist in a tensor of rank 2'>>()
shaped<readonly [8, 4, 5]>().is(new nn.Unflatten(1, [4, 5]).forward(features))
shaped<readonly [8, 3, 4, 6, 10]>().is(new nn.Unflatten(-3, [3, 4]).forward(image))
shaped<readonly [8, 4, number]>().is(features.unflatten(1, [4, -1]))
// @ts-expect-error size 20 does not split into 4 and 6
new nn.Unflatten(1, [4, 6]).forward(features)
check<
  Equal<
    UnflattenShape<readonly [8, 20], 1, readonly [4, 6]>,
    'Unflatten: size 20 of axis 1 does not split into sizes with product 24'
  >
>()
shaped<readonly [8, 108, 32]>().is(new nn.Unfold(3).forward(image))
shaped<readonly [12, 60]>().is(new nn.Unfold(1).forward(zeros([12, 6, 10])))
shaped<readonly [8, 72, 15]>().is(new nn.Unfold([2, 3], { stride: [2, 2], padding: [0, 1] }).forward(image))
shaped<readonly [8, 12, 6, 10]>().is(new nn.Fold([6, 10], 3).forward(zeros([8, 108, 32])))
shaped<readonly [2, 4, 5]>().is(new nn.Fold([4, 5], 2, { stride: [2, 1] }).forward(zeros([8, 8])))
shaped<readonly [8, 12, 6, 10]>().is(
  nn.sequential(new nn.Unfold(2, { stride: 2 }), new nn.Fold([6, 10], 2, { stride: 2 })).forward(image),
)
// @ts-expect-error a window over 7 does not fit a size of 6
new nn.Unfold(7).forward(image)
// @ts-expect-error 107 rows do not divide by 9
new nn.Fold([6, 10], 3).forward(zeros([8, 107, 32]))
// @ts-expect-error 31 blocks
new nn.Fold([6, 10], 3).forward(zeros([8, 108, 31]))
type Three = Window<3, 1>
check<Equal<UnfoldShape<readonly [1, 2, 9], Three>, 'Unfold: a window over 3 does not fit a size of 2'>>()
check<
  Equal<
    FoldShape<readonly [8, 107, 32], readonly [6, 10], Three>,
    "Fold: 107 rows do not divide by the block's 9 elements"
  >
>()
check<
  Equal<
    FoldShape<readonly [8, 108, 31], readonly [6, 10], Three>,
    'Fold: 31 blocks were given, the output has places for 32'
  >
>()

// ---------------------------------------------------------------- two inputs
shaped<readonly [8, 5]>().is(new nn.Bilinear(20, 4, 5).forward(features, zeros([8, 4])))
shaped<readonly [12, 8, 5]>().is(new nn.Bilinear(20, 4, 5).forward(sequence, zeros([12, n, 4])))
shaped<readonly [8, 5]>().is(new nn.Bilinear(20, 4, 5).forward(features, any))
// @ts-expect-error the input has 20 features, the layer takes 21
new nn.Bilinear(21, 4, 5).forward(features, zeros([8, 4]))
// @ts-expect-error the second has 4 features, the layer takes 3
new nn.Bilinear(20, 3, 5).forward(features, zeros([8, 4]))
// @ts-expect-error 8 rows and 7
new nn.Bilinear(20, 4, 5).forward(features, zeros([7, 4]))
check<
  Equal<
    BilinearShape<readonly [8, 20], readonly [7, 4], 4, 5>,
    'Bilinear: the inputs differ before the last axis'
  >
>()
check<
  Equal<
    BilinearShape<readonly [8, 20], readonly [8, 4], 3, 5>,
    'Bilinear: the input has 4 features, the layer takes 3'
  >
>()
shaped<readonly [8]>().is(new nn.CosineSimilarity().forward(features, zeros([1, 20])))
shaped<readonly [8, 20]>().is(new nn.CosineSimilarity({ axis: 0 }).forward(sequence, zeros([12, 8, 1])))
shaped<readonly [8]>().is(new nn.PairwiseDistance().forward(features, features))
shaped<readonly [8, 1]>().is(new nn.PairwiseDistance({ p: 1, keepdim: true }).forward(features, zeros([20])))
shaped<Shape>().is(new nn.PairwiseDistance({ keepdim: flag }).forward(features, features))
// @ts-expect-error sizes 20 and 19 do not broadcast
new nn.CosineSimilarity().forward(features, zeros([8, 19]))
// @ts-expect-error axis 1 does not exist
new nn.CosineSimilarity().forward(zeros([8]), zeros([8]))
// @ts-expect-error sizes 20 and 19 do not broadcast
new nn.PairwiseDistance().forward(features, zeros([8, 19]))
check<
  Equal<
    SimilarityShape<readonly [8, 20], readonly [19], 'PairwiseDistance', -1>,
    'PairwiseDistance: sizes 20 and 19 do not broadcast'
  >
>()
check<
  Equal<
    SimilarityShape<readonly [8], readonly [8], 'CosineSimilarity', 1>,
    'CosineSimilarity: axis 1 does not exist in a tensor of rank 1'
  >
>()

// ---------------------------------------------------------------- bags
const bag = new nn.EmbeddingBag(100, 64)
shaped<readonly [4, 64]>().is(bag.forward(zeros([4, 7], { dtype: 'i64' })))
shaped<readonly [3, 64]>().is(bag.forward(zeros([9], { dtype: 'i64' }), zeros([3], { dtype: 'i64' })))
shaped<readonly [number, 64]>().is(
  new nn.EmbeddingBag(100, 64, { includeLastOffset: true }).forward(
    zeros([9], { dtype: 'i64' }),
    zeros([3], { dtype: 'i64' }),
  ),
)
shaped<readonly [number, 64]>().is(bag.forward(any))
shaped<readonly [4, 10]>().is(
  nn.sequential(bag, new nn.Linear(64, 10)).forward(zeros([4, 7], { dtype: 'i64' })),
)
// @ts-expect-error 1-d indices need offsets
bag.forward(zeros([9], { dtype: 'i64' }))
// @ts-expect-error offsets go with 1-d indices
bag.forward(zeros([4, 7], { dtype: 'i64' }), zeros([4], { dtype: 'i64' }))
check<Equal<EmbeddingBagShape<readonly [9], NoShape, 64, false>, 'EmbeddingBag: 1-d indices need offsets'>>()
check<
  Equal<
    EmbeddingBagShape<readonly [2, 3, 4], NoShape, 64, false>,
    'EmbeddingBag: the input is (bags, length) or 1-d, not a tensor of rank 3'
  >
>()

// ---------------------------------------------------------------- cells, states
shaped<readonly [8, 32]>().is(new nn.RNNCell(20, 32).forward(features))
shaped<readonly [8, 32]>().is(new nn.GRUCell(20, 32).forward(features, zeros([8, 32])))
shaped<readonly [32]>().is(new nn.LSTMCell(20, 32).forward(zeros([20]))[0])
shaped<readonly [8, 5]>().is(nn.sequential(new nn.GRUCell(20, 32), new nn.Linear(32, 5)).forward(features))
shaped<readonly [number, number, 32]>().is(new nn.GRU(20, 32).forward(sequence)[1])
shaped<readonly [number, 32]>().is(new nn.LSTM(20, 32).forward(zeros([12, 20]))[1][0])
shaped<readonly [12, 8, 64]>().is(new nn.RNN(20, 32, { bidirectional: true }).forward(sequence)[0])
// @ts-expect-error the input has 20 features, the layer takes 21
new nn.GRUCell(21, 32).forward(features)
// @ts-expect-error the input has 20 features, the layer takes 21
new nn.LSTMCell(21, 32).forward(features)
// @ts-expect-error one step, not a sequence
new nn.GRUCell(20, 32).forward(sequence)
check<
  Equal<
    CellShape<readonly [12, 8, 20], 'GRUCell', 20, 32>,
    'GRUCell: the input is (N, F) or (F), not a tensor of rank 3'
  >
>()

// ---------------------------------------------------------------- attention
const target = zeros([5, 8, 20])
const [attended, weights] = new nn.MultiheadAttention(20, 4).forward(target, sequence)
shaped<readonly [5, 8, 20]>().is(attended)
shaped<readonly [number, number, number]>().is(weights)
const [, none] = new nn.MultiheadAttention(20, 4).forward(target, sequence, sequence, { needWeights: false })
check<Equal<typeof none, null>>()
const [, perHead] = new nn.MultiheadAttention(20, 4).forward(target, target, target, {
  averageAttnWeights: false,
})
shaped<readonly [number, number, number, number]>().is(perHead)
const wide = new nn.MultiheadAttention(20, 4, { kdim: 6, vdim: 5 })
shaped<readonly [5, 8, 20]>().is(wide.forward(target, zeros([12, 8, 6]), zeros([12, 8, 5]))[0])
// @ts-expect-error the keys have 20 features, the layer takes 6
wide.forward(target, sequence, zeros([12, 8, 5]))
// @ts-expect-error a sequence without a batch
new nn.MultiheadAttention(20, 4).forward(features)
shaped<readonly [5, 8, 20]>().is(new nn.TransformerDecoderLayer(20, 4).forward(target, sequence))
const decoder = new nn.TransformerDecoder(new nn.TransformerDecoderLayer(20, 4), 2)
shaped<readonly [5, 8, 20]>().is(decoder.forward(target, sequence))
shaped<readonly [5, 8, 20]>().is(new nn.Transformer({ dModel: 20, nhead: 4 }).forward(sequence, target))
const encoder = new nn.TransformerEncoder(new nn.TransformerEncoderLayer(20, 4), 2)
shaped<readonly [5, 8, 20]>().is(encoder.forward(target))
const plainDecoder: nn.TransformerDecoder = decoder
const plainTransformer: nn.Transformer = new nn.Transformer({ dModel: 20, nhead: 4 })
void [plainDecoder, plainTransformer]
// @ts-expect-error the input has 20 features, the layer takes 24
new nn.TransformerDecoderLayer(24, 4).forward(target, sequence)
// @ts-expect-error the memory has 24 features, the layer takes 20
new nn.TransformerDecoderLayer(20, 4).forward(target, zeros([12, 8, 24]))
// @ts-expect-error the memory has 24 features, the layer takes 20
decoder.forward(target, zeros([12, 8, 24]))
// @ts-expect-error the source has 20 features, the model takes 24
new nn.Transformer({ dModel: 24 }).forward(sequence, zeros([5, 8, 24]))
// @ts-expect-error a sequence without a batch
new nn.TransformerEncoderLayer(20, 4).forward(features)
check<
  Equal<
    SequenceShape<readonly [12, 8, 24], 'TransformerDecoder (memory)', 20>,
    'TransformerDecoder (memory): the input has 24 features, the layer takes 20'
  >
>()
check<
  Equal<
    SequenceShape<readonly [8, 20], 'Transformer (src)', 20>,
    'Transformer (src): the input is (L, N, E) or (N, L, E), not a tensor of rank 2'
  >
>()

// ---------------------------------------------------------------- a layer of known sizes is a layer
const plain: nn.Module[] = [wide, bag, decoder]
const kinds: [
  nn.ZeroPad2d,
  nn.LPPool2d,
  nn.MaxUnpool2d,
  nn.MaxPool2d,
  nn.Upsample,
  nn.Unfold,
  nn.Fold,
  nn.Bilinear,
  nn.LSTM,
  nn.EmbeddingBag,
  nn.Unflatten,
] = [
  new nn.ZeroPad2d([1, 2, 3, 4]),
  new nn.LPPool2d(2, 3, { stride: 2, ceilMode: true }),
  new nn.MaxUnpool2d(2, { stride: [1, 2] }),
  new nn.MaxPool2d(2, { ceilMode: true, dilation: 2 }),
  new nn.Upsample({ scaleFactor: [2, 3] }),
  new nn.Unfold([2, 3], { padding: 1 }),
  new nn.Fold([6, 10], 3),
  new nn.Bilinear(2, 3, 4),
  new nn.LSTM(20, 32, { bidirectional: true, numLayers: 2 }),
  new nn.EmbeddingBag(5, 3, { includeLastOffset: true }),
  new nn.Unflatten(1, [2, 3]),
]
void [plain, kinds]

// ---------------------------------------------------------------- operations
shaped<readonly [8, 20]>().is(where(features.gt(0), features, 0))
shaped<readonly [8, 20]>().is(where(features.gt(0), 1, zeros([20])))
shaped<readonly [8, 20]>().is(where(zeros([8, 1]).gt(0), zeros([1, 20]), -1))
shaped<readonly [8, 20]>().is(where(features.gt(0), 1, 0))
shaped<Shape>().is(where(any, features, 0))
shaped<readonly [8, 20]>().is(features.where(features.gt(0), 0))
shaped<readonly [8, 20]>().is(zeros([8, 1]).where(zeros([20]).gt(0), zeros([20])))
const positions: Promise<Tensor[]> = where(features)
void positions
// @ts-expect-error sizes 20 and 19 do not broadcast
where(features.gt(0), zeros([8, 19]), 0)
// @ts-expect-error sizes 8 and 7 do not broadcast
where(zeros([8, 1]).gt(0), zeros([1, 20]), zeros([7, 20]))
// @ts-expect-error sizes 20 and 19 do not broadcast
features.where(zeros([19]).gt(0), 0)
check<
  Equal<
    BroadcastResult3<readonly [8, 1], readonly [1, 20], readonly [7, 20], 'where'>,
    'where: sizes 8 and 7 do not broadcast'
  >
>()
const batch = zeros([6, 2, 3])
shaped<readonly [6, 2, 4]>().is(batch.bmm(zeros([6, 3, 4])))
shaped<readonly [6, 2, 4]>().is(bmm(zeros([n, 2, 3]), zeros([6, 3, 4])))
shaped<Shape>().is(bmm(batch, any))
// @ts-expect-error inner sizes 3 and 4 differ
batch.bmm(zeros([6, 4, 4]))
// @ts-expect-error batches of 6 and 5 matrices differ
bmm(batch, zeros([5, 3, 4]))
// @ts-expect-error a matrix
bmm(batch, zeros([3, 4]))
check<Equal<BmmResult<readonly [6, 2, 3], readonly [6, 4, 4]>, 'bmm: inner sizes 3 and 4 differ'>>()
check<Equal<BmmResult<readonly [6, 2, 3], readonly [5, 3, 4]>, 'bmm: batches of 6 and 5 matrices differ'>>()
check<
  Equal<
    BmmResult<readonly [6, 2, 3], readonly [3, 4]>,
    'bmm: the second factor is (B, k, n), not a tensor of rank 2'
  >
>()
shaped<readonly [8, 4]>().is(mm(features, zeros([20, 4])))
shaped<readonly [8, 4]>().is(features.mm(zeros([20, 4])))
// @ts-expect-error inner sizes 20 and 19 differ
features.mm(zeros([19, 4]))
check<
  Equal<MmResult<readonly [8], readonly [19, 4]>, 'mm: the first factor is (m, k), not a tensor of rank 1'>
>()
shaped<readonly [8, 20]>().is(features.clamp(0, 1).clampMin(0))
shaped<readonly [12, 20]>().is(sequence.select(1, 3))
shaped<readonly [12, 2, 20]>().is(sequence.narrow(1, 3, 2))
shaped<readonly [12, 10, 23]>().is(sequence.pad([1, 2, 1, 1]))
// @ts-expect-error axis 3 does not exist
sequence.select(3, 0)
// @ts-expect-error axis 3 does not exist
sequence.narrow(3, 0, 1)
check<Equal<SelectResult<readonly [8, 20], 2>, 'select: axis 2 does not exist in a tensor of rank 2'>>()
