package config

import (
	"bufio"
	"io"
	"os"
	"regexp"
	"strings"
)

var authKeys = keys[Auth]{
	"realm":   store(parsed(parseRealm), func(a *Auth) *string { return &a.Realm }),
	"users":   store(some(distinct(parsed(parseUser).like(userLike), func(u User) string { return u.Name })), func(a *Auth) *[]User { return &a.Users }),
	"file":    store(asUserFile, func(a *Auth) *string { return &a.File }),
	"forward": store(asFlag, func(a *Auth) *bool { return &a.Forward }),
}

func checkAuth(d *decoder, n *node, _ *Auth) {
	users, file := d.said(n, "users"), d.said(n, "file")
	switch {
	case users && file:
		d.at(n, "", " has both users and file: keep one")
	case !users && !file:
		d.at(n, "", " has neither users nor file")
	}
}

func parseRealm(s string) (string, error) {
	if strings.ContainsAny(s, `"\`) || !printable(s) {
		return "", flawed("cannot be a realm", "")
	}
	return s, nil
}

var bcryptPattern = regexp.MustCompile(`^\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}$`)

var userLike = "^[^:]+:" + strings.TrimPrefix(bcryptPattern.String(), "^")

// parseUser reads NAME:HASH. No error shows the text, which may hold a
// password.
func parseUser(s string) (User, error) {
	const hint = "portico password makes a line"
	name, hash, ok := strings.Cut(s, ":")
	switch {
	case !ok || name == "" || !printable(name):
		return User{}, hide("is not NAME:HASH", hint)
	case !bcryptPattern.MatchString(hash):
		return User{}, hide("has no bcrypt hash for "+quote(name), hint)
	}
	return User{Name: name, Hash: hash}, nil
}

// asUserFile reads the path of an htpasswd file and judges its lines.
var asUserFile = reader[string]{readUserFile, aWord}

func readUserFile(d *decoder, n *node) (string, bool) {
	path, ok := asFile.read(d, n)
	if !ok {
		return "", false
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return path, true // asFile has warned
	}
	f, err := os.Open(path)
	if err != nil {
		return path, true
	}
	defer f.Close()
	line, err := badUserLine(f)
	if err != nil {
		f := flawOf(err)
		d.bad(n, f.hint, "line %d of %s %s", line, quote(path), f.reason)
	}
	return path, true
}

// badUserLine gives the number of the first line that is no user, and why.
func badUserLine(r io.Reader) (int, error) {
	const most = 1 << 20
	lines := bufio.NewScanner(io.LimitReader(r, most))
	n := 0
	for lines.Scan() {
		n++
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if _, err := parseUser(text); err != nil {
			return n, err
		}
	}
	if lines.Err() != nil {
		return n + 1, flawed("is too long", "")
	}
	return 0, nil
}

var forwardAuthKeys = keys[ForwardAuth]{
	"to":   store(parsed(parseURL).like(urlLike), func(f *ForwardAuth) *string { return &f.To }),
	"copy": store(list(asFieldName), func(f *ForwardAuth) *[]string { return &f.Copy }),
}
