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
		if r.form != nil {
			m.routes.cur.want = r.form.name()
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
	m.await(func(context.Context) then {
		last, ok := m.src.Store.Last()
		return func(m *model) {
			if !ok {
				m.say(plain, "nothing to undo in this run")
				return
			}
			m.review(&review{what: "undo " + last.What, preview: &config.Preview{Diff: last.Undo}})
		}
	})
}

// onReview acts on the review that is open.
func (m *model) onReview(do func(*review, *model)) {
	if r, ok := m.top().(*review); ok {
		do(r, m)
	}
}

// canApply tells whether y does anything in the review that is open.
func (m *model) canApply() bool {
	r, ok := m.top().(*review)
	return ok && r.applicable()
}
