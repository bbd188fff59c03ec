/** Host functions that generated WebAssembly calls for f64, by their name in the loop IR. */
import type { HostFunction } from '../../codegen/emit/wasm/kernel-context.js'
import { erf } from './erf.js'

export const hostMath: Record<HostFunction, (x: number, y: number) => number> = {
  hostExp: Math.exp,
  hostLog: Math.log,
  hostExpm1: Math.expm1,
  hostLog1p: Math.log1p,
  hostSin: Math.sin,
  hostCos: Math.cos,
  hostTan: Math.tan,
  hostAtan: Math.atan,
  hostTanh: Math.tanh,
  hostErf: erf,
  // IEEE's pow has 1 where JavaScript's has NaN.
  hostPow: (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY) ? 1 : x ** y),
  hostAtan2: Math.atan2,
  hostMod: (x, y) => x % y,
}

/** The same table as JavaScript source, for workers. */
export const hostMathSource = `({
  hostExp: Math.exp, hostLog: Math.log, hostExpm1: Math.expm1, hostLog1p: Math.log1p, hostSin: Math.sin,
  hostCos: Math.cos, hostTan: Math.tan, hostAtan: Math.atan, hostTanh: Math.tanh, hostErf: ${erf.toString()},
  hostPow: (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y), hostAtan2: Math.atan2,
  hostMod: (x, y) => x % y,
})`
