/**
 * Shapes through layers, right and wrong: checked by `npm run typecheck`. Nothing here runs. A line under
 * `@ts-expect-error` that compiled would be an error itself; the messages are compared as types.
 */
import type { Shape } from '../../src/core/shape.js'
import * as nn from '../../src/nn/index.js'
import { zeros } from '../../src/tensor/creation.js'
import * as functional from '../../src/tensor/functional.js'
import type {
  ChainShape,
  ChannelShape,
  ConvShape,
  FeatureShape,
  ImageShape,
  RecurrentShape,
} from '../../src/tensor/layer-shapes.js'
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
const image = zeros([8, 3, 32, 32])
const features = zeros([8, 20])

// ---------------------------------------------------------------- linear
shaped<readonly [8, 5]>().is(new nn.Linear(20, 5).forward(features))
shaped<readonly [2, 3, 5]>().is(new nn.Linear(20, 5).forward(zeros([2, 3, 20])))
shaped<readonly [8, number]>().is(new nn.Linear(20, n).forward(features))
shaped<readonly [8, 5]>().is(new nn.Linear(n, 5).forward(features))
shaped<Shape>().is(new nn.Linear(20, 5).forward(any))
shaped<readonly [8, 5]>().is(functional.linear(features, zeros([5, 20])))
// @ts-expect-error the input has 20 features, the layer takes 21
new nn.Linear(21, 5).forward(features)
// @ts-expect-error the input has 20 features, the layer takes 5
functional.linear(features, zeros([20, 5]))

// A layer of known sizes is a layer; parameters never ask for sizes.
const plain: nn.Linear = new nn.Linear(20, 5)
const module: nn.TensorModule = new nn.Linear(20, 5)
const list: nn.TensorModule[] = [new nn.Linear(20, 5), new nn.ReLU(), new nn.Conv2d(1, 2, 3), nn.sequential()]
const accepts = (layer: nn.Linear, x: Tensor): Tensor => layer.forward(x)
accepts(new nn.Linear(3, 4), zeros([2, 3]))
plain.forward(zeros([8, 7]))
void [module, list]

// ---------------------------------------------------------------- convolution and pooling
shaped<readonly [8, 16, 28, 28]>().is(new nn.Conv2d(3, 16, 5).forward(image))
shaped<readonly [8, 16, number, number]>().is(new nn.Conv2d(3, 16, n).forward(image))
shaped<readonly [8, 16, 96]>().is(new nn.Conv1d(3, 16, 5).forward(zeros([8, 3, 100])))
shaped<readonly [8, 16, 5, 5, 5]>().is(new nn.Conv3d(3, 16, 5).forward(zeros([8, 3, 9, 9, 9])))
shaped<readonly [8, 16, 36, 36]>().is(new nn.ConvTranspose2d(3, 16, 5).forward(image))
shaped<readonly [8, 3, 16, 16]>().is(new nn.MaxPool2d(2).forward(image))
shaped<readonly [8, 3, 1, 1]>().is(new nn.AdaptiveAvgPool2d(1).forward(image))
shaped<readonly [8, 3, 4, 5]>().is(new nn.AdaptiveMaxPool2d([4, 5]).forward(image))
shaped<readonly [8, 3072]>().is(new nn.Flatten().forward(image))
shaped<readonly [8, 3, 1024]>().is(new nn.Flatten(2).forward(image))
shaped<readonly [8, 4, number, number]>().is(functional.conv2d(image, zeros([4, 3, 3, 3])))
shaped<Shape>().is(new nn.Conv2d(3, 16, 5).forward(any))
// @ts-expect-error the input has 3 channels, the layer takes 4
new nn.Conv2d(4, 16, 5).forward(image)
// @ts-expect-error no batch axis
new nn.Conv2d(3, 16, 5).forward(zeros([3, 32, 32]))
// @ts-expect-error no batch axis
new nn.AvgPool2d(2).forward(zeros([3, 32, 32]))
// @ts-expect-error rank 3
functional.conv2d(zeros([3, 32, 32]), zeros([4, 3, 3, 3]))
// @ts-expect-error the weight of rank 3
functional.conv2d(image, zeros([4, 3, 3]))

// ---------------------------------------------------------------- normalisation, activations, embedding
shaped<readonly [8, 3, 32, 32]>().is(new nn.BatchNorm2d(3).forward(image))
shaped<readonly [8, 20]>().is(new nn.BatchNorm1d(20).forward(features))
shaped<readonly [8, 20]>().is(new nn.LayerNorm(20).forward(features))
shaped<readonly [8, 3, 32, 32]>().is(new nn.LayerNorm([32, 32]).forward(image))
shaped<readonly [8, 3, 32, 32]>().is(new nn.GroupNorm(1, 3).forward(image))
shaped<readonly [8, 20]>().is(new nn.Dropout(0.1).forward(new nn.GELU().forward(features)))
shaped<readonly [8, 20]>().is(functional.relu(features))
shaped<readonly [4, 7, 64]>().is(new nn.Embedding(100, 64).forward(zeros([4, 7], { dtype: 'i64' })))
// @ts-expect-error the input has 3 channels, the layer takes 4
new nn.BatchNorm2d(4).forward(image)
// @ts-expect-error not an image
new nn.BatchNorm2d(20).forward(features)
// @ts-expect-error the input has 20 features, the layer takes 30
new nn.LayerNorm(30).forward(features)

