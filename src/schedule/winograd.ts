/**
 * Convolutions that Winograd's minimal filtering computes with a quarter of the multiplications: F(4×4, 3×3). A tile of
 * 4 × 4 outputs is a transform of the products of 6 × 6 transformed inputs with 6 × 6 transformed taps,
 *
 *   Y = Aᵀ [ Σ_c (G g_c Gᵀ) ⊙ (Bᵀ d_c B) ] A
 *
 * so that a convolution becomes 36 products of matrices over channels (Winograd 1980; Lavin and Gray 2016). The
 * polynomials are interpolated at 0, ±5/8, ±3/2 and ∞ instead of 0, ±1, ±2 and ∞: the error is then half as large, about
 * twice that of the direct sum, and the points are exact in binary.
 */
import type { Target } from '../codegen/target.js'
import * as b from '../ir/build.js'
import { isOp, type Node } from '../ir/node.js'

/** Outputs, taps and inputs of a tile along one axis. */
export const tileOutputs = 4
export const tileTaps = 3
export const tileInputs = tileOutputs + tileTaps - 1
/** Products of a tile. */
export const tileProducts = tileInputs ** 2

/** The points ±a and ±b. */
export const pointA = 5 / 8
export const pointB = 3 / 2

const a2 = pointA ** 2
const b2 = pointB ** 2
const scaleA = 1 / (2 * a2 * (a2 - b2))
const scaleB = 1 / (2 * b2 * (b2 - a2))

/** G: what takes three taps to six points. Rows of equal magnitudes stand together: 0; a, -a; b, -b; ∞. */
export const tapRows: readonly (readonly [number, number, number])[] = [
  [1 / (a2 * b2), 0, 0],
  [scaleA, scaleA * pointA, scaleA * a2],
  [scaleA, -scaleA * pointA, scaleA * a2],
  [scaleB, scaleB * pointB, scaleB * b2],
  [scaleB, -scaleB * pointB, scaleB * b2],
  [0, 0, 1],
]

/** Below so many channels the transforms cost more than the products save. */
export const fewestChannels = 16

/** Tiles of a convolution's output: images × rows × columns. */
export function tilesOf(node: Node<'conv'>): { rows: number; columns: number; count: number } {
  const [n, , height, width] = node.shape
  const rows = Math.ceil(height / tileOutputs)
  const columns = Math.ceil(width / tileOutputs)
  return { rows, columns, count: n * rows * columns }
}

/** Tiles that a kernel works on together: enough to keep the transformed taps busy, few enough for the L2 cache. */
export const mostTiles = 56

/** Whether the taps are read by one block of tiles only: their points are then made where they are used. */
export const usesTapsOnce = (node: Node<'conv'>): boolean => tilesOf(node).count <= mostTiles

/** Whether a convolution is computed by tiles: 3 × 3 taps beside each other, and enough of everything. */
export function isWinograd(node: Node): boolean {
  if (!isOp(node, 'conv') || node.dtype !== 'f32' || node.shape.length !== 4 || node.shape.includes(0))
    return false
  const { stride, padding, dilation, inputDilation, groups } = node.attrs
  const [, w] = node.inputs
  const [outChannels, channels, ...taps] = w.shape
  const ones = [...stride, ...dilation, ...inputDilation, groups]
  if (taps.some((n) => n !== tileTaps) || ones.some((n) => n !== 1)) return false
  if (padding.some((pair) => pair.some((p) => p < 0))) return false
  if (channels < fewestChannels || outChannels < fewestChannels) return false
  return pays(node, channels, outChannels)
}

/**
 * Cycles of a processor with vectors of 16, roughly: multiply-adds (of a direct sum on whole vectors of an image's
 * positions), the transforms of inputs and outputs (counted in tiles × vectors of channels), and those of the taps, with
 * the memory that they go through where blocks share them.
 */
function pays(node: Node<'conv'>, channels: number, outChannels: number): boolean {
  const { count } = tilesOf(node)
  const pairs = channels * outChannels
  const [images, , height, width] = node.shape
  const direct = tileTaps ** 2 * pairs * images * Math.ceil((height * width) / 16)
  const products = (tileProducts * pairs * count) / 16
  const transforms = ((channels + outChannels) * count * 250) / 16
  return products + transforms + pairs * (usesTapsOnce(node) ? 15 : 45) < 0.85 * direct
}

/** Output channels of a panel of transformed taps: as many vectors as a register tile has, or one where that is enough. */
export function tapsPanel(outChannels: number, { vectorBytes, tile }: Target): number {
  const lanes = vectorBytes / 4
  return outChannels <= lanes ? lanes : lanes * tile.vectors
}

/**
 * The transformed taps G g Gᵀ, laid out for panels of `panel` output channels: (⌈O/panel⌉, 36, C or C + 1, panel), zeros
 * at the ends. The channels are odd in number: the 36 points of one would else share a few sets of the cache. A kernel of its own computes them (`lowerWinogradTaps`); this says what they are.
 */
export function transformedTaps(w: Node, panel: number): Node {
  const [outChannels, channels] = w.shape
  const panels = Math.ceil(outChannels / panel)
  const along = (x: Node, axis: number): Node =>
    b.concat(
      tapRows.map((row) =>
        row
          .map((c, i) => b.mul(b.sliceAxis(x, axis, i, i + 1), b.full(oneOf(x, axis), c, x.dtype)))
          .reduce((sum, term) => b.add(sum, term)),
      ),
      axis,
    )
  const points = along(along(w, 2), 3) // (O, C, 6, 6)
  const end = [panels * panel - outChannels, 1 - (channels % 2), 0, 0]
  const padded = b.pad(points, [0, 0, 0, 0], end, [0, 0, 0, 0], 0)
  const split = b.reshape(padded, [panels, panel, padded.shape[1], tileProducts])
  return b.permute(split, [0, 3, 2, 1])
}

const oneOf = (x: Node, axis: number): number[] => x.shape.map((n, i) => (i === axis ? 1 : n))
