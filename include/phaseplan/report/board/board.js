"use strict";
// Exchanges the page's middle when something has moved, and acts through Airflow's own API as whoever looks at it.
(() => {
  const PERIOD = 1000, SLOW = 15000; // milliseconds between two questions: after a fault, and in a hidden window
  const board = document.getElementById("board"), said = document.getElementById("said");
  const ask = document.getElementById("ask");
  const api = (location.pathname.split("/phaseplan/")[0] || "") + "/api/v2";
  const [, top, phase] = location.pathname.match(/^(.*?\/board)(?:\/phases\/(\d+))?/);
  let stamp = board.dataset.stamp, moved = "", away = 0, held = new AbortController(), hurry = false;

  const theme = () => {
    let chosen = "";
    try { chosen = localStorage.getItem("theme") || ""; } catch { /* not ours to read */ }
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
    else delete document.documentElement.dataset.theme;
  };

  const since = () => {
    for (const part of board.querySelectorAll("[data-since]")) {
      const seconds = Math.max(0, Math.round((Date.now() - Date.parse(part.dataset.since)) / 1000));
      part.textContent = "for " + Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
    }
  };

  const exchange = (text) => {
    const open = [...board.querySelectorAll("details")].map((part) => part.open);
    const loaded = [...board.querySelectorAll("details[data-load], details[data-log]")].map((part) => part.querySelector(".loaded").innerHTML);
    const focus = document.activeElement && document.activeElement.id;
    const kept = [...board.querySelectorAll("[data-keep]")].map((part) => [part.id, part.value, part.checked]);
    const places = [...board.querySelectorAll(".scroll, .waves")].map((part) => part.scrollLeft);
    board.innerHTML = text;
    board.querySelectorAll("details").forEach((part, n) => { part.open = Boolean(open[n]); });
    board.querySelectorAll("details[data-load], details[data-log]").forEach((part, n) => {
      if (part.open && loaded[n]) part.querySelector(".loaded").innerHTML = loaded[n];
    });
    for (const [id, value, checked] of kept) {
      const part = document.getElementById(id);
      if (part) { part.value = value; part.checked = checked; }
    }
    board.querySelectorAll(".scroll, .waves").forEach((part, n) => { part.scrollLeft = places[n] || 0; });
    if (focus && document.getElementById(focus)) document.getElementById(focus).focus({ preventScroll: true });
    since();
    arrows();
  };

  // From each card to those that need it; over the cards, and gone for a pointer.
  let pointed = false;
  const arrows = () => {
    const waves = board.querySelector(".waves"), button = document.getElementById("arrows");
    board.querySelectorAll("svg.arrows").forEach((old) => old.remove());
    if (button) button.setAttribute("aria-pressed", String(pointed));
    if (!pointed || !waves) return;
    const made = (name, facts) => {
      const part = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(facts)) part.setAttribute(key, value);
      return part;
    };
    const svg = made("svg", { class: "arrows", width: waves.scrollWidth, height: waves.scrollHeight, "aria-hidden": "true" });
    const tip = made("marker", { id: "head", viewBox: "0 0 6 6", refX: 5, refY: 3, markerWidth: 7, markerHeight: 7, orient: "auto" });
    tip.append(made("path", { class: "tip", d: "M0 0L6 3L0 6z" }));
    svg.append(tip);
    const origin = waves.getBoundingClientRect();
    const box = (card) => {
      const at = card.getBoundingClientRect(), left = at.left - origin.left + waves.scrollLeft;
      return { left, right: left + at.width, y: at.top - origin.top + waves.scrollTop + at.height / 2 };
    };
    for (const card of waves.querySelectorAll("[data-id]")) {
      for (const id of card.dataset.needs.split(" ").filter(Boolean)) {
        const other = document.getElementById("b-" + id);
        if (!other) continue;
        const from = box(other), to = box(card), same = Math.abs(from.left - to.left) < 2;
        const end = same ? to.right : to.left, bend = same ? from.right + 28 : (from.right + to.left) / 2;
        const d = `M${from.right} ${from.y}C${bend} ${from.y} ${bend} ${to.y} ${end} ${to.y}`;
        svg.append(made("path", { class: "edge", d, "marker-end": "url(#head)" }));
      }
    }
    waves.append(svg);
  };

  const look = async () => {
    try {
      const where = location.pathname + "?part=1" + (stamp ? "&seen=" + encodeURIComponent(stamp) : "");
      const answer = await fetch(where, { credentials: "same-origin", redirect: "error" });
      if (answer.status === 200) {
        stamp = answer.headers.get("X-Phaseplan-Stamp") || "";
        exchange(await answer.text());
      }
      if (answer.status === 401 || answer.status === 403) say("You are not logged in any more, or may not see this: load the page again.");
      else if (answer.status >= 500) say("The target repository cannot be read now; this page shows what was there before.");
      else if (away) say("");
      away = answer.status >= 400 ? away + 1 : 0;
    } catch {
      away += 1;
      if (away === 3) say("Airflow does not answer; this page shows what was there before.");
    }
  };

  // The server answers when something has moved, or after a while.
  const wait = async () => {
    if (hurry) {
      hurry = false;
      return;
    }
    held = new AbortController();
    const began = Date.now();
    try {
      const where = `${top}/moved?${phase ? `phase=${phase}&` : ""}seen=${encodeURIComponent(moved)}`;
      const answer = await fetch(where, { credentials: "same-origin", redirect: "error", signal: held.signal });
      if (answer.ok) moved = await answer.text();
      // One that is answered at once asks no faster than this, whatever makes the server do so.
      if (!answer.ok || Date.now() - began < 200) await pause(PERIOD);
    } catch {
      if (!held.signal.aborted) await pause(PERIOD);
    }
  };

  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  const watch = async () => {
    for (;;) {
      if (document.hidden) await pause(SLOW);
      else if (away) await pause(Math.min(PERIOD * (1 + away), SLOW));
      else await wait();
      await look();
    }
  };

  const say = (text) => { said.textContent = text; };

  // A database that is busy makes Airflow answer 500; all but the start of a run may be asked for again.
  const call = async (method, path, body, tries = 4) => {
    const answer = await fetch(api + path, {
      method, credentials: "same-origin", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    if (answer.ok) return;
    if (answer.status >= 500 && tries > 1) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return call(method, path, body, tries - 1);
    }
    let why = "";
    try { why = (await answer.json()).detail; } catch { /* no words */ }
    throw new Error("Airflow refused it (" + answer.status + ")" + (typeof why === "string" ? ": " + why : ""));
  };

  const deeds = {
    trigger: async (at) => {
      await call("PATCH", `/dags/${at.dag}?update_mask=is_paused`, { is_paused: false });
      await call("POST", `/dags/${at.dag}/dagRuns`, { logical_date: null, conf: {} }, 1);
      return "A run begins; the board shows it when its first task has opened the phase.";
    },
    isolate: async (at) => {
      await call("POST", `/dags/${at.dag}/dagRuns`, { logical_date: null, conf: { isolate: [at.branch] } }, 1);
      return "A run begins that takes it out; the board shows it when that is done.";
    },
    pause: async (at) => { await call("PATCH", `/dags/${at.dag}?update_mask=is_paused`, { is_paused: true }); return "Paused."; },
    unpause: async (at) => { await call("PATCH", `/dags/${at.dag}?update_mask=is_paused`, { is_paused: false }); return "Unpaused."; },
    clear: async (at) => {
      await call("POST", `/dags/${at.dag}/clearTaskInstances`, {
        dry_run: false, dag_run_id: at.run, task_ids: [at.task], include_downstream: true, only_failed: false, reset_dag_runs: true,
      });
      return "Cleared: it is tried again.";
    },
    answer: async (at) => {
      const form = document.getElementById("ask-" + at.form);
      const fields = { words: form.querySelector("textarea").value || null };
      if (at.branches) fields.branches = [...form.querySelectorAll("input:checked")].map((box) => box.value);
      await call("PATCH", `/dags/${at.dag}/dagRuns/${encodeURIComponent(at.run)}/taskInstances/${encodeURIComponent(at.task)}/-1/hitlDetails`,
        { chosen_options: [at.choice], params_input: fields });
      return "Answered: the board shows what follows in a few seconds.";
    },
    stop: async (at) => {
      await call("PATCH", `/dags/${at.dag}/dagRuns/${encodeURIComponent(at.run)}/taskInstances/${encodeURIComponent(at.task)}`, { new_state: "failed" });
      return "Stopped: its container ends within seconds.";
    },
  };

  const act = async (button) => {
    document.getElementById("question").textContent = button.dataset.ask;
    document.getElementById("yes").textContent = button.textContent;
    ask.returnValue = "no";
    ask.showModal();
    await new Promise((resolve) => ask.addEventListener("close", resolve, { once: true }));
    if (ask.returnValue !== "yes") return;
    button.disabled = true;
    try {
      say(await deeds[button.dataset.do](button.dataset));
      stamp = "";
      hurry = true;
      held.abort();
    } catch (error) {
      say(error.message);
      button.disabled = false;
    }
  };

  // Airflow shows us in a frame that may not move the window around it: its own link can.
  const leave = (event, link) => {
    if (window.parent === window) return;
    event.preventDefault();
    const outer = window.parent.document.createElement("a");
    outer.href = link.href;
    window.parent.document.body.append(outer);
    outer.click();
    outer.remove();
  };

  const linked = (id) => {
    const own = board.querySelector(`[data-id="${CSS.escape(id)}"]`);
    const needs = new Set(own ? own.dataset.needs.split(" ") : []);
    for (const card of board.querySelectorAll("[data-id]")) {
      card.classList.toggle("needed", needs.has(card.dataset.id));
      card.classList.toggle("waits", Boolean(id) && card.dataset.needs.split(" ").includes(id));
    }
  };

  const LINES = 60; // of a log's end
  const tail = async (part) => {
    const shown = part.querySelector(".loaded"), at = part.dataset;
    const task = `${api}/dags/${at.dag}/dagRuns/${encodeURIComponent(at.run)}/taskInstances/${encodeURIComponent(at.task)}`;
    try {
      const known = await (await fetch(task, { credentials: "same-origin" })).json();
      const answer = await fetch(`${task}/logs/${known.try_number}?full_content=true`, {
        credentials: "same-origin", headers: { Accept: "application/x-ndjson" },
      });
      if (!answer.ok) throw new Error("Airflow refused it (" + answer.status + ").");
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let lines = [], rest = "";
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        const parts = (rest + piece.value).split("\n");
        rest = parts.pop();
        lines = lines.concat(parts).slice(-LINES);
      }
      const texts = lines.concat(rest ? [rest] : []).map((line) => {
        try { const event = JSON.parse(line); return event.event ?? line; } catch { return line; }
      });
      // Airflow's marks of groups are for its own page.
      shown.textContent = texts.filter((text) => !/^::(end)?group::/.test(text)).join("\n") || "It has no line yet.";
    } catch (error) {
      shown.textContent = "They cannot be read now: " + error.message;
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-do]"), link = event.target.closest("a[data-airflow]");
    if (event.target.closest("#arrows")) {
      pointed = !pointed;
      arrows();
    } else if (button) act(button);
    else if (link) leave(event, link);
  });
  for (const kind of ["focusin", "mouseover"]) {
    document.addEventListener(kind, (event) => {
      const card = event.target.closest && event.target.closest("[data-id]");
      linked(card ? card.dataset.id : "");
    });
  }
  document.addEventListener("toggle", async (event) => {
    const part = event.target;
    if (part.open && "log" in part.dataset) tail(part);
    if (!part.open || !part.dataset.load) return;
    const answer = await fetch(part.dataset.load, { credentials: "same-origin" });
    part.querySelector(".loaded").innerHTML = answer.ok ? await answer.text() : "They cannot be told now.";
  }, true);

  addEventListener("resize", arrows);
  theme();
  since();
  setInterval(() => { theme(); since(); }, 1000);
  watch();
})();
