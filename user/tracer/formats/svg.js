/* SPDX-License-Identifier: BSD-2-Clause */
/* Zoom, search and exact figures. The picture is complete without them. */
"use strict";
(() => {
	const picture = document.currentScript.closest("svg");
	const edge = 12, narrowest = 0.1, padding = 4;
	const height = picture.viewBox.baseVal.height;
	let width = picture.viewBox.baseVal.width, pitch = 7.25;

	/* The frames in the order of the file: each before those that stand on it. */
	const frames = Array.from(picture.querySelectorAll(".frame"), (element, index) => {
		const title = element.querySelector("title");
		const [start, weight] = element.dataset.ns.split(" ").map(Number);
		const lines = title.textContent.split("\n");
		const frame = { element, index, start, weight, lines, name: lines[0] };

		frame.depth = Number(element.dataset.depth);
		title.remove();	/* the browser's own tip would cover ours */
		element.setAttribute("role", "button");
		element.setAttribute("aria-label", lines.join(", "));
		element.setAttribute("tabindex", index ? -1 : 0);
		return frame;
	});
	const root = frames[0], ancestors = [];
	const owners = new Map(frames.map(frame => [frame.element, frame]));

	for (const frame of frames) {
		ancestors.length = frame.depth;
		frame.parent = ancestors[frame.depth - 1];
		for (const ancestor of ancestors)
			ancestor.last = frame.index;
		ancestors.push(frame);
		frame.last = frame.index;
	}

	function make(name, attributes, parent = picture, text = "") {
		const element = document.createElementNS(picture.namespaceURI, name);

		for (const key in attributes)
			element.setAttribute(key, attributes[key]);
		element.textContent = text;
		return parent.appendChild(element);
	}

	/* As much of it as that many px have room for. */
	function cut(name, px) {
		const characters = Array.from(name), room = Math.floor(px / pitch);

		if (characters.length <= room)
			return name;
		return room < 2 ? "" : characters.slice(0, room - 1).join("") + "…";
	}

	/* Zoom: the frame is as wide as the page, and so are those that it stands on. */
	let zoomed = root;
	const contains = (outer, inner) => outer.index <= inner.index && inner.index <= outer.last;

	function place(frame) {
		const full = width - 2 * edge, { element } = frame;
		const below = contains(frame, zoomed), shown = below || contains(zoomed, frame);
		const x = below ? 0 : (frame.start - zoomed.start) / zoomed.weight * full;
		const span = below ? full : frame.weight / zoomed.weight * full;

		frame.shown = shown && span >= narrowest;
		element.style.display = frame.shown ? "" : "none";
		if (!frame.shown)
			return;
		element.setAttribute("x", edge + x);
		element.setAttribute("width", Math.max(span - 0.6, span * 0.7));
		element.classList.toggle("above", below && frame !== zoomed);
		element.querySelector("text").textContent = cut(frame.name, span - 2 * padding);
	}

	function draw() {
		width = Math.max(document.documentElement.clientWidth, 480);
		const tall = Math.max(window.innerHeight, height);	/* tips have room below */
		picture.setAttribute("viewBox", `0 0 ${width} ${tall}`);
		picture.setAttribute("width", width);
		picture.setAttribute("height", tall);
		frames.forEach(place);
		field.setAttribute("x", width - edge - 210);
		reset.setAttribute("transform", `translate(${width - edge - 210 - 100} 10)`);
		reset.style.display = zoomed === root ? "none" : "";
		found.setAttribute("x", width - edge);
		leave();
		search();
	}

	function zoom(frame) {
		zoomed = frame;
		draw();
	}

	/* Search: what matches has a bar. Of matches that stand on each other one counts. */
	function search() {
		const wanted = input.value.toLowerCase();
		let sum = 0, count = 0, end = -1;

		for (const frame of frames) {
			const matches = wanted !== "" && frame.name.toLowerCase().includes(wanted);

			frame.element.classList.toggle("other", wanted !== "" && !matches);
			frame.element.lastChild.style.display = matches ? "" : "none";
			if (!matches || !contains(zoomed, frame))
				continue;
			count++;
			if (frame.index > end) {
				sum += frame.weight;
				end = frame.last;
			}
		}
		found.textContent = wanted === "" ? "" : count === 0 ? "no match" :
			`${count} match${count > 1 ? "es" : ""}, ` +
			`${(100 * sum / zoomed.weight).toFixed(2)} %`;
	}

	/* The tip: exact figures of the frame under the pointer, or with the keyboard's focus. */
	function tell(frame, x, y) {
		let longest = 0;

		tip.replaceChildren();
		make("rect", { rx: 4, height: frame.lines.length * 17 + 10 }, tip);
		frame.lines.forEach((line, i) => {
			const at = { x: 8, y: 18 + 17 * i };
			const text = make("text", at, tip, cut(line, width - 40));

			longest = Math.max(longest, text.getComputedTextLength());
		});
		tip.firstChild.setAttribute("width", longest + 16);
		tip.style.display = "";
		const box = tip.getBBox();
		const left = Math.max(4, Math.min(x + 12, width - box.width - 4));
		const bottom = window.scrollY + window.innerHeight;
		const top = y + 18 + box.height > bottom ? y - box.height - 8 : y + 18;
		tip.setAttribute("transform", `translate(${left} ${Math.max(4, top)})`);
		for (const key of ["x", "y", "width", "height"])
			ring.setAttribute(key, frame.element.getAttribute(key));
		ring.style.display = "";
	}

	function leave() {
		tip.style.display = ring.style.display = "none";
	}

	function focus(frame) {
		if (!frame)
			return;
		frames.forEach(each => each.element.setAttribute("tabindex", -1));
		frame.element.setAttribute("tabindex", 0);
		frame.element.blur();	/* it is told again */
		frame.element.focus();
		frame.element.scrollIntoView({ block: "nearest" });
	}

	const of = event => owners.get(event.target.closest?.(".frame"));

	/* Beside it in its row; above it the widest that stands on it. */
	const next = (frame, step) => {
		let i = frame.index + step;

		while (frames[i] && !(frames[i].shown && frames[i].depth === frame.depth))
			i += step;
		return frames[i];
	};
	const widest = frame => frames.slice(frame.index + 1, frame.last + 1)
		.filter(other => other.parent === frame && other.shown)
		.reduce((a, b) => !a || b.weight > a.weight ? b : a, null);
	const keys = {
		ArrowUp: frame => focus(frame.parent),
		ArrowDown: frame => focus(widest(frame)),
		ArrowLeft: frame => focus(next(frame, -1)),
		ArrowRight: frame => focus(next(frame, 1)),
		Enter: frame => { zoom(frame); focus(frame); },
		" ": frame => { zoom(frame); focus(frame); },
	};

	/* What only works with a script is made by it. */
	const found = make("text", { class: "minor", y: 54, "text-anchor": "end" });
	const reset = make("g", { class: "button", role: "button", tabindex: 0 });
	const field = make("foreignObject", { y: 10, width: 210, height: 28 });
	const input = document.createElementNS("http://www.w3.org/1999/xhtml", "input");
	const ring = make("rect", { class: "ring" });
	const tip = make("g", { class: "tip" });

	make("rect", { width: 92, height: 26, rx: 5 }, reset);
	make("text", { x: 10, y: 17 }, reset, "Reset zoom");
	input.type = "search";
	input.placeholder = "Search (Ctrl-F)";
	input.setAttribute("aria-label", "Search");
	field.appendChild(input);
	for (const { element } of frames)
		make("rect", { class: "match", width: "100%", height: 3 }, element);

	picture.addEventListener("click", event => of(event) && zoom(of(event)));
	picture.addEventListener("mousemove", event => {
		const frame = of(event);

		if (frame)
			tell(frame, event.pageX, event.pageY);
		else
			leave();
	});
	picture.addEventListener("mouseleave", leave);
	picture.addEventListener("focusin", event => {
		const frame = of(event), { x, y } = event.target;

		if (frame)
			tell(frame, x.baseVal.value, y.baseVal.value + 10);
	});
	picture.addEventListener("focusout", leave);
	reset.addEventListener("click", () => zoom(root));
	reset.addEventListener("keydown", event => {
		if (event.key === "Enter" || event.key === " ")
			zoom(root);
	});
	input.addEventListener("input", search);
	window.addEventListener("resize", draw);
	window.addEventListener("keydown", event => {
		const frame = of(event), modified = event.ctrlKey || event.altKey || event.metaKey;

		if (modified && event.key === "f" && document.activeElement !== input) {
			input.focus();
			input.select();
		} else if (event.key === "Escape") {
			input.value = "";
			zoom(root);
		} else if (frame && keys[event.key] && !modified) {
			keys[event.key](frame);
		} else {
			return;
		}
		event.preventDefault();
	});

	const sample = make("text", {}, picture, "m".repeat(100));
	pitch = sample.getComputedTextLength() / 100 || pitch;
	sample.remove();
	draw();
})();
