import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'node_modules/',
      '.ros/',
      '.cuda/',
      '.venv/',
      '.sim/',
      '.peers/',
      'build/',
      'install/',
      'coverage/',
    ],
  },
  eslint.configs.recommended,
  ...tseslint.configs.strict,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // Tensor code indexes typed arrays whose bounds the shapes already guarantee.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
      'no-console': 'error',
    },
  },
  {
    files: ['src/cli/**', 'scripts/**', 'demo/**'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly' } },
    rules: { 'no-console': 'off' },
  },
);
