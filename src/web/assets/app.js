// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page of mmcgadget-web. It shows what the daemon says by its events; the answer to a command is
 * never taken for the state. Names and labels come from strangers: they enter the page as text and as
 * values of attributes and fields, never as markup. docs/web.md describes the API.
 */
'use strict';

const API = 'api/v1/';
const PAGE = 200; // discs in one answer
const BLOCK = 2048;

const $ = id => document.getElementById(id);
const all = selector => document.querySelectorAll(selector);

// Makes an element. props: class, text, a function for an event (click), or an attribute.
function el(name, props, ...kids) {
	const e = document.createElement(name);
	for (const [key, value] of Object.entries(props || {})) {
		if (value === undefined || value === false) continue;
		if (key === 'text') e.textContent = value;
		else if (typeof value === 'function') e.addEventListener(key, value);
		else e.setAttribute(key, value === true ? '' : value);
	}
	e.append(...kids);
	return e;
}

// e: an element, or its id.
function setText(e, text) {
	const to = typeof e === 'string' ? $(e) : e;
	if (to.textContent !== text) to.textContent = text;
}

function makeButton(click, props) {
	return el('button', {type: 'button', click, ...props});
}

function setAttr(e, name, value) {
	if (e.getAttribute(name) !== String(value)) e.setAttribute(name, value);
}

// Puts the nodes into e in that order. A node that is moved loses the focus: few are moved, and the focus is restored.
function arrange(e, nodes) {
	const focus = document.activeElement, stay = new Set(nodes);
	for (const child of [...e.children]) {
		if (!stay.has(child)) child.remove();
	}
	nodes.forEach((node, i) => {
		if (e.children[i] !== node) e.insertBefore(node, e.children[i] || null);
	});
	if (focus !== document.activeElement && e.contains(focus)) focus.focus({preventScroll: true});
}

// ---- texts ----

const english = {}, keyed = [];
let words = {}, language = 'en';

for (const e of all('[data-t]')) {
	english[e.dataset.t] = e.textContent;
	keyed.push(e);
}
for (const [, key, text] of $('texts').content.textContent.matchAll(/^(\S+): (.+)$/gm))
	english[key] = text;
for (const e of all('[data-t-label]'))
	english[e.dataset.tLabel] = e.getAttribute('aria-label');

// A name with right-to-left characters must not change the order of the text beside it.
function isolate(value) {
	const text = String(value);
	return /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufefc]/.test(text)
		? '\u2068' + text + '\u2069' : text;
}

function has(key) {
	return key in english;
}

function t(key, ...values) {
	const text = words[key] || english[key] || key;
	return text.replace(/\{(\d)\}/g, (all, i) => isolate(values[i]));
}

// The text for the daemon's word; if the daemon is newer than this page and there is none, the word itself.
const known = (kind, word) => has(kind + word) ? t(kind + word) : word;

function number(n, digits = 0, unit) {
	return n.toLocaleString(language, {minimumFractionDigits: digits, maximumFractionDigits: digits,
		...unit && {style: 'unit', unit}});
}

// Powers of 1000, as the daemon prints them.
function size(bytes) {
	for (const [one, unit] of [[1e9, 'gigabyte'], [1e6, 'megabyte'], [1e3, 'kilobyte']]) {
		if (bytes >= one) return number(bytes / one, bytes < 100 * one ? 2 : 0, unit);
	}
	return number(bytes, 0, 'byte');
}

const mediumText = type => type.toUpperCase().replace('-DL', ' DL');

function duration(seconds) {
	const s = Math.round(seconds), m = Math.round(s / 60);
	if (s < 60) return s + ' s';
	return m < 60 ? m + ' min' : Math.floor(m / 60) + ' h ' + m % 60 + ' min';
}

function date(unix) {
	return new Date(unix * 1000).toLocaleString(language, {dateStyle: 'medium', timeStyle: 'short'});
}

// If the browser stores nothing for this page, the value is lost with the page.
function remember(key, value) {
	try {
		localStorage[value === null ? 'removeItem' : 'setItem'](key, value);
	} catch (e) {}
}

function recall(key) {
	try {
		return localStorage.getItem(key);
	} catch (e) {
		return null;
	}
}

async function setLanguage(wanted) {
	let found = {};
	if (wanted !== 'en') {
		try {
			found = await (await fetch('lang/' + wanted + '.json')).json();
		} catch (e) {
			wanted = 'en';
		}
	}
	words = found;
	language = wanted;
	document.documentElement.lang = wanted;
	$('language').value = wanted;
	for (const e of keyed) e.textContent = t(e.dataset.t);
	for (const e of all('[data-t-label]'))
		e.setAttribute('aria-label', t(e.dataset.tLabel));
	showAll();
}

function preferredLanguage() {
	const known = [...$('language').options].map(o => o.value);
	const wanted = [recall('language'), ...navigator.languages].map(l => (l || '').slice(0, 2));
	return wanted.find(l => known.includes(l)) || 'en';
}

// ---- requests ----

class Refusal extends Error {
	constructor(status, code, message, data, headers) {
		super(message || '');
		Object.assign(this, {status, code, data: data || {}, headers});
	}
}

async function request(method, path, body, headers) {
	const options = {method, cache: 'no-store', headers: {'X-Mmcgadget': '1', ...headers}};
	let r, data;
	if (body) {
		options.headers['Content-Type'] = 'application/json';
		options.body = JSON.stringify(body);
	}
	try {
		r = await fetch(API + path, options);
		data = await r.text();
		if (/^application\/json/.test(r.headers.get('Content-Type'))) data = data && JSON.parse(data);
	} catch (e) {
		throw new Refusal(0, 'network');
	}
	if (!r.ok) throw new Refusal(r.status, data.code || 'http-' + r.status, data.message, data, r.headers);
	return {status: r.status, data, headers: r.headers};
}

// As request(); who is not logged in gets the form.
async function api(method, path, body, headers) {
	try {
		return await request(method, path, body, headers);
	} catch (e) {
		if (e.status === 401) showLogin();
		throw e;
	}
}

const enc = encodeURIComponent;
const sleep = ms => new Promise(done => setTimeout(done, ms));

