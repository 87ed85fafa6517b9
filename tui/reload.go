package tui

import (
	"context"
	"errors"
	"strings"

	"forge.home.arpa/portico/config"
)

// reload reads the file now.
func (m *model) reload() {
	src := m.src
	m.say(plain, "reading "+m.facts.fileName())
	m.await(func(ctx context.Context) then {
		err := src.Store.Reload(ctx)
		return func(m *model) {
			m.refresh()
			if err == nil {
				m.say(calm, "read: "+m.facts.fileName()+" is in force")
				return
			}
			m.sayError(err)
		}
	})
}

// sayError shows the first line of an error where there is one line.
func (m *model) sayError(err error) {
	var ps config.Problems
	if errors.As(err, &ps) && len(ps) > 0 {
		m.say(bad, count(len(ps.Errors()), "problem")+": "+ps[0].String())
		return
	}
	m.say(bad, firstLine(err))
}

// firstLine is an error in one line; conflicts have one each.
func firstLine(err error) string {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}
