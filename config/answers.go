package config

import (
	"mime"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"forge.home.arpa/portico/config/tomldoc"
)

var redirectStatus = []int{301, 302, 303, 307, 308}

var asRedirectStatus = reader[int]{func(d *decoder, n *node) (int, bool) {
	v, ok := count(100, 999).read(d, n)
	if ok && !slices.Contains(redirectStatus, v) {
		d.bad(n, "301, 302, 303, 307 or 308", "%d is not the status of a redirect", v)
		return 0, false
	}
	return v, ok
}, func() schema { return choice(redirectStatus) }}

var respondKeys = keys[Respond]{
	"status": store(count(200, 599), func(r *Respond) *int { return &r.Status }),
	"body":   store(asText, func(r *Respond) *string { return &r.Body }),
	"type":   store(parsed(parseMediaType).like(`/`), func(r *Respond) *string { return &r.Type }),
}

func checkRespond(d *decoder, n *node, r *Respond) {
	if r.Body != "" && (r.Status == 204 || r.Status == 205 || r.Status == 304) {
		d.bad(n.Get("body"), "", "an answer with status %d has no body", r.Status)
	}
}

func parseMediaType(s string) (string, error) {
	if kind, _, err := mime.ParseMediaType(s); err != nil || !strings.Contains(kind, "/") || !printable(s) {
		return "", flawed("is not a media type", `as "text/html; charset=utf-8"`)
	}
	return s, nil
}

var filesKeys = keys[Files]{
	"dir":  store(asFolder, func(f *Files) *string { return &f.Dir }),
	"list": store(asFlag, func(f *Files) *bool { return &f.List }),
}

// asFiles reads a folder, or { dir, list }.
var asFiles = reader[Files]{func(d *decoder, n *node) (Files, bool) {
	if n.Kind() == tomldoc.String {
		dir, ok := asFolder.read(d, n)
		return Files{Dir: dir}, ok
	}
	return asFilesTable.read(d, n)
}, func() schema { return anyOf(asFolder.shape(), asFilesTable.shape()) }}

var asFilesTable = asTable(filesKeys, Files{}, nil).needing("dir")

var rewriteKeys = keys[Rewrite]{
	"match": store(parsed(parsePattern), func(r *Rewrite) **regexp.Regexp { return &r.Match }),
	"to":    store(parsed(parseRewritten), func(r *Rewrite) *string { return &r.To }),
}

func checkRewrite(d *decoder, n *node, r *Rewrite) {
	if r.Match == nil {
		return
	}
	if name := unknownGroup(r.Match, r.To); name != "" {
		d.bad(n.Get("to"), "write ${1} where a letter or digit follows", "match has no group $%s", name)
	}
}

func parseRewritten(s string) (string, error) {
	if strings.ContainsFunc(s, notInRequest) {
		return "", flawed("has a character that a request cannot have", "write it as %XX")
	}
	return s, nil
}

var groupPattern = regexp.MustCompile(`\$(\$|[0-9A-Za-z_]+|\{[0-9A-Za-z_]+\})`)

// unknownGroup finds a $name that regexp.Expand would silently leave empty;
// "$1x" names the group "1x".
func unknownGroup(re *regexp.Regexp, to string) string {
	for _, m := range groupPattern.FindAllStringSubmatch(to, -1) {
		name := strings.Trim(m[1], "{}")
		if i, err := strconv.Atoi(name); name == "$" || err == nil && i <= re.NumSubexp() {
			continue
		}
		if !slices.Contains(re.SubexpNames(), name) {
			return name
		}
	}
	return ""
}

func parseRoot(s string) (string, error) {
	if !strings.HasPrefix(s, "/") || !printable(s) {
		return "", flawed("is not an absolute path", "root is the folder as the PHP side sees it")
	}
	return s, nil
}

func parseIndex(s string) (string, error) {
	if strings.Contains(s, "/") || !printable(s) {
		return "", flawed("is not the name of a file", "")
	}
	return s, nil
}

// parseTry reads an entry of try_files: a path below root.
func parseTry(s string) (Template, error) {
	t, err := parseTemplate(s)
	if err == nil && !strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "{path}") {
		err = flawed("is not a path below root", `as "{path}" or "/index.php"`)
	}
	return t, err
}
