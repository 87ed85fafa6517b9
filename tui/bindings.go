package tui

import (
	tea "github.com/charmbracelet/bubbletea"
)

// keyTable is everything a person can do, in the order of the footer. Never
// bound are ctrl+a, ctrl+b, ctrl+s, ctrl+q and ctrl+z, which tmux, screen,
// flow control and the shell take, alt, and function keys alone.
func keyTable() []binding {
	var all []binding
	for _, part := range [][]binding{requestKeys(), routeKeys(), detailKeys(), pageKeys(), moveKeys(), entryKeys(), generalKeys()} {
		all = append(all, part...)
	}
	return all
}

// entryKeys are bound where letters are text, and in the review of an edit.
func entryKeys() []binding {
	return []binding{
		{keys: []string{"y"}, label: "y", word: "apply", help: "apply the edit", where: inReview, edits: true, name: "apply",
			when: (*model).canApply, do: func(m *model) { m.onReview((*review).apply) }},
		{keys: []string{"tab"}, label: "tab", word: "next", help: "next field; completes the name of a preset, takes the scheme that a test found", where: inForm | onButton, do: (*model).nextField},
		{keys: []string{"down"}, where: inForm | onButton, do: func(m *model) { m.top().move(m, 1) }},
		{keys: []string{"shift+tab", "up"}, label: "shift+tab", help: "field before", where: inForm | onButton, do: func(m *model) { m.top().move(m, -1) }},
		{keys: []string{"enter"}, label: "enter", word: "review", help: "show what the edit does; y applies it there", where: inForm, do: open},
		{keys: []string{"enter"}, label: "enter", word: "press", help: "the button: test the upstreams, or take what a test offers", where: onButton, do: (*model).pressTest},
		{keys: []string{"ctrl+t"}, label: "ctrl+t", word: "test", help: "test the upstreams now, as traffic would reach them", where: inForm | onButton, do: (*model).testNow},
		{keys: []string{"enter"}, label: "enter", word: "run", where: inHelp, do: open},
		{keys: []string{"enter"}, label: "enter", where: inPrompt, do: func(m *model) { m.prompt.enter(m, m.prompt) }},
		{keys: []string{"tab"}, label: "tab", help: "complete a command", where: inPrompt, do: func(m *model) { m.prompt.finish(m, m.prompt) }},
		{keys: []string{"up"}, label: "up", help: "recall what was typed before", where: inPrompt, do: func(m *model) { m.prompt.recall(m, 1) }},
		{keys: []string{"down"}, where: inPrompt, do: func(m *model) { m.prompt.recall(m, -1) }},
		{keys: []string{"esc", "ctrl+c"}, where: inPrompt, do: func(m *model) { m.closePrompt() }},
		{keys: []string{"esc", "ctrl+c"}, where: inForm | onButton | inHelp, do: func(m *model) { m.back() }},
	}
}

