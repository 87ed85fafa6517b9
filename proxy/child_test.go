package proxy_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

// childRoutes is the variable under which this binary is a proxy and no test:
// memory is only told apart in a process of its own.
const childRoutes = "PORTICO_TEST_CHILD"

func TestMain(m *testing.M) {
	if text := os.Getenv(childRoutes); text != "" {
		if err := beChild(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// beChild serves until its standard input ends, and says how it is for each line
// of it.
func beChild(text string) error {
	c, problems := config.Parse([]byte(text))
	if c == nil {
		return fmt.Errorf("configuration: %v", problems)
	}
	s := proxy.New(proxy.Options{Log: slog.New(slog.DiscardHandler)})
	change, err := s.Prepare(c)
	if err != nil {
		return err
	}
	change.Commit()
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		defer stop()
		fmt.Println("ready")
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			_ = json.NewEncoder(os.Stdout).Encode(s.Status())
		}
	}()
	return s.Run(ctx)
}

// child is a proxy in a process of its own.
type child struct {
	t    testing.TB
	addr string
	pid  int
	in   io.Writer
	out  *bufio.Reader
}

// status asks the child how it is.
func (c *child) status() (st proxy.Status) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, "\n"); err != nil {
		c.t.Fatal(err)
	}
	line, err := c.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &st)
	}
	if err != nil {
		c.t.Fatalf("the child says %q, %v", line, err)
	}
	return st
}

func newChild(t testing.TB, routes string) *child {
	t.Helper()
	return startChild(t, freeAddr(t), routes, exec.Command(os.Args[0]))
}

// startChild runs a command that ends in this binary.
func startChild(t testing.TB, addr, routes string, cmd *exec.Cmd) *child {
	t.Helper()
	c := &child{t: t, addr: addr}
	cmd.Env = append(os.Environ(), childRoutes+"=[server]\nhttp = \""+c.addr+"\"\n"+routes)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	runs(t, cmd)
	t.Cleanup(func() { in.Close() })
	c.in, c.out = in, bufio.NewReader(out)
	if line, err := c.out.ReadString('\n'); line != "ready\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	c.pid = cmd.Process.Pid
	return c
}

// memory reads a figure of the child's memory in bytes: VmRSS, or VmHWM for the
// most it ever had.
func (c *child) memory(what string) int64 {
	c.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.pid))
	if err != nil {
		c.t.Skip("no /proc here")
	}
	_, rest, _ := strings.Cut(string(text), what+":")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		c.t.Fatal(err)
	}
	return kib << 10
}

// files counts the files that the child has open.
func (c *child) files() int {
	c.t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", c.pid))
	if err != nil {
		c.t.Fatal(err)
	}
	return len(list)
}
