import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const server = process.env.LODE_URL ?? 'http://127.0.0.1:5633';

export default defineConfig({
  plugins: [react()],
  // Nothing is inlined: data: addresses would break `default-src 'self'`.
  build: {
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': { target: server, changeOrigin: true } } },
  test: { include: ['src/**/*.test.{ts,tsx}'], environment: 'node' },
});
