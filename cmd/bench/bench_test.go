//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary be what bench starts itself as.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && roles[os.Args[1]] != nil {
		main()
		return
	}
	os.Exit(m.Run())
}

// serve runs an origin for the test and returns its address.
func serve(t *testing.T, body int) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- serveOrigin(ctx, ln, body) }()
	t.Cleanup(func() {
		stop()
		ln.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

func TestLoadAgainstOrigin(t *testing.T) {
	for _, w := range []Workload{
		{Name: "small", Connections: 4, Requests: 500, Body: 1024},
		{Name: "no body", Connections: 1, Requests: 10},
		{Name: "larger than a block", Connections: 2, Requests: 6, Body: 3*blockSize + 5},
		{Name: "new connections", Connections: 2, Requests: 20, Body: 10, NewConn: true},
		{Name: "at a rate", Connections: 2, Requests: 20, Body: 10, Rate: 1000},
	} {
		t.Run(w.Name, func(t *testing.T) {
			w.Deadline = time.Minute
			r, err := load(t.Context(), serve(t, w.Body), w)
			if err != nil {
				t.Fatal(err)
			}
			if r.Requests != w.Requests || r.P50 <= 0 || r.P99 < r.P50 || r.Took < r.P50 {
				t.Errorf("got %+v", r)
			}
		})
	}
}

// TestLoadNoticesWrongAnswers: a proxy that breaks answers must not look fast.
func TestLoadNoticesWrongAnswers(t *testing.T) {
	good := responseHead(100)
	for _, tt := range []struct{ name, answer, want string }{
		{"status", strings.Replace(good, "200", "502", 1) + string(pattern[:100]), "502"},
		{"length", responseHead(99) + string(pattern[:99]), "99 bytes, want 100"},
		{"no length", "HTTP/1.1 200 OK\r\n\r\n" + string(pattern[:100]), "no Content-Length"},
		{"content", good + strings.Repeat("x", 100), "differs"},
		{"cut", good + string(pattern[:50]), "50 of 100"},
		{"too long", good + string(pattern[:100]) + "x", "more bytes"},
		{"nothing", "", "read a head"},
		{"an endless head", good[:17] + strings.Repeat("a", 2*blockSize), "does not end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			go func() {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				c.Read(make([]byte, 4096))
				c.Write([]byte(tt.answer))
			}()
			w := Workload{Connections: 1, Requests: 1, Body: 100, Deadline: time.Minute}
			if _, err := load(t.Context(), ln.Addr().String(), w); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestLoadEndsAtItsDeadline(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0") // accepts, never answers
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	w := Workload{Connections: 2, Requests: 5, Deadline: 50 * time.Millisecond}
	if _, err := load(t.Context(), ln.Addr().String(), w); err == nil {
		t.Error("a load without answers ended well")
	}
}

// TestCompare lets origins stand in for proxies: everything but the proxies
// themselves runs as it does in earnest.
func TestCompare(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GORACE", "atexit_sleep_ms=0") // else each process of a race test waits a second
	w := Workload{Name: "tiny", Connections: 2, Requests: 50, Body: 64, Deadline: time.Minute}
	standIn := func(name string) contender {
		return contender{
			name: name, file: "empty",
			find: func(_ context.Context, dir string) (string, error) {
				program := filepath.Join(dir, name)
				return program, os.Symlink(self, program)
			},
			args: func(s setup) []string {
				return []string{"origin", "-listen", s.Listen, "-body", fmt.Sprint(w.Body)}
			},
		}
	}
	broken := standIn("broken")
	broken.args = func(setup) []string { return []string{"origin", "-nonsense"} }
	absent := standIn("absent")
	absent.find = installed("a-program-that-nobody-has")

	o := options{rounds: 3, contenders: []contender{standIn("one"), broken, absent, standIn("two")}}
	var out, log bytes.Buffer
	if err := compare(t.Context(), o, w, &out, &log); err != nil {
		t.Fatal(err)
	}
	if s := out.String(); !strings.Contains(s, "one") || !strings.Contains(s, "two") || strings.Contains(s, "broken") {
		t.Errorf("the table is:\n%s", s)
	}
	for _, want := range []string{"absent takes no part", "broken takes no part", "-nonsense", "round 3 of 3"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, log.String())
		}
	}
}

func TestUsageCountsCPUAndChildren(t *testing.T) {
	for start := cpuOfTest(t); cpuOfTest(t)-start < 50*time.Millisecond; {
	}
	alone, err := usageOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if alone.cpu < 50*time.Millisecond || alone.resident < 1<<20 {
		t.Errorf("this test took %+v", alone)
	}
	child := exec.Command("sh", "-c", "echo ready; read x")
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	ready := make(lineWriter, 1)
	child.Stdout = ready
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	<-ready
	of, err := usageOf(child.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	both, err := usageOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if of.resident == 0 || both.resident < of.resident+1<<20 {
		t.Errorf("with a child %+v, the child %+v", both, of)
	}
	stdin.Close()
	child.Wait() // "read" fails at the end of its input
}

// lineWriter passes on what is written, at most as often as it has room.
type lineWriter chan string

func (w lineWriter) Write(b []byte) (int, error) { w <- string(b); return len(b), nil }

func cpuOfTest(t *testing.T) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func TestMedian(t *testing.T) {
	var rounds []round
	for _, ms := range []int{30, 10, 20} {
		rounds = append(rounds, round{cpu: time.Duration(ms) * time.Millisecond, result: result{Requests: 1000}})
	}
	if got := median(rounds, round.each); got != 20 {
		t.Errorf("median is %v µs, want 20", got)
	}
}

func TestOptions(t *testing.T) {
	o, err := parseOptions(strings.Fields("-workload tls,http1 -only nginx,portico -requests 7"), &bytes.Buffer{})
	if err != nil || len(o.workloads) != 2 || o.workloads[1].Requests != 7 || len(o.contenders) != 2 {
		t.Errorf("got %+v, %v", o, err)
	}
	for _, args := range []string{"-workload none", "-only apache", "-rounds 0", "more"} {
		if _, err := parseOptions(strings.Fields(args), &bytes.Buffer{}); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

func TestConfigurationsFill(t *testing.T) {
	for _, c := range contenders("") {
		for _, tls := range []bool{false, true} {
			s, err := newSetup(t.TempDir(), "127.0.0.1:9", tls)
			if err != nil {
				t.Fatal(err)
			}
			s.Listen, s.Config = "127.0.0.1:8", s.Dir+"/"+c.file
			if err := c.write(s); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			text, err := os.ReadFile(s.Config)
			if err != nil {
				t.Fatal(err)
			}
			// caddy names the certificate and its key, haproxy both in one file
			if got := bytes.Contains(text, []byte(".pem")); got != tls || !bytes.Contains(text, []byte(s.Origin)) {
				t.Errorf("%s with TLS %v:\n%s", c.name, tls, text)
			}
		}
	}
}
