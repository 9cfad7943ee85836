import { expect, test as base, type Locator, type Page } from '@playwright/test';
import axe from 'axe-core';

/** A page that fails its test when a request leaves the origin, the console reports an error, or a script throws. */
export const test = base.extend<{ guard: void }>({
  guard: [
    async ({ page, baseURL }, use) => {
      const strays: string[] = [];
      const errors: string[] = [];
      const origin = new URL(baseURL!).origin;
      page.on('request', (request) => {
        if (new URL(request.url()).origin !== origin) strays.push(request.url());
      });
      page.on('console', (message) => {
        // A refused filter is told in the page; the browser logs it too.
        if (message.type() === 'error' && !message.text().includes('status of 400')) errors.push(message.text());
      });
      page.on('pageerror', (error) => errors.push(error.message));
      await use();
      expect(strays, 'requests that left the origin').toEqual([]);
      expect(errors, 'errors of the page').toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** No serious or critical finding of axe on the page as it is. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    const { violations, passes } = await axe.run(document);
    if (passes.length < 10) throw new Error(`axe looked at next to nothing: ${passes.length} rules passed`);
    return violations
      .filter((violation) => violation.impact === 'serious' || violation.impact === 'critical')
      .map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
  });
  expect(found, `axe on ${what}`).toEqual([]);
}

/** Number of pixels of a chart's canvas that are painted. */
export async function paintedPixels(chart: Locator): Promise<number> {
  return chart.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    let painted = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i]! > 0) painted++;
    return painted;
  });
}

/** The demo's project, opened from the list of projects. */
export async function openDemo(page: Page): Promise<void> {
  await page.goto('/');
  await page.getByRole('link', { name: 'demo', exact: true }).click();
  await expect(page.getByRole('grid', { name: 'Runs' })).toBeVisible();
  await expect(page.getByRole('row').nth(1)).toBeVisible();
}
