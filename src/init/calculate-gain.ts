/**
 * The factor by which an activation shrinks the standard deviation of its input, inverted.
 */
import { ValueError } from '../core/errors.js'

export type Nonlinearity = 'linear' | 'conv' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu'

/**
 * PyTorch's recommended gain: linear, conv and sigmoid 1, tanh 5/3, relu √2, leakyRelu √(2 / (1 + slope²)) with
 * `slope` 0.01 by default, selu 3/4.
 */
export function calculateGain(nonlinearity: Nonlinearity, slope = 0.01): number {
  switch (nonlinearity) {
    case 'linear':
    case 'conv':
    case 'sigmoid':
      return 1
    case 'tanh':
      return 5 / 3
    case 'relu':
      return Math.SQRT2
    case 'leakyRelu':
      return Math.sqrt(2 / (1 + slope * slope))
    case 'selu':
      return 3 / 4
    default:
      throw new ValueError(
        `calculateGain: expected linear, conv, sigmoid, tanh, relu, leakyRelu or selu, got '${nonlinearity}'.`,
      )
  }
}