func requestKeys() []binding {
	return []binding{
		{keys: []string{"/"}, label: "/", word: "filter", help: "filter the requests: " + filterHelp, where: onPages, do: (*model).openFilter,
			name: "filter", args: "TERMS", take: func(m *model, ws []string) { m.filterBy(joined(ws)) }, fill: filterWords},
		{keys: []string{"enter"}, label: "enter", word: "detail", help: "show the request", where: onRequests, name: "open", do: open},
		{keys: []string{"F"}, label: "F", word: "follow", help: "follow the newest request", where: onRequests, name: "follow", do: func(m *model) { m.requests.stream.frozen = false; m.requests.stream.newest() }},
		{keys: []string{" "}, label: "spc", word: "freeze", help: "hold the list still, or let it go on", where: onRequests, name: "freeze", do: func(m *model) { m.requests.stream.freeze() }},
		{keys: []string{"a"}, label: "a", word: "add", help: "add a route; for the host of an unmatched request", where: onPages | inDetail, edits: true, do: (*model).addRoute,
			name: "add", args: "HOST UPSTREAM", take: (*model).addNamed, fill: addWords},
		{keys: []string{"s"}, label: "s", word: "sort", help: "sort by time, status, duration", where: onRequests, do: func(m *model) { s := m.requests.stream; s.sortBy(s.order+1, s.reversed) },
			name: "sort", args: "[" + sortNames() + "]", take: (*model).sortNamed, fill: sortWords},
		{keys: []string{"S"}, label: "S", help: "reverse the order", where: onRequests, name: "reverse", do: func(m *model) { s := m.requests.stream; s.sortBy(s.order, !s.reversed) }},
		{keys: []string{"v"}, label: "v", word: "columns", help: "other columns first", where: onRequests, name: "columns", do: func(m *model) { m.requests.set = (m.requests.set + 1) % columnSets }},
		{help: "WebSockets, events and cameras under way", where: onPages, name: "live", do: func(m *model) { m.push(newLiveView()) }},
		{help: "who is shut out, and why", where: onPages, name: "bans", do: func(m *model) { m.push(newBansView()) }},
		{keys: []string{"enter"}, label: "enter", word: "let in", help: "end the ban", where: inBans, edits: true, name: "open", do: open},
		{help: "hosts that found no route", where: onPages, name: "unmatched", do: func(m *model) { m.push(newUnmatchedView()) }},
		{keys: []string{"enter"}, label: "enter", word: "requests", where: inUnmatched, name: "open", do: open},
		{keys: []string{"a"}, label: "a", word: "route", help: "make a route of the host", where: inUnmatched, edits: true, do: (*model).routeUnmatched,
			name: "add", args: "HOST UPSTREAM", take: (*model).addHere, fill: addWords},
		{keys: []string{"b"}, label: "b", word: "ban", help: "shut out who asked", where: inUnmatched, edits: true, name: "ban", do: (*model).banPointed},
		{keys: []string{"b"}, label: "b", help: "shut out the client of the request", where: onRequests | inDetail, edits: true, name: "ban", do: (*model).banPointed},
	}
}

func routeKeys() []binding {
	return []binding{
		{keys: []string{"e"}, label: "e", word: "edit", help: "edit the route", where: onRoutes, edits: true, do: func(m *model) { m.editRoute(m.routes.cur.key) },
			name: "edit", args: "NAME", take: withRoute((*model).editRoute), fill: routeNames},
		{keys: []string{"x"}, label: "x", word: "on/off", help: "switch the route off, or on again", where: onRoutes, edits: true, name: "switch", do: (*model).toggleRoute},
		{help: "change any key: server.https, route.NAME.cert; without a value it goes", where: onPages, edits: true, name: "set", args: "KEY VALUE", take: (*model).setKey, fill: setWords},
		{help: "switch a route on", where: onPages, edits: true, name: "enable", args: "NAME", take: withRoute(func(m *model, n string) { m.switchRoute(n, true) }), fill: switchable(true)},
		{help: "switch a route off", where: onPages, edits: true, name: "disable", args: "NAME", take: withRoute(func(m *model, n string) { m.switchRoute(n, false) }), fill: switchable(false)},
		{keys: []string{"D"}, label: "D", word: "delete", help: "delete the route", where: onRoutes, edits: true, do: func(m *model) { m.deleteRoute(m.routes.cur.key) },
			name: "remove", args: "NAME", take: withRoute((*model).deleteRoute), fill: routeNames},
		{keys: []string{"enter"}, label: "enter", word: "requests", help: "show its requests", where: onRoutes | onUpstreams, name: "open", do: open},
		{keys: []string{"enter"}, label: "enter", word: "open", help: "go to what is wrong, or to the requests of a route", where: onNow, name: "open", do: open},
		{keys: []string{"d"}, label: "d", word: "dismiss", help: "no longer follow what a new route needs", where: onNow, name: "dismiss",
			when: func(m *model) bool { return len(m.checks.added) > 0 }, do: func(m *model) { m.checks.dismiss(m) }},
	}
}

