package proxy_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy"
)

// flaskApp tells what it was told, makes links of its own and takes uploads.
const flaskApp = `
import hashlib, sys, time
from flask import Flask, request, stream_with_context, redirect, url_for, Response, jsonify, make_response
app = Flask(__name__)

@app.route("/")
@app.route("/told/<path:rest>", methods=["GET", "POST"])
def told(rest=""):
    return jsonify({k: v for k, v in request.environ.items() if isinstance(v, str)})

@app.route("/links")
def links():
    return jsonify(page=url_for("told", rest="a b"), full=url_for("links", _external=True), root=request.script_root)

@app.route("/go")
def go():
    return redirect(url_for("links"))

@app.route("/away")
def away():
    return redirect(url_for("links", _external=True))

@app.route("/cookies")
def cookies():
    r = make_response("two")
    r.set_cookie("a", "1", path=request.script_root + "/")
    r.set_cookie("b", "2", path=request.script_root + "/")
    return r

@app.route("/upload", methods=["POST"])
def upload():
    body = request.get_data()
    return jsonify(sum=hashlib.sha256(body).hexdigest(), length=len(body), said=request.headers.get("Content-Length"))

@app.route("/form", methods=["POST"])
def form():
    f = request.files["file"]
    return jsonify(name=f.filename, sum=hashlib.sha256(f.read()).hexdigest(), text=request.form["text"])

@app.route("/stream")
def stream():
    def parts():
        yield "first\n"
        while request.args["by"] not in seen:
            time.sleep(0.01)
        yield "second\n"
    return Response(stream_with_context(parts()), mimetype="text/plain")

seen = []
@app.route("/seen")
def see():
    seen.append(request.args["by"])
    return "", 204

@app.route("/teapot")
def teapot():
    return "short and stout", 418

@app.route("/same")
def same():
    r = make_response("cached")
    r.set_etag("v1")
    return r.make_conditional(request)

@app.route("/long")
def long():
    return Response("0123456789abcdef" * 65536 * 4, mimetype="application/octet-stream")

@app.route("/complain")
def complain():
    print("\x1b[31mno good\x07", file=request.environ["wsgi.errors"])
    return "ok"
`

// uwsgiServer runs the application and gives its upstreams by protocol and kind
// of address.
func uwsgiServer(t testing.TB) map[string]string {
	t.Helper()
	uwsgi := program(t, "uwsgi-core", "uwsgi")
	needFile(t, "uwsgi-plugin-python3", "/usr/lib/uwsgi/plugins/python3_plugin.so")
	needFile(t, "python3-flask", "/usr/lib/python3/dist-packages/flask/__init__.py")
	dir := t.TempDir()
	writeFile(t, dir+"/app.py", []byte(flaskApp))
	args := []string{"--plugin", "python3", "--chdir", dir, "--wsgi-file", "app.py", "--callable", "app",
		"--master", "--die-on-term", "--processes", "1", "--threads", "4", "--need-app"}
	to := map[string]string{}
	var listens []string
	for _, proto := range []string{"uwsgi", "scgi", "fastcgi"} {
		socket, addr := filepath.Join(dir, proto), freeAddr(t)
		args = append(args, "--"+proto+"-socket", socket, "--"+proto+"-socket", addr)
		to[proto+" socket"], to[proto+" port"] = proto+"+unix://"+socket, proto+"://"+addr
		listens = append(listens, socket, addr)
	}
	started(t, listens, uwsgi, args...)
	return to
}

// needFile is program for what has no binary of its own.
func needFile(t testing.TB, debian, name string) {
	t.Helper()
	if _, err := os.Stat(name); err == nil {
		return
	}
	if os.Getenv("PORTICO_REQUIRE_SERVERS") != "" {
		t.Fatalf("%s is missing (apt-get install %s)", name, debian)
	}
	t.Skipf("%s is missing (apt-get install %s)", name, debian)
}

