/** The lanes of an expression that is being lowered. */
import { type Index, type LoopVar, laneIndex, loopVar } from '../index-expression.js'

/** How many elements one expression computes, and the variable 0…count-1 that tells them apart. */
export interface Lanes {
  readonly count: number
  /** null with one lane. */
  readonly variable: LoopVar | null
}

export const oneLane: Lanes = { count: 1, variable: null }

export const lanesFor = (count: number): Lanes =>
  count === 1 ? oneLane : { count, variable: loopVar('lane', 0, count - 1) }

/** The index of lane `l`. */
export const atLane = (index: Index, lanes: Lanes, l: number): Index =>
  lanes.variable === null ? index : laneIndex(index, lanes.variable, l)
