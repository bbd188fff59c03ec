/**
 * What shape types cost: a program of 200 typed operations, measured in type instantiations (the same number on every
 * machine) beside a program that only imports. And what a mismatch prints.
 */

import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const folder = dirname(fileURLToPath(import.meta.url))
const root = join(folder, '..', '..')
const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root)
const sources = new Map<string, ts.SourceFile | undefined>()

/** Checks one source text that lies, as far as the compiler knows, in this folder. */
function compile(text: string): { instantiations: number; messages: string[] } {
  const name = join(folder, 'virtual.ts')
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  host.fileExists = (file) => file === name || fileExists(file)
  host.getSourceFile = (file, language, ...rest) => {
    if (file === name) return ts.createSourceFile(file, text, language)
    // Parsed once for all programs of this test.
    if (!sources.has(file)) sources.set(file, getSourceFile(file, language, ...rest))
    return sources.get(file)
  }
  const program = ts.createProgram([name], options, host)
  const file = program.getSourceFile(name)!
  const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
  return {
    instantiations: program.getInstantiationCount(),
    messages: found.map((d) => ts.flattenDiagnosticMessageText(d.messageText, '\n')),
  }
}

const head = `import { zeros } from '../../src/tensor/creation.js'\nimport { cat } from '../../src/tensor/tensor-functions.js'\n`

describe('shape types', () => {
  it('200 operations stay within the budget', () => {
    // Ten operations a block, with sizes of its own, so that nothing is shared between blocks.
    const blocks = Array.from({ length: 20 }, (_, i) => {
      const [a, c, d] = [i + 2, i + 40, i + 80]
      return [
        `const x${i} = zeros([8, ${a}, ${c}])`,
        `const w${i} = zeros([${c}, ${d}])`,
        `const y${i} = x${i}.matmul(w${i}).add(zeros([${d}])).relu()`,
        `const m${i} = y${i}.sub(y${i}.mean(-1, { keepdim: true })).div(y${i}.var([-1], { keepdim: true }).add(1e-5))`,
        `const r${i}: readonly [8, ${d}, ${a}] = m${i}.transpose(1, 2).shape`,
        `const s${i}: readonly [8] = m${i}.reshape([8, -1]).mul(2).sum(1).shape`,
        `void r${i}; void s${i}`,
      ].join('\n')
    })
    const before = compile(`${head}void zeros; void cat`)
    const after = compile(`${head}void cat\n${blocks.join('\n')}`)
    expect(before.messages).toEqual([])
    expect(after.messages).toEqual([])
    const spent = (after.instantiations - before.instantiations) / 200
    // Measured when written: about a quarter of this. A library that checks slowly is one that people turn off.
    expect(spent).toBeGreaterThan(1)
    expect(spent).toBeLessThan(600)
    console.info(`shape types: ${Math.round(spent)} instantiations an operation`)
  })

  it('layers and sequential stay within theirs', () => {
    const imports = `import * as nn from '../../src/nn/index.js'\nimport { zeros } from '../../src/tensor/creation.js'\n`
    const blocks = Array.from({ length: 10 }, (_, i) => {
      const [a, c, d] = [i + 3, i + 40, i + 80]
      return [
        `const net${i} = nn.sequential(`,
        `  new nn.Conv2d(${a}, ${c}, 3), new nn.BatchNorm2d(${c}), new nn.ReLU(), new nn.MaxPool2d(2),`,
        `  new nn.AdaptiveAvgPool2d(4), new nn.Flatten(), new nn.Linear(${16 * c}, ${d}), new nn.GELU(),`,
        `  new nn.Dropout(0.1), new nn.Linear(${d}, 10),`,
        `)`,
        `const y${i}: readonly [8, 10] = net${i}.forward(zeros([8, ${a}, 32, 32])).shape`,
        `void y${i}`,
      ].join('\n')
    })
    const before = compile(`${imports}void nn; void zeros`)
    const after = compile(`${imports}${blocks.join('\n')}`)
    expect(after.messages).toEqual([])
    const spent = (after.instantiations - before.instantiations) / 100
    expect(spent).toBeGreaterThan(1)
    expect(spent).toBeLessThan(1000)
    console.info(`layers: ${Math.round(spent)} instantiations a layer`)
  })

  it('a mismatch reads as a sentence', () => {
    const { messages } = compile(`${head}import * as nn from '../../src/nn/index.js'
      import { where } from '../../src/tensor/tensor-functions.js'
      import { Linear, sequential } from '../../src/nn/index.js'
      zeros([2, 3]).matmul(zeros([4, 5]))
      zeros([2, 3]).add(zeros([4]))
      zeros([2, 3]).sum(2)
      cat([zeros([2, 3]), zeros([5, 4])])
      zeros([2, 3]).reshape([8])
      new Linear(3, 4).forward(zeros([2, 5]))
      sequential(new Linear(3, 4), new Linear(5, 6)).forward(zeros([2, 3]))
      const net = sequential(new nn.Conv2d(1, 6, 5), new nn.MaxPool2d(2), new nn.Flatten(), new Linear(400, 10))
      net.forward(zeros([8, 1, 28, 28]))
      new nn.Conv2d(3, 6, 5).forward(zeros([8, 3, 4, 9]))
      new nn.PixelShuffle(3).forward(zeros([8, 12, 4, 4]))
      new nn.TransformerDecoderLayer(24, 4).forward(zeros([5, 2, 24]), zeros([7, 2, 20]))
      zeros([6, 2, 3]).bmm(zeros([5, 3, 4]))
      where(zeros([2, 3]), zeros([4]), 0)
    `)
    expect(messages).toHaveLength(13)
    expect(messages[0]).toContain('matmul: inner sizes 3 and 4 differ')
    expect(messages[1]).toContain('add: sizes 3 and 4 do not broadcast')
    expect(messages[2]).toContain('sum: axis 2 does not exist in a tensor of rank 2')
    expect(messages[3]).toContain('cat: sizes 3 and 4 differ outside the axis')
    expect(messages[4]).toContain('reshape: 6 elements do not fill a shape of 8')
    expect(messages[5]).toContain('linear: the input has 5 features, the layer takes 3')
    expect(messages[6]).toContain('linear: the input has 4 features, the layer takes 5')
    expect(messages[7]).toContain('linear: the input has 864 features, the layer takes 400')
    expect(messages[8]).toContain('Conv2d: a window over 5 does not fit a size of 4')
    expect(messages[9]).toContain('PixelShuffle: 12 channels do not divide by 9')
    expect(messages[10]).toContain('(memory): the input has 20 features, the layer takes 24')
    expect(messages[11]).toContain('bmm: batches of 6 and 5 matrices differ')
    expect(messages[12]).toContain('where: sizes 3 and 4 do not broadcast')
  })
})
