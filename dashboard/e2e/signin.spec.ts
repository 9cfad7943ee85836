import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { expectAccessible } from './support';

/** A server of its own, with a token. */
const token = randomBytes(16).toString('hex');
const home = mkdtempSync(join(tmpdir(), 'lode-signin-'));
let server: ChildProcess;
let address = '';

test.beforeAll(async () => {
  const env = { ...process.env, LODE_HOME: home, LODE_TOKEN: token };
  server = spawn(join(import.meta.dirname, '../../lode'), ['up', '--port', '0', '--json'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const piece of server.stdout!) {
    said += String(piece);
    if (said.includes('}')) break;
  }
  address = (JSON.parse(said) as { address: string }).address;
});

test.afterAll(async () => {
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  expect(await ended).toBe(0);
  rmSync(home, { recursive: true });
});

test('a browser without a session is asked for the token, and led back', async ({ page }) => {
  await page.goto(`${address}p/0?q=x`);
  await expect(page.getByRole('heading', { name: 'Sign in to Lode' })).toBeVisible();
  await expectAccessible(page, 'sign-in');
  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toHaveText('That is not this server\'s token.');

  const live = page.waitForResponse((response) => response.url().includes('/api/v1/events') && response.status() === 200);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(`${address}p/0?q=x`);
  await expect(page.getByRole('heading', { name: 'No runs yet' })).toBeVisible();
  await live;
});

test('a page whose session ended leads to the form', async ({ page, context }) => {
  await page.goto(`${address}sign-in`);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(address);
  // What the page reads on its own when the live updates begin would lead there too.
  await expect(page.getByRole('button', { name: 'Live updates: live' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Default', exact: true })).toBeVisible();
  await context.clearCookies();
  await page.getByRole('link', { name: 'Default', exact: true }).click();
  await expect(page).toHaveURL(/\/sign-in\?to=/);
});
