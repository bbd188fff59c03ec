/**
 * What RNNCell, LSTMCell and GRUCell share: the weights of one step under PyTorch's names.
 */
import { ShapeError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import { uniform } from '../init/uniform.js'
import { zeros } from '../tensor/creation.js'
import { Parameter } from '../tensor/parameter.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput, checkInteger } from './check-input.js'
import { Module } from './module.js'

/**
 * `weightIh` (gates·H, input), `weightHh` (gates·H, H), `biasIh`, `biasHh` (gates·H), all from U(-1/√H, 1/√H).
 */
export abstract class RecurrentCell extends Module {
  readonly inputSize: number
  readonly hiddenSize: number
  weightIh: Parameter
  weightHh: Parameter
  biasIh: Parameter | null
  biasHh: Parameter | null

  constructor(inputSize: number, hiddenSize: number, gates: number, bias: boolean) {
    super()
    const name = this.constructor.name
    checkInteger(name, 'inputSize', inputSize)
    checkInteger(name, 'hiddenSize', hiddenSize)
    this.inputSize = inputSize
    this.hiddenSize = hiddenSize
    this.weightIh = new Parameter(zeros([gates * hiddenSize, inputSize]))
    this.weightHh = new Parameter(zeros([gates * hiddenSize, hiddenSize]))
    this.biasIh = bias ? new Parameter(zeros([gates * hiddenSize])) : null
    this.biasHh = bias ? new Parameter(zeros([gates * hiddenSize])) : null
    this.resetParameters()
    this.guardState()
  }

  /** Draws fresh initial values. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize)
    for (const parameter of this.parameters()) uniform(parameter, -bound, bound)
  }

  /** Checks the input; the state, or zeros where none is given. */
  protected start(x: Tensor, state: Tensor | undefined): Tensor {
    const name = this.constructor.name
    const { inputSize: n, hiddenSize } = this
    const fits = (x.rank === 1 || x.rank === 2) && x.shape[x.rank - 1] === n
    checkInput(name, x, fits, `(N, ${n}) or (${n})`)
    const shape = [...x.shape.slice(0, -1), hiddenSize]
    if (state === undefined) return zeros(shape, { dtype: x.dtype })
    if (formatShape(state.shape) === formatShape(shape)) return state
    throw new ShapeError(
      `${name}: expected a state of shape ${formatShape(shape)} for an input ${formatShape(x.shape)}, got ${formatShape(state.shape)}.`,
    )
  }

  protected override describe(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.biasIh === null ? ', bias=false' : ''}`
  }
}
