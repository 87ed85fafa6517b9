package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"forge.home.arpa/portico/config"
)

// review shows what an edit does to the file; y applies it. Nothing else does:
// Enter and esc both lead back.
type review struct {
	reading
	what     string // for the history
	base     *config.Revision
	edit     func(*config.File) error // nil for an undo
	form     *form                    // where it came from; nil for a single key
	preview  *config.Preview
	refused  error // why there is no preview
	failed   error // why it was not applied
	applying bool
	scroll   scroll
}

func (*review) scope() scope { return inReview }

func (r *review) move(_ *model, by int)      { r.scroll.by(by) }
func (r *review) jump(_ *model, bottom bool) { r.scroll.end(bottom) }
func (r *review) open(m *model)              { r.back(m) }

func (r *review) back(m *model) bool {
	m.pop()
	return true
}

// review opens r and asks what the edit does.
func (m *model) review(r *review) {
	m.push(r)
	if r.edit != nil {
		r.look(m)
	}
}

func (r *review) look(m *model) {
	base, edit := r.base, r.edit
	m.await(func(context.Context) then {
		p, err := m.src.Store.Preview(base, edit)
		return func(m *model) { r.seen(m, p, err) }
	})
}

// seen takes the preview; a problem in a field leads back to that field.
func (r *review) seen(m *model, p *config.Preview, err error) {
	r.preview, r.refused = p, err
	if r.form == nil || m.top() != view(r) {
		return
	}
	r.form.judge(p, err)
	if i := r.form.firstProblem(); i >= 0 {
		m.pop()
		r.form.at = i
		m.say(bad, "not yet: "+r.form.fields[i].problem)
	}
}

// applicable tells whether y does anything.
func (r *review) applicable() bool {
	if r.edit == nil {
		return !r.applying
	}
	return !r.applying && r.preview != nil && len(r.preview.Problems.Errors()) == 0
}

// apply sends the edit on its way.
func (r *review) apply(m *model) {
	if !r.applicable() {
		return
	}
	r.applying, r.failed = true, nil
	src := m.src
	m.await(func(ctx context.Context) then {
		var err error
		if r.edit == nil {
			err = src.Store.Undo(ctx)
		} else {
			err = src.Store.Update(ctx, r.base, src.who(), r.what, r.edit)
		}
		now := src.Store.Current()
		return func(m *model) { r.applied(m, err, now) }
	})
}

// applied closes the review and its form, or keeps both and says why not. The
// lines are then those against the file as it is now.
func (r *review) applied(m *model, err error, now *config.Revision) {
	r.applying = false
	m.refresh()
	open := slices.Contains(m.layers, view(r))
	switch {
	case err == nil:
		if open {
			r.close(m)
		}
		m.say(calm, "done: "+r.what+r.undoHint())
		return
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("could not confirm: no answer within %s; look at the file before you try again", deadline)
	}
	if !open {
		m.sayError(err)
	}
	r.failed = err
	if now != nil && r.edit != nil {
		r.base = now
		if r.form != nil {
			r.form.base = now
		}
		r.look(m)
	}
}

func (r *review) undoHint() string {
	if r.edit == nil {
		return ""
	}
	return "  (u takes it back)"
}

// close takes the review away, and the form it came from.
func (r *review) close(m *model) {
	m.layers = slices.DeleteFunc(m.layers, func(v view) bool {
		return v == view(r) || r.form != nil && v == view(r.form)
	})
}

// undo reviews taking back the last change.
func (m *model) undo() {
	if !m.facts.canUndo {
		m.say(plain, "nothing to undo in this run")
		return
	}
	last := m.facts.undo
	m.review(&review{
		what:    "undo " + last.What,
		preview: &config.Preview{Diff: last.Undo},
	})
}

// switchRoute reviews switching a route off, or on again.
func (m *model) switchRoute(name string, on bool) {
	what := "switch off route " + name
	if on {
		what = "switch on route " + name
	}
	m.edit(name, what, func(f *config.File) error { return f.Set(on, "route", name, "enabled") })
}

// deleteRoute reviews taking a route out of the file.
func (m *model) deleteRoute(name string) {
	m.edit(name, "delete route "+name, func(f *config.File) error { return f.Delete("route", name) })
}

func (m *model) edit(name, what string, edit func(*config.File) error) {
	base := m.facts.revision
	if base == nil || base.Config.Route(name) == nil {
		m.say(warn, "no route is called "+name)
		return
	}
	m.review(&review{what: what, base: base, edit: edit})
}

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
	m.say(bad, err.Error())
}
