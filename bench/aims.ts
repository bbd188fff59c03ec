// What the small benchmarks have to reach: for each, the rows that count and the limit of a figure in them.
import type { Row } from './micro/timing.js'

/** One figure of some rows, with its limit. */
export interface Aim {
  readonly aim: string
  /** The column that holds the figure. */
  readonly column: string
  readonly applies: (row: Row) => boolean
  readonly atLeast?: number
  readonly atMost?: number
  /** Why rows fall short, as far as it was found: stands in the results where some do. */
  readonly why: string
}

/** A small benchmark whose rows become a section of the results. */
export interface SmallBenchmark {
  readonly name: string
  readonly title: string
  /** What the columns mean, in a sentence or two. */
  readonly note: string
  readonly seconds: number
  readonly aims: readonly Aim[]
}

const sizesOf = (row: Row): { sides: number[]; layout: string } => {
  const [sides, layout = ''] = String(row['m×n×k'] ?? '').split(' ')
  return { sides: sides.split('×').map(Number), layout }
}
const odd = [63, 65, 127, 1000, 1023]

/** Which of the four groups of matrix products a row is in. */
function group(row: Row): 'square' | 'odd' | 'thin' | 'transposed' | null {
  if (row['m×n×k'] === undefined) return null
  const { sides, layout } = sizesOf(row)
  if (layout !== 'nn') return 'transposed'
  if (new Set(sides).size > 1) return 'thin'
  return odd.includes(sides[0]) ? 'odd' : 'square'
}

/** Layers of ResNet-18: a batch of 32, and not depthwise. */
const ofResNet = (row: Row): boolean => /^32×(?!.*depthwise)/.test(String(row.layer))
const gemm = (aim: string, name: ReturnType<typeof group>, atLeast: number, why: string): Aim => ({
  aim,
  column: 'ratio',
  applies: (row) => group(row) === name,
  atLeast,
  why,
})
const noise =
  'where the ratio of the fastest calls reaches it, what else ran on the machine made the difference between the medians'
const direction = (name: string, why: string): Aim => ({
  aim: `convolutions of ResNet-18, ${name}: rate beside our 1024³ product`,
  column: 'ratio',
  applies: (row) => ofResNet(row) && row.direction === name,
  atLeast: 0.75,
  why,
})