// The folder is chosen by one of its drives.
const inFolder = drive => drive ? '?drive=' + enc(drive) : '';

// ---- what is said ----

// Announces a text to screen readers. The three before it stay, as they may not have been read yet.
function say(text) {
	$('said').append(el('p', {text}));
	if ($('said').children.length > 4) $('said').firstChild.remove();
}

function errorText(e) {
	const key = 'e.' + e.code, d = e.data || {};
	let text = e.message || t('e.network');
	if (has(key) && (language !== 'en' || !e.message))
		text = e.message ? t('error', t(key), e.message) : t(key);
	if (d.need_bytes !== undefined)
		text += ' ' + t('e.no-space', size(d.need_bytes), size(d.free_bytes), size(d.reserved_bytes));
	return e.code ? text + ' [' + e.code + ']' : text;
}

function showAlert(text) {
	$('alert').hidden = !text;
	$('alert').firstElementChild.textContent = text || '';
}

function showError(e) {
	if (e.status !== 401) showAlert(e instanceof Refusal ? errorText(e) : String(e));
}

// ---- dialogs ----

for (const button of all('[data-close]'))
	button.addEventListener('click', () => button.closest('dialog').close());

let asked = Promise.resolve();

/*
 * Asks in a dialog. o: title, text, ok (the button), danger, name and nameLabel (a field), type (of a
 * blank), act (takes {name, type, minutes}; while it throws, the dialog stays and shows why). Resolves to what
 * act returned; null: cancelled, or logged out. Answers of the board also lead to questions: each waits until
 * the one before it is answered.
 */
function ask(o) {
	const mine = asked.then(() => $('main').hidden ? null : askNow(o));
	asked = mine.catch(() => null);
	return mine;
}

function askNow(o) {
	const dialog = $('ask'), ok = $('ask-ok');
	setText('ask-title', o.title);
	setText('ask-text', o.text || '');
	$('ask-text').hidden = !o.text;
	$('ask-name-row').hidden = o.name === undefined;
	$('ask-name').value = o.name || '';
	$('ask-name').required = o.name !== undefined;
	setText('ask-name-label', o.nameLabel || '');
	$('ask-type-row').hidden = !o.type;
	$('ask-type').replaceChildren(el('option', {value: '', text: t('blank.usual')}),
		...Object.entries(BLANKS).map(([type, gb]) =>
			el('option', {value: type, text: mediumText(type) + ', ' + size(gb * 1e9)})));
	// CDs alone are sold in several lengths.
	const type = $('ask-type'), minutes = $('ask-minutes');
	type.onchange = () => $('ask-minutes-row').hidden = !o.type || !type.value.startsWith('cd-');
	type.onchange();
	setText('ask-error', '');
	setText(ok, o.ok);
	ok.className = o.danger ? 'danger' : 'main';
	busy(ok, false);
	return new Promise(resolve => {
		let result = null, shown = true;
		$('ask-form').onsubmit = async event => {
			let error = '';
			event.preventDefault();
			if (ok.ariaBusy === 'true') return;
			busy(ok, true);
			setText('ask-error', '');
			try {
				result = await o.act({name: $('ask-name').value.trim(), type: type.value || undefined,
					minutes: $('ask-minutes-row').hidden ? undefined : Number(minutes.value)});
			} catch (e) {
				error = e instanceof Refusal ? errorText(e) : String(e);
			}
			// Who closed the dialog meanwhile may see the next question in it.
			if (!shown) return;
			setText('ask-error', error);
			busy(ok, false);
			if (!error) dialog.close();
		};
		dialog.onclose = () => {
			shown = false;
			resolve(result);
		};
		dialog.showModal();
		if (o.name) $('ask-name').select();
	});
}

// Sets a button's text; its name for screen readers also says to which drive, disc or upload it belongs.
function label(button, key, of) {
	setText(button, t(key));
	setAttr(button, 'aria-label', t('of', t(key), of));
}

function busy(button, on) {
	if (on) button.ariaBusy = 'true';
	else button.removeAttribute('aria-busy');
}

// As in docs/man/mmcgadgetctl.1, in GB.
const BLANKS = {
	'dvd+r': 4.70, 'dvd+r-dl': 8.55, 'dvd-r': 4.71, 'dvd-r-dl': 8.54, 'dvd-rw': 4.71, 'dvd+rw': 4.70,
	'dvd-ram': 4.70, 'bd-r': 25.03, 'bd-r-dl': 50.05, 'bd-re': 25.03, 'bd-re-dl': 50.05,
	'cd-r': 0.74, 'cd-rw': 0.74,
};

// ---- drives ----

const drives = new Map(), cards = new Map();
let daemon = {}, board = '';

function makeRing() {
	return el('div', {class: 'ring', role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100},
		$('ring').content.cloneNode(true), el('span', {'aria-hidden': 'true'}));
}

function makeCard(name) {
	const id = 'drive-' + name;
	const c = {
		name, said: '', step: 0,
		title: el('h3', {id, text: name}),
		label: el('bdi', {class: 'label'}), state: el('p', {class: 'state'}),
		image: el('p', {class: 'small'}), lines: el('div', {class: 'lines'}), ring: makeRing(),
		insert: makeButton(() => chooseFor(name)),
		blank: makeButton(e => newBlank(name, e.currentTarget)),
		eject: makeButton(e => command(e.currentTarget, name, 'eject', {})),
		prev: makeButton(e => command(e.currentTarget, name, 'prev', {})),
		next: makeButton(e => command(e.currentTarget, name, 'next', {})),
	};
	c.root = el('article', {class: 'card', 'aria-labelledby': id, 'data-drive': name},
	el('div', {}, el('div', {}, c.title, el('p', {}, c.label), c.state, c.image, c.lines), c.ring),
	el('p', {class: 'buttons'}, c.insert, c.eject, c.blank, c.prev, c.next));
	cards.set(name, c);
	return c;
}

