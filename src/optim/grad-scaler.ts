/**
 * Loss scaling for training in f16: a factor on the loss keeps small gradients above what f16 rounds to 0, and adapts
 * to the largest that does not overflow. Micikevicius et al., "Mixed Precision Training" (2018).
 */
import { ValueError } from '../core/errors.js'
import { flushPending } from '../runtime/realize.js'
import { tensor } from '../tensor/creation.js'
import { noGrad } from '../tensor/grad-mode.js'
import { Buffer, type Parameter } from '../tensor/parameter.js'
import type { Tensor } from '../tensor/tensor.js'
import { where } from '../tensor/tensor-functions.js'

export interface GradScalerOptions {
  /** The first factor (default 65536). */
  readonly initScale?: number
  /** The factor grows by this after `growthInterval` steps without overflow (default 2). */
  readonly growthFactor?: number
  /** The factor shrinks by this after an overflow (default 0.5). */
  readonly backoffFactor?: number
  /** Default 2000. */
  readonly growthInterval?: number
  /** With false every method hands through (default true). */
  readonly enabled?: boolean
}

/** What a scaler needs of an optimizer; every Optimizer has it. */
export interface ScaledOptimizer {
  readonly paramGroups: readonly { readonly params: readonly Parameter[] }[]
  step(): void
  /** @internal */
  stepUnless(skip: Tensor): void
}

/** What `stateDict` gives, with PyTorch's names. */
export interface GradScalerStateDict {
  scale: Tensor
  growth_factor: number
  backoff_factor: number
  growth_interval: number
  _growth_tracker: Tensor
}

/**
 * `scaler.scale(loss).backward(); scaler.step(optimizer); scaler.update()`. A step whose gradients hold an infinity or
 * NaN changes nothing, and the factor shrinks. Whether it does is decided by tensors, not by the program, so all of it
 * works inside a compiled step and never waits for a value.
 */
export class GradScaler {
  readonly growthFactor: number
  readonly backoffFactor: number
  readonly growthInterval: number
  readonly enabled: boolean
  /** f32 []: the factor. */
  readonly #scale: Buffer
  /** i32 []: steps without overflow since the factor last changed. */
  readonly #growthTracker: Buffer
  /** bool [] for each optimizer whose gradients were unscaled since the last `update`. */
  #found = new Map<ScaledOptimizer, Tensor>()

  constructor({
    initScale = 65536,
    growthFactor = 2,
    backoffFactor = 0.5,
    growthInterval = 2000,
    enabled = true,
  }: GradScalerOptions = {}) {
    const check = (name: string, value: number, ok: boolean, expected: string): void => {
      if (!ok) throw new ValueError(`GradScaler: expected ${name} ${expected}, got ${value}.`)
    }
    check('initScale', initScale, initScale > 0 && Number.isFinite(initScale), 'above 0')
    check('growthFactor', growthFactor, growthFactor > 1, 'above 1')
    check('backoffFactor', backoffFactor, backoffFactor > 0 && backoffFactor < 1, 'between 0 and 1')
    check(
      'growthInterval',
      growthInterval,
      Number.isInteger(growthInterval) && growthInterval >= 1,
      'to be an integer of at least 1',
    )
    this.growthFactor = growthFactor
    this.backoffFactor = backoffFactor
    this.growthInterval = growthInterval
    this.enabled = enabled
    this.#scale = new Buffer(tensor(initScale, { dtype: 'f32' }))
    this.#growthTracker = new Buffer(tensor(0, { dtype: 'i32' }))
  }

