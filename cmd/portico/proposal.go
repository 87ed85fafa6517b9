package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

// proposal is an edit as it is shown to a person before it is made.
type proposal struct {
	File     string        `json:"file"`
	What     string        `json:"what"`
	Diff     []diffLine    `json:"diff"`
	Problems []problemJSON `json:"problems"`           // all errors; of the warnings, what the edit brings
	Visitors string        `json:"visitors,omitempty"` // who may come in, of a new route or where that changes
	Moves    *proxy.Moves  `json:"moves,omitempty"`    // nil where nothing runs
	Confirm  time.Duration `json:"confirm,omitempty"`  // in which it has to be kept once made
}

// breaks tells whether the edit cannot be made.
func (p *proposal) breaks() bool {
	for _, problem := range p.Problems {
		if !problem.Warning {
			return true
		}
	}
	return false
}

// made is what became of an edit.
type made struct {
	What    string    `json:"what"`
	Version int       `json:"version,omitempty"` // in the history; 0 where none is kept
	Until   time.Time `json:"until,omitzero"`    // when it goes back unless it is kept
	Lost    string    `json:"lost,omitempty"`    // why a restart before that would not take it back
}

// editor makes the edits of one person in a store.
type editor struct {
	store  *config.Store
	server *proxy.Server // nil where nothing runs
	who    string
}

// proposed is a proposal with the way to make it.
type proposed struct {
	proposal
	do func(context.Context, *config.Store) error
}

func (ed editor) propose(e edit) (*proposed, error) {
	if e.Do == undoChange {
		return ed.proposeUndo(e.N)
	}
	base, err := ed.store.Base()
	if err != nil {
		return nil, err
	}
	preview, err := ed.store.Preview(base, e.make)
	if err != nil {
		return nil, err
	}
	p := ed.proposalOf(preview, e.what())
	p.Visitors = visitors(base.Config, preview.Config, e.Route)
	return &proposed{p, func(ctx context.Context, store *config.Store) error {
		return store.Update(ctx, base, ed.who, e.what(), e.make)
	}}, nil
}

func (ed editor) proposeUndo(n int) (*proposed, error) {
	preview, change, err := ed.store.PreviewUndo(n)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("undo %q of %s", change.What, change.Who)
	if change.N > 0 {
		what = fmt.Sprintf("undo version %d, %q of %s", change.N, change.What, change.Who)
	}
	return &proposed{ed.proposalOf(preview, what), func(ctx context.Context, store *config.Store) error {
		// Without a history changes have no number, and the last may be another by now.
		if last, _ := store.Last(); change.N == 0 && !last.At.Equal(change.At) {
			return errors.New("there was another change meanwhile: undo again")
		}
		return store.UndoChange(ctx, ed.who, change.N)
	}}, nil
}

func (ed editor) proposalOf(preview *config.Preview, what string) proposal {
	file := ed.store.Path()
	if abs, err := filepath.Abs(file); err == nil && ed.server != nil {
		file = abs // whoever asks may stand in another directory
	}
	p := proposal{
		File: file, What: what, Confirm: preview.Confirm,
		Diff:     each(preview.Diff, diffLineOf),
		Problems: problemsJSON(file, ed.newProblems(preview)),
	}
	if ed.server != nil && preview.Config != nil {
		// Where the edit cannot be compiled, making it says why.
		if moves, err := ed.server.Moves(preview.Config); err == nil {
			p.Moves = withoutQueries(moves)
		}
	}
	return p
}

// visitors says who may come in by a route under next; "" where now says so too.
func visitors(now, next *config.Config, route string) string {
	if next == nil || next.Route(route) == nil {
		return ""
	}
	is := next.Route(route).Visitors()
	if now == nil || now.Route(route) == nil {
		return is
	}
	if was := now.Route(route).Visitors(); is != was {
		return is + " (until now " + was + ")"
	}
	return ""
}

// newProblems leaves out the warnings that were there before.
func (ed editor) newProblems(preview *config.Preview) (list config.Problems) {
	_, old := config.ParseFile(ed.store.Path(), preview.Before)
	known := map[[2]string]bool{}
	for _, p := range old.Warnings() {
		known[[2]string{p.Path, p.Message}] = true
	}
	for _, p := range preview.Problems {
		if !p.Warning || !known[[2]string{p.Path, p.Message}] {
			list = append(list, p)
		}
	}
	return list
}

// hidden stands in the place of a secret.
const hidden = "(hidden)"

// withoutQueries hides the queries of the examples: they may carry tokens.
func withoutQueries(m proxy.Moves) *proxy.Moves {
	for i := range m.Kinds {
		if path, _, ok := strings.Cut(m.Kinds[i].Path, "?"); ok {
			m.Kinds[i].Path = path + "?" + hidden
		}
	}
	return &m
}

// make makes what was proposed.
func (ed editor) make(ctx context.Context, p *proposed) (*made, error) {
	before, _ := ed.store.Last()
	if err := p.do(ctx, ed.store); err != nil {
		if errors.Is(err, config.ErrPending) {
			err = fmt.Errorf("%w (portico keep, portico back)", err)
		}
		return nil, err
	}
	m := &made{What: p.What}
	if last, ok := ed.store.Last(); ok && last.At != before.At && last.Who == ed.who {
		m.Version = last.N
	}
	if pending, waits := ed.store.Pending(); waits && p.Confirm > 0 {
		m.Until = pending.Until
		if pending.Unwritten != nil {
			m.Lost = pending.Unwritten.Error()
		}
	}
	return m, nil
}

// decide keeps the edit that waits, or takes it back.
func (ed editor) decide(ctx context.Context, keep bool) (*made, error) {
	waits, _ := ed.store.Pending()
	m := &made{What: waits.What, Version: waits.Version}
	if keep {
		return m, ed.store.Keep(ctx, ed.who)
	}
	err := ed.store.GoBack(ctx, ed.who)
	if conflicts := (config.Conflicts)(nil); errors.As(err, &conflicts) {
		err = fmt.Errorf("%w\nnothing was changed; portico back once more puts the values from before in the place of both", err)
	}
	return m, err
}
