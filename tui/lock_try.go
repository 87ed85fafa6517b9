package tui

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// tryNow asks whether a stranger is to be asked now about what the person is
// at.
func (m *model) tryNow() {
	key := m.certs.cur.key
	if past, ok := m.top().(*lockPast); ok {
		key = past.key
	}
	if l, ok := m.facts.lock(key); ok {
		m.tryLocks([]lock{l})
	}
}

// tryNamed does so for all that is known by a name.
func (m *model) tryNamed(ws []string) {
	m.withOne(ws, "name", func(name string) {
		rows := slices.DeleteFunc(m.facts.locks(), func(l lock) bool { return l.host() != name })
		if len(rows) == 0 {
			m.say(bad, "no certificate and no [ddns] table is about "+name)
			return
		}
		m.tryLocks(rows)
	})
}

// lockNames are the names that can be tried.
func lockNames(m *model, before []string) (names []string) {
	if len(before) > 0 {
		return nil
	}
	for _, l := range m.facts.locks() {
		if !slices.Contains(names, l.host()) {
			names = append(names, l.host())
		}
	}
	return names
}

// tryLocks asks first: authorities and providers count how often they are
// asked.
func (m *model) tryLocks(rows []lock) {
	var what []string
	var work []func(context.Context) error
	for _, l := range rows {
		switch {
		case l.name != nil:
			table := l.table.Name
			what = append(what, "publish the names of [ddns."+table+"]")
			work = append(work, func(ctx context.Context) error { return m.src.Locks.Publish(ctx, table) })
		case l.cert.Kind == "acme":
			host := l.host()
			what = append(what, "ask for the certificate of "+host)
			work = append(work, func(context.Context) error { return m.src.Locks.TryCertificate(host) })
		}
	}
	if len(work) == 0 {
		m.say(calm, "no authority is asked for this certificate: it is "+rows[0].cert.Kind)
		return
	}
	m.ask = &ask{question: strings.Join(what, " and ") + " now?", edits: true, choices: []choice{{[]string{"y"}, "yes, now", func(m *model) { m.try(work) }}}}
}

// try asks the strangers, beside the console. An authority may answer much
// later: what comes of it is in the list.
func (m *model) try(work []func(context.Context) error) {
	m.say(plain, "asking ...")
	m.await(func(ctx context.Context) then {
		var all []error
		for _, do := range work {
			all = append(all, do(ctx))
		}
		err := errors.Join(all...)
		return func(m *model) {
			m.refresh()
			if err != nil {
				m.sayError(err)
				return
			}
			m.say(calm, "asked: the list says what came of it")
		}
	})
}
