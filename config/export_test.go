package config

import "time"

// SetTiming makes a test's watch quick; call it before Run.
func (s *Store) SetTiming(settle, poll time.Duration) {
	s.timing = timing{settle: settle, hurry: 10 * settle, poll: poll}
}

// LineDiff is lineDiff.
var LineDiff = lineDiff

// NewFile is newFile.
var NewFile = newFile
