package proxy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const wordpressFiles = "/usr/share/wordpress"

// mariaDB runs a database without a network and gives its socket. It has the
// databases named.
func mariaDB(t testing.TB, databases ...string) string {
	t.Helper()
	install := program(t, "mariadb-server", "mariadb-install-db")
	server := program(t, "mariadb-server", "mariadbd")
	dir := t.TempDir()
	data, socket := filepath.Join(dir, "data"), filepath.Join(dir, "db.sock")
	as := []string{"--no-defaults", "--datadir=" + data}
	if os.Getuid() == 0 {
		as = append(as, "--user=root")
	}
	out, err := exec.Command(install, append(as, "--auth-root-authentication-method=normal", "--skip-test-db")...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", install, err, out)
	}
	first := filepath.Join(dir, "first.sql")
	text := ""
	for _, name := range databases {
		text += "CREATE DATABASE " + name + ";\n"
	}
	writeFile(t, first, []byte(text))
	started(t, []string{socket}, server, append(as, "--socket="+socket, "--pid-file="+dir+"/pid",
		"--skip-networking", "--init-file="+first, "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M")...)
	return socket
}

// plainTheme is enough to see pages: Debian's package has no theme.
var plainTheme = map[string]string{
	"wp-content/themes/plain/style.css": "/*\nTheme Name: Plain\n*/\n",
	"wp-content/themes/plain/index.php": `<?php status_header(is_404() ? 404 : 200); ?><title><?php bloginfo('name'); ?></title>
<link rel="stylesheet" href="<?php echo get_stylesheet_uri(); ?>">
<?php while (have_posts()) { the_post(); ?><h1><a href="<?php the_permalink(); ?>"><?php the_title(); ?></a></h1><?php the_content(); } `,
}

// wordpressRoot is a copy of WordPress that keeps its tables under a prefix.
func wordpressRoot(t testing.TB, socket, prefix string) string {
	t.Helper()
	needFile(t, "wordpress", wordpressFiles+"/wp-load.php")
	root := filepath.Join(t.TempDir(), "wordpress")
	if out, err := exec.Command("cp", "-rL", wordpressFiles, root).CombinedOutput(); err != nil && !pathExists(root+"/wp-load.php") {
		t.Fatalf("cp: %v\n%s", err, out) // links to what is not installed are left out
	}
	config := fmt.Sprintf(`<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', ''); define('DB_HOST', 'localhost:%s');
define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
foreach (['AUTH_KEY','SECURE_AUTH_KEY','LOGGED_IN_KEY','NONCE_KEY','AUTH_SALT','SECURE_AUTH_SALT','LOGGED_IN_SALT','NONCE_SALT'] as $k) define($k, $k.'%s');
define('WP_DEFAULT_THEME', 'plain'); define('DISABLE_WP_CRON', true); define('WP_HTTP_BLOCK_EXTERNAL', true); define('AUTOMATIC_UPDATER_DISABLED', true);
$table_prefix = '%s';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__.'/');
require_once ABSPATH.'wp-settings.php';
`, socket, prefix, prefix)
	writeFile(t, filepath.Join(root, "wp-config.php"), []byte(config))
	for name, text := range plainTheme {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(root, name), []byte(text))
	}
	return root
}

func pathExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// browser is a client that keeps cookies and follows no redirect by itself.
type browser struct {
	t    *testing.T
	http *http.Client
	base string // of the WordPress it looks at
}

func (s *site) browser(t *testing.T, base string) *browser {
	jar, _ := cookiejar.New(nil)
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.addr)
	}
	transport := &http.Transport{DialContext: dial}
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{t, &http.Client{Jar: jar, Transport: transport, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, base}
}

type page struct {
	*http.Response
	body string
}

func (b *browser) do(method, path string, body io.Reader, fields ...string) page {
	b.t.Helper()
	req, err := http.NewRequest(method, b.base+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		req.Header.Set(fields[i], fields[i+1])
	}
	resp, err := b.http.Do(req)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	return page{resp, string(text)}
}

func (b *browser) get(path string, fields ...string) page {
	b.t.Helper()
	return b.do("GET", path, nil, fields...)
}

