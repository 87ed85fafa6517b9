package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
)

// lab is a configuration with a preset, a guard, and a comment that must stay.
func lab(port int) string {
	return fmt.Sprintf(`# mine
[server]
http = "127.0.0.1:%d"

[preset.family]
deny = ["192.0.2.0/24"]

# the photos
[route.photos]
host = "photos.test" # as the phone has it
to   = "http://127.0.0.1:1"

[route.git]
host = "git.test"
to   = "http://127.0.0.1:2"
`, port)
}

// both runs a test with a portico that answers, and without one.
func both(t *testing.T, test func(t *testing.T, h *home)) {
	for _, running := range []bool{true, false} {
		t.Run(fmt.Sprintf("running %v", running), func(t *testing.T) {
			h := newHome(t)
			h.write("portico.toml", lab(freePort(t)))
			if running {
				h.start("run", "--headless").serving()
			}
			test(t, h)
		})
	}
}

func (h *home) file() string {
	h.t.Helper()
	text, err := os.ReadFile(h.path("portico.toml"))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

// does runs a command that must succeed, and returns what it said.
func (h *home) does(args ...string) string {
	h.t.Helper()
	r := h.run(args...)
	if r.code != 0 || r.err != "" {
		h.t.Fatalf("portico %s: %+v", strings.Join(args, " "), r)
	}
	return r.out
}

func TestEditsOnTheCommandLine(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		before := h.file()
		for _, c := range []struct{ line, has, lacks string }{
			{"add cam cam.test nas:2342 --path /live --use family --yes", "[route.cam]\nhost = \"cam.test\"\npath = \"/live\"\nuse  = \"family\"\nto   = \"http://nas:2342\"", ""},
			{"edit cam to=http://nas:1 path= max_conns=5 compress=false --yes", `to   = "http://nas:1"`, "/live"},
			{`edit cam host=["cam.test","eye.test"] timeout.dial=9s health={path="/"} -y`, `host = ["cam.test", "eye.test"]`, ""},
			{"disable photos --yes", "enabled = false", ""},
			{"enable photos --yes", "enabled = true", "enabled = false"},
			{"remove cam --yes", "", "cam.test"},
		} {
			out := h.does(strings.Fields(c.line)...)
			if !strings.Contains(out, "\ndone: ") || !strings.Contains(out, "portico.toml:") {
				t.Errorf("portico %s: it said %q", c.line, out)
			}
			if text := h.file(); !strings.Contains(text, c.has) || c.lacks != "" && strings.Contains(text, c.lacks) {
				t.Errorf("after %s: want %q, not %q in\n%s", c.line, c.has, c.lacks, text)
			}
		}
		if got := strings.Replace(h.file(), "enabled = true\n", "", 1); strings.TrimSpace(got) != strings.TrimSpace(before) {
			t.Errorf("not as it was:\n%s", got)
		}
		if out := h.does("enable", "git", "--yes"); !strings.Contains(out, "nothing to change") {
			t.Errorf("enable of an enabled route: %q", out)
		}
	})
}

func TestEditsThatBreakAreNotMade(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		h.write("portico.toml", strings.Replace(h.file(), "to   = \"http://127.0.0.1:2\"", "to = \"memcached://127.0.0.1:2\"\nfallback = \"photos\"", 1))
		before := h.file()
		for line, says := range map[string]string{
			"edit photos to=gopher://x": "portico.toml:",
			"edit photos colour=red":    `colour`,
			"edit photos use=nobody":    "nobody",
			"add more photos.test nas":  "photos",
			"remove photos":             "fallback",
		} {
			r := h.run(append(strings.Fields(line), "--yes")...)
			if r.code != 1 || !strings.Contains(r.out, says) || !strings.Contains(r.err, "nothing was changed") {
				t.Errorf("%s: %+v, want exit 1 and %q", line, r, says)
			}
		}
		for line, says := range map[string]string{
			"edit none to=http://x":        `no route is called "none" (there are: git, photos)`,
			"edit photos health.path=":     "says nothing of health.path",
			"remove none":                  "no route is called",
			"enable none":                  "no route is called",
			"add git other.test http://a":  "there is a route git already",
			"edit photos to.deep=http://x": "to",
		} {
			r := h.run(append(strings.Fields(line), "--yes")...)
			if r.code != 1 || !strings.Contains(r.err, says) || r.out != "" {
				t.Errorf("%s: %+v, want exit 1 and %q", line, r, says)
			}
		}
		if h.file() != before {
			t.Errorf("the file was changed:\n%s", h.file())
		}
	})
}