// How much so many blocks of the disc are. A CD with audio and data tracks has blocks of both sizes, and the daemon
// does not say how many of each: its length is shown, as mmcgadgetctl does.
function amount(d, blocks) {
	const cd = d.cd || {}, s = Math.floor(blocks / 75);
	if (cd.audio > 0 && cd.data > 0) return Math.floor(s / 60) + ':' + String(s % 60).padStart(2, '0') + ' min';
	return size(blocks * (cd.audio > 0 ? 2352 : BLOCK));
}

// How far a burn is, 0 to 100; null: its end is not known.
function percentOf(d) {
	return d.burn_end > 0 ? Math.min(100, Math.floor(d.recorded_blocks * 100 / d.burn_end)) : null;
}

const isBurning = d => Boolean(d.writing || d.burn === 'burning' && d.state === 'open' || d.test_write && d.state === 'open');

function stateText(d) {
	if (!d.image) return t('disc.none');
	if (d.test_write) return t('disc.testing');
	if (d.burn === 'cut-off') return t('disc.cut');
	if (isBurning(d)) return t('disc.burning');
	return known('disc.', d.state);
}

function progressLine(d) {
	const of = d.burn_end || d.capacity_blocks, parts = [];
	if (d.state === 'open' || isBurning(d))
		parts.push(t('drive.of', amount(d, d.recorded_blocks), amount(d, of)));
	else if (d.state === 'appendable')
		parts.push(t('drive.size', amount(d, d.recorded_blocks)));
	if (d.burn_rate_kb_s > 0) parts.push(number(d.burn_rate_kb_s, 0, 'kilobyte-per-second'));
	if (isBurning(d) && d.seconds_left >= 0) parts.push(t('drive.left', duration(d.seconds_left)));
	return parts.join(' · ');
}

function burnedLine(b) {
	if (b && b.image && has('burned.' + b.state)) return t('burned.' + b.state, b.image, b.percent);
	return b && b.problem || '';
}

// The lines of the card, each with its class.
function linesOf(d) {
	const x = d.extracting || {};
	return [
		['', progressLine(d)],
		['small', d.unsynced_blocks ? t('drive.unsynced', amount(d, d.unsynced_blocks)) : ''],
		['small', d.closed_sessions > 1 || d.state === 'appendable' ? t('drive.session', d.closed_sessions) : ''],
		['small', d.locked ? t('e.locked') : ''],
		['small', d.pending ? t('drive.pending', d.pending) : ''],
		['small', x.image ? t('drive.extracting', x.image, x.percent) : ''],
		['small', burnedLine(d.burned)],
		['small', d.unfinished ? t('drive.unfinished', d.unfinished) : ''],
		['bad-text', d.warning], ['bad-text', d.read_only], ['bad-text', d.image_problem],
		['bad-text', d.folder_problem && t('of', t('discs.folder'), d.folder_problem)],
	].filter(([, text]) => text);
}

function showRing(c, d) {
	const percent = percentOf(d), whole = d.burn_end || d.capacity_blocks || 1;
	const part = Math.min(100, d.recorded_blocks * 100 / whole);
	c.ring.hidden = !(d.image && (d.state === 'open' || isBurning(d)));
	if (c.ring.hidden) return;
	setAttr(c.ring.querySelector('circle + circle'), 'stroke-dashoffset', (100 - part).toFixed(1));
	setText(c.ring.lastChild, percent === null ? '' : percent + ' %');
	setAttr(c.ring, 'aria-label', t('of', t('disc.burning'), c.name));
	setAttr(c.ring, 'aria-valuenow', percent === null ? Math.floor(part) : percent);
	setAttr(c.ring, 'aria-valuetext', percent === null ? progressLine(d) : percent + ' %');
}

function showDrive(d) {
	const c = cards.get(d.name) || makeCard(d.name);
	const seen = seenDiscs.get(d.folder + '\n' + d.image);
	setText(c.label, seen && seen.label || d.image || t('disc.none'));
	setText(c.state, d.image ? [d.medium !== 'none' ? mediumText(d.medium) : '', stateText(d)]
		.filter(Boolean).join(' · ') : '');
	setText(c.image, seen && seen.label ? d.image : '');
	const lines = linesOf(d);
	arrange(c.lines, lines.map(([kind, text], i) => {
		const p = c.lines.children[i] || el('p');
		p.className = kind;
		setText(p, text);
		return p;
	}));
	showRing(c, d);
	label(c.insert, d.image ? 'swap' : 'insert.choose', d.name);
	label(c.blank, 'blank.new', d.name);
	label(c.eject, d.locked ? 'eject.asks' : 'eject', d.name);
	label(c.prev, 'prev', d.name);
	label(c.next, 'next', d.name);
	c.insert.className = isBurning(d) ? '' : 'main';
	c.eject.hidden = !d.image;
	tellProgress(c, d);
}

// Says in words what changed: states, and each quarter of a burn.
function tellProgress(c, d) {
	const percent = percentOf(d), said = stateText(d) + (d.image || '');
	const quarter = isBurning(d) && percent !== null ? Math.floor(percent / 25) : 0;
	if (c.said && said !== c.said)
		say(t('of', d.name, [d.image && c.label.textContent, stateText(d)].filter(Boolean).join(', ')));
	else if (quarter > c.step)
		say(t('of', d.name, quarter * 25 + ' %'));
	c.step = quarter;
	c.said = said;
}

function showTitle() {
	const burning = [...drives.values()].find(d => isBurning(d) && percentOf(d) !== null);
	document.title = (burning ? percentOf(burning) + ' % · ' : '') + 'mmcgadget';
}

function showHost() {
	const first = drives.values().next().value;
	const h = first && first.host;
	let key = 'host.none';
	if (h && h.connected) key = h.suspended ? 'host.asleep' : 'host.' + h.speed;
	setText('where', [board || location.hostname, h && has(key) ? t(key) : ''].filter(Boolean).join(' · '));
}

function showDrives() {
	for (const d of drives.values()) showDrive(d);
	const names = [...drives.keys()].sort((a, b) => a.localeCompare(b, 'en', {numeric: true}));
	arrange($('drive-list'), names.map(name => cards.get(name).root));
	showTitle();
	showHost();
	showFolders();
}

// ---- commands ----

/*
 * Sends a command to a drive. If the PC holds the disc, the user is asked whether to take it. The
 * events of the drive then change what is shown.
 */
