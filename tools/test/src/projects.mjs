import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const folders = ['apps', 'libs', 'tools'];

/**
 * The projects of the workspace: where they lie and what Nx calls them.
 *
 * @param {string} root
 * @returns {readonly { name: string, path: string }[]}
 */
function listProjects(root) {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder)).flatMap((entry) => {
      const path = `${folder}/${entry}`;
      try {
        /** @type {{ nx: { name: string } }} */
        const { nx } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
        return [{ name: nx.name, path }];
      } catch {
        // A folder without a manifest is not a project.
        return [];
      }
    }),
  );
}

/**
 * What Nx calls the projects a user names by name, by folder or by path. Nx itself passes over what it
 * does not know, and a misspelt name would look like a green run.
 *
 * @param {string} root
 * @param {readonly string[]} words
 * @returns {{ names: readonly string[], unknown: readonly string[] }}
 */
export function resolveProjects(root, words) {
  const projects = words.length === 0 ? [] : listProjects(root);
  const found = words.map((word) => ({
    word,
    project: projects.find(
      ({ name, path }) => name === word || path === word || path.split('/')[1] === word,
    ),
  }));
  return {
    names: found.flatMap(({ project }) => (project === undefined ? [] : [project.name])),
    unknown: found.filter(({ project }) => project === undefined).map(({ word }) => word),
  };
}
