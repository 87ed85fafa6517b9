package proxy

import (
	"bytes"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"

	"forge.home.arpa/portico/proxy/message"
)

// pieces is a body that comes in many parts.
type pieces struct {
	n, size int
	end     error
}

func (p *pieces) Ready() bool { return true }
func (p *pieces) Next() ([]byte, error) {
	if p.n == 0 {
		return nil, p.end
	}
	p.n--
	return bytes.Repeat([]byte{byte('a' + p.n%26)}, p.size), nil
}

func TestGather(t *testing.T) {
	for name, n := range map[string]int{"none": 0, "little": 3, "just memory": 1024, "a file": 1025, "more": 5000} {
		t.Run(name, func(t *testing.T) {
			files := 0
			var g gathered
			defer g.release()
			err := g.take(&pieces{n: n, size: 1024, end: io.EOF}, func() (*os.File, error) {
				files++
				return unlinked()
			})
			if err != nil || g.length != int64(n)*1024 || (files == 1) != (n > 1024) {
				t.Fatalf("%v, %d bytes, %d files", err, g.length, files)
			}
			if _, whole := message.Whole(&g); whole != (n <= 16) {
				t.Errorf("whole: %v", whole)
			}
			other := &pieces{n: n, size: 1024, end: io.EOF}
			got, want := all(t, &g), all(t, other)
			if !bytes.Equal(got, want) {
				t.Errorf("%d bytes that are not the %d that came", len(got), len(want))
			}
			if files == 1 {
				if info, err := g.file.Stat(); err != nil || info.Sys().(*syscall.Stat_t).Nlink != 0 {
					t.Errorf("the file has a name: %v", err)
				}
			}
		})
	}
}

func all(t *testing.T, b message.Body) (out []byte) {
	t.Helper()
	for {
		data, err := b.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, data...)
	}
}

func TestGatherFullDisk(t *testing.T) {
	for name, create := range map[string]func() (*os.File, error){
		"no file": func() (*os.File, error) { return nil, syscall.EACCES },
		"full":    func() (*os.File, error) { return os.OpenFile("/dev/full", os.O_RDWR, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			var g gathered
			defer g.release()
			var disk *diskError
			if err := g.take(&pieces{n: 5000, size: 1024, end: io.EOF}, create); !errors.As(err, &disk) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestGatherCut: the client's failure stays the client's.
func TestGatherCut(t *testing.T) {
	var g gathered
	defer g.release()
	cut := errors.New("cut")
	if err := g.take(&pieces{n: 5, size: 10, end: cut}, unlinked); err != cut {
		t.Errorf("%v", err)
	}
}