async function command(button, drive, verb, body) {
	const path = 'drives/' + enc(drive) + '/';
	if (button.ariaBusy === 'true') return;
	const slow = setTimeout(() => say(t('slow')), 12000);
	busy(button, true);
	showAlert('');
	try {
		await commandOrForce(path, drive, verb, body);
	} catch (e) {
		showError(e);
	} finally {
		clearTimeout(slow);
		busy(button, false);
	}
}

async function commandOrForce(path, drive, verb, body) {
	const burning = isBurning(drives.get(drive) || {}) && !drives.get(drive).locked;
	if (burning && !await ask({title: t('burn.title', drive), text: t('burn.text'), ok: t('burn.go'),
		danger: true, act: () => true})) return;
	try {
		showAnswer(await api('POST', path + verb, body));
	} catch (e) {
		if (e.code !== 'locked') throw e;
		await ask({title: t('force.title', drive), text: t('force.text'), ok: t('force.go'), danger: true,
			act: async () => showAnswer(await api('POST', path + verb, {...body, force: true})),
		});
	}
}

function showAnswer(r) {
	if (r.data && r.data.warning) showAlert(r.data.warning);
}

async function newBlank(drive, button) {
	const names = new Set(discs.map(d => d.name));
	let n = 1;
	while (names.has('blank-' + n + '.iso')) n++;
	const o = await ask({title: t('blank.title', drive), text: t('blank.text'), ok: t('blank.go'),
		name: 'blank-' + n + '.iso', nameLabel: t('blank.name'), type: true, act: one => one});
	if (o) command(button, drive, 'blank', o);
}

// ---- discs ----

const rows = new Map(), seenDiscs = new Map(); // the latter by folder and name
let discs = [], listed = {}, listing = 0, listTimer = 0, target = null;

const titleOf = d => d.label || d.name;

const kindText = d => known('disc.', d.kind);

function isInUse(d) {
	return (d.loaded_in || []).length > 0;
}

function describe(d) {
	const b = d.burned, when = b ? t('is.burned', date(b.time)) : d.mtime ? date(d.mtime) : '';
	const parts = [d.label ? d.name : '', mediumText(d.medium || ''), d.size ? size(d.size) : '', when,
		isInUse(d) ? t('in.drive', d.loaded_in.join(', ')) : '',
		b && b.verified ? t('is.verified') : d.sha256 ? t('summed') : ''];
	return parts.filter(Boolean).join(' · ');
}

function makeRow(name) {
	const r = {
		title: el('bdi'), kind: el('span', {class: 'kind'}), small: el('p', {class: 'small'}),
		problem: el('p', {class: 'bad-text small'}),
		insert: makeButton(e => insertDisc(e.currentTarget, name), {class: 'main'}),
		more: makeButton(() => openSheet(name)),
	};
	r.root = el('li', {draggable: 'true', dragstart: e => e.dataTransfer.setData('text/x-disc', name)},
		el('div', {}, el('h3', {}, r.title), el('p', {class: 'small'}, r.kind), r.small, r.problem),
		r.insert, r.more);
	rows.set(name, r);
	return r;
}

function showRow(d) {
	const r = rows.get(d.name) || makeRow(d.name);
	setText(r.title, titleOf(d));
	setText(r.kind, kindText(d));
	r.kind.className = 'kind ' + d.kind;
	setText(r.small, describe(d));
	setText(r.problem, d.damaged ? t('damaged') : d.problem || d.remark || '');
	r.problem.hidden = !r.problem.textContent;
	label(r.insert, 'insert', titleOf(d));
	label(r.more, 'more', titleOf(d));
	r.insert.hidden = d.insertable === false || isInUse(d);
	return r.root;
}

function sorted() {
	const by = $('sort').value;
	return by === 'name' ? discs : [...discs].sort((a, b) => (b[by] || 0) - (a[by] || 0));
}

function countText() {
	let text = t('count', number(listed.matched || 0));
	if (discs.length === 0) text = $('q').value || $('kind').value ? t('count.none') : '';
	if (listed.next && $('sort').value !== 'name') text = t('count.more', number(discs.length));
	return listed.unnamed ? text + ' ' + t('unnamed', listed.unnamed) : text;
}

function showDiscs() {
	const inside = $('disc-list').contains(document.activeElement);
	arrange($('disc-list'), sorted().map(showRow));
	for (const name of rows.keys()) {
		if (!rows.get(name).root.isConnected) rows.delete(name);
	}
	if (inside && document.activeElement === document.body) $('discs').focus();
	setText('discs-count', countText());
	$('more').hidden = !listed.next;
	$('no-discs').hidden = !(listed.ok && discs.length === 0 && !$('q').value && !$('kind').value);
	showRoom();
}

function showRoom() {
	const l = listed, parts = [];
	if (l.card_read_only)
		parts.push(t('room.read-only'));
	else if (l.card_free_bytes !== undefined)
		parts.push(l.card_total_bytes ? t('room', size(l.card_free_bytes), size(l.card_total_bytes))
			: t('room.free', size(l.card_free_bytes)));
	if (l.card_reserved_bytes) parts.push(t('room.kept', size(l.card_reserved_bytes)));
	setText('room', parts.join(' · '));
}

function showFolders() {
	const of = new Map(), choice = $('folder');
	for (const d of drives.values()) {
		if (!of.has(d.folder)) of.set(d.folder, d.name);
	}
	$('folder-choice').hidden = of.size < 2;
	const names = [...of].map(([folder, drive]) => folder + '\n' + drive).join('\n\n');
	if (choice.dataset.names === names) return;
	const before = choice.value;
	choice.dataset.names = names;
	choice.replaceChildren(...[...of].map(([folder, drive]) => el('option', {value: drive, text: folder})));
	if ([...of.values()].includes(before)) choice.value = before;
	loadDiscs();
}

