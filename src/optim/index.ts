/** Optimizers, learning-rate schedules and gradient clipping. */
export { Adam } from './adam.js'
export type { AdamOptions } from './adam-base.js'
export { AdamW } from './adamw.js'
export { type ClipGradNormOptions, clipGradNorm } from './clip-grad-norm.js'
export { clipGradValue } from './clip-grad-value.js'
export { CosineAnnealingLR, type CosineAnnealingLROptions } from './cosine-annealing-lr.js'
export {
  GradScaler,
  type GradScalerOptions,
  type GradScalerStateDict,
  type ScaledOptimizer,
} from './grad-scaler.js'
export { LinearLR, type LinearLROptions } from './linear-lr.js'
export { LinearWarmup, type LinearWarmupOptions } from './linear-warmup.js'
export { LRScheduler, type Scheduled } from './lr-scheduler.js'
export { OneCycleLR, type OneCycleLROptions } from './one-cycle-lr.js'
export {
  Optimizer,
  type OptimizerStateDict,
  type ParamGroup,
  type ParamsOrGroups,
  type State,
  type UpdateContext,
  type Updated,
} from './optimizer.js'
export { RMSprop, type RMSpropOptions } from './rmsprop.js'
export { SGD, type SGDOptions } from './sgd.js'
export { Slot, type SlotRule, slotRules } from './slot.js'
export { StepLR, type StepLROptions } from './step-lr.js'