func detailKeys() []binding {
	return []binding{
		{keys: []string{"t"}, label: "t", word: "trace", help: "trace the request, or one to the route: every guard and route", where: onRequests | inDetail | onRoutes, name: "trace", do: (*model).traceSelected},
		{keys: []string{"r"}, label: "r", word: "replay", help: "send a GET or HEAD again; what lets people in goes with it only after y", where: onRequests | inDetail, name: "replay", do: (*model).replay},
		{keys: []string{"c"}, label: "c", word: "curl", help: "copy the request as a curl command", where: onRequests | inDetail, name: "copy", do: (*model).copySelected},
		{keys: []string{"x"}, label: "x", word: "reveal", help: "show secrets, or hide them again", where: inDetail, name: "reveal", do: func(m *model) { d := m.requests.pane; d.revealed = !d.revealed }},
		{keys: []string{"m"}, label: "m", word: "mend", help: "mend what is wrong: shows the edit, y applies it", where: onRequests | inDetail | onNow | onRoutes | onUpstreams, edits: true,
			when: (*model).canMend, do: (*model).mend, name: "mend"},
		{keys: []string{"m"}, label: "m", word: "another", help: "another edit that would mend it", where: inReview, name: "another", when: (*model).hasAnother, do: func(m *model) { m.onReview((*review).another) }},
		{help: "trace a URL: what would happen to it", where: onPages, name: "test", args: "URL", take: func(m *model, ws []string) { m.withOne(ws, "URL", m.traceURL) }, fill: testWords},
	}
}

func pageKeys() []binding {
	go1 := func(i int) func(*model) { return func(m *model) { m.show(m.pages[i]) } }
	log := func(m *model) { m.showLog() }
	return []binding{
		{keys: []string{"1", "!"}, label: "1 !", help: "page Now: what is wrong", where: toRead, name: "now", do: go1(0)},
		{keys: []string{"2"}, label: "2", help: "page Requests", where: toRead, name: "requests", do: go1(1)},
		{keys: []string{"3"}, label: "3", help: "page Routes", where: toRead, name: "routes", do: go1(2)},
		{keys: []string{"4"}, label: "4", help: "page Upstreams", where: toRead, name: "upstreams", do: go1(3)},
		{keys: []string{"5"}, label: "5", help: "page Certs & DNS: certificates and names", where: toRead, name: "certs", do: go1(4)},
		{keys: []string{"6"}, label: "6", help: "page Log & History: every version of the file", where: toRead, name: "history", do: go1(5)},
		{keys: []string{"enter"}, label: "enter", word: "history", help: "how it stands, what was tried and what came of it", where: onCerts, name: "open", do: open},
		{keys: []string{"n"}, label: "n", word: "try now", help: "ask for the certificate, or publish the names, at once", where: onCerts | inPast, edits: true, do: (*model).tryNow,
			name: "try", args: "NAME", take: (*model).tryNamed, fill: lockNames},
		{help: "one big word and a tile a route, for a display in the hall", where: onPages, name: wallName, do: (*model).showWall},
		{keys: []string{"enter"}, label: "enter", word: "diff", help: "show what a version changed", where: onHistory, name: "open", do: open},
		{keys: []string{"tab", "shift+tab"}, label: "tab", word: "log", help: "read the log", where: onHistory, name: "log", do: log},
		{keys: []string{"tab", "shift+tab"}, label: "tab", help: "list or detail", where: onRequests, name: "pane", do: open},
		{keys: []string{"tab", "shift+tab"}, where: inDetail, name: "pane", do: func(m *model) { m.pop() }},
	}
}

