package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"syscall"
	"time"

	"forge.home.arpa/portico/assets"
	"forge.home.arpa/portico/config"
)

// desk is where edits are made: the running portico, or the files where none
// runs.
type desk interface {
	// propose shows an edit and writes nothing.
	propose(edit) (*proposal, error)
	// make makes the edit that was proposed.
	make() (*made, error)
	// decide keeps the edit that waits, or takes it back.
	decide(keep bool) (*made, error)
	Close() error
}

// makeWait is how long an edit may take; certificates and ports are made ready
// in that time.
const makeWait = 30 * time.Second

// openDesk finds the running portico or, where none answers, opens the files.
// Confirm is how long an edit of the files waits to be kept, as in config.
func (p *places) openDesk(s streams, confirm time.Duration) (desk, error) {
	c, err := p.dial()
	if err == nil {
		return &remoteDesk{client: c, config: p.meant()}, nil
	}
	if !errors.Is(err, errNobody) {
		return nil, err
	}
	return p.openFiles(s, confirm, err)
}

// meant is the configuration that a flag or the environment names, for another
// directory; "" where none is named.
func (p *places) meant() string {
	named := p.namedConfig()
	if abs, err := filepath.Abs(named); err == nil && named != "" {
		return abs
	}
	return named
}

// fileDesk makes edits in the files, by the store that a running portico uses.
type fileDesk struct {
	editor
	open     func() (*config.Store, *state, error)
	lock     *state // nil while a person thinks
	proposed *proposed
}

// openFiles locks the state directory. While a person is asked nothing is locked:
// a portico may start meanwhile. Nobody is why no portico answers.
func (p *places) openFiles(s streams, confirm time.Duration, nobody error) (desk, error) {
	path, _, err := p.configFile()
	if err != nil {
		return nil, err
	}
	d := &fileDesk{editor: editor{who: whoami()}, open: func() (*config.Store, *state, error) {
		lock, err := p.lockState(nobody)
		if err != nil {
			return nil, nil, err
		}
		log := slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
		store, err := config.Open(config.Options{
			Path: path, Starter: assets.Starter, Log: log, State: lock.dir, Confirm: confirm,
		})
		if err != nil {
			return nil, nil, errors.Join(listProblems(s.err, path, err), lock.Close())
		}
		return store, lock, nil
	}}
	if d.store, d.lock, err = d.open(); err != nil {
		return nil, err
	}
	return d, nil
}

func (p *places) lockState(nobody error) (*state, error) {
	dir, err := p.stateDir()
	if err != nil {
		return nil, err
	}
	if err := notAnothers(dir); err != nil {
		return nil, err
	}
	lock, err := openState(dir)
	var held *heldError
	if errors.As(err, &held) {
		return nil, fmt.Errorf("%w, but %w", nobody, err)
	}
	return lock, err
}

// notAnothers refuses root in the directory of a service with a user of its
// own, which could not read what root writes there.
func notAnothers(dir string) error {
	info, err := os.Stat(dir)
	if err != nil || os.Geteuid() != 0 {
		return nil // it is made, or cannot be used, which openState tells
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	name := fmt.Sprintf("#%d", owner.Uid)
	if u, err := user.LookupId(fmt.Sprint(owner.Uid)); err == nil {
		name = u.Username
	}
	return fmt.Errorf("%s belongs to %s, who could not read what root writes there: run this as sudo -u %s", dir, name, name)
}

// whoami names who edits, for the history.
func whoami() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprintf("uid %d", os.Geteuid())
}

func (d *fileDesk) propose(e edit) (_ *proposal, err error) {
	if d.proposed, err = d.editor.propose(e); err != nil {
		return nil, err
	}
	return &d.proposed.proposal, d.Close()
}

// make makes the edit of the text that was shown, in what that became.
func (d *fileDesk) make() (_ *made, err error) {
	if d.store, d.lock, err = d.open(); err != nil {
		return nil, fmt.Errorf("nothing was changed: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), makeWait)
	defer cancel()
	return d.editor.make(ctx, d.proposed)
}

func (d *fileDesk) decide(keep bool) (*made, error) {
	ctx, cancel := context.WithTimeout(context.Background(), makeWait)
	defer cancel()
	return d.editor.decide(ctx, keep)
}

func (d *fileDesk) Close() error {
	if d.lock == nil {
		return nil
	}
	lock := d.lock
	d.lock = nil
	return lock.Close()
}
