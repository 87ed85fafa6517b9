package config

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"
)

// FuzzJournal: any bytes are a journal of at most 50 versions that count up, and
// what was read of them is read again when it was written.
func FuzzJournal(f *testing.F) {
	v := Version{N: 3, At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Who: "ann", What: "add <photos> → \"x\"\n"}
	good := encodeJournal([]entry{{v, "/etc/portico.toml"}})
	f.Add(good)
	f.Add(append(bytes.Clone(good), good[:40]...))
	f.Add([]byte("{\"n\":-1}\n{\"n\":9223372036854775807,\"at\":\"9999-12-31T23:59:59-23:00\"}\n\n[]\nnull\n"))
	f.Add(bytes.Repeat(good, 60))
	f.Fuzz(func(t *testing.T, b []byte) {
		list := decodeJournal(b)
		last := 0
		for _, e := range list {
			if e.N <= last || len([]rune(e.Who)) > maxWho || len([]rune(e.What)) > maxWhat {
				t.Fatalf("%+v behind %d", e, last)
			}
			last = e.N
		}
		if len(list) > maxVersions {
			t.Fatalf("%d versions", len(list))
		}
		again := decodeJournal(encodeJournal(list))
		if len(again) != len(list) {
			t.Fatalf("%d of %d versions are left", len(again), len(list))
		}
		for i := range list {
			was, is := list[i], again[i]
			if !was.At.Equal(is.At) {
				t.Fatalf("%v became %v", was.At, is.At)
			}
			was.At, is.At = time.Time{}, time.Time{}
			if !reflect.DeepEqual(was, is) {
				t.Fatalf("%+v became %+v", was, is)
			}
		}
	})
}

func TestJournalIsOneLineEach(t *testing.T) {
	list := []entry{{Version{N: 1, Who: "ann\n", What: strings.Repeat("é\n", 300)}, "/a\nb"}, {Version{N: 2}, ""}}
	b := encodeJournal(decodeJournal(encodeJournal(list)))
	if n := bytes.Count(b, []byte("\n")); n != 2 {
		t.Errorf("%d lines:\n%s", n, b)
	}
}
