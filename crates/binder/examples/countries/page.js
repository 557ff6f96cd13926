// The list, fetched again whenever anybody has changed it.

import { Campanile } from '/campanile.js';

const url = document.querySelector('meta[name="websocket-url"]').content;
const list = document.querySelector('#countries');
const state = document.querySelector('#state');

async function refetch() {
  const { countries, count } = await (await fetch('/api/country/')).json();
  list.replaceChildren(...countries.map(line));
  document.querySelector('#count').textContent = count === 1 ? '1 country,' : `${count} countries,`;
}

function line({ id, name }) {
  const item = document.createElement('li');
  const text = document.createElement('span');
  text.textContent = name;
  const button = document.createElement('button');
  button.textContent = 'Delete';
  button.ariaLabel = `Delete ${name}`;
  button.onclick = () => fetch(`/api/country/${id}/`, { method: 'DELETE' });
  item.append(text, button);
  return item;
}

document.querySelector('#add').onsubmit = async (event) => {
  event.preventDefault();
  const form = event.target;
  const body = JSON.stringify({ name: form.name.value });
  const headers = { 'Content-Type': 'application/json' };
  await fetch('/api/country/', { method: 'POST', headers, body });
  form.reset();
};

const campanile = new Campanile(url);
campanile.addEventListener('state', () => {
  state.dataset.state = campanile.state;
  state.textContent = campanile.state === 'open' ? 'live' : campanile.state;
});
campanile.subscribe({
  room: { 'auto-updates': 'country' },
  onPublish: refetch,
  onReconnect: refetch,
});
campanile.connect();
await refetch();
