package main

import (
	"encoding/json"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestHistoryDiffAndUndo(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		before := h.file()
		h.does("disable", "git", "--yes")
		h.does("edit", "photos", "to=http://127.0.0.1:3", "--yes")

		var list []versionJSON
		if err := json.Unmarshal([]byte(h.does("history", "--json")), &list); err != nil {
			t.Fatal(err)
		}
		if len(list) != 3 || list[0].N != 3 || !list[0].Runs || list[1].Runs || list[2].Who != "disk" || list[0].Who != whoami() {
			t.Fatalf("%+v", list)
		}
		if out := h.does("history"); !strings.Contains(out, "> 3 ") || !strings.Contains(out, "change to of route photos") {
			t.Errorf("history:\n%s", out)
		}
		if out := h.does("diff"); !strings.Contains(out, "+ to   = \"http://127.0.0.1:3\"") || strings.Contains(out, "+ enabled") {
			t.Errorf("diff:\n%s", out)
		}
		if out := h.does("diff", "2"); !strings.Contains(out, "+ enabled = false") {
			t.Errorf("diff 2:\n%s", out)
		}

		h.does("undo", "2", "--yes") // what came after it stays
		if text := h.file(); strings.Contains(text, "enabled") || !strings.Contains(text, "127.0.0.1:3") {
			t.Errorf("after undo 2:\n%s", text)
		}
		h.does("undo", "3", "--yes")
		if h.file() != before {
			t.Errorf("after both were undone:\n%s", h.file())
		}
		h.does("undo", "--yes") // of the undo
		if !strings.Contains(h.file(), "127.0.0.1:3") {
			t.Errorf("after undo of the undo:\n%s", h.file())
		}
		for line, says := range map[string]string{
			"undo 99 --yes": "no version 99", "diff 99": "no version 99", "undo 1 --yes": "not known",
			"undo 2 --yes": "nothing is left",
		} {
			if r := h.run(strings.Fields(line)...); r.code != 1 || !strings.Contains(r.err, says) {
				t.Errorf("%s: %+v", line, r)
			}
		}
	})
}

// Two files that share a state directory have a history each.
func TestHistoryIsOfTheFileThatIsMeant(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", lab(8080))
	h.write("other.toml", lab(8081))
	h.does("disable", "git", "--yes")
	h.does("disable", "photos", "--yes", "--config", "other.toml")
	for file, want := range map[string][2]string{
		"portico.toml": {"switch off route git", "+ enabled = false"},
		"other.toml":   {"switch off route photos", "+ enabled = false"},
	} {
		if out := h.does("history", "--config", file); strings.Count(out, "\n") != 3 || !strings.Contains(out, want[0]) {
			t.Errorf("history of %s:\n%s", file, out)
		}
		if out := h.does("diff", "--config", file); !strings.Contains(out, want[1]) || strings.Contains(out, "808") {
			t.Errorf("diff of %s:\n%s", file, out)
		}
	}
	if r := h.run("undo", "4", "--yes"); r.code != 1 || !strings.Contains(r.err, "version 4 is of another file, "+h.path("other.toml")) {
		t.Errorf("undo of another file's version: %+v", r)
	}
	h.does("undo", "--yes")
	if h.file() != lab(8080) {
		t.Errorf("after undo:\n%s", h.file())
	}
}

func TestUndoOfWhatChangedSinceIsAConflict(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		h.does("edit", "photos", "to=http://127.0.0.1:3", "--yes")
		h.does("edit", "photos", "to=http://127.0.0.1:4", "--yes")
		before := h.file()
		r := h.run("undo", "2", "--yes")
		if r.code != 1 || !strings.Contains(r.err, "route.photos.to") || !strings.Contains(r.err, "127.0.0.1:4") {
			t.Errorf("%+v", r)
		}
		if h.file() != before {
			t.Error("the file was changed")
		}
	})
}