func TestEditsNeedATerminalOrYes(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		before := h.file()
		for _, line := range []string{"undo", "add a a.test b", "edit git to=http://x", "enable git", "disable git", "remove git"} {
			r := h.feed("y\n", strings.Fields(line)...)
			if r.code != 2 || !strings.Contains(r.err, "--yes") || r.out != "" {
				t.Errorf("%s: %+v", line, r)
			}
		}
		if h.file() != before {
			t.Error("the file was changed")
		}
	})
}

func TestEditsAskAtATerminal(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		before := h.file()
		for _, no := range []string{"n\n", "\n", "\x04"} {
			term := newTerm(t)
			p := term.start(h, "disable", "git")
			term.shows("make this change? [y/N] ")
			term.keys(no)
			if code := p.ends(soon); code != 1 || h.file() != before {
				t.Errorf("%q: exit %d, file:\n%s", no, code, h.file())
			}
			term.shows("nothing was changed")
		}
		term := newTerm(t)
		p := term.start(h, "disable", "git")
		term.shows("+ enabled = false")
		term.shows("make this change? [y/N] ")
		term.keys("y\n")
		if code := p.ends(soon); code != 0 || !strings.Contains(h.file(), "enabled = false") {
			t.Errorf("yes: exit %d, file:\n%s", code, h.file())
		}
	})
}

// Someone saves the file while the question is open.
func TestConflictWhileItAsks(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		before := h.file()
		for theirs, code := range map[string]int{"http://127.0.0.1:8": 1, "http://127.0.0.1:1": 0} {
			h.write("portico.toml", before)
			term := newTerm(t)
			p := term.start(h, "edit", "photos", "to=http://127.0.0.1:9")
			term.shows("make this change? [y/N] ")
			h.write("portico.toml", strings.Replace(before, "http://127.0.0.1:1\"", theirs+"\"", 1)+"# more\n")
			term.keys("y\n")
			if got := p.ends(soon); got != code {
				t.Errorf("theirs %q: exit %d, want %d", theirs, got, code)
			}
			if text := h.file(); !strings.Contains(text, "# more") || strings.Contains(text, "http://127.0.0.1:9") != (code == 0) {
				t.Errorf("theirs %q: the file is\n%s", theirs, text)
			}
		}
	})
}

func TestEditsMendABrokenFile(t *testing.T) {
	h := newHome(t)
	good := lab(freePort(t))
	h.write("portico.toml", good)
	p := h.start("run", "--headless").serving()
	mend := func() {
		t.Helper()
		h.write("portico.toml", strings.Replace(good, "http://127.0.0.1:1", "gopher://127.0.0.1:1", 1))
		if r := h.run("disable", "git", "--yes"); r.code != 1 || !strings.Contains(r.out, "gopher") {
			t.Errorf("an edit of something else: %+v", r)
		}
		if r := h.run("edit", "photos", "to=http://127.0.0.1:7", "--yes"); r.code != 0 || !strings.Contains(h.file(), ":7") {
			t.Errorf("the edit that mends: %+v\n%s", r, h.file())
		}
	}
	mend()
	p.signal(syscall.SIGTERM)
	p.ends(soon)
	mend()
	h.write("portico.toml", "[route.photos\n")
	if r := h.run("disable", "git", "--yes"); r.code != 1 || !strings.Contains(r.err, "1:") || h.file() != "[route.photos\n" {
		t.Errorf("no TOML: %+v", r)
	}
}

