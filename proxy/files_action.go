package proxy

import "path/filepath"

// files answers with the files of a folder.
type files struct{ fileServer }

func (a *files) words() string { return "files " + a.dir }

func (a *files) serve(v *visit) {
	if !isGet(v.x.Request.Method) {
		v.notAllowed("GET, HEAD")
		return
	}
	v.rewrite()
	f, err := a.find(v.x.Request.Path)
	switch {
	case err != nil:
		a.noFile(v, err)
	case f.addSlash:
		v.redirect(308, v.withSlash())
	case f.info.IsDir():
		defer f.Close()
		a.sendList(v, f)
	default:
		defer f.Close()
		v.sendFile(f)
	}
}

func (a *files) explain(e *explainer, rt *route) {
	if !isGet(e.x.Request.Method) {
		e.out.Status = 405
		return
	}
	path, _ := rt.rewritten(e.x, e.match.Path, nil)
	f, err := a.find(path)
	switch {
	case err != nil:
		e.out.Status, e.out.URL = fileStatus(err), "file://"+a.dir+string(path)
		e.out.Guards = append(e.out.Guards, Verdict{"files", "refuse", a.why(path, err)})
	case f.addSlash:
		e.out.Status, e.out.URL = 308, string(withSlash(nil, e.match.Path))+e.target.query
	default:
		f.Close()
		e.out.Status, e.out.URL = 200, "file://"+filepath.Join(a.dir, f.name)
	}
}

func isGet(method []byte) bool { return string(method) == "GET" || string(method) == "HEAD" }

// notAllowed answers 405 with the methods that would do.
func (v *visit) notAllowed(allow string) {
	v.x.Response.Fields.Add("Allow", []byte(allow))
	v.fail(405)
}

// withSlash is the client's own path with a slash, query kept: what the route
// takes off or rewrites is its own affair.
func (v *visit) withSlash() []byte {
	return v.x.Make(func(b []byte) []byte { return append(withSlash(b, v.match.Path), v.vars.query...) })
}

func withSlash(b, path []byte) []byte { return append(appendPath(b, path), '/') }