func (b *browser) post(path string, form url.Values) page {
	b.t.Helper()
	return b.do("POST", path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

// shows wants a page with a text in it.
func (b *browser) shows(path, text string) page {
	b.t.Helper()
	p := b.get(path)
	if p.StatusCode != 200 || !strings.Contains(p.body, text) {
		b.t.Fatalf("%s: %d, without %q:\n%s", path, p.StatusCode, text, cut(p.body))
	}
	return p
}

// leads wants a redirect.
func (p page) leads(t *testing.T, status int, to string) {
	t.Helper()
	if got := p.Header.Get("Location"); p.StatusCode != status || got != to {
		t.Fatalf("%s: %d to %q, want %d to %q\n%s", p.Request.URL, p.StatusCode, got, status, to, cut(p.body))
	}
}

// field finds the value of a form's hidden field.
func (p page) field(t *testing.T, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]+)"`).FindStringSubmatch(p.body)
	if m == nil {
		t.Fatalf("%s has no field %s:\n%s", p.Request.URL, name, cut(p.body))
	}
	return m[1]
}

func cut(s string) string { return s[:min(len(s), 2000)] }

// TestWordPress has one at the root of a host and one below /blog, on PHP's two
// kinds of addresses.
func TestWordPress(t *testing.T) {
	socket, addr := phpFPM(t)
	db := mariaDB(t, "wordpress")
	top, below := wordpressRoot(t, db, "top_"), wordpressRoot(t, db, "blog_")
	s := newSite(t, fmt.Sprintf(`[route.top]
host = "home.test"
to = "fastcgi+unix://%s"
root = %q
static = %q
[route.blog]
host = "home.test"
path = "/blog/*"
to = "fastcgi://%s"
root = %q
static = %q
strip_prefix = "/blog"
`, socket, top, top, addr, below, below))
	for name, base := range map[string]string{"at the root": "http://home.test:8088", "below a prefix": "http://home.test:8088/blog"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := s.browser(t, base)
			b.installs()
			b.logsIn()
			b.permalinks()
			b.writesPage()
			b.uploads()
			b.files()
			b.refused()
		})
	}
}

func (b *browser) installs() {
	t := b.t
	t.Helper()
	b.get("/").leads(t, 302, b.base+"/wp-admin/install.php")
	b.shows("/wp-admin/install.php", "Welcome")
	p := b.post("/wp-admin/install.php?step=2", url.Values{"weblog_title": {"Our home"}, "user_name": {"owner"},
		"admin_password": {"correct horse"}, "admin_password2": {"correct horse"}, "pw_weak": {"1"},
		"admin_email": {"owner@home.test"}, "blog_public": {"0"}, "language": {""}})
	if p.StatusCode != 200 || !strings.Contains(p.body, "Success!") {
		t.Fatalf("install: %d\n%s", p.StatusCode, cut(p.body))
	}
	home := b.shows("/", "Hello world!")
	if want := `href="` + b.base + "/wp-content/themes/plain/style.css"; !strings.Contains(home.body, want) {
		t.Errorf("no %s in\n%s", want, cut(home.body))
	}
}

func (b *browser) logsIn() {
	t := b.t
	t.Helper()
	b.get("/wp-admin/").leads(t, 302, b.base+"/wp-login.php?redirect_to="+url.QueryEscape(b.base+"/wp-admin/")+"&reauth=1")
	b.shows("/wp-login.php", "user_login")
	p := b.post("/wp-login.php", url.Values{"log": {"owner"}, "pwd": {"correct horse"}, "testcookie": {"1"}, "redirect_to": {b.base + "/wp-admin/"}})
	p.leads(t, 302, b.base+"/wp-admin/")
	if n := len(p.Header["Set-Cookie"]); n < 3 {
		t.Errorf("%d cookies: %q", n, p.Header["Set-Cookie"])
	}
	b.shows("/wp-admin/", "Dashboard")
}

func (b *browser) permalinks() {
	t := b.t
	t.Helper()
	nonce := b.shows("/wp-admin/options-permalink.php", "permalink_structure").field(t, "_wpnonce")
	p := b.post("/wp-admin/options-permalink.php", url.Values{"_wpnonce": {nonce}, "selection": {"custom"},
		"permalink_structure": {"/read/%postname%/"}, "submit": {"Save"}})
	if p.StatusCode >= 400 {
		t.Fatalf("permalinks: %d\n%s", p.StatusCode, cut(p.body))
	}
	b.get("/?p=1").leads(t, 301, b.base+"/read/hello-world/")
	b.get("/read/hello-world").leads(t, 301, b.base+"/read/hello-world/")
	b.shows("/read/hello-world/", "Welcome to WordPress")
	b.shows("/feed/", "<link>"+b.base+"</link>")
	if p := b.get("/no/such/page/"); p.StatusCode != 404 || !strings.Contains(p.body, "Our home") {
		t.Errorf("a page that is not there: %d\n%s", p.StatusCode, cut(p.body))
	}
}

