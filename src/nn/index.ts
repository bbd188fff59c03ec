/** Layers and the base class of networks. */

export { AdaptiveAvgPool1d } from './adaptive-avg-pool1d.js'
export { AdaptiveAvgPool2d } from './adaptive-avg-pool2d.js'
export { AdaptiveAvgPool3d } from './adaptive-avg-pool3d.js'
export { AdaptiveMaxPool2d } from './adaptive-max-pool2d.js'
export { AvgPool1d } from './avg-pool1d.js'
export { AvgPool2d } from './avg-pool2d.js'
export { AvgPool3d } from './avg-pool3d.js'
export type { BatchNormOptions } from './batch-norm-nd.js'
export { BatchNorm1d } from './batch-norm1d.js'
export { BatchNorm2d } from './batch-norm2d.js'
export { BatchNorm3d } from './batch-norm3d.js'
export type { ConvOptions } from './conv-nd.js'
export type { ConvTransposeOptions } from './conv-transpose-nd.js'
export { ConvTranspose1d } from './conv-transpose1d.js'
export { ConvTranspose2d } from './conv-transpose2d.js'
export { ConvTranspose3d } from './conv-transpose3d.js'
export { Conv1d } from './conv1d.js'
export { Conv2d } from './conv2d.js'
export { Conv3d } from './conv3d.js'
export { Dropout } from './dropout.js'
export { Dropout2d } from './dropout2d.js'
export { ELU } from './elu.js'
export { Embedding, type EmbeddingOptions } from './embedding.js'
export { Flatten } from './flatten.js'
export { GELU, type GELUOptions } from './gelu.js'
export { GLU } from './glu.js'
export { GroupNorm, type GroupNormOptions } from './group-norm.js'
export { GRU } from './gru.js'
export { Hardsigmoid } from './hardsigmoid.js'
export { Hardswish } from './hardswish.js'
export { Hardtanh } from './hardtanh.js'
export { Identity } from './identity.js'
export { InstanceNorm2d, type InstanceNormOptions } from './instance-norm2d.js'
export { LayerNorm, type LayerNormOptions } from './layer-norm.js'
export { LeakyReLU } from './leaky-relu.js'
export { Linear, type LinearOptions } from './linear.js'
export { LogSigmoid } from './log-sigmoid.js'
export { LogSoftmax } from './log-softmax.js'
export { LSTM } from './lstm.js'
export { MaxPool1d } from './max-pool1d.js'
export { MaxPool2d } from './max-pool2d.js'
export { MaxPool3d } from './max-pool3d.js'
export { Mish } from './mish.js'
export {
  type BackwardHook,
  type BackwardPreHook,
  type ForwardHook,
  type ForwardPreHook,
  type LoadOptions,
  type LoadResult,
  Module,
  type StateDict,
  type TensorModule,
} from './module.js'
export {
  type AttentionOptions,
  MultiheadAttention,
  type MultiheadAttentionOptions,
} from './multihead-attention.js'
export type { AvgPoolOptions, MaxPoolOptions, PoolOptions } from './pool-nd.js'
export { PReLU } from './prelu.js'
export type { RecurrentOptions } from './recurrent.js'
export { ReLU } from './relu.js'
export { ReLU6 } from './relu6.js'
export { RMSNorm, type RMSNormOptions } from './rms-norm.js'
export { RNN, type RNNOptions } from './rnn.js'
export { SELU } from './selu.js'
export { Sequential, sequential } from './sequential.js'
export { Sigmoid } from './sigmoid.js'
export { SiLU } from './silu.js'
export { Softmax } from './softmax.js'
export { Softplus, type SoftplusOptions } from './softplus.js'
export { Softsign } from './softsign.js'
export { stateName } from './state-name.js'
export { Tanh } from './tanh.js'
export { TransformerEncoder, type TransformerEncoderOptions } from './transformer-encoder.js'
export {
  type EncoderMasks,
  TransformerEncoderLayer,
  type TransformerEncoderLayerOptions,
} from './transformer-encoder-layer.js'
export { Unflatten } from './unflatten.js'
