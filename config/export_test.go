package config

import (
	"context"
	"time"

	"forge.home.arpa/portico/config/atomicfile"
)

// SetTiming makes a test's watch quick; call it before Run.
func (s *Store) SetTiming(settle, poll time.Duration) {
	s.timing = timing{settle: settle, hurry: 10 * settle, poll: poll}
}

// CountDown is the part of Run that needs no file system of the machine's.
func (s *Store) CountDown(ctx context.Context) { s.countDown(ctx) }

// OpenOn is Open on another file system.
var OpenOn = open

// SetFS puts the store on a file system that fails.
func (s *Store) SetFS(fs atomicfile.FS) {
	s.turn <- struct{}{}
	s.file.FS = fs
	<-s.turn
}

// LineDiff is lineDiff.
var LineDiff = lineDiff

// ShownDiff is shownDiff.
var ShownDiff = shownDiff

// NewFile is newFile.
var NewFile = newFile

// SetStateFS puts the state directory on a file system that fails.
func (s *Store) SetStateFS(fs atomicfile.FS) {
	s.turn <- struct{}{}
	s.state.fs = fs
	s.history.fs = fs
	<-s.turn
}

// Summary is summary.
var Summary = summary

// MergeLines is mergeLines.
var MergeLines = mergeLines