// Asks for the list from its beginning, or for what follows.
async function loadDiscs(further) {
	const mine = ++listing, drive = $('folder').value, query = new URLSearchParams({limit: PAGE});
	if (drive) query.set('drive', drive);
	if ($('q').value) query.set('q', $('q').value);
	if ($('kind').value) query.set('kind', $('kind').value);
	const asked = String(query);
	// What follows the list of another folder or filter, which is still shown, is no part of this one.
	further = further && asked === listed.asked;
	if (further) query.set('after', listed.next);
	try {
		const r = await api('GET', 'images?' + query);
		if (mine !== listing) return;
		const images = r.data.images || [], d = drives.get(drive);
		discs = further ? discs.concat(images) : images;
		listed = {...r.data, images: undefined, folder: d ? d.folder : undefined, drive, asked};
		for (const one of images) seenDiscs.set(listed.folder + '\n' + one.name, one);
		showDiscs();
		showDrives();
	} catch (e) {
		if (mine === listing && e.code !== 'network') showError(e);
	}
}

function loadSoon(ms) {
	clearTimeout(listTimer);
	listTimer = setTimeout(loadDiscs, ms);
}

const drivesOf = folder => [...drives.values()].filter(d => d.folder === folder).map(d => d.name);

// From now on, the buttons of the list insert into that drive; null: into the only drive, or the sheet asks which.
function chooseFor(drive) {
	target = drive;
	$('target').hidden = !drive;
	if (!drive) return;
	const one = drivesOf(drives.get(drive).folder)[0];
	setText('target-text', t('choose', drive));
	if (drives.size > 1 && $('folder').value !== one) {
		$('folder').value = one;
		loadDiscs();
	}
	$('q').focus();
}

function insertDisc(button, name) {
	const own = drivesOf(listed.folder), which = target ? [target] : own;
	// The list of the drive's own folder is still to come.
	if (target && !own.includes(target)) return;
	if (which.length !== 1) {
		openSheet(name);
		return;
	}
	chooseFor(null);
	command(button, which[0], 'insert', {image: name});
}

// Shows the other actions for a disc.
function openSheet(name) {
	const d = discs.find(one => one.name === name);
	if (!d) return;
	const path = 'images/' + enc(name), folder = inFolder(listed.drive), actions = [];
	const add = (text, click, kind) => actions.push(makeButton(click, {class: kind, text}));
	if (d.insertable !== false && !isInUse(d)) {
		for (const drive of drivesOf(listed.folder))
			add(t('insert.into', drive), () => {
				$('sheet').close();
				command(cards.get(drive).insert, drive, 'insert', {image: name});
			});
	}
	if (d.size > 0 && d.kind !== 'blank') {
		const unfinished = d.kind === 'appendable' || d.kind === 'open';
		actions.push(el('a', {class: 'button', download: '', text: t('download'),
			href: API + path + '/content' + (unfinished ? (folder ? folder + '&' : '?') + 'unfinished=1' : folder)}));
		add(t('sum'), () => showSum(name, path + '/sha256' + folder));
	}
	if (d.kind === 'open' || d.kind === 'appendable')
		add(t('final'), () => changeDisc('final.', d, path + '/close' + folder));
	if (!isInUse(d)) {
		if (d.erasable && d.kind !== 'blank')
			add(t('erase'), () => changeDisc('erase.', d, path + '/erase' + folder), 'danger');
		add(t('rename'), () => renameDisc(d, path + folder));
		add(t('delete'), () => deleteDisc(d, path + folder), 'danger');
	}
	setText('sheet-title', titleOf(d));
	setText('sheet-text', [kindText(d), describe(d), d.problem || d.remark].filter(Boolean).join(' · '));
	setText('sheet-sum', d.sha256 ? t('sum.is', d.sha256) : '');
	$('sheet-actions').replaceChildren(...actions);
	$('sheet').dataset.name = name;
	$('sheet').showModal();
}

const isSheetOf = name => $('sheet').open && $('sheet').dataset.name === name;

async function showSum(name, path) {
	try {
		let r = await api('GET', path).catch(e => e.status === 404 ? null : Promise.reject(e));
		if (!r || r.status !== 200) r = await api('POST', path, {});
		while (isSheetOf(name) && r.status === 202 && r.data.state !== 'failed') {
			setText('sheet-sum', t('sum.running', r.data.percent || 0));
			await sleep(1000);
			r = await api('GET', path);
		}
		if (isSheetOf(name))
			setText('sheet-sum', r.status === 200 ? t('sum.is', r.data.split(' ')[0]) : r.data.problem);
	} catch (e) {
		if (isSheetOf(name)) setText('sheet-sum', errorText(e));
	}
}

function renameDisc(d, path) {
	$('sheet').close();
	ask({title: t('rename.title', d.name), ok: t('rename.go'), name: d.name, nameLabel: t('rename.name'),
		act: async o => {
			await api('PATCH', path, {name: o.name}, d.etag ? {'If-Match': '"' + d.etag + '"'} : {});
			loadSoon(0);
		}});
}

// keys: the beginning of the keys of the dialog's texts, "erase.".
function changeDisc(keys, d, path) {
	$('sheet').close();
	ask({title: t(keys + 'title', d.name), text: t(keys + 'text'), ok: t(keys + 'go'), danger: true,
		act: async () => {
			await api('POST', path, {});
			loadSoon(0);
		}});
}

function deleteDisc(d, path) {
	$('sheet').close();
	ask({title: t('delete.title', d.name), text: t('delete.text', titleOf(d), size(d.size || 0)),
		ok: t('delete.go'), danger: true,
		act: async () => {
			await api('DELETE', path, null, d.etag ? {'If-Match': '"' + d.etag + '"'} : {});
			loadSoon(0);
		}});
}

// ---- uploads ----

/*
 * Files to upload, in their order. state: wait, begin, going, retry, paused, end, done, failed. One
 * at a time is sent, in slices; the board says how far it is.
 */
const queue = [];
let unfinished = [];

const isActive = u => ['begin', 'going', 'retry', 'end'].includes(u.state);
const percentSent = u => u.size > 0 ? Math.floor(u.sent * 100 / u.size) : 100;

