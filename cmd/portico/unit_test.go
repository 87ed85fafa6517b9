package main

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"forge.home.arpa/portico/assets"
)

// verifier is systemd-analyze, on the units of a home alone.
func verifier(t *testing.T, h *home) func() string {
	t.Helper()
	analyze := program(t, "systemd", "systemd-analyze")
	return func() string {
		cmd := exec.Command(analyze, "verify", "--man=no", h.path("portico.service"))
		cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+h.dir+":")
		out, err := cmd.CombinedOutput()
		if err != nil && len(out) == 0 {
			t.Fatal(err)
		}
		return string(out)
	}
}

func TestUnits(t *testing.T) {
	h := newHome(t)
	verify := verifier(t, h)
	unit, display := h.run("unit"), h.run("unit", "--display")
	for _, r := range []result{unit, display} {
		if r.code != 0 || r.err != "" || !strings.Contains(r.out, "\nExecStart="+os.Args[0]+" run --") {
			t.Fatalf("unit: %+v", r)
		}
	}
	h.write("portico.service", unit.out)
	if said := verify(); said != "" {
		t.Errorf("the service: %s", said)
	}
	if err := os.Mkdir(h.path("portico.service.d"), 0o700); err != nil {
		t.Fatal(err)
	}
	h.write("portico.service.d/display.conf", display.out)
	if said := verify(); said != "" {
		t.Errorf("with the display: %s", said)
	}
	h.write("portico.service.d/display.conf", display.out+"NoSuchKey=1\n")
	if said := verify(); !strings.Contains(said, "NoSuchKey") {
		t.Errorf("the display's part is not looked at: %s", said)
	}
}

// TestUnitsStart runs what they start, so that a flag that is gone fails here.
func TestUnitsStart(t *testing.T) {
	h := newHome(t)
	h.routeTo(answering(t, "here"))
	term := newTerm(t)
	for _, flag := range [][]string{nil, {"--display"}} {
		r := h.run(append([]string{"unit"}, flag...)...)
		for line := range strings.SplitSeq(r.out, "\n") {
			if command, ok := strings.CutPrefix(line, "ExecStart="+os.Args[0]+" "); ok {
				command = strings.NewReplacer("/dev/tty1", term.tty.Name(), "/etc/portico/portico.toml", h.path("portico.toml")).Replace(command)
				p := h.start(strings.Fields(command)...).serving()
				if flag != nil {
					term.shows("LOCKED")
				}
				p.signal(syscall.SIGTERM)
				if code := p.ends(soon); code != 0 {
					t.Errorf("%s: exit %d", command, code)
				}
			}
		}
	}
}

// TestUnitWritesTheReferencesLog: the access log that the reference shows is
// where the service may write.
func TestUnitWritesTheReferencesLog(t *testing.T) {
	_, access, ok := strings.Cut(string(assets.Reference), `access = "/var/log/`)
	folder, _, _ := strings.Cut(access, "/")
	if !ok || !strings.Contains(assets.Unit, "\nLogsDirectory="+folder+"\n") {
		t.Errorf("the reference writes its log into /var/log/%s, where the unit has no folder for it", folder)
	}
}
