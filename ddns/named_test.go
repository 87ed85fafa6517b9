package ddns_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// named is a real server of names that takes updates as zone does.
type named struct{ addr string }

func newNamed(t *testing.T) *named {
	t.Helper()
	program := realServer(t, "bind9", "named", "/usr/sbin/named")
	dir := t.TempDir()
	port := freePort(t)
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const records = "$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 300\n@ NS ns\nns A 127.0.0.1\n"
	put("open.db", records)
	put("closed.db", records)
	put("named.conf", fmt.Sprintf(`options { directory %q; pid-file none; session-keyfile none; recursion no; listen-on port %d { 127.0.0.1; }; listen-on-v6 { none; }; };
controls { };
key "portico" { algorithm hmac-sha256; secret %q; };
zone "example.com" { type primary; file "open.db"; allow-update { key portico; }; };
zone "closed.test" { type primary; file "closed.db"; };
`, dir, port, tsigSecret))
	said := &syncBuffer{}
	cmd := exec.Command(program, "-g", "-n", "1", "-c", filepath.Join(dir, "named.conf"))
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(said.String(), "all zones loaded"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("named does not run:\n%s", said)
		}
	}
	return &named{fmt.Sprintf("127.0.0.1:%d", port)}
}

func (n *named) address() string { return n.addr }

func (n *named) holds(t *testing.T, name, kind, data string) bool {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(name+".", dns.StringToType[kind])
	reply, err := dns.Exchange(m, n.addr)
	if err != nil {
		t.Fatal(err)
	}
	return len(reply.Answer) == 1 && strings.HasSuffix(reply.Answer[0].String(), "\t"+data)
}

// realServer finds a program. Without it the test is skipped, or fails where
// PORTICO_REQUIRE_SERVERS is set.
func realServer(t *testing.T, debian string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("PORTICO_REQUIRE_SERVERS") != "" {
		t.Fatalf("%s is not installed (apt-get install %s)", names[0], debian)
	}
	t.Skipf("%s is not installed (apt-get install %s)", names[0], debian)
	return ""
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