func (b *browser) writesPage() {
	t := b.t
	t.Helper()
	nonce := b.get("/wp-admin/admin-ajax.php?action=rest-nonce").body
	p := b.do("POST", "/wp-json/wp/v2/pages", strings.NewReader(`{"title":"About","content":"Nothing but us","status":"publish","slug":"about-us"}`),
		"Content-Type", "application/json", "X-WP-Nonce", nonce)
	if p.StatusCode != 201 || !strings.HasPrefix(p.Header.Get("Location"), b.base+"/wp-json/wp/v2/pages/") {
		t.Fatalf("%d at %q\n%s", p.StatusCode, p.Header.Get("Location"), cut(p.body))
	}
	b.shows("/about-us/", "Nothing but us")
}

// uploads sends a picture by the form of the media library, and one whose length
// is not said.
func (b *browser) uploads() {
	t := b.t
	t.Helper()
	picture := pictureOf(1200, 900)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	nonce := b.shows("/wp-admin/media-new.php", "async-upload").field(t, "_wpnonce")
	for name, value := range map[string]string{"_wpnonce": nonce, "post_id": "0", "html-upload": "Upload", "_wp_http_referer": "/wp-admin/media-new.php"} {
		_ = w.WriteField(name, value)
	}
	file, _ := w.CreateFormFile("async-upload", "house.png")
	_, _ = file.Write(picture)
	w.Close()
	p := b.do("POST", "/wp-admin/media-new.php", &form, "Content-Type", w.FormDataContentType())
	p.leads(t, 302, b.base+"/wp-admin/upload.php")
	nonce = b.get("/wp-admin/admin-ajax.php?action=rest-nonce").body
	p = b.do("POST", "/wp-json/wp/v2/media", io.MultiReader(bytes.NewReader(picture)), "Content-Type", "image/png",
		"Content-Disposition", `attachment; filename="garden.png"`, "X-WP-Nonce", nonce)
	var media struct {
		Source string `json:"source_url"`
	}
	if err := json.Unmarshal([]byte(p.body), &media); p.StatusCode != 201 || err != nil {
		t.Fatalf("%d, %v\n%s", p.StatusCode, err, cut(p.body))
	}
	garden, ok := strings.CutPrefix(media.Source, b.base)
	if !ok {
		t.Fatalf("the picture is at %q", media.Source)
	}
	for _, path := range []string{garden, strings.Replace(garden, "garden", "house", 1)} {
		if p := b.get(path); p.StatusCode != 200 || p.body != string(picture) || p.Header.Get("Content-Type") != "image/png" {
			t.Errorf("%s: %d, %d bytes of %s", path, p.StatusCode, len(p.body), p.Header.Get("Content-Type"))
		}
	}
}

func pictureOf(w, h int) []byte {
	var b bytes.Buffer
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = byte(i*i>>3 | 3)
	}
	_ = png.Encode(&b, m)
	return b.Bytes()
}

// files are served from here, with ranges and conditions.
func (b *browser) files() {
	t := b.t
	t.Helper()
	const path = "/wp-includes/css/dashicons.min.css"
	want, err := os.ReadFile(wordpressFiles + path)
	if err != nil {
		t.Fatal(err)
	}
	p := b.get(path)
	if p.StatusCode != 200 || p.body != string(want) || !strings.HasPrefix(p.Header.Get("Content-Type"), "text/css") || p.Header.Get("X-Powered-By") != "" {
		t.Fatalf("%d, %d bytes, %v", p.StatusCode, len(p.body), p.Header)
	}
	if p := b.get(path, "Range", "bytes=10-19"); p.StatusCode != 206 || p.body != string(want[10:20]) {
		t.Errorf("range: %d %q", p.StatusCode, p.body)
	}
	if p := b.get(path, "If-Modified-Since", p.Header.Get("Last-Modified")); p.StatusCode != 304 {
		t.Errorf("unchanged: %d", p.StatusCode)
	}
	b.get("/wp-admin").leads(t, 308, strings.TrimPrefix(b.base, "http://home.test:8088")+"/wp-admin/")
}

// refused is what must not be had, from here or through PHP.
func (b *browser) refused() {
	t := b.t
	t.Helper()
	for path, want := range map[string]int{
		"/nosuch.php": 404, "/wp-content/uploads/x.jpg/y.php": 404, "/wp-includes/css/dashicons.min.css/x.php": 404,
		"/.htaccess": 404, "/wp-content/../../../etc/passwd": 400, "/wp-config.php%00.css": 400,
	} {
		p := b.get(path)
		if p.StatusCode != want || strings.Contains(p.body, "root:") {
			t.Errorf("%s: %d, want %d\n%s", path, p.StatusCode, want, cut(p.body))
		}
	}
	if p := b.get("/wp-config.php"); strings.Contains(p.body, "DB_HOST") {
		t.Errorf("its source:\n%s", cut(p.body))
	}
}