  /** The loss (or each of a list) times the factor. */
  scale(loss: Tensor): Tensor
  scale(losses: readonly Tensor[]): Tensor[]
  scale(losses: Tensor | readonly Tensor[]): Tensor | Tensor[] {
    if (!this.enabled) return losses as Tensor | Tensor[]
    const scaled = (loss: Tensor): Tensor => loss.mul(this.#scale.to(loss.dtype === 'f64' ? 'f64' : 'f32'))
    return Array.isArray(losses) ? losses.map(scaled) : scaled(losses as Tensor)
  }

  /**
   * Divides the gradients of the optimizer's parameters by the factor, to look at them or clip them before `step`. Once
   * for each `update`; a second call throws ValueError.
   */
  unscale(optimizer: ScaledOptimizer): void {
    if (!this.enabled) return
    if (this.#found.has(optimizer)) {
      throw new ValueError(
        'GradScaler: expected unscale() once between updates, got it twice. Call update() after step().',
      )
    }
    noGrad(() => {
      const inverse = tensor(1, { dtype: 'f32' }).div(this.#scale)
      let found: Tensor | null = null
      for (const { params } of optimizer.paramGroups) {
        for (const p of params) {
          const { grad } = p
          if (grad === null) continue
          const wide = grad.to(grad.dtype === 'f64' ? 'f64' : 'f32')
          // Infinities and NaN survive the sum of |x|·0.
          const bad = wide.mul(0).sum().ne(0)
          found = found === null ? bad : found.logicalOr(bad)
          p.grad = wide.mul(inverse.to(wide.dtype)).to(grad.dtype)
        }
      }
      if (found === null) {
        throw new ValueError(
          'GradScaler: expected gradients to unscale, got none. Call scale(loss).backward() first.',
        )
      }
      this.#found.set(optimizer, found)
    })
  }

  /** `optimizer.step()` with unscaled gradients; a step with an infinity or NaN among them changes nothing. */
  step(optimizer: ScaledOptimizer): void {
    if (!this.enabled) {
      optimizer.step()
      return
    }
    if (!this.#found.has(optimizer)) this.unscale(optimizer)
    optimizer.stepUnless(this.#found.get(optimizer)!)
  }

  /** Adapts the factor to what the steps since the last update found. Call it once after them. */
  update(): void {
    if (!this.enabled) return
    if (this.#found.size === 0) {
      throw new ValueError('GradScaler: expected step() or unscale() before update(), got neither.')
    }
    noGrad(() => {
      const found = [...this.#found.values()].reduce((a, b) => a.logicalOr(b))
      const scale = this.#scale.detach()
      const count = this.#growthTracker.detach().add(1)
      const grows = count.eq(this.growthInterval)
      const grown = scale.mul(this.growthFactor)
      // A factor that overflows would make every step one.
      const larger = where(grows.logicalAnd(grown.lt(Number.POSITIVE_INFINITY)), grown, scale)
      this.#scale.assign(where(found, scale.mul(this.backoffFactor), larger))
      const zero = tensor(0, { dtype: 'i32' })
      this.#growthTracker.assign(where(found.logicalOr(grows), zero, count.to('i32')))
    })
    this.#found = new Map()
    flushPending()
  }

  /** The factor as it is now, a 0-d f32 tensor. */
  getScale(): Tensor {
    return this.#scale.detach()
  }

  /** The settings and state, with PyTorch's names. Tensors are snapshots. */
  stateDict(): GradScalerStateDict {
    return {
      scale: this.#scale.detach(),
      growth_factor: this.growthFactor,
      backoff_factor: this.backoffFactor,
      growth_interval: this.growthInterval,
      _growth_tracker: this.#growthTracker.detach(),
    }
  }

  /** Takes the factor and the count of `stateDict`. The settings must be those of this scaler: throws ValueError. */
  loadStateDict(dict: GradScalerStateDict): void {
    const { growthFactor, backoffFactor, growthInterval } = this
    const given = [dict.growth_factor, dict.backoff_factor, dict.growth_interval]
    const own = [growthFactor, backoffFactor, growthInterval]
    if (given.some((v, i) => v !== own[i])) {
      throw new ValueError(
        `GradScaler: expected growth_factor, backoff_factor and growth_interval ${own.join(', ')}, got ${given.join(', ')}. ` +
          'Build the scaler with those of the state.',
      )
    }
    noGrad(() => {
      this.#scale.assign(dict.scale.detach().to('f32').reshape([]))
      this.#growthTracker.assign(dict._growth_tracker.detach().to('i32').reshape([]))
    })
  }
}