// ---------------------------------------------------------------- recurrent layers and attention
const sequence = zeros([12, 8, 20])
shaped<readonly [12, 8, 32]>().is(new nn.LSTM(20, 32).forward(sequence)[0])
shaped<readonly [12, 8, 64]>().is(new nn.GRU(20, 32, { bidirectional: true }).forward(sequence)[0])
shaped<readonly [12, 32]>().is(new nn.RNN(20, 32, { nonlinearity: 'relu' }).forward(zeros([12, 20]))[0])
shaped<readonly [12, 8, 20]>().is(new nn.MultiheadAttention(20, 4).forward(sequence)[0])
shaped<readonly [12, 8, 20]>().is(new nn.TransformerEncoderLayer(20, 4).forward(sequence))
shaped<readonly [8, 32]>().is(new nn.GRUCell(20, 32).forward(features))
shaped<readonly [8, 32]>().is(new nn.LSTMCell(20, 32).forward(features)[1])
shaped<readonly [8, 3, 34, 34]>().is(new nn.ReflectionPad2d(1).forward(image))
shaped<readonly [8, 3, 6]>().is(new nn.AdaptiveMaxPool1d(6).forward(zeros([8, 3, 32])))
// @ts-expect-error the input has 20 features, the layer takes 21
new nn.RNNCell(21, 32).forward(features)
const recurrent: nn.LSTM = new nn.LSTM(20, 32)
void recurrent
// @ts-expect-error the input has 20 features, the layer takes 21
new nn.LSTM(21, 32).forward(sequence)
// @ts-expect-error the input has 20 features, the layer takes 24
new nn.TransformerEncoderLayer(24, 4).forward(sequence)
// @ts-expect-error rank 4
new nn.LSTM(32, 32).forward(image)

// ---------------------------------------------------------------- sequential
const net = nn.sequential(
  new nn.Conv2d(3, 16, 3),
  new nn.BatchNorm2d(16),
  new nn.ReLU(),
  new nn.AdaptiveAvgPool2d(4),
  new nn.Flatten(),
  new nn.Linear(256, 10),
)
shaped<readonly [8, 10]>().is(net.forward(image))
shaped<Shape>().is(net.forward(any))
const anyNet: nn.Sequential = net
shaped<Shape>().is(nn.sequential(...list).forward(image))
shaped<Shape>().is(anyNet.forward(image))
const misfit = nn.sequential(new nn.Linear(20, 30), new nn.ReLU(), new nn.Linear(40, 10))
// @ts-expect-error the input has 30 features, the layer takes 40
misfit.forward(features)
const deep = nn.sequential(nn.sequential(new nn.Linear(20, 30), new nn.Tanh()), new nn.Linear(30, 1))
shaped<readonly [8, 1]>().is(deep.forward(features))
class Custom extends nn.Module {
  override forward(x: Tensor): Tensor {
    return x
  }
}
shaped<Shape>().is(nn.sequential(new nn.Linear(20, 30), new Custom()).forward(features))
shaped<Shape>().is(nn.sequential(new Custom(), new nn.Linear(40, 10)).forward(features))

// ---------------------------------------------------------------- messages
type Image = readonly [8, 3, 32, 32]
check<Equal<ConvShape<Image, 'Conv2d', 2, 4, 16>, 'Conv2d: the input has 3 channels, the layer takes 4'>>()
check<
  Equal<
    ConvShape<readonly [3, 32, 32], 'Conv2d', 2, 3, 16>,
    'Conv2d: the input is (N, C, H, W), not a tensor of rank 3'
  >
>()
check<
  Equal<
    ImageShape<readonly [8, 20], 'BatchNorm2d', 20, 2>,
    'BatchNorm2d: the input is (N, C, H, W), not a tensor of rank 2'
  >
>()
check<Equal<ChannelShape<Image, 'GroupNorm', 6>, 'GroupNorm: the input has 3 channels, the layer takes 6'>>()
check<
  Equal<
    FeatureShape<readonly [8, 20], 'LayerNorm', 30>,
    'LayerNorm: the input has 20 features, the layer takes 30'
  >
>()
check<
  Equal<
    RecurrentShape<readonly [20], 'LSTM', 20, 32, false>,
    'LSTM: the input is (T, N, F) or (T, F), not a tensor of rank 1'
  >
>()
check<
  Equal<
    ChainShape<readonly [8, 20], [nn.Linear<20, 30>, nn.ReLU, nn.Linear<40, 10>]>,
    'linear: the input has 30 features, the layer takes 40'
  >
>()