export const smallBenchmarks: readonly SmallBenchmark[] = [
  {
    name: 'gemm',
    title: 'Matrix products beside OpenBLAS',
    note: "f32, in turns in one process. The ratio is OpenBLAS' time divided by ours, of medians and of the fastest calls; `nt` means that the right side is stored transposed.",
    seconds: 0.5,
    aims: [
      gemm('matrix products N = 64…2048 beside OpenBLAS', 'square', 0.97, noise),
      gemm(
        'matrix products of odd sizes beside OpenBLAS',
        'odd',
        0.9,
        `${noise}; 63 rows are multiplied as 65, and each of 252 bytes crosses cache lines; 65 columns are two tiles of 32 and a half vector, of which an eighth is used`,
      ),
      gemm('thin matrix products beside OpenBLAS', 'thin', 0.9, noise),
      gemm('transposed matrix products beside OpenBLAS', 'transposed', 0.9, noise),
    ],
  },
  {
    name: 'instruction-sets',
    title: 'AVX2 beside AVX-512',
    note: "Our own code for each instruction set, chosen by CHAINRULE_ISA, in processes of their own. The ratio is AVX-512's time divided by AVX2's, of medians and of the fastest calls.",
    seconds: 0.3,
    aims: [
      {
        aim: 'AVX2 beside AVX-512: matrix products',
        column: 'ratio',
        applies: (row) => group(row) !== null,
        atLeast: 0.85,
        why: `${noise}; AVX2 takes twice the instructions for the same numbers`,
      },
      {
        aim: 'AVX2 beside AVX-512: steps of the models',
        column: 'ratio',
        applies: (row) => row.step !== undefined,
        atLeast: 0.85,
        why: `${noise}; what is not a product has half the lanes, 16 registers instead of 32 and no masks for the ends of rows`,
      },
    ],
  },
  {
    name: 'conv',
    title: 'Convolutions',
    note:
      'Each direction of each layer as a ratio to our own 1024³ product on as many threads, of medians and of the fastest calls. Rates are effective ones, of the ' +
      'operations of the direct sum: 3 × 3 layers with stride 1 use Winograd tiles, which take fewer, so they can exceed 1.',
    seconds: 0.25,
    aims: [
      direction('forward', `${noise}; 1×1 with stride 2 reads every second number of every second row`),
      direction(
        'data',
        `${noise}; 1×1 with stride 2 writes four numbers, three of them 0, for each that it computes; three channels fill 3 of the 14 rows of a tile`,
      ),
      direction(
        'weight',
        `${noise}; the first layer's 27 windows fill 27 of 32 lanes, and its 64 rows 64 of 65; strided layers turn the image first, so that channels lie in lanes`,
      ),
      {
        aim: 'convolutions of ResNet-18: weight gradient ÷ forward',
        column: '÷ forward',
        applies: (row) => ofResNet(row) && row.direction === 'weight',
        atMost: 1.3,
        why: "Winograd's forward pass has become faster than the limit supposed: a gradient transforms two operands of full size, the forward pass one and its few taps; the first layer's forward pass needs no turning",
      },
    ],
  },
  {
    name: 'elementwise',
    title: 'Element-wise work',
    note: 'Beside a compiled copy that reads and writes as many bytes in all, in turns in one process, of medians and of the fastest calls. “Its reads alone”: the time of a sum over as many numbers as are read.',
    seconds: 0.3,
    aims: [
      {
        aim: 'fused element-wise work at 1 M and 16 M numbers: % of the copy bandwidth',
        column: 'of its copy %',
        applies: () => true,
        atLeast: 90,
        why: 'exp and gelu are bound by arithmetic: 23 and 39 operations a number at 2 ulp; relu(a·x+b)+c reads four bytes for each that it writes, a copy one, and its reads alone take about as long as it does',
      },
    ],
  },
  {
    name: 'overhead',
    title: 'Overheads of small steps',
    note: 'Steps so small that what is beside their kernels shows.',
    seconds: 0.5,
    aims: [
      {
        aim: 'between kernels of a small step, ns',
        column: 'between kernels ns',
        applies: () => true,
        atMost: 1000,
        why: 'a barrier between threads that the machine does not run at once',
      },
      {
        aim: 'JavaScript of a small compiled step, µs',
        column: 'of it JavaScript µs',
        applies: () => true,
        atMost: 50,
        why: 'the garbage collector, or code that was not compiled yet',
      },
    ],
  },
  {
    name: 'compile-time',
    title: 'Compiling',
    note: "ResNet-18's training step: a first process with an empty cache of programs, and another one that finds the program on disk.",
    seconds: 0.3,
    aims: [
      {
        aim: "compiling ResNet-18's step the first time, s",
        column: 'tracing and compiling s',
        applies: (row) => row.time === 'first',
        atMost: 3,
        why: 'lowering and optimising its kernels, in a process whose own code is still being compiled',
      },
      {
        aim: "ResNet-18's step from the cache of programs, s",
        column: 'tracing and compiling s',
        applies: (row) => row.time === 'from the cache',
        atMost: 0.5,
        why: 'tracing the model, which the cache does not spare',
      },
    ],
  },
  {
    name: 'sparse',
    title: 'Sparse products',
    note: "A matrix in compressed rows times dense ones, f32, in turns; the ratio is PyTorch's time divided by ours (the newest PyTorch where --new-python names one).",
    seconds: 1,
    aims: [],
  },
  {
    name: 'bf16',
    title: 'Products of bf16',
    note: "Operands of bf16 with sums of f32 (compile's `precision: 'bf16'`) beside f32; the ratio is f32's time divided by bf16's.",
    seconds: 0.3,
    aims: [],
  },
  {
    name: 'train',
    title: 'Training LeNet-5 on MNIST',
    note: '`npm run train`: five epochs of all of MNIST with a test after each, from the start of the process to its end.',
    seconds: 1,
    aims: [
      {
        aim: '`npm run train`, s',
        column: 'seconds',
        applies: () => true,
        atMost: 20,
        why: 'the machine was busy: the steps themselves take 5 seconds',
      },
    ],
  },
]

/** The figure of a row that an aim is about; null where the aim is about other rows. Throws where the column is missing. */
export function figureOf({ aim, column, applies }: Aim, row: Row): number | null {
  if (!applies(row)) return null
  const figure = row[column]
  if (typeof figure !== 'number')
    throw new Error(`expected a number in column '${column}' for '${aim}', got ${JSON.stringify(row)}`)
  return figure
}

/** Written so that NaN falls short. */
export const reaches = ({ atLeast, atMost }: Aim, figure: number): boolean =>
  atLeast !== undefined ? figure >= atLeast : figure <= atMost!

export const limitText = ({ atLeast, atMost }: Aim): string =>
  atLeast !== undefined ? `≥ ${atLeast}` : `≤ ${atMost}`
