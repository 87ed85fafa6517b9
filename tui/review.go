package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

// review shows what an edit does to the file; y applies it. Nothing else does:
// Enter and esc both lead back.
type review struct {
	reading
	what     string // for the history
	base     *config.Revision
	edit     func(*config.File) error // nil for an undo
	undoes   int                      // the version an undo takes back; 0 is the last
	form     *form                    // where it came from; nil for a single key
	mends    []proxy.Mend             // the one that the edit is, then others in its place; nil for no mend
	preview  *config.Preview
	moves    *proxy.Moves // what the edit does to recent requests; nil until it is known
	refused  error        // why there is no preview
	failed   error        // why it was not applied
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
	r.look(m)
}

func (r *review) look(m *model) {
	preview := r.previewer(m.src.Store)
	m.await(func(context.Context) then {
		p, err := preview()
		return func(m *model) { r.seen(m, p, err) }
	})
}

func (r *review) previewer(s Store) func() (*config.Preview, error) {
	base, edit, n := r.base, r.edit, r.undoes
	if edit != nil {
		return func() (*config.Preview, error) { return s.Preview(base, edit) }
	}
	return func() (*config.Preview, error) {
		p, _, err := s.PreviewUndo(n)
		return p, err
	}
}

// weigh asks what the edit does to the requests that came lately.
func (r *review) weigh(m *model) {
	p := r.preview
	if p == nil || p.Config == nil {
		return
	}
	src := m.src
	m.await(func(context.Context) then {
		moves := src.moves(p)
		return func(*model) {
			if r.preview == p {
				r.moves = moves
			}
		}
	})
}

// moves is what an edit does to recent requests; nil where nobody can tell.
func (s Source) moves(p *config.Preview) *proxy.Moves {
	if p == nil || p.Config == nil {
		return nil
	}
	moves, err := s.Proxy.Moves(p.Config)
	if err != nil {
		return nil
	}
	return &moves
}

// seen takes the preview; a problem in a field leads back to that field.
func (r *review) seen(m *model, p *config.Preview, err error) {
	r.preview, r.refused, r.moves = p, err, nil
	r.weigh(m)
	if r.form == nil || m.top() != view(r) {
		return
	}
	r.form.judge(p, err)
	m.testTyped(r.form)
	if r.failed != nil {
		return // why it was not applied is not to be missed
	}
	if i := r.form.firstProblem(); i >= 0 {
		m.pop()
		r.form.at = i
		m.say(bad, "not yet: "+r.form.fields[i].problem)
	}
}

// applicable tells whether y does anything.
func (r *review) applicable() bool {
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
			err = src.Store.UndoChange(ctx, src.who(), r.undoes)
		} else {
			err = src.Store.Update(ctx, r.base, src.who(), r.what, r.edit)
		}
		now, _ := src.Store.Base() // what stays is told by err
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
			if r.form.was == "" {
				m.checks.watch(r.form.name())
			}
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
	if now != nil {
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

// undo reviews taking back version n, or the last change when n is 0.
func (m *model) undo(n int) {
	m.await(func(context.Context) then {
		p, change, err := m.src.Store.PreviewUndo(m.src.lastChange(n))
		return func(m *model) {
			if err != nil {
				m.sayError(err)
				return
			}
			r := &review{what: undoing(change.What), undoes: change.N, base: m.facts.base}
			m.push(r)
			r.seen(m, p, nil)
		}
	})
}

// lastChange is n, or where that is 0 the last change: of this run, else of the
// runs before.
func (s Source) lastChange(n int) int {
	if _, inThisRun := s.Store.Last(); n != 0 || inThisRun {
		return n
	}
	if vs, err := s.Store.History(); err == nil && len(vs) > 1 {
		return vs[0].N
	}
	return 0
}

// undoing says what undo does, as the history will.
func undoing(what string) string {
	if done, again := strings.CutPrefix(what, "undo "); again {
		return "redo " + done
	}
	return "undo " + strings.TrimPrefix(what, "redo ")
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
