package proxy_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"os/exec"
	"testing"
	"time"
)

// TestCameraFrameAtOnce: each picture is there before the camera takes the next.
func TestCameraFrameAtOnce(t *testing.T) {
	shutter, left := make(chan []byte), make(chan struct{})
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		// As cameras do: no chunks, the stream ends with the connection.
		io.WriteString(c, "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n")
		go func() {
			r.ReadByte()
			close(left)
		}()
		for {
			select {
			case <-left:
				return
			case picture := <-shutter:
				fmt.Fprintf(c, "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n", len(picture), picture)
			}
		}
	})
	s := newSite(t, routeTo("camera", addr))
	resp, err := http.Get("http://" + s.addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, about, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	frames := multipart.NewReader(resp.Body, about["boundary"])
	for i := range 5 {
		picture := bytes.Repeat([]byte{byte(i)}, 1+i*40_000)
		shutter <- picture
		part, err := frames.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(picture))
		if _, err := io.ReadFull(part, got); err != nil || !bytes.Equal(got, picture) {
			t.Fatalf("picture %d: %v", i, err)
		}
	}
	resp.Body.Close()
	within(t, "the camera's connection to be closed", left)
	s.settles()
}

// TestRealCamera: pictures come from an ffmpeg that serves one viewer, and ends
// when that has left.
func TestRealCamera(t *testing.T) {
	ffmpeg := program(t, "ffmpeg", "ffmpeg")
	addr := freeAddr(t)
	camera := exec.Command(ffmpeg, "-loglevel", "quiet", "-re", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=10",
		"-c:v", "mjpeg", "-f", "mpjpeg", "-content_type", "multipart/x-mixed-replace;boundary=ffmpeg",
		"-listen", "1", "http://"+addr+"/cam.mjpg")
	if err := camera.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- camera.Wait() }()
	t.Cleanup(func() { camera.Process.Kill() })
	s := newSite(t, routeTo("camera", addr))

	var resp *http.Response
	until(t, "the camera", func() bool {
		var err error
		if resp, err = http.Get("http://" + s.addr + "/cam.mjpg"); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 200 {
			resp.Body.Close()
		}
		return resp.StatusCode == 200
	})
	defer resp.Body.Close()
	frames := multipart.NewReader(resp.Body, "ffmpeg")
	for range 3 {
		part, err := frames.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		start := make([]byte, 2)
		if _, err := io.ReadFull(part, start); err != nil || start[0] != 0xff || start[1] != 0xd8 {
			t.Fatalf("no JPEG: %x, %v", start, err)
		}
	}
	if list, _ := s.server.Live(1); len(list) != 1 || list[0].Kind.String() != "camera" || list[0].BytesOut == 0 {
		t.Errorf("live: %+v", list)
	}
	resp.Body.Close()
	within(t, "the camera to end with its viewer", ended)
	s.settles()
}

// TestRealViewer: ffmpeg looks at a camera through the proxy.
func TestRealViewer(t *testing.T) {
	ffmpeg := program(t, "ffmpeg", "ffmpeg")
	picture, err := exec.Command(ffmpeg, "-loglevel", "quiet", "-f", "lavfi", "-i", "testsrc=size=320x240", "-frames:v", "1", "-f", "mjpeg", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	left := make(chan struct{})
	s := newSite(t, routeTo("camera", handler(t, func(w http.ResponseWriter, r *http.Request) {
		m := multipart.NewWriter(w)
		w.Header().Set("Content-Type", "multipart/x-mixed-replace;boundary="+m.Boundary())
		for r.Context().Err() == nil {
			part, _ := m.CreatePart(map[string][]string{"Content-Type": {"image/jpeg"}, "Content-Length": {fmt.Sprint(len(picture))}})
			part.Write(picture)
			http.NewResponseController(w).Flush()
			time.Sleep(20 * time.Millisecond)
		}
		close(left)
	})))
	out, err := exec.Command(ffmpeg, "-loglevel", "error", "-f", "mpjpeg", "-i", "http://"+s.addr+"/", "-frames:v", "3", "-f", "framecrc", "-").Output()
	if err != nil || bytes.Count(out, []byte("\n0, ")) != 3 {
		t.Errorf("%v:\n%s", err, out)
	}
	within(t, "the camera's connection to be closed", left)
	s.settles()
}
