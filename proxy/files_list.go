package proxy

import (
	"bytes"
	"html/template"
	"io"
	"io/fs"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxListed bounds a listing: a camera's folder can hold a million pictures,
// and all names are held to be sorted.
const maxListed = 10_000

// listing is what the template shows of a folder.
type listing struct {
	Title   string
	Up      bool
	Entries []entry
	More    bool // there are others that are not shown
}

type entry struct {
	Name, Link, Size, Changed string
	dir                       bool
}

// sendList answers with the names in a folder.
func (a *files) sendList(v *visit, dir found) {
	page := listing{Title: string(v.match.Path), Up: dir.name != "."}
	var err error
	if page.Entries, page.More, err = a.entries(dir); err != nil {
		a.noFile(v, err)
		return
	}
	var text bytes.Buffer
	if err := listPage.Execute(&text, page); err != nil {
		a.noFile(v, err)
		return
	}
	v.reply(200, htmlType, text.Bytes())
}

// entries are the names that would be served, folders first.
func (a *files) entries(dir found) (list []entry, more bool, err error) {
	const atOnce = 256
	for {
		names, err := dir.ReadDir(atOnce)
		for _, d := range names {
			if len(list) == maxListed {
				more = true
				break
			}
			if e, ok := a.entry(d); ok {
				list = append(list, e)
			}
		}
		if err == io.EOF || more {
			break
		}
		if err != nil {
			return nil, false, err
		}
	}
	slices.SortFunc(list, func(a, b entry) int {
		if a.dir != b.dir {
			if a.dir {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return list, more, nil
}

func (a *files) entry(d fs.DirEntry) (entry, bool) {
	name := d.Name()
	if strings.HasPrefix(name, ".") || a.secret != nil && a.secret(name) {
		return entry{}, false
	}
	if !d.IsDir() && !d.Type().IsRegular() && d.Type() != fs.ModeSymlink {
		return entry{}, false
	}
	e := entry{Name: name, Link: "./" + url.PathEscape(name), dir: d.IsDir()}
	if e.dir {
		e.Name, e.Link = e.Name+"/", e.Link+"/"
	}
	info, err := d.Info()
	if err != nil {
		return entry{}, false // it is gone already
	}
	e.Changed = info.ModTime().UTC().Format("2006-01-02 15:04")
	if d.Type().IsRegular() {
		e.Size = strconv.FormatInt(info.Size(), 10)
	}
	return e, true
}

var listPage = template.Must(template.New("list").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{.Title}}</title>
<style>
body { font: 1em/1.5 sans-serif; margin: 2em }
td { padding-right: 2em }
.n { text-align: right; font-variant-numeric: tabular-nums }
</style>
<h1>{{.Title}}</h1>
<table>
{{- if .Up}}
<tr><td><a href="../">../</a>
{{- end}}
{{- range .Entries}}
<tr><td><a href="{{.Link}}">{{.Name}}</a><td class="n">{{.Size}}<td>{{.Changed}}
{{- end}}
</table>
{{- if .More}}
<p>There are more than are shown here.
{{- end}}
</html>
`))
