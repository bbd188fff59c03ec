/**
 * A running weighted mean, of losses for instance. Tensors are summed on their device and read only by `compute`.
 */
import { ValueError } from '../core/errors.js'
import type { Tensor } from '../tensor/tensor.js'

export class Mean {
  private hostSum = 0
  private deviceSum: Tensor | null = null
  private weight = 0

  /**
   * Counts in one value, or every element of a tensor or array, each with `weight` (default 1): for the mean over samples
   * of batch means give the batch's size.
   */
  update(value: number | ArrayLike<number> | Tensor, weight = 1): void {
    if (!(weight >= 0)) throw new ValueError(`Mean.update: expected a weight of 0 or more, got ${weight}.`)
    if (typeof value === 'number') {
      this.hostSum += value * weight
      this.weight += weight
    } else if ('dtype' in value) {
      const sum = value.detach().to('f64').sum().mul(weight)
      this.deviceSum = this.deviceSum === null ? sum : this.deviceSum.add(sum)
      this.weight += weight * value.size
    } else {
      for (let i = 0; i < value.length; i++) this.hostSum += value[i] * weight
      this.weight += weight * value.length
    }
  }

  /** sum(weight · value) / sum(weight); NaN before the first value. */
  async compute(): Promise<number> {
    const device = this.deviceSum === null ? 0 : await this.deviceSum.item()
    return (this.hostSum + device) / this.weight
  }

  /** Forgets everything. */
  reset(): void {
    this.hostSum = 0
    this.deviceSum = null
    this.weight = 0
  }
}
