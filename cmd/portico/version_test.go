package main

import (
	"regexp"
	"runtime/debug"
	"testing"
)

func TestVersionIsOneLine(t *testing.T) {
	r := newHome(t).run("version")
	if !regexp.MustCompile(`^portico \S+ go\S+ linux/\w+\n$`).MatchString(r.out) || r.code != 0 || r.err != "" {
		t.Errorf("%+v", r)
	}
}

func TestVersionNamesTheCommit(t *testing.T) {
	for want, settings := range map[string][]debug.BuildSetting{
		"":                    {{Key: "GOOS", Value: "linux"}},
		"-0123456789ab":       {{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "false"}},
		"-0123456789ab+dirty": {{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}},
	} {
		if got := commit(settings); got != want {
			t.Errorf("%v: %q, want %q", settings, got, want)
		}
	}
}
