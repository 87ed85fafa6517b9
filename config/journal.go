package config

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"time"
	"unicode/utf8"
)

// entry is a line of the journal: a version, and the file it is a text of, for a
// state directory may see several.
type entry struct {
	Version
	file string
}

func (e entry) of(file string) bool { return e.file == "" || e.file == file }

// journalLine is an entry as it is written.
type journalLine struct {
	N    int       `json:"n"`
	At   time.Time `json:"at"`
	Who  string    `json:"who"`
	What string    `json:"what"`
	File string    `json:"file"`
	Sum  string    `json:"sum"`
}

// encodeJournal gives one line of JSON for each.
func encodeJournal(entries []entry) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // an arrow in a summary stays one
	for _, e := range entries {
		// Nothing in a line is of a type that cannot be encoded.
		_ = enc.Encode(journalLine{e.N, e.At, e.Who, e.What, e.file, hex.EncodeToString(e.Sum[:])})
	}
	return b.Bytes()
}

// decodeJournal leaves out what is no line, such as a torn last one, and what
// does not count on.
func decodeJournal(b []byte) (entries []entry) {
	last := 0
	for text := range bytes.Lines(b) {
		var l journalLine
		if json.Unmarshal(text, &l) != nil || l.N <= last {
			continue
		}
		e := entry{Version{N: l.N, At: l.At, Who: cutShort(l.Who, maxWho), What: cutShort(l.What, maxWhat)}, l.File}
		sum, err := hex.DecodeString(l.Sum)
		if err != nil || len(sum) != len(e.Sum) {
			continue
		}
		copy(e.Sum[:], sum)
		last = l.N
		entries = append(entries, e)
	}
	return entries[max(0, len(entries)-maxVersions):]
}

// What people and programs say of a change is bounded.
const maxWho, maxWhat = 64, 200

func cutShort(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