// TestUWSGI has one application under a prefix, over each protocol and each kind
// of address.
func TestUWSGI(t *testing.T) {
	servers := uwsgiServer(t)
	for name, to := range servers {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, fmt.Sprintf("[route.forum]\nhost = \"home.test\"\npath = \"/forum/*\"\nto = %q\nstrip_prefix = \"/forum\"\nhealth = { interval = \"100ms\" }\n", to))
			waitFor(t, "a check that passed", func() bool { return s.server.Status().Upstreams[0].State == proxy.StateOK })
			f := forum{site: s}
			t.Run("environment", func(t *testing.T) { f.environment(t) })
			t.Run("links", func(t *testing.T) { f.links(t) })
			t.Run("answers", func(t *testing.T) { f.answers(t) })
			if strings.HasPrefix(name, "uwsgi") {
				t.Run("too much", func(t *testing.T) { f.tooMuch(t) })
			}
			if name != "fastcgi port" {
				// uWSGI does not always read the end of FastCGI's STDIN before it
				// closes: over TCP that resets what it still holds of its answer.
				t.Run("uploads", func(t *testing.T) { f.uploads(t) })
			}
			t.Run("streaming", func(t *testing.T) { f.streaming(t) })
		})
	}
}

// TestUWSGIHealth: uWSGI answers the ping of FastCGI by something else, and is
// as well as with the other protocols.
func TestUWSGIHealth(t *testing.T) {
	for name, to := range uwsgiServer(t) {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, fmt.Sprintf("[route.app]\nhost = \"home.test\"\nto = %q\nhealth = { interval = \"100ms\", fall = 1 }\n", to))
			if p := probe(t, fmt.Sprintf("[route.app]\nhost = \"home.test\"\nto = %q\n", to), "app")[0]; p.Detail != "" {
				t.Errorf("%s: %v: %s", stepsOf(p), p.Cause, p.Detail)
			}
			status := func() proxy.UpstreamStatus { return s.server.Status().Upstreams[0] }
			waitFor(t, "a check", func() bool { return !status().Checked.IsZero() })
			if u := status(); u.State != proxy.StateOK {
				t.Errorf("it is %v: %+v", u.State, u)
			}
		})
	}
}

type forum struct{ *site }

func (f forum) json(t *testing.T, path string) map[string]string {
	t.Helper()
	resp, body := f.get("home.test:8080", path)
	var out map[string]string
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		t.Fatalf("%s: %d %v\n%s", path, resp.StatusCode, err, body)
	}
	return out
}

func (f forum) environment(t *testing.T) {
	want := map[string]string{
		"REQUEST_URI": "/forum/told/a%20b%C3%BC?x=1&y=%20z", "SCRIPT_NAME": "/forum", "PATH_INFO": "/told/a b\u00c3\u00bc",
	}
	checkEnvironment(t, f.site, "/forum/told/a%20b%C3%BC?x=1&y=%20z", want, func(body string) (env map[string]string) {
		if err := json.Unmarshal([]byte(body), &env); err != nil {
			t.Fatalf("%v\n%s", err, body)
		}
		return env
	})
}

func (f forum) links(t *testing.T) {
	got := f.json(t, "/forum/links")
	for key, want := range map[string]string{"page": "/forum/told/a%20b", "full": "http://home.test:8080/forum/links", "root": "/forum"} {
		if got[key] != want {
			t.Errorf("%s is %q, want %q", key, got[key], want)
		}
	}
	for path, want := range map[string]string{"/forum/go": "/forum/links", "/forum/away": "http://home.test:8080/forum/links"} {
		resp, _ := f.get("home.test:8080", path)
		if loc := resp.Header.Get("Location"); resp.StatusCode != 302 || loc != want {
			t.Errorf("%s: %d to %q, want 302 to %q", path, resp.StatusCode, loc, want)
		}
	}
	resp, _ := f.get("home.test:8080", "/forum/cookies")
	if got := resp.Header["Set-Cookie"]; len(got) != 2 || got[0] != "a=1; Path=/forum/" || got[1] != "b=2; Path=/forum/" {
		t.Errorf("cookies %q", got)
	}
}

