package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	"forge.home.arpa/portico/config"
)

// TestMain lets the test binary stand in for portico.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == "run" {
		if err := standIn(os.Args[3]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// standIn listens where the configuration says, shows how many visitors came
// and which key was pressed last, and ends with SIGTERM.
func standIn(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	address := regexp.MustCompile(`http = "(.*)"`).FindSubmatch(text)
	if address == nil {
		return fmt.Errorf("no address in %s", text)
	}
	ln, err := net.Listen("tcp", string(address[1]))
	if err != nil {
		return err
	}
	fmt.Print("\x1b[2J\x1b[H\x1b[1mportico\x1b[0m waits")
	visited := make(chan struct{}, 1)
	s := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case visited <- struct{}{}:
		default:
		}
	})}
	go s.Serve(ln)
	go func() {
		<-visited
		fmt.Print("\x1b[2;1Hvisited")
		key := make([]byte, 1)
		if _, err := os.Stdin.Read(key); err == nil {
			fmt.Printf("\x1b[3;1Hkey %s", key)
		}
	}()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	return s.Close()
}

func TestPhotographOfAStandIn(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := options{cols: 30, rows: 4, portico: self, after: 500 * time.Millisecond, keys: "3\r"}
	var b bytes.Buffer
	if err := photograph(t.Context(), o, &b); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(texts(elements(t, b.Bytes())), "|")
	for _, want := range []string{"portico|", "waits", "visited", "key 3"} {
		if !strings.Contains(got, want) {
			t.Errorf("the picture lacks %q: %q", want, got)
		}
	}
}

func TestPhotographTellsWhyPorticoEnded(t *testing.T) {
	o := options{cols: 40, rows: 3, portico: "/bin/echo", after: time.Hour}
	var b bytes.Buffer
	if err := photograph(t.Context(), o, &b); err == nil || !strings.Contains(err.Error(), "ended by itself") {
		t.Errorf("got %v, want what happened", err)
	}
}

func TestHomeIsAGoodConfiguration(t *testing.T) {
	addresses := map[string]string{}
	for _, u := range upstreams {
		addresses[u.name] = u.address
	}
	var text bytes.Buffer
	if err := template.Must(template.New("").Option("missingkey=error").Parse(home)).Execute(&text, addresses); err != nil {
		t.Fatal(err)
	}
	if _, problems := config.Parse(text.Bytes()); len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
}

func TestStandardInput(t *testing.T) {
	o := options{stdin: true, cols: 8, rows: 1}
	b, err := o.take(t.Context(), strings.NewReader("a\x1b[31mb\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(texts(elements(t, b)), "|"); got != "a|b" {
		t.Errorf("got %q", got)
	}
}
