// Rows of tables in Markdown.

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** One row, with what would end a cell escaped. */
export const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
