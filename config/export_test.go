package config

import (
	"time"

	"forge.home.arpa/portico/config/atomicfile"
)

// SetTiming makes a test's watch quick; call it before Run.
func (s *Store) SetTiming(settle, poll time.Duration) {
	s.timing = timing{settle: settle, hurry: 10 * settle, poll: poll}
}

// OpenOn is Open on another file system.
var OpenOn = open

// SetFS puts the store on a file system that fails.
func (s *Store) SetFS(fs atomicfile.FS) { s.file.FS = fs }

// LineDiff is lineDiff.
var LineDiff = lineDiff

// NewFile is newFile.
var NewFile = newFile

// Summary is summary.
var Summary = summary

// MergeLines is mergeLines.
var MergeLines = mergeLines
