import { defineConfig } from '@playwright/test';

/** Runs against the server at LODE_URL, which has just run the demo, in the system's Chromium. */
export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results/dashboard',
  workers: 1,
  timeout: 60_000,
  forbidOnly: true,
  reporter: 'line',
  use: {
    baseURL: process.env.LODE_URL ?? 'http://127.0.0.1:5633',
    viewport: { width: 1440, height: 900 },
    colorScheme: 'light',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
