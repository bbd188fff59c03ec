/**
 * LeNet-5, the convolutional network for handwritten digits.
 */
import { ValueError } from '../core/errors.js'
import { AvgPool2d } from '../nn/avg-pool2d.js'
import { checkInput } from '../nn/check-input.js'
import { Conv2d } from '../nn/conv2d.js'
import { Flatten } from '../nn/flatten.js'
import { Linear } from '../nn/linear.js'
import { MaxPool2d } from '../nn/max-pool2d.js'
import { Module, type TensorModule } from '../nn/module.js'
import { ReLU } from '../nn/relu.js'
import { Sequential } from '../nn/sequential.js'
import { Sigmoid } from '../nn/sigmoid.js'
import { Tanh } from '../nn/tanh.js'
import type { Tensor } from '../tensor/tensor.js'

export interface LeNet5Options {
  /** Number of classes (default 10). */
  readonly numClasses?: number
  /** Channels of the images (default 1). */
  readonly inChannels?: number
  /** Height and width of the images: 28 (default; the first convolution pads by 2) or 32. */
  readonly imageSize?: 28 | 32
  /** Default 'relu'. */
  readonly activation?: 'relu' | 'tanh' | 'sigmoid'
  /** Default 'max'. */
  readonly pooling?: 'max' | 'avg'
}

const activations = { relu: ReLU, tanh: Tanh, sigmoid: Sigmoid }
const poolings = {
  max: (): TensorModule => new MaxPool2d(2),
  avg: (): TensorModule => new AvgPool2d(2),
}

/**
 * Two convolutions and three fully connected layers, 61,706 parameters for ten classes:
 *
 *     (N, 1, 28, 28) → conv 5×5 → 6@28² → pool → 6@14² → conv 5×5 → 16@10² → pool → 16@5² → 120 → 84 → 10 logits
 *
 * The default is the modern form (ReLU, max pooling), which passes 99 % on MNIST within five epochs.
 * `{ imageSize: 32, activation: 'sigmoid', pooling: 'avg' }` is the classic form. Throws `ShapeError` for images of
 * another size. LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition" (1998);
 * the original's trainable subsampling, its sparse table of connections and its Gaussian output layer are not kept.
 */
export class LeNet5 extends Module {
  readonly imageSize: number
  readonly inChannels: number
  features: Sequential
  classifier: Sequential

  constructor(options: LeNet5Options = {}) {
    super()
    const { numClasses = 10, inChannels = 1, imageSize = 28, activation = 'relu', pooling = 'max' } = options
    if (imageSize !== 28 && imageSize !== 32) {
      throw new ValueError(`LeNet5: expected imageSize 28 or 32, got ${imageSize}. Resize the images.`)
    }
    const Activation = activations[activation]
    const pool = poolings[pooling]
    if (Activation === undefined || pool === undefined) {
      throw new ValueError(
        `LeNet5: expected activation relu, tanh or sigmoid and pooling max or avg, got '${activation}' and '${pooling}'.`,
      )
    }
    const act = (): TensorModule => new Activation()
    this.imageSize = imageSize
    this.inChannels = inChannels
    this.features = new Sequential(
      new Conv2d(inChannels, 6, 5, { padding: imageSize === 28 ? 2 : 0 }),
      act(),
      pool(),
      new Conv2d(6, 16, 5),
      act(),
      pool(),
    )
    this.classifier = new Sequential(
      new Flatten(),
      new Linear(400, 120),
      act(),
      new Linear(120, 84),
      act(),
      new Linear(84, numClasses),
    )
  }

  /** Logits (N, numClasses) of images (N, inChannels, imageSize, imageSize). */
  override forward(x: Tensor): Tensor {
    const size = this.imageSize
    const channels = this.inChannels
    checkInput(
      'LeNet5',
      x,
      x.rank === 4 && x.shape[2] === size && x.shape[3] === size,
      `(N, ${channels}, ${size}, ${size})`,
    )
    return this.classifier.forward(this.features.forward(x))
  }
}
