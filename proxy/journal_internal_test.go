package proxy

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/upstream"
)

// TestJournalOfAFullDisk: what could not be written is when the disk takes it
// again, though nothing has turned since; and it is told once.
func TestJournalOfAFullDisk(t *testing.T) {
	var text bytes.Buffer
	dir := t.TempDir()
	j := openJournal(dir, slog.New(slog.NewTextHandler(&text, nil)))
	inTheWay := filepath.Join(dir, journalName, "full")
	if err := os.MkdirAll(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	turns := map[string][]upstream.Change{"http://a": {{At: time.Now(), Down: true, Reason: "refused"}}}
	j.keep(turns)
	j.keep(turns)
	if n := strings.Count(text.String(), "is not kept"); n != 1 {
		t.Errorf("told %d times:\n%s", n, text.String())
	}
	if err := os.RemoveAll(filepath.Dir(inTheWay)); err != nil {
		t.Fatal(err)
	}
	j.keep(turns)
	if past := openJournal(dir, j.log).past("http://a"); len(past) != 1 || !past[0].Down {
		t.Errorf("it remembers %+v", past)
	}
}