func TestGuardedEditIsKeptOrGoesBack(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", lab(freePort(t)))
	p := h.start("run", "--headless").serving()
	before := h.file()
	if r := h.run("keep"); r.code != 1 || !strings.Contains(r.err, "no change waits") {
		t.Errorf("keep of nothing: %+v", r)
	}
	edit := func() {
		t.Helper()
		out := h.does("edit", "photos", "plain_http=serve", "--yes")
		if !strings.Contains(out, "goes back after 30s") || !strings.Contains(out, "portico keep") {
			t.Errorf("a guarded edit: %q", out)
		}
		if r := h.run("status"); !strings.Contains(r.out, "is not kept yet: it goes back in ") {
			t.Errorf("status: %+v", r)
		}
	}
	edit()
	if r := h.run("edit", "git", "plain_http=serve", "--yes"); r.code != 1 || !strings.Contains(r.err, "portico keep") {
		t.Errorf("a second guarded edit: %+v", r)
	}
	if out := h.does("back"); !strings.Contains(out, "taken back: change plain_http of route photos") || h.file() != before {
		t.Errorf("back: %q\n%s", out, h.file())
	}
	edit()
	if out := h.does("keep"); !strings.Contains(out, "kept: change plain_http of route photos") || !strings.Contains(h.file(), `plain_http = "serve"`) {
		t.Errorf("keep: %q\n%s", out, h.file())
	}
	if r := h.run("status"); strings.Contains(r.out, "not kept yet") {
		t.Errorf("status after keep: %+v", r)
	}

	h.does("edit", "photos", "plain_http=", "--yes")
	p.signal(syscall.SIGKILL) // the deadline is on disk
	p.ends(soon)
	if out := h.does("keep"); !strings.Contains(out, "kept: ") || strings.Contains(h.file(), "plain_http") {
		t.Errorf("keep without a portico: %q\n%s", out, h.file())
	}
	// Nothing serves that this could shut anybody out of.
	if out := h.does("edit", "photos", "plain_http=serve", "--yes"); strings.Contains(out, "keep") {
		t.Errorf("a guarded edit of the files: %q", out)
	}
}

func TestBackWithAConflictAsksTwice(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", lab(freePort(t)))
	p := h.start("run", "--headless").serving()
	before := h.file()
	h.does("edit", "photos", "plain_http=serve", "--yes")
	h.write("portico.toml", strings.Replace(h.file(), `"serve"`, `"refuse"`, 1))
	p.signal(syscall.SIGHUP)
	p.says("msg=reloaded")
	if r := h.run("back"); r.code != 1 || !strings.Contains(r.err, "route.photos.plain_http") || !strings.Contains(r.err, "once more") {
		t.Errorf("back: %+v", r)
	}
	if r := h.run("status"); !strings.Contains(r.out, "could not go back") {
		t.Errorf("status: %+v", r)
	}
	h.does("back")
	if h.file() != before {
		t.Errorf("after the second back:\n%s", h.file())
	}
}

// What stands in the file in plain is in its diffs for nobody to see.
func TestPlainSecretsAreNotShown(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		secrets := []string{"geheim1", "geheim2", "geheim3", "$2a$10$geheim"}
		h.write("portico.toml", h.file()+`auth = { users = ["ann:$2a$10$geheimOeheimGeheimGeheimGeheimGeheimGeheimGeheimGehei"] }
[ddns.home]
provider = "duckdns"
domain = "x.duckdns.org"
token = 'geheim1'
[ddns.away]
provider = "dyndns2"
server = "https://dyn.test"
domain = "y.test"
username = "ann"
password = "geheim2"
[alert]
url = "https://ntfy.test/geheim3"
`)
		out := h.does("edit", "git", "max_conns=3", "--yes")
		h.write("portico.toml", strings.ReplaceAll(h.file(), "geheim1", "geheim1neu"))
		out += h.does("edit", "git", "max_conns=4", "--yes")
		for _, args := range [][]string{{"diff", "1"}, {"diff", "2"}, {"diff", "3"}, {"diff", "4"}, {"diff"}, {"history"}, {"history", "--json"}} {
			r := h.run(args...)
			out += r.out + r.err
		}
		out += h.does("undo", "--yes")
		if !strings.Contains(out, "'(hidden)'") || !strings.Contains(out, "token") {
			t.Errorf("the secret's line was not shown at all:\n%s", out)
		}
		for _, secret := range secrets {
			if strings.Contains(out, secret) {
				t.Errorf("%s is shown in\n%s", secret, out)
			}
		}
	})
}

// TestGuardedEditThatARestartWouldKeep: where the deadline cannot be written,
// the answer says what that means.
func TestGuardedEditThatARestartWouldKeep(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", lab(freePort(t)))
	h.env = append(h.env, "STATE_DIRECTORY="+h.path("state"))
	if err := os.MkdirAll(h.path("state", "pending.json", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := h.start("run", "--headless").serving()
	if out := h.does("edit", "photos", "plain_http=serve", "--yes"); !strings.Contains(out, "but not if portico ends before") {
		t.Errorf("%q", out)
	}
	p.signal(syscall.SIGTERM)
	p.ends(soon)
}
