package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestProbeCommand(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Host) })}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead.Close()
	h := newHome(t)
	h.write("portico.toml", "[route.up]\nhost = \"up.test\"\nto = \"http://"+l.Addr().String()+"\"\n"+
		"[route.both]\nhost = \"both.test\"\nto = [\"http://"+l.Addr().String()+"\", \"http://"+dead.Addr().String()+"\"]\n")

	if r := h.run("probe", "up"); r.code != 0 || !strings.Contains(r.out, "GET / for up.test: 200 OK") || !strings.Contains(r.out, "reached") {
		t.Errorf("exit %d:\n%s%s", r.code, r.out, r.err)
	}
	r := h.run("probe", "both")
	for _, want := range []string{"STOPS", "not reached: refused", "is the server running", "reached"} {
		if r.code != 1 || !strings.Contains(r.out, want) {
			t.Errorf("%q is missing, exit %d:\n%s%s", want, r.code, r.out, r.err)
		}
	}
	var found []map[string]any
	if r := h.run("probe", "both", "--json"); r.code != 1 || json.Unmarshal([]byte(r.out), &found) != nil || len(found) != 2 ||
		found[0]["reached"] != true || found[1]["reached"] != false || found[1]["cause"] != "refused" {
		t.Errorf("exit %d:\n%s%s", r.code, r.out, r.err)
	}
	for _, line := range []string{"probe", "probe nothing", "probe ftp://a/", "probe a b"} {
		if r := h.run(strings.Fields(line)...); r.code != 2 || r.err == "" {
			t.Errorf("%s: exit %d: %s", line, r.code, r.err)
		}
	}
}
