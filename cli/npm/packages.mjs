// packages.mjs FOLDER TARGET: from the programs in FOLDER/cli-PLATFORM/crossgate, the npm packages to
// be published, in TARGET: one for each platform, and `crossgate-cli`, which names them as optional
// dependencies, so that npm installs the one that fits.
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('.', import.meta.url));
const [folder, target] = process.argv.slice(2);
const main = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
const platforms = readdirSync(folder)
  .filter((name) => name.startsWith('cli-'))
  .map((name) => name.slice('cli-'.length));
if (platforms.length === 0) throw new Error(`no cli-PLATFORM in ${folder}`);

for (const platform of platforms) {
  const [os, cpu, abi] = platform.split('-');
  const libc = { gnu: 'glibc', musl: 'musl' }[abi];
  const program = os === 'win32' ? 'crossgate.exe' : 'crossgate';
  const { version, license, repository, engines } = main;
  const name = `${main.name}-${platform}`;
  write(name, {
    name,
    version,
    description: `The program of ${main.name} for ${platform}`,
    license,
    repository,
    files: [program],
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
    engines,
  });
  const placed = join(target, name, program);
  cpSync(join(folder, `cli-${platform}`, program), placed);
  chmodSync(placed, 0o755);
}

write(main.name, {
  ...main,
  optionalDependencies: Object.fromEntries(
    platforms.map((platform) => [`${main.name}-${platform}`, main.version]),
  ),
});
cpSync(join(source, 'crossgate.js'), join(target, main.name, 'crossgate.js'));
cpSync(join(source, '..', 'README.md'), join(target, main.name, 'README.md'));
for (const licence of ['LICENSE-MIT', 'LICENSE-APACHE']) {
  cpSync(join(source, '..', '..', licence), join(target, main.name, licence));
}

function write(name, manifest) {
  mkdirSync(join(target, name), { recursive: true });
  writeFileSync(join(target, name, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
