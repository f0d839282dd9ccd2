// Where the module and the examples come from: beside the page, or inside it where `bundle.mjs` put them.

const EXAMPLES = '../../';

/** What the bundle carries: a JSON element of the page; null where the page is served as it stands in the repository. */
const carried = document.getElementById('carried');
const inside = carried === null ? null : JSON.parse(carried.textContent);

async function got(address) {
  let response;
  try {
    response = await fetch(address);
  } catch (cause) {
    throw new Error(`\`${address}\` cannot be read: serve the folder of the project over HTTP, or use the bundle, which is one file`, { cause });
  }
  if (!response.ok) throw new Error(`\`${address}\` cannot be read (${response.status}): serve the folder of the project, from its root`);
  return response;
}

/** The bytes of the module. */
export async function moduleBytes() {
  if (inside !== null) return Uint8Array.from(atob(inside.module), (unit) => unit.charCodeAt(0));
  const address = document.documentElement.dataset.module;
  try {
    return await (await got(address)).arrayBuffer();
  } catch (cause) {
    throw new Error(`${cause.message}; is the module built? its README says how`, { cause });
  }
}

/** The text of a file of the examples. */
export async function exampleText(name) {
  if (inside !== null) return inside.files[name];
  return (await got(EXAMPLES + name)).text();
}
