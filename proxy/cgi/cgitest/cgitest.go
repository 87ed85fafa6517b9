// Package cgitest is the other side of the protocols of the CGI family, for
// tests: requests read and answers written as their specifications say it, the
// plainest way, and by nothing of package cgi.
//
// Its functions are safe for concurrent use on different readers.
package cgitest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Protocol is one of the family.
type Protocol struct {
	Scheme string
	// Read reads a request with its body, whose length is "(body)" in env.
	Read func(r *bufio.Reader) (env map[string]string, err error)
	// Answer is what carries an application's output to its end.
	Answer func(out string) string
}

// Family are all three.
var Family = []Protocol{
	{"fastcgi", ReadFastCGI, func(out string) string {
		var b strings.Builder
		for len(out) > 0 {
			n := min(len(out), 60000)
			b.WriteString(Record(6, out[:n]))
			out = out[n:]
		}
		return b.String() + Record(6, "") + End(0, 0)
	}},
	{"scgi", ReadSCGI, func(out string) string { return out }},
	{"uwsgi", ReadUWSGI, func(out string) string { return out }},
}

// Record is one FastCGI record of the request 1, padded.
func Record(kind int, content string) string {
	padding := -len(content) & 7
	return string([]byte{1, byte(kind), 0, 1, byte(len(content) >> 8), byte(len(content)), byte(padding), 0}) +
		content + strings.Repeat("\xff", padding)
}

// End is the end of that request, with the status of the application and of the
// protocol.
func End(app, protocol int) string {
	return Record(3, string([]byte{0, 0, byte(app >> 8), byte(app), byte(protocol), 0, 0, 0}))
}

// ReadFastCGI reads a request with its body, whose length is "(body)" in env.
func ReadFastCGI(r *bufio.Reader) (map[string]string, error) {
	env, params, body := map[string]string{}, []byte{}, 0
	for {
		head := make([]byte, 8)
		if _, err := io.ReadFull(r, head); err != nil {
			return nil, err
		}
		content := make([]byte, int(binary.BigEndian.Uint16(head[4:]))+int(head[6]))
		if _, err := io.ReadFull(r, content); err != nil {
			return nil, err
		}
		content = content[:binary.BigEndian.Uint16(head[4:])]
		switch {
		case head[0] != 1 || head[2] != 0 || head[3] != 1:
			return nil, fmt.Errorf("a record with the head %x", head)
		case head[1] == 1 && !bytes.Equal(content, []byte{0, 1, 0, 0, 0, 0, 0, 0}):
			return nil, fmt.Errorf("begins by %x", content)
		case head[1] == 4:
			params = append(params, content...)
		case head[1] == 5 && len(content) > 0:
			body += len(content)
		case head[1] == 5:
			for len(params) > 0 {
				var name, value string
				name, value, params = pair(params)
				env[name] = value
			}
			env["(body)"] = strconv.Itoa(body)
			return env, nil
		}
	}
}

func pair(b []byte) (name, value string, rest []byte) {
	var size [2]int
	for i := range size {
		if b[0] < 128 {
			size[i], b = int(b[0]), b[1:]
			continue
		}
		size[i], b = int(binary.BigEndian.Uint32(b)&^(1<<31)), b[4:]
	}
	return string(b[:size[0]]), string(b[size[0] : size[0]+size[1]]), b[size[0]+size[1]:]
}

// ReadSCGI is as ReadFastCGI.
func ReadSCGI(r *bufio.Reader) (map[string]string, error) {
	size, err := r.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(size, ":"))
	if err != nil {
		return nil, err
	}
	head := make([]byte, n+1)
	if _, err := io.ReadFull(r, head); err != nil || head[n] != ',' {
		return nil, fmt.Errorf("no netstring: %v", err)
	}
	parts := strings.Split(strings.TrimSuffix(string(head[:n]), "\x00"), "\x00")
	if len(parts)%2 != 0 || parts[0] != "CONTENT_LENGTH" {
		return nil, fmt.Errorf("a head of %q", parts)
	}
	env := map[string]string{}
	for i := 0; i < len(parts); i += 2 {
		env[parts[i]] = parts[i+1]
	}
	return env, readLength(r, env)
}

// ReadUWSGI is as ReadFastCGI.
func ReadUWSGI(r *bufio.Reader) (map[string]string, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	if head[0] != 0 || head[3] != 0 {
		return nil, fmt.Errorf("a head of %x", head)
	}
	b := make([]byte, binary.LittleEndian.Uint16(head[1:]))
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	env := map[string]string{}
	next := func() string {
		n := int(binary.LittleEndian.Uint16(b))
		s := string(b[2 : 2+n])
		b = b[2+n:]
		return s
	}
	for len(b) > 0 {
		name := next()
		if _, twice := env[name]; twice {
			return nil, fmt.Errorf("%s stands twice", name)
		}
		env[name] = next()
	}
	return env, readLength(r, env)
}

// readLength reads the body that CONTENT_LENGTH promises.
func readLength(r *bufio.Reader, env map[string]string) error {
	n, _ := strconv.ParseInt(env["CONTENT_LENGTH"], 10, 64)
	got, err := io.CopyN(io.Discard, r, n)
	env["(body)"] = strconv.FormatInt(got, 10)
	return err
}
