import { randomBytes } from 'node:crypto';
import type { APIRequestContext } from '@playwright/test';
import { expect, test } from './support';

/** A run written the way a program writes it: by journal, piece after piece. */
class Journal {
  private offset = 0;
  readonly run = randomBytes(16).toString('hex');

  constructor(private readonly request: APIRequestContext) {}

  async write(...events: object[]): Promise<void> {
    const data = events.map((event) => `${JSON.stringify(event)}\n`).join('');
    const answer = await this.request.post(`/api/v1/runs/${this.run}/journal?offset=${this.offset}`, {
      data,
      headers: { 'Content-Type': 'application/x-ndjson' },
    });
    expect(answer.ok(), await answer.text()).toBe(true);
    this.offset += Buffer.byteLength(data);
  }
}

test('a run appears, grows and ends on an open page, without a reload', async ({ page, request }) => {
  const name = `live-${randomBytes(4).toString('hex')}`;
  const project = (await (await request.post('/api/v1/projects', { data: { name } })).json()) as { id: number };
  await page.goto(`/p/${project.id}`);
  await expect(page.getByRole('grid', { name: 'Runs' })).toHaveCount(0); // nothing to show yet: the newcomer's page

  const t = Date.now();
  const journal = new Journal(request);
  await journal.write(
    { e: 'start', t, project: name, name: 'otter', user: 'ada' },
    { e: 'metrics', t: t + 1, step: 0, metrics: { loss: 0.75 } },
    { e: 'metrics', t: t + 2, step: 1, metrics: { loss: 0.5 } },
  );
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'otter' }) });
  await expect(row).toBeVisible();
  await expect(row).toContainText('running');
  const loss = row.locator('[role="gridcell"][data-field="metrics.loss"]');
  await expect(loss).toHaveAttribute('title', '0.5');
  await expect(page.getByRole('figure').filter({ hasText: 'loss' }).locator('canvas').first()).toBeVisible();

  await journal.write({ e: 'metrics', t: t + 3, step: 2, metrics: { loss: 0.125 } });
  await expect(loss).toHaveAttribute('title', '0.125');

  await journal.write({ e: 'finish', t: t + 4, status: 'finished' });
  await expect(row).toContainText('finished');
});
