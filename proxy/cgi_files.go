package proxy

import (
	"bytes"
	"errors"
	"net/url"
	"path"
	"slices"
	"strings"

	"forge.home.arpa/portico/config"
)

// php finds the script of a path, as try_files says.
type php struct {
	root   string // as the PHP side sees it, without a slash at its end
	index  []string
	try    []config.Template
	static *fileServer // this side's copy of it; nil where only PHP can look
}

func newPHP(c *config.FastCGI) *php {
	p := &php{root: strings.TrimRight(c.Root, "/"), index: c.Index, try: c.TryFiles}
	if c.Static != "" {
		p.static = &fileServer{dir: c.Static, secret: isSource}
		if c.Root == "" {
			p.root = strings.TrimRight(c.Static, "/")
		}
	}
	return p
}

// place is what a path leads to: a script, a file of ours, a redirect, or an
// answer of our own.
type place struct {
	path, query []byte // as the application is told them
	script      []byte // below the mount point, decoded; empty for an application that is no file
	info        []byte // what follows it, decoded
	filename    []byte
	file        []byte // path below static, escaped
	looked      []byte // the path that was looked for first
	slash       bool   // a folder whose name lacks its slash
	status      int    // why says the reason to the owner
	why         string
}

// find looks for what a path names, then for what try_files names.
func (p *php) find(v variables) place {
	asked, named := p.script(v.path)
	switch {
	case asked != nil:
		asked.path, asked.query = v.path, v.query
		return *asked
	case named: // its neighbours must not be taken for it
		return p.missing(v.path)
	}
	var last []byte
	for _, t := range p.try {
		tried, query, found := bytes.Cut(expand(nil, t, v), []byte("?"))
		if last = tried; !found {
			query = v.query
		} else if len(query) > 0 {
			query = append([]byte("?"), query...)
		}
		if at := p.look(tried, v.path); at != nil {
			at.path, at.query = tried, query
			return *at
		}
	}
	if p.static != nil {
		return p.missing(last)
	}
	at := p.run(decoded(last), nil)
	at.path, at.query = last, v.query
	return *at
}

// look tells what one entry of try_files leads to, nil for nothing.
func (p *php) look(tried, asked []byte) *place {
	if at, named := p.script(tried); named {
		return at
	}
	folder := bytes.HasSuffix(tried, []byte("/"))
	switch {
	case p.static == nil && string(tried) == "/":
		return p.run([]byte("/"+p.index[max(slices.IndexFunc(p.index, isPHP), 0)]), nil)
	case p.static == nil:
		return nil
	case folder:
		return p.folder(tried, string(tried) == string(asked)+"/")
	case p.isFile(tried):
		return &place{file: tried}
	}
	return nil
}

// folder tells what answers for a folder.
func (p *php) folder(tried []byte, slash bool) *place {
	for _, name := range p.index {
		index := append(bytes.Clone(tried), url.PathEscape(name)...)
		at, named := p.script(index)
		if !named && p.isFile(index) {
			at = &place{file: index}
		}
		if at != nil {
			at.slash = slash
			return at
		}
	}
	return nil
}

// script splits a path after ".php" (RFC 3875 section 4.1.5). Named says that it
// has such a name in it; at is nil where there is no script of that name. PHP
// may walk up from a script that is not there to a file that is, and run that:
// of "/avatar.jpg/x.php" the picture that somebody sent. So it is never asked
// for what static does not have.
func (p *php) script(escaped []byte) (at *place, named bool) {
	for end := 1; end <= len(escaped); end++ {
		if end < len(escaped) && escaped[end] != '/' {
			continue
		}
		name := decoded(escaped[:end])
		if !isPHP(path.Base(string(name))) {
			continue
		}
		named = true
		if bytes.Contains(name, []byte("/.")) || p.static != nil && !p.isRegular(escaped[:end]) {
			continue
		}
		return p.run(name, decoded(escaped[end:])), true
	}
	return nil, named
}

func (p *php) run(script, info []byte) *place {
	return &place{script: script, info: info, filename: append([]byte(p.root), script...)}
}

func (p *php) isRegular(escaped []byte) bool {
	info, err := p.static.stat(escaped)
	return err == nil && info.Mode().IsRegular()
}

// isFile tells whether a path is a file to be served.
func (p *php) isFile(escaped []byte) bool {
	return !isSource(string(decoded(escaped))) && p.isRegular(escaped)
}

// missing answers for what is not there.
func (p *php) missing(escaped []byte) place {
	at := place{status: 404, why: "no script of that name: " + string(escaped)}
	if p.static == nil {
		return at
	}
	var whole *folderError
	if _, err := p.static.stat([]byte("/")); errors.As(err, &whole) {
		at.status = 503
	}
	if _, err := p.static.stat(escaped); err != nil {
		at.why = p.static.why(escaped, err)
	}
	return at
}

// leadsOut says to the owner that a path was passed over for a link out of
// static, "" where it was not: the application answered in the place of a file.
func (p *php) leadsOut(escaped []byte) string {
	if p == nil || p.static == nil {
		return ""
	}
	_, err := p.static.stat(escaped)
	if p.static.leadsOut(escaped, err) == "" {
		return ""
	}
	return p.static.why(escaped, err)
}

// isSource tells whether a file may show a program's source: a script under any
// ending that servers give to PHP, and the copies that editors leave of one,
// as "config.php~" and "config.php.bak".
func isSource(name string) bool {
	_, endings, _ := strings.Cut(strings.ToLower(path.Base(name)), ".")
	for ending := range strings.SplitSeq(endings, ".") {
		if strings.HasPrefix(ending, "php") || strings.HasPrefix(ending, "pht") || strings.HasPrefix(ending, "phar") {
			return true
		}
	}
	return isPHP(name)
}

// decoded is a path with its escapes decoded; one that is broken stays.
func decoded(escaped []byte) []byte {
	s, err := url.PathUnescape(string(escaped))
	if err != nil {
		return bytes.Clone(escaped)
	}
	return []byte(s)
}

func hasDotSegment(path []byte) bool {
	for segment := range bytes.SplitSeq(path, []byte("/")) {
		if string(segment) == "." || string(segment) == ".." {
			return true
		}
	}
	return false
}
