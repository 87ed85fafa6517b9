package main

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"forge.home.arpa/portico/config"
)

// versionJSON is a version of the configuration as scripts read it.
type versionJSON struct {
	N    int       `json:"n"`
	At   time.Time `json:"at"`
	Who  string    `json:"who"`
	What string    `json:"what"`
	Sum  string    `json:"sum"`  // SHA-256 of the text
	Runs bool      `json:"runs"` // or ran last, where no portico runs
}

// versionDiff is what one version changed in the one before it.
type versionDiff struct {
	File    string      `json:"file"`
	Version versionJSON `json:"version"`
	Lines   []diffLine  `json:"lines"`
}

// past is a history, of a store or of the files.
type past struct {
	list []config.Version // the newest first
	diff func(n int) ([]config.DiffLine, error)
}

func (p past) history() []versionJSON { return each(p.list, versionOf) }

func versionOf(v config.Version) versionJSON {
	return versionJSON{v.N, v.At, v.Who, v.What, hex.EncodeToString(v.Sum[:]), v.Runs}
}

func (p past) versionDiff(file string, n int) (*versionDiff, error) {
	diff, err := p.diff(n)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(p.list, func(v config.Version) bool { return v.N == n || n == 0 })
	if i < 0 {
		return nil, fmt.Errorf("the history has no version %d", n)
	}
	return &versionDiff{file, versionOf(p.list[i]), each(diff, diffLineOf)}, nil
}

// pastOnDisk reads the state directory, which needs no lock.
func (p *places) pastOnDisk() (past, string, error) {
	file, _, err := p.configFile()
	if err != nil {
		return past{}, "", err
	}
	dir, err := p.stateDir()
	if err != nil {
		return past{}, "", err
	}
	h, err := config.ReadHistory(dir, file)
	if err != nil {
		return past{}, "", err
	}
	return past{h.Versions(), h.Diff}, file, nil
}

func (sv *service) past(r request) (past, error) {
	if err := sv.serves(r); err != nil {
		return past{}, err
	}
	list, err := sv.store.History()
	return past{list, sv.store.VersionDiff}, err
}
