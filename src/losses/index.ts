/** Losses. */
export {
  BCEWithLogitsLoss,
  type BCEWithLogitsOptions,
  bceWithLogits,
  binaryCrossEntropyWithLogits,
} from './bce-with-logits.js'
export { BCELoss, type BCELossOptions, binaryCrossEntropy } from './binary-cross-entropy.js'
export {
  CosineEmbeddingLoss,
  type CosineEmbeddingLossOptions,
  cosineEmbeddingLoss,
} from './cosine-embedding-loss.js'
export { CrossEntropyLoss, type CrossEntropyOptions, crossEntropy } from './cross-entropy.js'
export { CTCLoss, type CTCLossOptions, ctcLoss, type Lengths } from './ctc-loss.js'
export { GaussianNLLLoss, type GaussianNLLLossOptions, gaussianNllLoss } from './gaussian-nll-loss.js'
export {
  HingeEmbeddingLoss,
  type HingeEmbeddingLossOptions,
  hingeEmbeddingLoss,
} from './hinge-embedding-loss.js'
export { HuberLoss, type HuberLossOptions, huberLoss } from './huber-loss.js'
export { KLDivLoss, type KLDivOptions, klDiv } from './kl-div.js'
export { L1Loss, l1Loss } from './l1-loss.js'
export { MarginRankingLoss, type MarginRankingLossOptions, marginRankingLoss } from './margin-ranking-loss.js'
export { MSELoss, mseLoss } from './mse-loss.js'
export { MultiMarginLoss, type MultiMarginLossOptions, multiMarginLoss } from './multi-margin-loss.js'
export { MultiLabelMarginLoss, multilabelMarginLoss } from './multilabel-margin-loss.js'
export {
  MultiLabelSoftMarginLoss,
  type MultiLabelSoftMarginLossOptions,
  multilabelSoftMarginLoss,
} from './multilabel-soft-margin-loss.js'
export { NLLLoss, type NLLLossOptions, nllLoss } from './nll-loss.js'
export { PoissonNLLLoss, type PoissonNLLLossOptions, poissonNllLoss } from './poisson-nll-loss.js'
export type { LossOptions, Reduction } from './reduction.js'
export { SmoothL1Loss, type SmoothL1LossOptions, smoothL1Loss } from './smooth-l1-loss.js'
export { SoftMarginLoss, softMarginLoss } from './soft-margin-loss.js'
export { TripletMarginLoss, type TripletMarginLossOptions, tripletMarginLoss } from './triplet-margin-loss.js'
export {
  TripletMarginWithDistanceLoss,
  type TripletMarginWithDistanceLossOptions,
  tripletMarginWithDistanceLoss,
} from './triplet-margin-with-distance-loss.js'