func TestEditSaysWhichRequestsMove(t *testing.T) {
	h := newHome(t)
	port := freePort(t)
	up := answering(t, "here")
	h.write("portico.toml", strings.NewReplacer("http://127.0.0.1:1", up, "http://127.0.0.1:2", up).Replace(lab(port)))
	h.start("run", "--headless").serving()
	if out := h.does("disable", "git", "--yes"); !strings.Contains(out, "no request came yet") {
		t.Errorf("before any request: %q", out)
	}
	h.does("enable", "git", "--yes")
	for _, path := range []string{"/a?token=geheim", "/b"} {
		r, err := http.NewRequest("GET", fmt.Sprintf("http://127.0.0.1:%d%s", port, path), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "photos.test"
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
	var out string
	tries := 0
	eventually(t, "both requests are judged", func() bool {
		tries++
		out = h.does("edit", "git", fmt.Sprintf("path=/%d", tries), "--yes")
		return strings.Contains(out, "none of the last 2 requests")
	})
	out = h.does("edit", "photos", `deny=["127.0.0.0/8"]`, "--yes")
	if !strings.Contains(out, "0 would move to another route and 2 would be refused") || !strings.Contains(out, "refused by deny") {
		t.Errorf("deny: %s", out)
	}
	h.does("edit", "photos", "deny=", "--yes")
	out = h.does("remove", "photos", "--yes")
	if !strings.Contains(out, "of the last 2 requests, 2 would move") || !strings.Contains(out, "2 from route photos to no route, as GET photos.test/") {
		t.Errorf("remove: %s", out)
	}
	if strings.Contains(out, "geheim") {
		t.Errorf("a query was shown: %s", out)
	}
}

// One that runs but does not answer must not be written under.
func TestEditsOfFilesThatAreInUse(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", lab(freePort(t)))
	p := h.start("run", "--headless", "--socket", h.path("elsewhere.sock")).serving()
	before := h.file()
	for _, line := range []string{"disable git --yes", "undo --yes", "keep", "back"} {
		r := h.run(strings.Fields(line)...)
		want := fmt.Sprintf("another portico (pid %d) uses", p.cmd.Process.Pid)
		if r.code != 1 || !strings.Contains(r.err, want) || !strings.Contains(r.err, "no portico answers") {
			t.Errorf("%s: %+v", line, r)
		}
	}
	if h.file() != before {
		t.Error("the file was changed")
	}
	if r := h.run("history"); r.code != 0 || !strings.Contains(r.out, "found at start") {
		t.Errorf("reading needs no lock: %+v", r)
	}
}

// An edit must not land in a file that nobody named.
func TestEditsOfAnotherConfigurationThanTheOneThatRuns(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", lab(freePort(t)))
	h.write("other.toml", lab(freePort(t)))
	h.start("run", "--headless").serving()
	before := h.file()
	for _, line := range []string{"disable git --yes", "undo --yes", "history", "diff", "keep", "back"} {
		r := h.run(append(strings.Fields(line), "--config", "other.toml")...)
		if r.code != 1 || !strings.Contains(r.err, "serves "+h.path("portico.toml")+" and not "+h.path("other.toml")) {
			t.Errorf("%s: %+v", line, r)
		}
	}
	if err := os.Symlink("portico.toml", h.path("same.toml")); err != nil {
		t.Fatal(err)
	}
	h.does("disable", "git", "--yes", "--config", "same.toml")
	if h.file() == before {
		t.Error("another name of the same file was not taken")
	}
}

func TestEditWithoutAFileWritesTheStarter(t *testing.T) {
	h := newHome(t)
	h.does("add", "photos", "photos.test", "nas:2342", "--yes")
	if text := h.file(); !strings.Contains(text, "builtin://whoami") || !strings.Contains(text, "[route.photos]") {
		t.Errorf("the file is\n%s", text)
	}
	if r := h.run("disable", "photos", "--yes", "--config", "gone.toml"); r.code != 1 || !strings.Contains(r.err, "gone.toml") {
		t.Errorf("a named file that is missing: %+v", r)
	}
}

// TestAnOpenQuestionLocksNothing: a portico can start while somebody thinks
// about an edit of the files, which is then not made behind its back.
func TestAnOpenQuestionLocksNothing(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", lab(freePort(t)))
	before := h.file()
	term := newTerm(t)
	edit := term.start(h, "disable", "git")
	term.shows("make this change? [y/N] ")
	p := h.start("run", "--headless").serving()
	term.keys("y\n")
	if code := edit.ends(soon); code != 1 || h.file() != before {
		t.Errorf("exit %d, file\n%s", code, h.file())
	}
	term.shows("nothing was changed")
	p.signal(syscall.SIGTERM)
	p.ends(soon)
}

// TestEditOfABrokenFile: the problems alone do not say what became of the edit.
func TestEditOfABrokenFile(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", lab(freePort(t))+"[route.z]\nhost = \"z.test\"\n")
	r := h.run("disable", "git", "--yes")
	if r.code != 1 || !strings.Contains(r.out+r.err, "route.z") || !strings.Contains(r.err, "nothing was changed") {
		t.Errorf("%+v", r)
	}
}
