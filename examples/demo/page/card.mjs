/** A card with a title and a line for each step, which fills in as the steps are reported. */
export function addCard(parent, { title, subtitle, steps }) {
  const lines = new Map(steps.map((step) => [step, line(step)]));
  const heading = element('h3', {}, title);
  const list = element('ol', {}, ...[...lines.values()].map(({ root }) => root));
  const url = element('p', { className: 'url' }, subtitle);
  parent.append(element('article', {}, heading, url, list));
  return {
    report({ step, ok, detail }) {
      const { root, text } = lines.get(step);
      root.className = ok ? 'ok' : 'wrong';
      text.textContent = detail;
      text.title = detail;
    },
  };
}

/** An element with text and elements in it: what a server sent is only ever text. */
export function element(name, properties, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function line(step) {
  const text = element('span', { className: 'detail' });
  return { root: element('li', { className: 'waiting' }, element('span', {}, step), text), text };
}
