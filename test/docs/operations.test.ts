/** The list of operations is what the sources export, and `chainrule ops` prints it. */
import { describe, expect, it } from 'vitest'
import { operationFiles } from '../../scripts/docs/operations.js'
import { operations, opsCommand } from '../../src/cli/ops-command.js'
import { Output } from '../../src/cli/output.js'

const advice = 'run `npx tsx scripts/docs/operations.ts`'

describe('the list of operations', () => {
  const { files, problems } = operationFiles()
  const listed = operations()

  it('knows PyTorch’s name and a sentence for every operation', () => expect(problems).toEqual([]))

  it('has every operation that is exported, and no other', () => {
    const names = (text: string): string[] => [...text.matchAll(/^[^\t\n]+\t([^\t\n]+)\t/gm)].map((m) => m[1])
    const [before, after] = [new Set(names(files[1].before)), new Set(names(files[1].after))]
    const missing = [...after].filter((name) => !before.has(name))
    const gone = [...before].filter((name) => !after.has(name))
    expect(missing, `missing in the list: ${advice}`).toEqual([])
    expect(gone, `in the list, but not exported: ${advice}`).toEqual([])
    expect(after.size).toBeGreaterThan(250)
  })

  it('is up to date', () => {
    for (const { path, before, after } of files) expect(before, `${path}: ${advice}`).toBe(after)
  })

  it('is read back by the command line', () => {
    expect(new Set(listed.map((o) => o.name)).size).toBe(listed.length)
    expect(listed.find((o) => o.name === 'sum')).toEqual({
      name: 'sum',
      section: 'Reductions and scans',
      calls: expect.arrayContaining(['x.sum(axis?, options?)']),
      torch: 'torch.sum',
      numpy: 'numpy.sum',
      description: expect.stringMatching(/^Sum /),
    })
    expect(listed.find((o) => o.name === 'clamp')?.numpy).toBe('numpy.clip')
    expect(listed.every((o) => o.description.length > 1 && o.calls.every((c) => c.includes(o.name)))).toBe(
      true,
    )
  })

  it('is searched by the names of all three', async () => {
    const lines: string[] = []
    const output = Object.assign(new Output(true), { emit: (v: { name: string }) => lines.push(v.name) })
    expect(await opsCommand('np.concatenate', output)).toBe(0)
    expect(lines).toContain('cat')
    expect(lines.length).toBeLessThan(4)
    expect(await opsCommand('no-such-thing', output)).toBe(1)
  })
})