// What is wrong with a file that is to be a disc; "" = nothing. Reads a few bytes of it.
async function warningOf(file) {
	if (/\.(cue|ccd|toc|bin|sub|wav|flac|sha256|mmcdisc)$/i.test(file.name)) return '';
	if (/^(image|video)\//.test(file.type)) return t('up.files');
	if (file.size % BLOCK) return t('up.block');
	const bytes = new Uint8Array(await file.slice(16 * BLOCK, 17 * BLOCK).arrayBuffer());
	const mark = String.fromCharCode(...bytes.slice(1, 6));
	return mark === 'CD001' || mark === 'BEA01' ? '' : t('up.volume');
}

async function addFiles(files) {
	for (const file of files) {
		const u = {file, name: file.name, size: file.size, sent: 0, state: 'wait', tries: 0, drive: $('folder').value, warning: ''};
		warningOf(file).then(text => {
			u.warning = text;
			showUploads();
		}, () => {});
		queue.push(u);
	}
	showUploads();
	sendNext();
}

function sendNext() {
	const u = queue.find(one => one.state === 'wait');
	if (u && !queue.some(isActive) && !$('main').hidden) begin(u);
}

function stop(u, state, error) {
	u.state = state;
	u.error = error || '';
	u.xhr = u.turn = null;
	clearTimeout(u.timer);
	showUploads();
	sendNext();
}

// Gets the upload's number and offset, and sends from there, unless it was stopped meanwhile.
async function begin(u) {
	const turn = u.turn = {};
	u.state = 'begin';
	u.error = '';
	showUploads();
	try {
		const body = {name: u.name, size: u.size};
		if (u.drive) body.drive = u.drive;
		const r = await api('POST', 'uploads', body);
		if (u.turn !== turn || await hasChanged(u, r.data)) return;
		u.id = r.data.id;
		u.slice = r.data.slice;
		remember('upload-' + u.id, u.file.lastModified);
		u.base = r.data.offset;
		u.begun = Date.now();
		if (u.base < u.size) send(u, u.base);
		else await endUpload(u, {});
	} catch (e) {
		if (u.turn === turn) failed(u, e);
	}
}

// All bytes are on the board: only the end of the upload is missing.
async function endUpload(u, body) {
	await api('POST', 'uploads/' + u.id + '/end', body);
	done(u);
}

function done(u) {
	if (u.state === 'done') return;
	u.sent = u.size;
	remember('upload-' + u.id, null);
	say(t('of', u.name, t('up.done')));
	stop(u, 'done');
	loadSoon(300);
}

// Another file of the same name and size must not be mixed with what was sent.
async function hasChanged(u, data) {
	const was = recall('upload-' + data.id), turn = u.turn;
	if (!data.offset || !was || was === String(u.file.lastModified)) return false;
	const again = await ask({title: t('again.title', u.name), text: t('again.text'), ok: t('again.go'),
		danger: true, act: () => deleteUpload(data.id)});
	// While the question waited, the upload may have been stopped.
	if (u.turn !== turn) return true;
	if (again) begin(u);
	else stop(u, 'paused');
	return true;
}

// Sends one slice; the browser reads it from the file itself.
function send(u, offset) {
	const xhr = new XMLHttpRequest();
	u.state = 'going';
	u.sent = offset;
	u.xhr = xhr;
	xhr.open('PATCH', API + 'uploads/' + u.id);
	xhr.setRequestHeader('X-Mmcgadget', '1');
	xhr.setRequestHeader('Content-Type', 'application/octet-stream');
	xhr.setRequestHeader('Upload-Offset', offset);
	xhr.upload.onprogress = e => {
		u.sent = offset + e.loaded;
		u.tries = 0;
		if (u.sent === u.size) u.state = 'end';
		showUploads(true);
	};
	xhr.onload = () => answered(u, xhr);
	xhr.onerror = () => u.xhr === xhr && failed(u, new Refusal(0, 'network'));
	xhr.send(u.file.slice(offset, Math.min(offset + u.slice, u.size)));
}

function answered(u, xhr) {
	const at = xhr.getResponseHeader('Upload-Offset');
	if (u.xhr !== xhr) return;
	if (xhr.status === 201) {
		done(u);
	} else if (xhr.status === 204 || xhr.status === 409 && at !== null && Number(at) < u.size) {
		send(u, Number(at));
	} else {
		let data = {};
		try {
			data = JSON.parse(xhr.responseText);
		} catch (e) {}
		if (xhr.status === 401) showLogin();
		failed(u, new Refusal(xhr.status, data.code || 'http-' + xhr.status, data.message, data));
	}
}

// Goes on later if that can help; otherwise says why not.
function failed(u, e) {
	if (u.state === 'paused' || !queue.includes(u)) return;
	if (e.status === 401) {
		stop(u, 'wait');
	} else if (e.status === 404 && u.id) {
		u.id = null;
		stop(u, 'wait');
	} else if (e.status === 0 || e.status >= 500 && e.status !== 507 || e.code === 'busy') {
		const wait = Math.min(30, 1 << Math.min(u.tries++, 5));
		u.state = 'retry';
		u.xhr = null;
		u.wait = wait;
		u.timer = setTimeout(begin, wait * 1000, u);
		showUploads();
	} else {
		stop(u, 'failed', errorText(e));
		u.code = e.code;
		showUploads();
	}
}

function pause(u) {
	const xhr = u.xhr;
	stop(u, 'paused');
	if (xhr) xhr.abort();
}

function resume(u) {
	u.tries = 0;
	stop(u, 'wait');
}

// The board may still be saving the end of what came.
async function deleteUpload(id) {
	for (let tries = 0; ; tries++) {
		try {
			await api('DELETE', 'uploads/' + id);
			break;
		} catch (e) {
			if (e.status === 404) break;
			if (e.code !== 'busy' || tries === 10) throw e;
			await sleep(500);
		}
	}
	remember('upload-' + id, null);
	return true;
}

// Takes the upload out of the list; what the board has of it is deleted.
async function dropUpload(u) {
	const end = () => isActive(u) && pause(u);
	const forget = () => {
		const i = queue.indexOf(u);
		end();
		if (i >= 0) queue.splice(i, 1);
	};
	const drop = async () => {
		end();
		await deleteUpload(u.id);
		forget();
		unfinished = unfinished.filter(one => one.id !== u.id);
		return true;
	};
	if (u.state === 'done' || !u.id) forget();
	else await ask({title: t('drop.title', u.name), text: t('drop.text', size(u.sent)),
		ok: t('drop.go'), danger: true, act: drop});
	showUploads();
	sendNext();
}

function otherName(u) {
	ask({title: t('name.title', u.name), text: t('name.text'), ok: t('name.go'), name: u.name,
		nameLabel: t('rename.name'),
		act: async o => {
			if (u.id) await endUpload(u, o);
			u.name = o.name;
			if (!u.id) resume(u);
		}});
}

function uploadText(u) {
	const percent = percentSent(u);
	if (u.file === undefined) return t('up.again', percent, size(u.sent));
	if (u.state === 'going') {
		// Since it was begun or resumed.
		const seconds = (Date.now() - u.begun) / 1000, rate = (u.sent - u.base) / seconds;
		return rate > 0 && seconds > 0.5 ? t('up.going', percent, size(rate) + '/s', duration((u.size - u.sent) / rate))
			: percent + ' %';
	}
	if (u.state === 'retry') return t('up.retry', percent, u.tries + 1, u.wait);
	if (u.state === 'failed') return u.error;
	return t('up.' + u.state, percent);
}

function makeUploadRow(u) {
	const r = u.row = {
		name: el('bdi'), bar: el('progress', {max: 100}), text: el('p'), warning: el('p', {class: 'small'}),
		buttons: {
			other: makeButton(() => otherName(u)),
			pause: makeButton(() => pause(u)),
			go: makeButton(() => resume(u)),
			first: makeButton(() => {
				queue.splice(queue.indexOf(u), 1);
				queue.unshift(u);
				showUploads();
			}),
			cancel: makeButton(() => dropUpload(u)),
		},
	};
	r.root = el('li', {}, el('h3', {}, r.name), r.bar, r.text, r.warning,
		el('p', {class: 'buttons'}, ...Object.values(r.buttons)));
}

function showUpload(u, at) {
	if (!u.row) makeUploadRow(u);
	const r = u.row, is = (...states) => u.file && states.includes(u.state);
	const useful = {
		other: is('failed') && u.code === 'exists', pause: is('wait', 'begin', 'going', 'retry'),
		go: is('paused', 'failed', 'retry'), first: is('wait') && at > 0 && !isActive(queue[at - 1]),
		cancel: u.state !== 'end',
	};
	setText(r.name, u.name);
	r.bar.hidden = u.state === 'done';
	r.bar.value = percentSent(u);
	setAttr(r.bar, 'aria-label', t('of', t('upload.title'), u.name));
	setText(r.text, uploadText(u));
	r.text.className = is('failed') ? 'bad-text small' : 'small';
	setText(r.warning, u.warning || '');
	r.warning.hidden = !u.warning;
	for (const [key, button] of Object.entries(r.buttons)) {
		button.hidden = !useful[key];
		label(button, key === 'cancel' && (u.state === 'done' || !u.id) ? 'up.clear' : 'up.' + key, u.name);
	}
	return r.root;
}

let uploadsShown = 0;

// rare: at most four times a second.
function showUploads(rare) {
	if (rare && Date.now() - uploadsShown < 250) return;
	uploadsShown = Date.now();
	const mine = new Set(queue.map(u => u.id));
	const shown = queue.concat(unfinished.filter(u => !mine.has(u.id)));
	arrange($('upload-list'), shown.map(showUpload));
	$('uploads').hidden = shown.length === 0;
}

// Takes the board's list of uploads, of one folder or of all. Those that this page does not send were begun
// earlier, or by another page.
function takeUploads(list, folder) {
	const before = new Map(unfinished.map(u => [u.id, u]));
	unfinished = unfinished.filter(u => folder !== undefined && u.folder !== folder).concat(
		list.map(one => Object.assign(before.get(one.id) || {}, {id: one.id, name: one.image, folder: one.folder,
			size: one.size, sent: one.offset, state: 'before'})));
	showUploads();
}

// Takes the list of those that have ended: the answer to the end of an upload may be lost with the network.
function takeEnded(list) {
	const ids = new Set(list.filter(one => one.what === 'done').map(one => one.id));
	queue.filter(u => ids.has(u.id)).forEach(done);
}

// ---- drag and drop ----

// Returns what is dragged: files to upload, or a disc to a drive of its folder. over: the element that is
// marked as the target.
function dragged(event) {
	const types = event.dataTransfer.types, card = event.target.closest('.card');
	if (types.includes('Files') && !$('main').hidden) return {over: $('drop')};
	const own = card && drivesOf(listed.folder).includes(card.dataset.drive);
	return types.includes('text/x-disc') && own ? {over: card, drive: card.dataset.drive} : null;
}

function mark(over) {
	for (const e of all('.over')) e.classList.remove('over');
	if (over) over.classList.add('over');
}

document.addEventListener('dragover', event => {
	const d = dragged(event);
	mark(d && d.over);
	// Without this the browser would leave the page to open a file that is dropped.
	if (d || event.dataTransfer.types.includes('Files')) event.preventDefault();
	if (!d) event.dataTransfer.dropEffect = 'none';
});
document.addEventListener('dragleave', event => event.relatedTarget || mark());
document.addEventListener('drop', event => {
	const d = dragged(event), files = [];
	mark();
	if (!d) return;
	event.preventDefault();
	if (d.drive) {
		command(cards.get(d.drive).insert, d.drive, 'insert', {image: event.dataTransfer.getData('text/x-disc')});
		return;
	}
	for (const item of event.dataTransfer.items) {
		const entry = item.webkitGetAsEntry();
		if (entry && entry.isDirectory) showAlert(t('up.folder', entry.name));
		else if (item.kind === 'file') files.push(item.getAsFile());
	}
	addFiles(files);
});

// ---- state ----

let doctor = null;

function showState() {
	setText('version', daemon.version ? 'mmcgadgetd ' + daemon.version : '');
	$('problem').hidden = !daemon.problem;
	setText('problem', daemon.problem ? t('controller.problem', daemon.problem) : '');
	if (!doctor) return;
	setText('doctor-said', doctor.message || '');
	arrange($('doctor-list'), (doctor.checks || []).map(c => el('li', {},
		el('strong', {class: c.verdict + '-text', text: known('verdict.', c.verdict)}),
		' ' + c.name + ': ' + c.text)));
}

async function askDoctor() {
	const button = $('doctor');
	if (button.ariaBusy === 'true') return;
	busy(button, true);
	try {
		doctor = (await api('GET', 'doctor')).data;
	} catch (e) {
		showError(e);
	}
	busy(button, false);
	showState();
}

function showAll() {
	if ($('main').hidden) return;
	showDrives();
	showDiscs();
	showUploads();
	showState();
	showLost();
}

// ---- events ----

let stream = null, streamTimer = 0, streamTries = 0, lost = '', lastSeen = 0;

let version = '';

const on = {
	hello(o) {
		$('stale').hidden = !version || version === o.page;
		version = version || o.page;
	},
	gone() {
		lost = 'lost.daemon';
		showLost();
	},
	daemon(o) {
		daemon = o;
		showState();
	},
	drive(o) {
		drives.set(o.drive.name, o.drive);
		showDrives();
	},
	library(o) {
		const d = drives.get($('folder').value);
		if (!d || !o.folder || d.folder === o.folder) loadSoon(listed.ok ? 300 : 0);
	},
	upload(o) {
		takeUploads(o.uploads || [], o.folder);
		takeEnded(o.ended || []);
	},
	burned(o) {
		if (o.what === 'done' || o.what === 'session') say(t('said.burned', o.drive, o.image));
		else if (o.what === 'verified') say(t('said.verified', o.image));
		else if (o.what === 'failed') say(t('of', o.image, o.problem));
		loadSoon(300);
	},
};

function showLost() {
	const bar = $('connection');
	for (const c of cards.values()) c.root.classList.toggle('lost', lost !== '');
	bar.hidden = !lost;
	setText(bar, lost ? t(lost, lastSeen ? new Date(lastSeen).toLocaleTimeString(language) : '–') : '');
}

function seen() {
	lastSeen = Date.now();
	if (!lost) return;
	lost = '';
	showLost();
}

function listen() {
	clearTimeout(streamTimer);
	if (stream || document.hidden || $('main').hidden) return;
	const mine = stream = new EventSource(API + 'events');
	for (const [kind, act] of Object.entries(on))
		mine.addEventListener(kind, event => {
			streamTries = 0;
			if (kind !== 'gone' && kind !== 'hello') seen();
			act(JSON.parse(event.data));
		});
	mine.onerror = () => lose(mine);
}

function endStream() {
	if (stream) stream.close();
	stream = null;
	clearTimeout(streamTimer);
}

// The stream broke: finds out why, and tries again by itself.
async function lose(mine) {
	if (stream !== mine) return;
	endStream();
	streamTimer = setTimeout(listen, Math.min(10000, 500 << Math.min(streamTries++, 5)));
	try {
		await api('GET', 'session');
	} catch (e) {
		if (e.status === 401) return;
		lost = e.status === 503 ? 'lost.daemon' : 'lost.board';
		showLost();
	}
}

// ---- log in ----

function showLogin() {
	if (!$('login').hidden) return;
	endStream();
	lost = ''; // the board has answered
	showLost();
	for (const d of all('dialog[open]')) d.close();
	$('main').hidden = $('bar').hidden = $('logout').hidden = true;
	$('login').hidden = false;
	$('login-clear').hidden = location.protocol === 'https:' || /^(localhost|127\..*|\[::1\])$/.test(location.hostname);
	$('password').focus();
}

function showMain() {
	const by = $('login').contains(document.activeElement);
	$('login').hidden = true;
	$('main').hidden = $('bar').hidden = $('logout').hidden = false;
	if (by) $('main').focus();
	setText('curl', 'curl -T disc.iso -H "Authorization: Bearer TOKEN" ' + location.origin + '/' + API + 'images/disc.iso/content');
	showAll();
	loadDiscs();
	request('GET', 'uploads').then(r => takeUploads(r.data.uploads || []), () => {});
	listen();
	sendNext();
}

async function logIn(event) {
	event.preventDefault();
	const button = $('login-form').querySelector('button');
	if (button.ariaBusy === 'true') return;
	busy(button, true);
	setText('login-error', '');
	try {
		await request('POST', 'session', {password: $('password').value});
		$('password').value = '';
		start();
	} catch (e) {
		if (e.status === 401) setText('login-error', t('login.wrong'));
		else if (e.status === 429) setText('login-error', t('login.wait', e.data.retry_after || 1));
		else setText('login-error', errorText(e));
		$('password').select();
	}
	busy(button, false);
}

async function start() {
	try {
		board = (await request('GET', 'session')).data.host;
		showMain();
	} catch (e) {
		if (e.status === 401) {
			showLogin();
			return;
		}
		lost = e.status === 0 ? 'lost.board' : 'lost.daemon';
		showLost();
		setTimeout(start, 3000);
	}
}

for (const [id, event, act] of [
	['login-form', 'submit', logIn],
	['logout', 'click', () => request('DELETE', 'session').then(showLogin, showError)],
	['alert-close', 'click', () => showAlert('')],
	['target-end', 'click', () => chooseFor(null)],
	['filter', 'submit', e => e.preventDefault()],
	['q', 'input', () => loadSoon(250)],
	['kind', 'change', () => loadDiscs()],
	['folder', 'change', () => {
		chooseFor(null);
		loadDiscs();
	}],
	['sort', 'change', showDiscs],
	['more', 'click', () => loadDiscs(true)],
	['doctor', 'click', askDoctor],
	['language', 'change', () => {
		remember('language', $('language').value);
		setLanguage($('language').value);
	}],
	['files', 'change', () => {
		addFiles([...$('files').files]);
		$('files').value = '';
	}],
]) $(id).addEventListener(event, act);
document.addEventListener('visibilitychange', () => document.hidden ? endStream() : listen());
addEventListener('online', () => {
	queue.filter(u => u.state === 'retry').forEach(resume);
	listen();
});
addEventListener('beforeunload', event => {
	if (queue.some(u => isActive(u) || u.state === 'wait')) event.preventDefault();
});
setLanguage(preferredLanguage()).then(start);