func (f forum) answers(t *testing.T) {
	resp, body := f.get("home.test", "/forum/teapot")
	if resp.StatusCode != 418 || body != "short and stout" || resp.Header.Get("Status") != "" {
		t.Errorf("%d %q %q", resp.StatusCode, body, resp.Header)
	}
	req, _ := http.NewRequest("HEAD", "http://"+f.addr+"/forum/teapot", nil)
	req.Host = "home.test"
	if resp, body := f.do(req); resp.StatusCode != 418 || body != "" || resp.ContentLength != 15 {
		t.Errorf("HEAD: %d %q %d", resp.StatusCode, body, resp.ContentLength)
	}
	req, _ = http.NewRequest("GET", "http://"+f.addr+"/forum/same", nil)
	req.Host = "home.test"
	req.Header.Set("If-None-Match", `"v1"`)
	if resp, body := f.do(req); resp.StatusCode != 304 || body != "" {
		t.Errorf("%d %q, want 304", resp.StatusCode, body)
	}
	if resp, body := f.get("home.test", "/forum/long"); resp.StatusCode != 200 || len(body) != 4<<20 {
		t.Errorf("%d with %d bytes, want 4 MiB", resp.StatusCode, len(body))
	}
}

// tooMuch is more than uWSGI takes, which it only says to its own log.
func (f forum) tooMuch(t *testing.T) {
	req, _ := http.NewRequest("GET", "http://"+f.addr+"/forum/teapot?long", nil)
	req.Host = "home.test"
	req.Header.Set("X-Long", strings.Repeat("x", 5000))
	resp, _ := f.do(req)
	if row := f.rowOf("/forum/teapot?long"); resp.StatusCode != 502 || !strings.Contains(row.Detail, "buffer-size") {
		t.Errorf("%d, %v: %s", resp.StatusCode, row.Cause, row.Detail)
	}
}

func (f forum) uploads(t *testing.T) {
	for _, size := range []int{0, 1, 5000, 1 << 20, 1<<20 + 1, 5 << 20} {
		data := make([]byte, size)
		rand.New(rand.NewSource(int64(size))).Read(data)
		sum := sha256.Sum256(data)
		for _, chunked := range []bool{false, true} {
			var body io.Reader = bytes.NewReader(data)
			if chunked {
				body = io.MultiReader(body) // of a length that net/http does not know
			}
			req, _ := http.NewRequest("POST", "http://"+f.addr+"/forum/upload", body)
			req.Host = "home.test"
			resp, text := f.do(req)
			var got struct {
				Sum, Said string
				Length    int
			}
			if err := json.Unmarshal([]byte(text), &got); err != nil {
				t.Fatalf("%d bytes, chunked %v: %d %s", size, chunked, resp.StatusCode, text)
			}
			if got.Sum != hex.EncodeToString(sum[:]) || got.Length != size || got.Said != fmt.Sprint(size) {
				t.Errorf("%d bytes, chunked %v: got %d bytes (said %q), the same: %v", size, chunked, got.Length, got.Said, got.Sum == hex.EncodeToString(sum[:]))
			}
		}
	}
}

func (f forum) streaming(t *testing.T) {
	c := f.dial()
	defer c.Close()
	fmt.Fprintf(c, "GET /forum/stream?by=%s HTTP/1.1\r\nHost: home.test\r\nConnection: close\r\n\r\n", url.QueryEscape(t.Name()))
	r := bufio.NewReader(c)
	for line := ""; line != "first\n"; {
		var err error
		if line, err = r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	f.get("home.test", "/forum/seen?by="+url.QueryEscape(t.Name())) // only now does the application go on
	rest, err := io.ReadAll(r)
	if err != nil || !strings.Contains(string(rest), "second\n") {
		t.Errorf("%q, %v", rest, err)
	}
}
