package atomicfile

import (
	"bytes"
	"crypto/sha256"
	"fmt"
)

// journal is a write in place: the text before and the text that is to be.
type journal struct{ old, data []byte }

const journalHeader = "portico journal 1 %d %d %x\n"

// encode puts a line with both lengths and a checksum before the two texts.
func (j journal) encode() []byte {
	both := append(bytes.Clone(j.old), j.data...)
	head := fmt.Appendf(nil, journalHeader, len(j.old), len(j.data), sha256.Sum256(both))
	return append(head, both...)
}

func decodeJournal(b []byte) (journal, bool) {
	head, both, _ := bytes.Cut(b, []byte("\n"))
	var old, data int
	var sum []byte
	_, err := fmt.Sscanf(string(head)+"\n", journalHeader, &old, &data, &sum)
	want := sha256.Sum256(both)
	if err != nil || old < 0 || data < 0 || old+data != len(both) || !bytes.Equal(sum, want[:]) {
		return journal{}, false
	}
	return journal{both[:old], both[old:]}, true
}

// left tells whether the file can be what the interrupted write left: at every
// place a byte of the old text or of the new one, or a hole where the file grew.
// Anything else was written by someone since.
func (j journal) left(is []byte) bool {
	if len(is) < min(len(j.old), len(j.data)) || len(is) > max(len(j.old), len(j.data)) {
		return false
	}
	for i, c := range is {
		old := i < len(j.old) && c == j.old[i]
		data := i < len(j.data) && c == j.data[i]
		hole := i >= len(j.old) && c == 0
		if !old && !data && !hole {
			return false
		}
	}
	return true
}
