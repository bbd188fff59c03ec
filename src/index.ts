/**
 * Chainrule: tensors, gradients, compiled steps, and the devices that run them; layers, losses and optimizers too.
 * Data sets, metrics, file formats and models have entries of their own (`chainrule/data`, …).
 */
export type { DType, TypedArray } from './core/dtype.js'
export {
  ChainruleError,
  DataError,
  DeviceError,
  DTypeError,
  InternalError,
  ShapeError,
  TraceError,
  ValueError,
} from './core/errors.js'
export type { Shape } from './core/shape.js'
export * as functional from './functional.js'
export * as init from './init/index.js'
export * from './losses/index.js'
export * from './nn/index.js'
export * from './optim/index.js'
export { currentDevice, listDevices, useDevice } from './runtime/devices.js'
export type { ProfileReport } from './runtime/profile-report.js'
export { type AutocastOptions, autocast, getAutocastDtype, isAutocastEnabled } from './tensor/autocast.js'
export { type Compiled, compile } from './tensor/compile.js'
export {
  arange,
  type CreationOptions,
  empty,
  emptyLike,
  eye,
  full,
  fullLike,
  linspace,
  logspace,
  type NestedValues,
  ones,
  onesLike,
  type TensorOptions,
  tensor,
  zeros,
  zerosLike,
} from './tensor/creation.js'
export type { TensorStatistics } from './tensor/describe.js'
export { describeGraph } from './tensor/describe-graph.js'
export * as fft from './tensor/fft.js'
export { enableGrad, isGradEnabled, noGrad } from './tensor/grad-mode.js'
export { type IndexArgument, type RangeText, type Slice, slice } from './tensor/index-argument.js'
export {
  bucketize,
  searchsorted,
  segmentMax,
  segmentMean,
  segmentMin,
  segmentSoftmax,
  segmentSum,
} from './tensor/indexing-functions.js'
export * as linalg from './tensor/linalg.js'
export {
  cholesky,
  cross,
  det,
  inv as inverse,
  matrixExp,
  matrixPower,
  pinv as pinverse,
  qr,
  slogdet,
  svd,
} from './tensor/linalg.js'
export {
  addbmm,
  addmm,
  addmv,
  addr,
  baddbmm,
  bmm,
  type CovOptions,
  cdist,
  choleskyInverse,
  choleskySolve,
  corrcoef,
  cosineSimilarity,
  cov,
  dot,
  ger,
  inner,
  kron,
  logdet,
  matmul,
  mm,
  mv,
  outer,
  pairwiseDistance,
  pdist,
  trace,
  vdot,
} from './tensor/linear-algebra-functions.js'
export { observe } from './tensor/observe.js'
export type { Unique } from './tensor/ordering-methods.js'
export { Buffer, Parameter } from './tensor/parameter.js'
export { type PrintOptions, type PrintProfile, setPrintOptions } from './tensor/print-options.js'
export {
  defaultGenerator,
  Generator,
  getRngState,
  initialSeed,
  manualSeed,
  seed,
  setRngState,
} from './tensor/random.js'
export {
  bernoulli,
  beta,
  exponential,
  gamma,
  multinomial,
  normal,
  poisson,
  type RandomOptions,
  rand,
  randint,
  randintLike,
  randLike,
  randn,
  randnLike,
  randperm,
  uniform,
} from './tensor/random-tensors.js'
export type { RemovableHandle } from './tensor/removable-handle.js'
export {
  atleast1d,
  atleast2d,
  atleast3d,
  blockDiag,
  broadcastShapes,
  broadcastTensors,
  cartesianProd,
  columnStack,
  combinations,
  concat,
  diagEmbed,
  dstack,
  hstack,
  meshgrid,
  trilIndices,
  triuIndices,
  vstack,
} from './tensor/shape-functions.js'
export {
  bartlettWindow,
  blackmanWindow,
  complex,
  complexAbs,
  complexAngle,
  complexConj,
  complexDiv,
  complexMatmul,
  complexMul,
  hammingWindow,
  hannWindow,
  imag,
  istft,
  polar,
  real,
  type StftOptions,
  stft,
} from './tensor/signal-functions.js'
export * as sparse from './tensor/sparse.js'
export { Tensor } from './tensor/tensor.js'
export { cat, einsum, stack, tensordot, where } from './tensor/tensor-functions.js'
export {
  type ArgumentGradients,
  type BatchAxes,
  type CustomGradientOptions,
  checkpoint,
  cond,
  customGradient,
  type GradcheckOptions,
  gradcheck,
  gradgradcheck,
  gradients,
  hessian,
  hvp,
  type JacobianOptions,
  jacobian,
  jvp,
  type ScanOptions,
  scan,
  type VmapOptions,
  valueAndGrad,
  vjp,
  vmap,
  whileLoop,
} from './tensor/transforms.js'