func moveKeys() []binding {
	const all = toRead | inReview
	by := func(n int) func(*model) { return func(m *model) { m.top().move(m, n) } }
	pages := func(n int) func(*model) { return func(m *model) { m.top().move(m, n*max(m.bodyHeight()-2, 1)) } }
	to := func(bottom bool) func(*model) { return func(m *model) { m.top().jump(m, bottom) } }
	return []binding{
		{keys: []string{"down", "j"}, label: "down j", help: "move down", where: all, name: "down", do: by(1)},
		{keys: []string{"up", "k"}, label: "up k", help: "move up", where: all, name: "up", do: by(-1)},
		{keys: []string{"down"}, where: inHelp, do: by(1)},
		{keys: []string{"up"}, where: inHelp, do: by(-1)},
		{keys: []string{"pgdown", "ctrl+d"}, label: "PgDn ctrl+d", help: "a page down", where: all | inHelp, name: "pgdown", do: pages(1)},
		{keys: []string{"pgup", "ctrl+u"}, label: "PgUp ctrl+u", help: "a page up", where: all | inHelp, name: "pgup", do: pages(-1)},
		{keys: []string{"g", "home"}, label: "g Home", help: "to the top", where: all, name: "top", do: to(false)},
		{keys: []string{"G", "end"}, label: "G End", help: "to the bottom: the newest request, and follow again", where: all, name: "bottom", do: to(true)},
		{keys: []string{"right", "l"}, label: "right l", help: "scroll the columns", where: onRequests, name: "right", do: func(m *model) { m.requests.scrollColumns(1) }},
		{keys: []string{"left", "h"}, label: "left h", help: "scroll the columns back", where: onRequests, name: "left", do: func(m *model) { m.requests.scrollColumns(-1) }},
	}
}

func generalKeys() []binding {
	return []binding{
		{keys: []string{"u"}, label: "u", word: "undo", help: "undo the last change that was applied, or that of a version", where: onPages&^onHistory | inDetail, edits: true,
			when: func(m *model) bool { return m.facts.canUndo }, do: func(m *model) { m.undo(0) },
			name: "undo", args: "[VERSION]", take: (*model).undoNamed, fill: undoWords},
		{keys: []string{"u"}, label: "u", word: "undo it", help: "take back what a version changed", where: onHistory | inVersion, edits: true, do: (*model).undoVersion,
			name: "undo", args: "[VERSION]", take: (*model).undoHere, fill: undoWords},
		{keys: []string{"K"}, label: "K", help: "keep the change that waits, of listeners, TLS or certificates", where: toRead | inReview, edits: true, name: "keep", do: (*model).keep},
		{keys: []string{"B"}, label: "B", help: "take that change back at once", where: toRead | inReview, edits: true, name: "back", do: (*model).goBack},
		{help: "read the file now", where: onPages, name: "reload", do: (*model).reload},
		{keys: []string{":"}, label: ":", word: "command", help: "type a command", where: toRead | inReview, do: (*model).openCommand},
		{keys: []string{"?"}, label: "?", help: "this list", where: toRead, name: "help", do: func(m *model) { m.push(&help{search: newLine()}) }},
		{keys: []string{"esc", "enter"}, label: "esc", help: "one step back; clears the filter", where: toRead&^onPages | inReview, name: "esc", do: func(m *model) { m.back() }},
		{keys: []string{"esc"}, where: onPages, name: "esc", do: func(m *model) { m.back() }},
		{keys: []string{"q", "ctrl+c"}, label: "q ctrl+c", help: "back; at the top: leave", where: toRead | inReview, name: "quit", do: (*model).quit,
			take: func(m *model, _ []string) { m.layers = nil; m.leave() }},
		{keys: []string{"L"}, label: "L", help: "lock or unlock editing", where: toRead, name: "lock", do: (*model).toggleLock},
		{keys: []string{"ctrl+l"}, label: "ctrl+l", help: "draw everything anew", where: toRead | inReview | inEntries, name: "repaint", do: func(m *model) { m.start(tea.ClearScreen) }},
	}
}

func open(m *model) { m.top().open(m) }
