package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// remoteDesk makes edits through the running portico.
type remoteDesk struct {
	*client
	config string // the one that is meant, "" for whichever runs
}

func (d *remoteDesk) propose(e edit) (*proposal, error) {
	a, err := d.ask(request{Command: "change", Config: d.config, Edit: &e})
	if err != nil {
		return nil, err
	}
	if a.Proposal == nil {
		return nil, fmt.Errorf("portico on %s answered without a proposal", d.socket)
	}
	return a.Proposal, nil
}

func (d *remoteDesk) make() (*made, error) {
	_ = d.conn.SetWriteDeadline(time.Now().Add(requestWait))
	if _, err := d.conn.Write([]byte{'y'}); err != nil {
		return nil, fmt.Errorf("nothing was changed: portico on %s waits no more: %w", d.socket, err)
	}
	a, err := d.hear(makeWait + answerWait)
	return d.madeOf(a, err)
}

func (d *remoteDesk) decide(keep bool) (*made, error) {
	command := "back"
	if keep {
		command = "keep"
	}
	if err := send(d.conn, requestWait, request{Command: command, Config: d.config}); err != nil {
		return nil, fmt.Errorf("ask portico on %s: %w", d.socket, err)
	}
	a, err := d.hear(makeWait + answerWait)
	return d.madeOf(a, err)
}

// madeOf reads the answer to what was asked to be made.
func (d *remoteDesk) madeOf(a answer, err error) (*made, error) {
	switch {
	case err != nil:
		return nil, fmt.Errorf("could not confirm that it was done (portico history shows): %w", err)
	case a.problem() != nil:
		return nil, a.problem()
	case a.Made == nil:
		return nil, fmt.Errorf("portico on %s did not say what it did (portico history shows)", d.socket)
	}
	return a.Made, nil
}

func (d *remoteDesk) Close() error { return d.conn.Close() }

// serves refuses a caller who means another configuration than the one that
// runs: an edit must not land in a file that nobody named.
func (sv *service) serves(r request) error {
	if r.Config == "" {
		return nil
	}
	runs := sv.store.Path()
	if abs, err := filepath.Abs(runs); err == nil {
		runs = abs
	}
	if runs == r.Config {
		return nil
	}
	ours, err := os.Stat(runs)
	theirs, err2 := os.Stat(r.Config)
	if err == nil && err2 == nil && os.SameFile(ours, theirs) {
		return nil
	}
	return fmt.Errorf("the portico that runs serves %s and not %s (for that one, name another --socket and --state)", runs, r.Config)
}

// changeCommand answers `change`: it shows what an edit would do, and makes it
// when the caller agrees.
func (sv *service) changeCommand() command {
	return func(ctx context.Context, c *caller) error {
		if err := sv.serves(c.request); err != nil {
			return err
		}
		if c.request.Edit == nil {
			return errors.New("a change needs an edit")
		}
		ed := sv.editor(c)
		p, err := ed.propose(*c.request.Edit)
		if err != nil {
			return err
		}
		if err := c.answer(answer{Proposal: &p.proposal}); err != nil || p.breaks() {
			return err
		}
		agreed, err := c.agrees()
		if err != nil || !agreed {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, makeWait)
		defer cancel()
		m, err := ed.make(ctx, p)
		if err != nil {
			return err
		}
		return c.answer(answer{Made: m})
	}
}

// decideCommand answers `keep` and `back`.
func (sv *service) decideCommand(keep bool) command {
	return func(ctx context.Context, c *caller) error {
		if err := sv.serves(c.request); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, makeWait)
		defer cancel()
		m, err := sv.editor(c).decide(ctx, keep)
		if err != nil {
			return err
		}
		return c.answer(answer{Made: m})
	}
}

func (sv *service) editor(c *caller) editor {
	return editor{store: sv.store, server: sv.server, who: c.user}
}

// agrees waits for the caller's yes; false where it left, or said another thing.
func (c *caller) agrees() (bool, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(agreeWait)); err != nil {
		return false, err
	}
	said := []byte{0}
	_, err := c.conn.Read(said)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return false, fmt.Errorf("nobody said yes within %s; nothing was changed", agreeWait)
	}
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return said[0] == 'y', err
}
