/**
 * The standard deviation of He et al. (2015), shared by `kaimingUniform` and `kaimingNormal`.
 */
import type { Shape } from '../core/shape.js'
import { calculateGain, type Nonlinearity } from './calculate-gain.js'
import { calculateFan, type FanMode } from './fan.js'
import type { RandomOptions } from './uniform.js'

export interface KaimingOptions extends RandomOptions {
  /** Negative slope of the leaky ReLU that follows (default 0, that is ReLU). */
  readonly a?: number
  /** Keep the variance of the forward pass ('fanIn', the default) or of the backward pass ('fanOut'). */
  readonly mode?: FanMode
  /** The activation that follows; default leakyRelu with slope `a`. */
  readonly nonlinearity?: Nonlinearity
}

/** gain / √fan. */
export function kaimingStd(
  shape: Shape,
  { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' }: KaimingOptions,
): number {
  return calculateGain(nonlinearity, a) / Math.sqrt(Math.max(1, calculateFan(shape)[mode]))
}
